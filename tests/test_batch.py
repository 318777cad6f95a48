import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from toy_notebooks import write_notebook, write_project

from emolib import batch
from emolib.batch.failures import clear_stale

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def project(tmp_path, monkeypatch):
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Return a project whose notebook was run at its config."""
    root = write_project(tmp_path_factory.mktemp("ran") / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        assert batch.run_notebook("toy", config="quick") == root / "reports/toy/quick"
    return root


@pytest.fixture
def finished(ran, tmp_path, monkeypatch):
    """Return a copy of that project, to run again."""
    project = tmp_path / "project"
    shutil.copytree(ran, project)
    monkeypatch.chdir(project)
    return project


def test_an_unknown_parameter_is_refused_and_the_nearest_named(project):
    with pytest.raises(ValueError, match="got 'n_flods'. Did you mean 'n_folds'"):
        batch.prepare_job("toy", parameters={"n_flods": 2})


def test_an_unknown_notebook_is_refused_and_the_nearest_named(project):
    with pytest.raises(ValueError, match="notebook must be known; got 'toi'. Did you"):
        batch.prepare_job("toi")


def test_an_unknown_config_is_refused_and_the_nearest_named(project):
    with pytest.raises(ValueError, match="config of toy must be known; got 'quik'"):
        batch.prepare_job("toy", config="quik")


def test_text_that_spells_a_number_becomes_one(project):
    assert batch.prepare_job("toy", config="quick").injected["lr"] == 1e-3


def test_a_scalar_where_a_list_belongs_is_refused_with_the_right_spelling(project):
    with pytest.raises(TypeError, match=r"Write targets: \[arousal\]"):
        batch.prepare_job("toy", parameters={"targets": "arousal"})


def test_a_run_writes_a_whole_folder_and_the_same_results_twice(finished):
    first = finished / "reports" / "toy" / "quick"
    once = (first / "results.csv").read_bytes()
    assert {p.name for p in first.iterdir()} == {
        "notebook.ipynb", "results.csv", "table_1.csv", "table_1.md",
        "fig_1_values.svg", "alt.json", "run.json",
    }  # fmt: skip
    run = json.loads((first / "run.json").read_text())
    assert run["finished"] is True and run["wall_s"] > 0
    assert len(once.splitlines()) == 5
    again = batch.run_notebook("toy", config="quick")
    assert again == first and (again / "results.csv").read_bytes() == once
    assert not list((finished / "reports" / ".partial").iterdir())


def test_bare_papermill_writes_the_same_files(finished):
    ours = finished / "reports" / "toy" / "quick"
    names = {p.name for p in ours.iterdir()} - {"notebook.ipynb"}
    held = {n: (ours / n).read_bytes() for n in names - {"run.json"}}
    subprocess.run(
        [
            sys.executable, "-m", "papermill", "notebooks/toy.ipynb", "out.ipynb",
            "-f", "notebooks/configs/toy/quick.yaml", "-k", "python3",
        ],
        check=True, capture_output=True, cwd=finished,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert not (ours / "notebook.ipynb").exists()
    assert {p.name for p in ours.iterdir()} == names
    assert held == {n: (ours / n).read_bytes() for n in held}


def test_papermill_is_loaded_without_a_parser_of_addresses():
    code = """
import sys
from emolib.batch.loading import without_address_parser
with without_address_parser():
    import papermill
assert not {"lark", "rfc3987_syntax"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize(
    ("work", "message"),
    [
        ("1 / 0", "toy quick stopped in cell 5: ZeroDivisionError"),
        (
            "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
            "stopped in cell 5: its kernel died",
        ),
        (
            "import errno\nraise OSError(errno.ENOSPC, 'No space left on device')",
            "got a full disk",
        ),
    ],
    ids=["exception", "killed", "full disk"],
)
def test_a_run_that_fails_leaves_nothing_but_its_partial_notebook(
    tmp_path, monkeypatch, work, message
):
    write_project(tmp_path, work=work)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(batch.RunError, match=message):
        batch.run_notebook("toy", config="quick")
    reports = tmp_path / "reports"
    assert not (reports / "toy").exists()
    assert not list((reports / ".partial").iterdir())
    kept = reports / ".failed" / "toy" / "quick"
    assert (kept / "notebook.ipynb").is_file()
    assert message in (kept / "error.txt").read_text()


def test_a_failing_run_leaves_the_earlier_report_alone(finished):
    first = finished / "reports" / "toy" / "quick"
    before = (first / "run.json").read_bytes()
    write_notebook(finished, work="1 / 0")
    with pytest.raises(batch.RunError, match="ZeroDivisionError"):
        batch.run_notebook("toy", config="quick")
    assert (first / "run.json").read_bytes() == before


def test_a_notebook_without_save_report_is_no_success(tmp_path, monkeypatch):
    write_project(tmp_path, save="")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(batch.RunError, match="must end with save_report"):
        batch.run_notebook("toy", config="quick")


def test_an_unwritable_reports_folder_is_one_clear_error(project):
    (project / "reports").write_text("a file in the way")
    with pytest.raises(PermissionError, match="reports folder must be writable"):
        batch.run_notebook("toy", config="quick")


def test_a_disk_that_fills_up_under_papermill_is_one_clear_error(project, monkeypatch):
    import errno

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("papermill.execute_notebook", full)
    with pytest.raises(batch.RunError, match="got a full disk"):
        batch.run_notebook("toy", config="quick")
    assert not list((project / "reports" / ".partial").iterdir())


def test_what_a_killed_run_left_is_removed_by_the_next(project):
    left = project / "reports" / ".partial" / "toy-999999999-0123abcd"
    left.mkdir(parents=True)
    (left / "notebook.ipynb").write_text("{}")
    clear_stale()
    assert not left.exists()
    assert (project / "reports/.failed/toy/killed/notebook.ipynb").is_file()


def test_open_writes_a_parameterised_copy_and_never_overwrites_it(project):
    first = batch.open_notebook("toy", config="quick", parameters={"n_folds": 2})
    second = batch.open_notebook("toy", config="quick")
    assert first == project / "work" / "toy_quick.ipynb"
    assert second == project / "work" / "toy_quick_2.ipynb"
    cells = json.loads(first.read_text())["cells"]
    injected = next(
        c for c in cells if "injected-parameters" in c["metadata"].get("tags", ())
    )
    assert "n_folds = 2" in "".join(injected["source"])
