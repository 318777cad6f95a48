"""The run path over units: shared, killed, failed, changed; by hand, by Snakemake."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from toy_notebooks import environment_of, write_tiny_project

EMOLIB = [sys.executable, "-m", "emolib"]
SNAKEMAKE = [
    sys.executable, "-m", "snakemake", "--cores", "2", "--nolock", "--keep-going",
    "--rerun-incomplete", "--quiet", "all", "--config", "tier=quick",
]  # fmt: skip


@pytest.fixture
def project(tmp_path):
    return write_tiny_project(tmp_path / "project")


def start(project, command):
    return subprocess.Popen(
        command, cwd=project, env=environment_of(project), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def finish(project, command):
    process = start(project, command)
    said, _ = process.communicate(timeout=300)
    return process.returncode, said


def run(project, *words, config="quick"):
    return finish(project, [*EMOLIB, "run", "toy", "--config", config, *words])


def diary(project):
    """Return the folds that were begun."""
    path = project / "diary.txt"
    return path.read_text().split() if path.is_file() else []


def stored(project):
    return len(list((project / ".emolib").glob("**/tiny/unit-*/manifest.json")))


def results(project, folder="quick"):
    return (project / "reports" / "toy" / folder / "results.csv").read_bytes()


def processes_of(project):
    """Return the command lines of the living processes below a project's folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            here = str((folder / "cwd").readlink()).startswith(str(project))
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if here and state != "Z":
            found.append(words)
    return found


def wait_until(condition, seconds=60.0):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.05)


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.communicate()


# ---------------------------------------------------------------- by hand


def test_two_runs_at_once_compute_each_unit_once_and_write_whole_reports(project):
    both = [
        start(project, [*EMOLIB, "run", "toy", "--config", "quick", *words])
        for words in ([], ["-p", "run_name", "twin", "--cores", "2"])
    ]
    said = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sorted(diary(project)) == ["0", "1", "2", "3"]
    assert results(project) == results(project, "quick+twin")
    for folder in ("quick", "quick+twin"):
        names = {p.name for p in (project / "reports" / "toy" / folder).iterdir()}
        assert {"notebook.ipynb", "results.csv", "run.json", "table_1.md"} <= names


def test_a_killed_run_leaves_no_process_and_the_next_computes_the_rest(project):
    slow = ["-p", "seconds", "0.8", "-p", "run_name", "slow", "--cores", "2"]
    words = [*EMOLIB, "run", "toy", "--config", "quick", *slow]
    process = start(project, words)
    wait_until(lambda: stored(project) >= 1)
    kill(process)
    wait_until(lambda: not processes_of(project), seconds=5)
    n_stored, n_begun = stored(project), len(diary(project))
    assert 1 <= n_stored < 4 and not (project / "reports" / "toy").exists()
    code, said = finish(project, words)
    assert code == 0 and f"{n_stored} units done, {4 - n_stored} to do" in said, said
    assert len(diary(project)) == n_begun + 4 - n_stored
    killed = results(project, "quick+slow")
    shutil.rmtree(project / ".emolib")
    assert finish(project, [*words, "--cores", "1"])[0] == 0
    assert results(project, "quick+slow") == killed


def test_a_run_killed_in_its_notebook_leaves_no_kernel(project):
    notebook = project / "notebooks" / "toy.ipynb"
    text = notebook.read_text()
    work = "import pandas as pd\\n"
    notebook.write_text(text.replace(work, f"{work}import time\\ntime.sleep(60)\\n", 1))
    process = start(project, [*EMOLIB, "run", "toy", "--config", "quick"])
    wait_until(lambda: any("ipykernel" in words for words in processes_of(project)))
    kill(process)
    wait_until(lambda: not processes_of(project), seconds=5)
    notebook.write_text(text)
    assert run(project)[0] == 0
    assert len(diary(project)) == 4


def test_a_failing_unit_costs_its_cell_and_the_report_is_written(project):
    code, said = run(project, "-p", "systems", "[slow, broken]")
    assert code == 1 and "FloatingPointError: the loss is not finite" in said
    (folder,) = (project / "reports" / "toy").glob("quick+*")
    rows = (folder / "results.csv").read_text().splitlines()
    assert len(rows) == 5 and "broken" not in "".join(rows)
    failures = json.loads((folder / "run.json").read_text())["failures"]
    assert [f["method"] for f in failures] == ["broken"] * 4


WRONG = {
    "systems [slwo]": "got 'slwo'. Did you mean 'slow'?",
    "systems slow": "Write systems: [slow]",
    "n_folds true": "n_folds must be a number; got True",
    "n_folds many": "n_folds must be a valid integer",
    "n_flods 2": "got 'n_flods'. Did you mean 'n_folds'?",
}
TYPE_ALL = """
import json, sys
from click.testing import CliRunner
from emolib.__main__ import main
for words in sys.argv[1:]:
    done = CliRunner().invoke(main, ["run", "toy", "-p", *words.split()])
    print(json.dumps([words, done.exit_code, done.output.splitlines()]))
"""


def test_a_wrong_value_is_one_line_before_anything_is_made(project):
    code, said = finish(project, [sys.executable, "-c", TYPE_ALL, *WRONG])
    assert code == 0, said
    for words, code, lines in map(json.loads, said.splitlines()):
        assert code == 1 and len(lines) == 1 and WRONG[words] in lines[0], lines
    assert not (project / "reports").exists() and not (project / ".emolib").exists()


def test_shards_share_the_units_and_a_report_finds_them_all(project):
    for shard in ("1/2", "2/2"):
        command = [*EMOLIB, "units", "toy", "--config", "quick", "--shard", shard]
        assert finish(project, command)[0] == 0
    assert diary(project) == ["0", "2", "1", "3"]
    code, said = finish(project, [*EMOLIB, "report", "toy", "--config", "quick"])
    assert code == 0 and len(diary(project)) == 4, said
    assert finish(project, [*EMOLIB, "status"])[1].count("unit") == 1


# ---------------------------------------------------------------- by Snakemake


def test_snakemake_makes_what_is_old_and_nothing_else(project):
    system = project / "emolib" / "papers" / "tiny" / "systems" / "slow.py"
    code, said = finish(project, SNAKEMAKE)
    assert code == 0 and said.count("written: ") == 1, said
    assert len(diary(project)) == 4
    system.write_text(f"# a comment\n{system.read_text()}")
    assert finish(project, SNAKEMAKE) == (0, "")
    system.write_text(system.read_text().replace("/ 100", "/ 50"))
    code, said = finish(project, SNAKEMAKE)
    assert code == 0 and said.count("written: ") == 1 and len(diary(project)) == 8
    config = project / "notebooks" / "configs" / "toy" / "quick.yaml"
    config.write_text("config: quick\nsystems: [slow, broken]\n")
    code, said = finish(project, SNAKEMAKE)
    assert code == 1 and "the loss is not finite" in said, said
    assert b"broken" not in results(project) and len(diary(project)) == 8


@pytest.mark.parametrize("phase", ["emolib units", "ipykernel"])
def test_a_killed_snakemake_leaves_no_report_running_and_is_resumed(project, phase):
    config = project / "notebooks" / "configs" / "toy" / "quick.yaml"
    config.write_text("config: quick\nn_folds: 4\nseconds: 0.5\n")
    process = start(project, SNAKEMAKE)
    wait_until(lambda: any(phase in words for words in processes_of(project)))
    kill(process)
    own = "emolib units"  # a shard that lost its Snakemake may finish its work
    wait_until(
        lambda: not [words for words in processes_of(project) if own not in words],
        seconds=5,
    )
    code, said = finish(project, [*SNAKEMAKE, "shards=2"])
    assert code == 0 and said.count("written: ") == 1, said
    assert len(results(project).splitlines()) == 5
    assert sorted(set(diary(project))) == ["0", "1", "2", "3"]
    wait_until(lambda: not processes_of(project))
