"""The run path over units: shared, killed, failed, changed; by hand, by Snakemake."""

import json
import shutil
import time
from pathlib import Path

import pytest
from toy_notebooks import Project

RUN = ["-m", "emolib", "run", "toy", "--config", "quick"]
SNAKEMAKE = [
    "-m", "snakemake", "--cores", "2", "--nolock", "--keep-going", "--rerun-incomplete",
    "--quiet", "all", "--config", "tier=quick", "notebooks=",
]  # fmt: skip


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "project")


def running(project, words):
    """Return the commands of a project's processes that hold some words."""
    found = []
    for number in project.processes():
        path = Path("/proc") / str(number) / "cmdline"
        said = path.read_bytes().replace(b"\0", b" ") if path.exists() else b""
        found += [said] if words.encode() in said else []
    return found


def wait_until(condition, seconds=60.0):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.05)


def slowed(project):
    """Let the notebook take a minute; return what undoes it."""
    notebook = project.folder / "notebooks" / "toy.ipynb"
    text, work = notebook.read_text(), "import pandas as pd\\n"
    notebook.write_text(text.replace(work, f"{work}import time\\ntime.sleep(60)\\n", 1))
    return lambda: notebook.write_text(text)


# ---------------------------------------------------------------- by hand


def test_two_runs_at_once_compute_each_unit_once_and_write_whole_reports(project):
    twin = [*RUN, "-p", "run_name", "twin", "--cores", "2"]
    both = [project.begin(*RUN), project.begin(*twin)]
    said = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sorted(project.begun()) == ["0", "1", "2", "3"]
    assert project.results() == project.results("quick+twin")
    for folder in ("quick", "quick+twin"):
        names = {p.name for p in (project.folder / "reports/toy" / folder).iterdir()}
        assert {"notebook.ipynb", "results.csv", "run.json", "table_1.md"} <= names


def test_a_killed_run_leaves_no_process_and_the_next_computes_the_rest(project):
    slow = ["-p", "seconds", "0.8", "-p", "run_name", "slow"]
    process = project.begin(*RUN, *slow, "--cores", "2")
    wait_until(project.units)
    assert project.ends_with(process)
    n_stored, n_begun = len(project.units()), len(project.begun())
    assert n_stored < 4 and not (project.folder / "reports" / "toy").exists()
    code, said = project.finish(*RUN, *slow)
    assert code == 0 and f"{n_stored} units done, {4 - n_stored} to do" in said, said
    assert len(project.begun()) == n_begun + 4 - n_stored
    resumed = project.results("quick+slow")
    shutil.rmtree(project.store)
    assert project.finish(*RUN, *slow)[0] == 0
    assert project.results("quick+slow") == resumed


def test_a_run_killed_in_its_notebook_leaves_no_kernel(project):
    mend = slowed(project)
    process = project.begin(*RUN)
    wait_until(lambda: running(project, "ipykernel"))
    assert project.ends_with(process)
    mend()
    assert project.finish(*RUN)[0] == 0 and len(project.begun()) == 4


def test_a_failing_unit_costs_its_cell_and_the_report_is_written(project):
    code, said = project.finish(*RUN, "-p", "systems", "[linear, broken]")
    assert code == 1 and "broken (4): ValueError: learning rate must be small" in said
    (folder,) = (project.folder / "reports" / "toy").glob("quick+*")
    rows = (folder / "results.csv").read_text().splitlines()
    assert len(rows) == 5 and "broken" not in "".join(rows)
    failures = json.loads((folder / "run.json").read_text())["failures"]
    assert [f["method"] for f in failures] == ["broken"] * 4


def test_shards_share_the_units_and_a_report_finds_them_all(project):
    for shard in ("1/2", "2/2"):
        units = ["-m", "emolib", "units", *RUN[3:], "--shard", shard]
        assert project.finish(*units)[0] == 0
    assert project.begun() == ["0", "2", "1", "3"]
    code, said = project.finish("-m", "emolib", "report", *RUN[3:])
    assert code == 0 and len(project.begun()) == 4, said
    assert " unit " in project.finish("-m", "emolib", "status")[1]


# ---------------------------------------------------------------- by Snakemake


def test_snakemake_makes_what_is_old_and_nothing_else(project):
    code, said = project.finish(*SNAKEMAKE)
    assert code == 0 and said.count("written: ") == 1, said
    assert len(project.begun()) == 4
    project.edit("papers/toy/systems/linear.py", "import os", "# a comment\nimport os")
    assert project.finish(*SNAKEMAKE) == (0, "")
    project.edit("papers/toy/systems/linear.py", "1 / (1 +", "1 / (2 +")
    code, said = project.finish(*SNAKEMAKE)
    assert code == 0 and said.count("written: ") == 1 and len(project.begun()) == 8
    project.configure("n_folds: 4", "systems: [linear, broken]")
    code, said = project.finish(*SNAKEMAKE)
    assert code == 1 and "learning rate must be small" in said, said
    assert b"broken" not in project.results() and b"linear" in project.results()


@pytest.mark.parametrize("phase", ["emolib units", "ipykernel"])
def test_a_killed_snakemake_leaves_no_report_running_and_is_resumed(project, phase):
    project.configure("n_folds: 4", "seconds: 0.5")
    mend = slowed(project)
    process = project.begin(*SNAKEMAKE)
    wait_until(lambda: running(project, phase))
    process.kill()
    process.wait()
    wait_until(lambda: not running(project, "emolib report"), seconds=5)
    wait_until(lambda: not running(project, "ipykernel"), seconds=5)
    mend()
    code, said = project.finish(*SNAKEMAKE, "shards=2")
    assert code == 0 and said.count("written: ") == 1, said
    assert len(project.results().splitlines()) == 5
    assert sorted(project.begun()) == ["0", "1", "2", "3"]  # a shard may finish alone
    assert project.is_left_alone(60)
    process.communicate()
