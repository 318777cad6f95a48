"""`emolib run` on a notebook without units: what it writes, leaves, and refuses."""

import json
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest
from toy_notebooks import ROOT, SAVE_FIGURE, emolib, write_notebook, write_project

from emolib import run as steps


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Return a project whose notebook was run at its config."""
    root = tmp_path_factory.mktemp("ran") / "project"
    write_project(root, save=SAVE_FIGURE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        done = emolib("run", "toy", "--config", "quick")
    assert done.exit_code == 0, done.output
    assert f"written: {root / 'reports/toy/quick'}" in done.output
    return root


@pytest.fixture
def finished(ran, tmp_path, monkeypatch):
    """Return a copy of that project, to run again."""
    monkeypatch.chdir(shutil.copytree(ran, tmp_path / "project"))
    return tmp_path / "project"


def test_a_run_writes_a_whole_folder_without_a_path_and_leaves_nothing_else(ran):
    folder = ran / "reports" / "toy" / "quick"
    assert {path.name for path in folder.iterdir()} == {
        "notebook.ipynb", "results.csv", "table_1.csv", "table_1.md",
        "fig_1_values.svg", "run.json",
    }  # fmt: skip
    run = json.loads((folder / "run.json").read_text())
    assert run["finished"] is True and run["failures"] == []
    assert len((folder / "results.csv").read_text().splitlines()) == 5
    text = (folder / "notebook.ipynb").read_text()
    assert "papermill" not in text and str(ran) not in text
    left = {path.suffix for path in (ran / "reports" / ".partial").iterdir()}
    assert left == {".lock"}


def test_bare_papermill_writes_the_same_files(finished):
    ours = finished / "reports" / "toy" / "quick"
    names = {path.name for path in ours.iterdir()} - {"notebook.ipynb"}
    held = {name: (ours / name).read_bytes() for name in names - {"run.json"}}
    subprocess.run(
        [
            sys.executable, "-m", "papermill", "notebooks/toy.ipynb", "out.ipynb",
            "-f", "notebooks/configs/toy/quick.yaml", "-k", "python3",
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=finished,
        check=True, capture_output=True,
    )  # fmt: skip
    assert {path.name for path in ours.iterdir()} == names
    assert held == {name: (ours / name).read_bytes() for name in held}


@pytest.mark.parametrize(
    ("work", "message"),
    [
        ("1 / 0", "stopped: ZeroDivisionError: division by zero"),
        ("import os\nos.kill(os.getpid(), 9)", "stopped: DeadKernelError: Kernel died"),
        ("raise OSError(28, 'full')", "stopped: OSError: [Errno 28] full"),
    ],
    ids=["exception", "killed", "full disk"],
)
def test_a_run_that_fails_keeps_its_partial_notebook_and_the_earlier_report(
    finished, work, message
):
    before = (finished / "reports/toy/quick/run.json").read_bytes()
    write_notebook(finished, work=work)
    done = emolib("run", "toy", "--config", "quick")
    assert done.exit_code == 1
    assert f"failed: toy_quick {message}" in done.stderr
    assert "Traceback" not in done.stderr
    page = finished / "reports/toy/quick~stopped/stopped.md"
    assert str(page.relative_to(finished)) in done.stderr
    assert message.removeprefix("stopped: ") in page.read_text("utf-8")
    assert page.with_name("notebook.ipynb").is_file()
    assert (finished / "reports/toy/quick/run.json").read_bytes() == before


def test_one_notebook_that_fails_costs_the_others_nothing(toy_folder):
    good = toy_folder / "notebooks" / "good.ipynb"
    shutil.copy(toy_folder / "notebooks" / "toy.ipynb", good)
    write_notebook(toy_folder, save="")
    done = emolib("run", "toy", "good")
    assert done.exit_code == 1 and "toy must end with save_report" in done.stderr
    assert (toy_folder / "reports/.scratch/toy/notebook.ipynb").is_file()


def test_a_dry_run_says_one_line_and_stops(toy_folder):
    done = emolib("run", "--config", "quick", "--dry-run")
    assert done.exit_code == 0 and len(done.stdout.splitlines()) == 1
    assert not (toy_folder / "reports").exists()


def test_an_unwritable_reports_folder_is_one_clear_error(toy_folder):
    (toy_folder / "reports").write_text("a file in the way")
    done = emolib("run", "toy")
    planned, error = done.stderr.splitlines()
    assert done.exit_code == 1 and planned == "planning toy"
    assert str(toy_folder / "reports") in error


def test_the_run_command_imports_no_snakemake_and_help_names_every_command(toy_folder):
    code = (
        "import sys; from emolib.__main__ import main\n"
        "main(['run', 'toy', '--dry-run'], standalone_mode=False)\n"
        "assert not [m for m in sys.modules if m.startswith('snakemake')]\n"
        "main(['--help'], standalone_mode=False)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)},
    ).stdout  # fmt: skip
    for name in "run open units report gallery status why prune corpora".split():
        assert f"\n  {name} " in said
        own = emolib(name, "--help")
        assert own.exit_code == 0 and "Error" not in own.output


def test_several_notebooks_take_turns():
    jobs = [SimpleNamespace(units=list(units)) for units in ("abc", "d", "")]
    assert steps.units_of(jobs) == ["a", "d", "b", "c"]
