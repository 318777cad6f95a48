"""The Makefile: which Python it takes, when it sets up again, what clean removes."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).resolve().parents[1] / "Makefile"
PYTHON = """#!/bin/sh
case "$*" in
  -V) echo "Python {version}" ;;
  "-m venv .venv") {venv} && mkdir -p .venv/bin && cp tool .venv/bin/python &&
    cp tool .venv/bin/pip ;;
esac
"""
TOOL = """#!/bin/sh
[ -e broken ] && exit 1
echo "$(basename $0) $*" >> installs
case "$*" in *uv) cp tool .venv/bin/uv ;; esac
"""
pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="there is no make")


class Project:
    """A folder in which make finds pretended Pythons, which note what they install."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "bin").mkdir()
        self.write("tool", TOOL)
        self.python("python3.12", "3.12.4")
        for name in ("pyproject.toml", "constraints.txt"):
            (folder / name).touch()
            os.utime(folder / name, (1e8, 1e8))

    def write(self, name, text):
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def change(self, name):
        """Make a file newer than a finished set-up, whatever the clock's grain."""
        for stamp in (self.folder / ".venv").glob("set-up-*"):
            os.utime(stamp, (1e9, 1e9))
        (self.folder / name).touch()

    def python(self, name, version, venv="true"):
        self.write(f"bin/{name}", PYTHON.format(version=version, venv=venv))

    def make(self, *words):
        """Return what make said, and whether it ended well."""
        done = subprocess.run(
            ["make", "-f", str(MAKEFILE), *words],
            cwd=self.folder, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin"},
        )  # fmt: skip
        return done.stdout, done.returncode == 0

    @property
    def installs(self):
        path = self.folder / "installs"
        return path.read_text().splitlines() if path.is_file() else []


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


@pytest.mark.parametrize("version", ["3.10.9", "3.14.0", "2.7.1"])
def test_a_python_that_does_not_fit_ends_in_one_line_with_the_way_out(project, version):
    project.python("old", version)
    said, good = project.make("env", "PYTHON=old")
    assert not good and "needs Python 3.11 to 3.13" in said and "PYTHON=" in said
    assert not (project.folder / ".venv").exists()


def test_a_python_without_venv_is_passed_over_or_the_line_that_mends_it_said(project):
    project.python("python3.13", "3.13.1", venv="false")
    assert project.make("env")[1]
    shutil.rmtree(project.folder / ".venv")
    said, good = project.make("env", "PYTHON=python3.13")
    assert not good and "sudo apt-get install python3.13-venv" in said


def test_set_up_takes_the_pins_and_is_done_once_until_they_change(project):
    said, good = project.make("env")
    assert good and "by python3.12" in said
    (line,) = project.installs
    assert "-c constraints.txt" in line and ".[dev,video]" in line
    assert project.make("env")[1] and len(project.installs) == 1
    project.change("constraints.txt")
    assert project.make("env")[1] and len(project.installs) == 2


def test_an_interrupted_set_up_is_done_again(project):
    project.make("env")
    (project.folder / "broken").touch()
    project.change("pyproject.toml")
    assert not project.make("env")[1]
    (project.folder / "broken").unlink()
    assert project.make("env")[1] and len(project.installs) == 2


def test_another_torch_is_chosen_by_uv_once_and_then_kept(project):
    for words in (["env"], ["env", "TORCH=cpu"], ["env"], ["env", "TORCH=cpu"]):
        assert project.make(*words)[1]
    first, uv, second = project.installs
    assert first.startswith("python ") and uv == "pip install -q uv"
    assert "--torch-backend=cpu" in second and "--compile-bytecode" in second


@pytest.mark.parametrize("command", ["clean", "distclean"])
def test_clean_says_what_it_removes_and_keeps_the_gallery_and_the_store(
    project, command
):
    kept = {"reports/gallery", ".emolib/store"}
    lost = {"reports/toy", "reports/.partial", "work"}
    made = {".venv", ".emolib/surrogates"}
    for name in kept | lost | made:
        (project.folder / name).mkdir(parents=True)
    said, good = project.make(command)
    assert good and "reports/toy" in said
    left = {name for name in kept | lost | made if (project.folder / name).exists()}
    assert left == (kept | made if command == "clean" else kept)


def test_every_target_explains_itself_and_a_wrong_notebook_is_named(project):
    said, good = project.make("help")
    targets = re.search(r"\.PHONY: (.*)", MAKEFILE.read_text("utf-8")).group(1)
    assert good and all(f"make {name}: " in said for name in targets.split())
    said, good = project.make("test", "NOTEBOOK=start_hear")
    assert not good and "must be in notebooks/; got start_hear" in said


def test_handouts_hold_no_answer_and_no_output_and_still_run(tmp_path):
    shutil.copytree(MAKEFILE.parent / "notebooks", tmp_path / "notebooks")
    bin_folder = Path(sys.executable).parent
    words = ["make", "-f", MAKEFILE, "handouts", f"BIN={bin_folder}", "STAMP="]
    subprocess.run(words, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    given = {path.stem: path for path in (tmp_path / "notebooks").glob("*.ipynb")}
    made = {path.stem: path for path in (tmp_path / "handouts").iterdir()}
    assert made.keys() == given.keys()
    for stem, path in made.items():
        cells = json.loads(path.read_text("utf-8"))["cells"]
        assert not any(cell.get("outputs") for cell in cells)
        assert not any("answer" in cell["metadata"].get("tags", ()) for cell in cells)
        assert not any("solutions" in line for cell in cells for line in cell["source"])
        n_answers = given[stem].read_text("utf-8").count('"answer"')
        assert (n_answers > 0) == stem.endswith("_lab")
    run = [bin_folder / "jupyter", "nbconvert", "--to", "notebook", "--execute"]
    run += ["--output", "said", made["ecg_eeg_lab"]]
    subprocess.run(run, check=True, capture_output=True)
    said = (tmp_path / "handouts" / "said.ipynb").read_text("utf-8")
    assert "not answered yet" in said and ": right." not in said
