"""The run path over units: shared, killed, failed, changed; by hand, by Snakemake."""

import shutil

import pytest
from toy_notebooks import RUN
from toy_project import wait_until

SNAKEMAKE = [
    "-m", "snakemake", "--cores", "2", "--nolock", "--keep-going", "--rerun-incomplete",
    "--quiet", "all", "--config", "tier=quick", "notebooks=",
]  # fmt: skip


def slowed(lab):
    """Let the notebook take a minute; return what undoes it."""
    notebook = lab.folder / "notebooks" / "toy.ipynb"
    text, work = notebook.read_text(), "import pandas as pd\\n"
    notebook.write_text(text.replace(work, f"{work}import time\\ntime.sleep(60)\\n", 1))
    return lambda: notebook.write_text(text)


# ---------------------------------------------------------------- by hand


def test_two_runs_at_once_compute_each_unit_once_and_write_whole_reports(lab):
    twin = [*RUN, "-p", "run_name", "twin", "--cores", "2"]
    both = [lab.begin(*RUN), lab.begin(*twin)]
    said = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sorted(lab.begun()) == ["0", "1", "2", "3"]
    assert lab.results() == lab.results("quick+twin")
    for folder in ("quick", "quick+twin"):
        names = {p.name for p in (lab.folder / "reports/toy" / folder).iterdir()}
        assert {"notebook.ipynb", "results.csv", "run.json", "table_1.md"} <= names


def test_a_killed_run_leaves_no_process_and_the_next_computes_the_rest(lab):
    slow = ["-p", "seconds", "0.8", "-p", "run_name", "slow"]
    process = lab.begin(*RUN, *slow, "--cores", "2")
    wait_until(lab.units)
    lab.kill(process)
    n_stored, n_begun = len(lab.units()), len(lab.begun())
    assert n_stored < 4 and not (lab.folder / "reports" / "toy").exists()
    code, said = lab.finish(*RUN, *slow)
    assert code == 0 and f"{n_stored} units done, {4 - n_stored} to do" in said, said
    assert len(lab.begun()) == n_begun + 4 - n_stored
    resumed = lab.results("quick+slow")
    shutil.rmtree(lab.store)
    assert lab.finish(*RUN, *slow)[0] == 0
    assert lab.results("quick+slow") == resumed


def test_a_run_killed_in_its_notebook_leaves_no_kernel(lab):
    mend = slowed(lab)
    process = lab.begin(*RUN)
    wait_until(lambda: lab.processes("ipykernel"))
    lab.kill(process)
    mend()
    assert lab.finish(*RUN)[0] == 0 and len(lab.begun()) == 4


def test_shards_share_the_units_and_a_report_finds_them_all(lab):
    for shard in ("1/2", "2/2"):
        units = ["-m", "emolib", "units", *RUN[3:], "--shard", shard]
        assert lab.finish(*units)[0] == 0
    assert lab.begun() == ["0", "2", "1", "3"]
    code, said = lab.finish("-m", "emolib", "report", *RUN[3:])
    assert code == 0 and len(lab.begun()) == 4, said
    assert " unit " in lab.finish("-m", "emolib", "status")[1]


# ---------------------------------------------------------------- by Snakemake


def test_snakemake_makes_what_is_old_and_nothing_else(lab):
    code, said = lab.finish(*SNAKEMAKE)
    assert code == 0 and said.count("written: ") == 1, said
    assert len(lab.begun()) == 4
    lab.edit("papers/toy/systems/linear.py", "import os", "# a comment\nimport os")
    assert lab.finish(*SNAKEMAKE) == (0, "")
    lab.edit("papers/toy/systems/linear.py", "1 / (1 +", "1 / (2 +")
    code, said = lab.finish(*SNAKEMAKE)
    assert code == 0 and said.count("written: ") == 1 and len(lab.begun()) == 8
    lab.configure("n_folds: 4", "systems: [linear, broken]")
    code, said = lab.finish(*SNAKEMAKE)
    assert code == 1 and "broken (4): ValueError: learning rate must be" in said, said
    assert b"broken" not in lab.results() and b"linear" in lab.results()


@pytest.mark.parametrize("phase", ["emolib units", "ipykernel"])
def test_a_killed_snakemake_leaves_no_report_running_and_is_resumed(lab, phase):
    lab.configure("n_folds: 4", "seconds: 0.5")
    mend = slowed(lab)
    process = lab.begin(*SNAKEMAKE)
    wait_until(lambda: lab.processes(phase))
    process.kill()
    process.wait()
    for words in ("emolib report", "ipykernel"):
        wait_until(lambda words=words: not lab.processes(words), seconds=5)
    mend()
    code, said = lab.finish(*SNAKEMAKE, "shards=2")
    assert code == 0 and said.count("written: ") == 1, said
    assert len(lab.results().splitlines()) == 5
    assert sorted(lab.begun()) == ["0", "1", "2", "3"]  # a shard may finish alone
    wait_until(lambda: not lab.processes())
    process.communicate()
