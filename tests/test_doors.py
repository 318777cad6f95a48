"""Doors: what a machine, a terminal, an editor or a kill does not decide."""

import json
import random
import resource
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import Mock

import nbformat
import pytest
from toy_notebooks import ROOT, RUN, Project, emolib

from tests.datasets.test_read_eegmat import write_edf

# ---------------------------------------------------------------- the machine


def test_a_run_is_the_same_wherever_it_stands_and_whatever_jupyter_and_terminal_are(
    lab, monkeypatch
):
    spec = lab.folder / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    words = {"argv": [sys.executable, "-c", "exit(1)"], "language": "python"}
    (spec / "kernel.json").write_text(json.dumps({**words, "display_name": "another"}))
    environment = lab.environment | {"EMOLIB_CACHE": "named/cache"}
    environment |= {"JUPYTER_PATH": str(spec.parents[1]), "PYTHONIOENCODING": "cp932"}
    monkeypatch.setattr(Project, "environment", environment)
    code, said = lab.finish(*RUN)
    assert code == 0 and len(lab.begun()) == 4, said
    assert r"O'Brien {lab} \u2014 \xe9/reports/toy/quick" in said
    stores = [path.parent for path in lab.folder.rglob("store")]
    assert stores == [lab.folder / "named/cache"], "of command and kernel"


def test_nobody_who_stops_reading_decides_how_a_command_ends(lab):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "emolib", "open", "toy"], cwd=lab.folder,
            env=lab.environment, stdout=full, text=True,
            stderr=subprocess.PIPE,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert (lab.folder / "work" / "toy.ipynb").is_file()


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


def execute(lab, notebook):
    """Run a notebook of work/ as JupyterLab's Run All does."""
    words = ["-m", "jupyter", "nbconvert", "--to", "notebook", "--execute", "--inplace"]
    code, said = lab.finish(*words, str(notebook))
    assert code == 0, said


def changes(lab, folder="quick"):
    """Return what a run's report says was changed."""
    run = lab.folder / "reports/toy" / folder / "run.json"
    return json.loads(run.read_text("utf-8"))["changed"]


def test_only_the_notebooks_own_cells_own_the_configs_folder(lab):
    open_copy = ["-m", "emolib", "open", "toy", "--config", "quick"]
    for _ in range(2):
        assert lab.finish(*open_copy)[0] == 0
    own, edited = sorted((lab.folder / "work").iterdir())
    execute(lab, own)
    assert changes(lab) == []
    before = lab.results()
    text = edited.read_text("utf-8")
    edited.write_text(text.replace('unit.labels[\\"fold\\"]', "0.5"), "utf-8")
    assert edited.read_text("utf-8") != text
    execute(lab, edited)
    (folder,) = (lab.folder / "reports" / "toy").glob("quick+*")
    assert changes(lab, folder.name) == ["cells"]
    assert lab.results() == before != lab.results(folder.name)


def test_a_report_names_the_code_that_was_imported_not_what_was_edited_since(lab):
    code = """
import emolib
from emolib.reporting.notebooks import code_of, notebook_path
before = code_of(notebook_path("toy"))
file = Path("emolib/papers/toy/stages.py")
file.write_text(file.read_text() + "MORE = 1\\n")
Path("emolib/papers/toy/more.py").write_text("MORE = 1\\n")
say(before == code_of(notebook_path("toy")))
"""
    assert lab.run(code) is True


# ---------------------------------------------------------------- what is typed


def test_a_copy_to_open_holds_what_was_typed_and_overwrites_no_other(toy_folder):
    given = ["-p", "targets=[a=b]", "-p", "n_folds", "2"]
    for name, words in {"toy": ["lr", "-1e1"], "toy_1": ["lr=-1e1"]}.items():
        done = emolib("open", "toy", *given, "-p", *words)
        copy = toy_folder / "work" / f"{name}.ipynb"
        assert done.exit_code == 0 and f"jupyter lab {copy}" in done.output
        cells = nbformat.read(copy, 4).cells
        (own,) = [c.source for c in cells if "injected" in str(c.metadata)]
        assert 'lr = "-1e1"' in own and 'targets = ["a=b"]' in own
        assert "n_folds = 2" in own


def test_a_lack_of_memory_and_a_mistake_without_words_are_one_line(
    toy_folder, monkeypatch
):
    for error in (MemoryError("64 GiB"), RuntimeError()):
        monkeypatch.setattr("emolib.upkeep.status", Mock(side_effect=error))
        done = emolib("status")
        assert done.exit_code == 1
        assert done.stderr in ("Error: 64 GiB\n", "Error: RuntimeError\n")


def write_people(folder):
    """Write recordings of three people, which suffice."""
    for number in range(6):
        name = f"Subject{number // 2:02d}_{number % 2 + 1}.edf"
        write_edf(folder / name, seconds=1)
    return str(folder)


def test_a_home_that_the_shell_left_as_typed_is_found(toy_folder, monkeypatch):
    monkeypatch.setenv("HOME", str(toy_folder))
    own = write_people(toy_folder / "own files")
    for command in ("check", "add"):
        done = emolib("corpora", command, "eegmat", "~/own files")
        assert done.exit_code == 0, done.output
    assert f"folder: '{own}'" in emolib("corpora", "list").output


def change(folder, name, old, new):
    file = folder / "notebooks" / name
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


NOTEBOOK, CONFIG = "toy.ipynb", "configs/toy/quick.yaml"
ALL = "config: quick\nn_folds: 4\nlr: 1e-3\n"
NO_CELL = "toy.ipynb: expected a parameters cell of lines"
NO_VALUES = "quick.yaml: expected lines"


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        (NOTEBOOK, "config: str", "%time\\nconfig: str", NO_CELL),
        (NOTEBOOK, "= 3  # folds", "= int(3)  # folds", NO_CELL),
        (NOTEBOOK, "config: str", "import os\\nconfig: str", NO_CELL),
        (NOTEBOOK, '"nbformat"', '"nbformat', "toy.ipynb: expected a notebook"),
        (CONFIG, ALL, "[1, 2]", NO_VALUES),
        (CONFIG, ALL, "lr: [1", NO_VALUES),
        (CONFIG, ALL, "\x00", NO_VALUES),
        (CONFIG, ALL, "just words", NO_VALUES),
        (CONFIG, "n_folds", "n_flods", "got 'n_flods'. Did you mean 'n_folds'?"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(toy_folder, name, old, new, words):
    change(toy_folder, name, old, new)
    done = emolib("run", "toy", "--config", "quick")
    assert done.exit_code == 1 and words in done.stderr, done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_cell_may_have_null_for_tags(toy_folder):
    change(toy_folder, NOTEBOOK, '"metadata": {}', '"metadata": {"tags": null}')
    assert emolib("run", "toy", "--dry-run").exit_code == 0


def test_what_a_file_calls_itself_is_printed_escaped_and_cut(toy_folder):
    name = "\x1b]0;title\x07\x1b[2J\u202e" + "x" * 10**6
    done = emolib("run", f"{name}\nError: forged")
    assert done.exit_code == 1 and len(done.stderr.splitlines()) == 1
    assert done.stderr.isprintable() or done.stderr[:-1].isprintable()
    assert "\\x1b]0;title" in done.stderr and len(done.stderr) < 3000


def test_names_on_disk_forge_no_line_and_a_command_that_is_advised_can_be_typed(
    toy_folder,
):
    forging = toy_folder / "a\nNOT USABLE: forged\x1b[2J"
    plain = toy_folder / "O'Brien lab"
    for folder in (forging, plain):
        write_people(folder)
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


def test_where_nothing_finishes_the_page_holds_the_reasons_until_the_next_run(lab):
    code, said = lab.finish(*RUN, "-p", "systems=[broken]")
    assert code == 1 and "toy_quick stopped" in said
    reason = "broken (4): ValueError: learning rate must be small; got 1e9."
    assert f"failed: {reason}" in said
    page = lab.folder / "reports/toy/quick~stopped/stopped.md"
    assert str(page.relative_to(lab.folder)) in said
    assert f"- {reason}\n" in page.read_text("utf-8")
    assert page.with_name("notebook.ipynb").is_file()
    assert lab.finish(*RUN)[0] == 0 and not page.parent.exists()


def test_a_corpus_that_is_gone_is_said_with_the_plan(lab):
    lost = 'raise FileNotFoundError("DREAMER not found")'
    lab.edit("papers/toy/data.py", "return f\"corpus {data['seed']}\"", lost)
    reason = "FileNotFoundError: DREAMER not found"
    code, said = lab.finish(*RUN, "--dry-run")
    assert code == 0 and said.endswith(
        f"0 units done, 4 to do, no earlier run to judge 4 by; {reason}\n"
    )


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
    lab, undisturbed, n_kills
):
    results, tables, seconds = undisturbed
    moments, n_killed = random.Random(n_kills), 1
    process = lab.begin(*RUN, "--cores", "2", "-p", "seconds=60")
    lab.wait_for("working 0")  # a worker that would go on for a minute
    lab.kill(process)
    while n_killed < n_kills:
        process = lab.begin(*RUN, "--cores", "2")
        try:
            process.wait(moments.uniform(0, seconds))
            seconds *= 0.8  # it had ended: the machine is quicker now
        except subprocess.TimeoutExpired:
            n_killed += 1
        lab.kill(process)
        if moments.random() < 0.5:  # what is left is at every stage
            shutil.rmtree(lab.store, ignore_errors=True)
    assert lab.finish(*RUN, "--cores", "2")[0] == 0
    assert lab.results() == results and lab.tables() == tables
    left = [*lab.folder.rglob(".partial-*"), *lab.store.glob("*/.[!l]*")]
    assert not left
