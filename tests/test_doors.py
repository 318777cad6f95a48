"""Doors: what a machine, a terminal, an editor or a kill does not decide."""

import json
import os
import random
import resource
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from toy_notebooks import ROOT, Project, write_project

from emolib.__main__ import main
from tests.datasets.test_read_eegmat import write_edf

RUN = ["-m", "emolib", "run", "toy", "--config", "quick"]
SNAKEMAKE = [
    "-m", "snakemake", "--cores", "1", "--nolock", "--quiet", "all", "--config",
    "tier=quick",
]  # fmt: skip


@pytest.fixture
def project(tmp_path):
    """Return a project that stands where no shell and no format string expects it."""
    return Project(tmp_path / "O'Brien {lab} — é")


def read(project, folder="quick"):
    return json.loads(
        (project.folder / "reports/toy" / folder / "run.json").read_text()
    )


# ---------------------------------------------------------------- the machine


def test_a_run_is_the_same_wherever_it_stands_and_whatever_jupyter_and_terminal_are(
    project, monkeypatch
):
    spec = project.folder / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    words = {"argv": [sys.executable, "-c", "exit(1)"], "language": "python"}
    (spec / "kernel.json").write_text(json.dumps({**words, "display_name": "another"}))
    environment = project.environment | {"EMOLIB_CACHE": "named/cache"}
    environment |= {"JUPYTER_PATH": str(spec.parents[1]), "PYTHONIOENCODING": "cp932"}
    monkeypatch.setattr(Project, "environment", environment)
    code, said = project.finish(*RUN)
    assert code == 0 and len(project.begun()) == 4, said
    assert r"O'Brien {lab} \u2014 \xe9/reports/toy/quick" in said
    stores = [path.parent for path in project.folder.rglob("store")]
    assert stores == [project.folder / "named/cache"], "of command and kernel"


def test_a_batch_ends_well_wherever_it_stands(project):
    code, said = project.finish(*SNAKEMAKE)
    assert code == 0 and len(project.results().splitlines()) == 5, said


def test_nobody_who_stops_reading_decides_how_a_command_ends(project):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "emolib", "open", "toy"], cwd=project.folder,
            env={**os.environ, **project.environment}, stdout=full, text=True,
            stderr=subprocess.PIPE,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert (project.folder / "work" / "toy.ipynb").is_file()


def test_a_python_that_skips_checks_is_refused():
    command = [sys.executable, "-O", "-c", "import emolib"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "ImportError: Python must heed assert" in done.stderr.splitlines()[-1]


def test_a_disk_that_is_full_under_hdf5_is_one_line_and_leaves_nothing(tmp_path):
    def fill():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    words = ["corpora", "surrogate", "iemocap", str(tmp_path / "there"), "-p"]
    done = subprocess.run(
        [sys.executable, "-m", "emolib", *words, "n_trials=10"], cwd=ROOT, text=True,
        capture_output=True, preexec_fn=fill,
    )  # fmt: skip
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr
    assert "must fit into" in done.stderr and not [*tmp_path.iterdir()]


# ---------------------------------------------------------------- whose report it is


def execute(project, notebook):
    """Run a notebook of work/ as JupyterLab's Run All does."""
    words = ["-m", "jupyter", "nbconvert", "--to", "notebook", "--execute", "--inplace"]
    code, said = project.finish(*words, str(notebook))
    assert code == 0, said


def test_only_the_notebooks_own_cells_own_the_configs_folder(project):
    open_copy = ["-m", "emolib", "open", "toy", "--config", "quick"]
    for _ in range(2):
        assert project.finish(*open_copy)[0] == 0
    own, edited = sorted((project.folder / "work").iterdir())
    execute(project, own)
    assert read(project)["changed"] == []
    before = project.results()
    text = edited.read_text("utf-8")
    edited.write_text(text.replace('unit.labels[\\"fold\\"]', "0.5"), "utf-8")
    assert edited.read_text("utf-8") != text
    execute(project, edited)
    (folder,) = (project.folder / "reports" / "toy").glob("quick+*")
    assert read(project, folder.name)["changed"] == ["cells"]
    assert project.results() == before != project.results(folder.name)


def test_a_report_names_the_code_that_was_imported_not_what_was_edited_since(project):
    code = """
import emolib
from emolib.reporting.notebooks import code_of, notebook_path
before = code_of(notebook_path("toy"))
file = Path("emolib/papers/toy/stages.py")
file.write_text(file.read_text() + "MORE = 1\\n")
Path("emolib/papers/toy/more.py").write_text("MORE = 1\\n")
say(before == code_of(notebook_path("toy")))
"""
    assert project.run(code) is True


# ---------------------------------------------------------------- what is typed


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Return the folder of a project whose notebook is of no paper."""
    monkeypatch.chdir(write_project(tmp_path))
    return tmp_path


def emolib(*words):
    return CliRunner().invoke(main, words)


@pytest.mark.parametrize("words", [["lr", "-1e1"], ["lr=-1e1"]])
def test_a_value_may_be_negative_and_follow_an_equals_sign(toy, words):
    assert emolib("open", "toy", "-p", *words, "-p", "targets=[a=b]").exit_code == 0
    cells = nbformat.read(toy / "work" / "toy.ipynb", 4).cells
    (given,) = [c.source for c in cells if "injected" in str(c.metadata)]
    assert 'lr = "-1e1"' in given and 'targets = ["a=b"]' in given


def test_a_lack_of_memory_and_a_mistake_without_words_are_one_line(toy, monkeypatch):
    for error in (MemoryError("64 GiB"), RuntimeError()):
        monkeypatch.setattr("emolib.upkeep.status", lambda error=error: raised(error))
        done = emolib("status")
        assert done.exit_code == 1
        assert done.stderr in ("Error: 64 GiB\n", "Error: RuntimeError\n")


def raised(error):
    raise error


def test_a_home_that_the_shell_left_as_typed_is_found(toy, monkeypatch):
    monkeypatch.setenv("HOME", str(toy))
    for number in range(6):
        name = f"Subject{number // 2:02d}_{number % 2 + 1}.edf"
        write_edf(toy / "own files" / name, seconds=1)
    for command in ("check", "add"):
        done = emolib("corpora", command, "eegmat", "~/own files")
        assert done.exit_code == 0, done.output
    assert f"folder: '{toy / 'own files'}'" in emolib("corpora", "list").output


def test_a_mistake_in_one_of_several_notebooks_names_it(toy):
    shutil.copytree(toy / "notebooks/configs/toy", toy / "notebooks/configs/other")
    text = (toy / "notebooks/toy.ipynb").read_text("utf-8")
    (toy / "notebooks/other.ipynb").write_text(text.replace("seed: int", "sid: int"))
    done = emolib("run", "--config", "quick", "-p", "seed", "1", "--dry-run")
    assert done.exit_code == 1 and len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("Error: other: parameter must be known; got 'seed'.")


def test_a_run_has_the_config_that_it_was_asked_for(toy):
    done = emolib("run", "toy", "--config", "quick", "-p", "config", "full")
    assert done.exit_code == 1 and "'quick'; got 'full'. Name another" in done.stderr


def change(folder, old, new):
    file = folder / "notebooks" / "toy.ipynb"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("config: str", "%time\\nconfig: str", "expected a parameters cell of lines"),
        ("= 3  # folds", "= int(3)  # folds", "expected a parameters cell of lines"),
        ("config: str", "import os\\nconfig: str", "expected a parameters cell of li"),
        ('"nbformat"', '"nbformat', "toy.ipynb: expected a notebook"),
    ],
)
def test_a_notebook_that_cannot_be_read_is_one_line(toy, old, new, words):
    change(toy, old, new)
    done = emolib("run", "toy")
    assert done.exit_code == 1 and words in done.stderr, done.stderr
    assert len(done.stderr.splitlines()) == 1 and "toy.ipynb" in done.stderr


def test_a_cell_may_have_null_for_tags(toy):
    change(toy, '"metadata": {}', '"metadata": {"tags": null}')
    assert emolib("run", "toy", "--dry-run").exit_code == 0


@pytest.mark.parametrize("text", ["[1, 2]", "lr: [1", "\x00", "just words"])
def test_a_config_that_holds_no_values_is_one_line(toy, text):
    (toy / "notebooks/configs/toy/quick.yaml").write_text(text)
    done = emolib("run", "toy", "--config", "quick")
    assert done.exit_code == 1 and "quick.yaml: expected lines" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_a_file_calls_itself_is_printed_escaped_and_cut(toy):
    name = "\x1b]0;title\x07\x1b[2J\u202e" + "x" * 10**6
    done = emolib("run", f"{name}\nError: forged")
    assert done.exit_code == 1 and len(done.stderr.splitlines()) == 1
    assert done.stderr.isprintable() or done.stderr[:-1].isprintable()
    assert "\\x1b]0;title" in done.stderr and len(done.stderr) < 3000


def test_names_on_disk_forge_no_line_and_a_command_that_is_advised_can_be_typed(toy):
    forging = toy / "a\nNOT USABLE: forged\x1b[2J"
    plain = toy / "O'Brien lab"
    for folder in (forging, plain):
        for number in range(6):
            name = f"Subject{number // 2:02d}_{number % 2 + 1}.edf"
            write_edf(folder / name, seconds=1)
    (forging / "Subject05_1.edf").write_bytes(b"x")
    said = []
    for corpus in ("eegmat", "dreamer"):
        said.append(emolib("corpora", "check", corpus, str(forging)))
    said.append(emolib("corpora", "check", "eegmat", str(forging / "nowhere")))
    said.append(emolib("corpora", "add", "eegmat", str(forging)))
    said.append(emolib("corpora", "list"))
    for lines in (done.output.splitlines() for done in said):
        assert all(line.isprintable() for line in lines)
        assert not any(x.strip().startswith("NOT USABLE: forged") for x in lines)
    assert r"a\nNOT USABLE: forged\x1b[2J" in said[-1].output
    surrogate = ["corpora", "surrogate", "iemocap", str(plain / "new"), "-p"]
    advised = [
        emolib("corpora", "check", "eegmat", str(plain)).output.splitlines()[-2],
        emolib(*surrogate, "n_trials=4", "-p", "effect=1e-1").output.strip(),
    ]
    for line in advised:
        assert emolib(*shlex.split(line.partition("emolib ")[2])).exit_code == 0, line


# ---------------------------------------------------------------- what fails


def test_where_nothing_finishes_the_page_holds_the_reasons_until_the_next_run(project):
    code, said = project.finish(*RUN, "-p", "systems=[broken]")
    assert code == 1 and "toy_quick stopped" in said
    reason = "broken (4): ValueError: learning rate must be small; got 1e9."
    assert f"failed: {reason}" in said
    page = project.folder / "reports/toy/quick~stopped/stopped.md"
    assert str(page.relative_to(project.folder)) in said
    assert f"- {reason}\n" in page.read_text("utf-8")
    assert page.with_name("notebook.ipynb").is_file()
    assert project.finish(*RUN)[0] == 0 and not page.parent.exists()


def test_a_corpus_that_is_gone_is_said_with_the_plan_and_on_a_page(project):
    lost = 'raise FileNotFoundError("DREAMER not found")'
    project.edit("papers/toy/data.py", "return f\"corpus {data['seed']}\"", lost)
    reason = "FileNotFoundError: DREAMER not found"
    code, said = project.finish(*RUN, "--dry-run")
    assert code == 0 and said.endswith(
        f"0 units done, 4 to do, no earlier run to judge 4 by; {reason}\n"
    )
    code, said = project.finish(*RUN)
    assert code == 1 and f"failed: linear (4): {reason}" in said
    page = project.folder / "reports/toy/quick~stopped/stopped.md"
    assert f"- linear (4): {reason}\n" in page.read_text("utf-8")


# ---------------------------------------------------------------- a kill


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Return the results of a run of four units, and the seconds it takes."""
    project = Project(tmp_path_factory.mktemp("undisturbed") / "project")
    started = time.monotonic()
    assert project.finish(*RUN, "--cores", "2")[0] == 0
    return project.results(), project.tables(), time.monotonic() - started


@pytest.mark.parametrize(
    "n_kills", [3, pytest.param(20, marks=pytest.mark.slow)], ids=["three", "twenty"]
)
def test_kills_at_random_moments_change_no_byte_and_leave_nothing(
    project, undisturbed, n_kills
):
    results, tables, seconds = undisturbed
    moments, n_killed = random.Random(n_kills), 1
    process = project.begin(*RUN, "--cores", "2", "-p", "seconds=60")
    project.wait_for("working 0")  # a worker that would go on for a minute
    assert project.ends_with(process)
    while n_killed < n_kills:
        process = project.begin(*RUN, "--cores", "2")
        try:
            process.wait(moments.uniform(0, seconds))
            seconds *= 0.8  # it had ended: the machine is quicker now
        except subprocess.TimeoutExpired:
            n_killed += 1
        assert project.ends_with(process)
        if moments.random() < 0.5:  # what is left is at every stage
            shutil.rmtree(project.store, ignore_errors=True)
    assert project.finish(*RUN, "--cores", "2")[0] == 0
    assert project.results() == results and project.tables() == tables
    left = [*project.folder.rglob(".partial-*"), *project.store.glob("*/.[!l]*")]
    assert not left
