"""`emolib reports` and the Snakefile, in a toy project."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from toy_notebooks import SAVE_NO_FIGURE, WORK, write_notebook, write_project

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
ENVIRONMENT.pop("EMOLIB_CACHE", None)  # each toy project has its own


@pytest.fixture
def project(tmp_path):
    return write_project(tmp_path)


def reports(project, *words, **options):
    command = [sys.executable, "-m", "emolib", "reports", *words]
    return subprocess.run(
        command, cwd=project, env=ENVIRONMENT, capture_output=True, text=True, **options
    )


def test_the_snakefile_plans_one_report_with_its_declared_files(project):
    found = subprocess.run(
        [
            sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"),
            "--directory", str(project), "--cores", "1", "-n",
        ],
        cwd=project, env=ENVIRONMENT, capture_output=True, text=True,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    for name in ("results.csv", "run.json", "table_1.md", "fig_1_values.svg"):
        assert f"reports/toy/quick/{name}" in found.stdout


def test_a_failing_notebook_is_named_and_made_again_when_mended_or_changed(project):
    write_notebook(project, work="raise ValueError('no such thing')")
    found = reports(project)
    assert found.returncode == 1
    assert "toy quick: failed in" in found.stdout
    assert "stopped in cell 5: ValueError: no such thing" in found.stdout
    assert "0 of 1 notebooks have their report" in found.stdout
    results = project / "reports/toy/quick/results.csv"
    assert not results.exists()

    write_notebook(project, save=SAVE_NO_FIGURE)
    mended = reports(project)
    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert "toy quick: started" in mended.stdout
    assert "1 of 1 notebooks have their report" in mended.stdout
    assert len(results.read_text().splitlines()) == 5

    config = project / "notebooks/configs/toy/quick.yaml"
    config.write_text("config: quick\nn_folds: 2\n")
    changed = reports(project)
    assert "done in" in changed.stdout and "(expected 0:" in changed.stdout
    assert len(results.read_text().splitlines()) == 3


def test_a_notebook_without_the_tier_is_left_out_and_named_it_is_an_error(project):
    found = reports(project, "--tier", "full")
    assert found.returncode == 0 and "toy: no full.yaml, left out" in found.stdout
    found = reports(project, "--tier", "full", "--notebook", "toy")
    assert found.returncode == 1 and "config of toy must be known" in found.stderr


def processes_of(project):
    """Return the living processes that run below or for a project."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and (
                process.cwd().startswith(str(project))
            ):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def named(project, words):
    """Return those whose command line holds some words."""
    found = []
    for process in processes_of(project):
        with suppress(psutil.NoSuchProcess):
            if words in " ".join(process.cmdline()):
                found.append(process)
    return found


def wait_for(project, words):
    """Wait until a process of a project is there."""
    deadline = time.monotonic() + 60
    while not named(project, words):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def wait_for_none(project, words):
    """Wait until it is gone: it has five seconds."""
    deadline = time.monotonic() + 5
    while left := named(project, words):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


@pytest.mark.parametrize(
    "victim",
    [
        pytest.param("emolib reports", marks=pytest.mark.slow),
        pytest.param("snakemake -", marks=pytest.mark.slow),
        pytest.param("ipykernel", marks=pytest.mark.slow),
    ],
)
def test_a_killed_batch_leaves_no_process_and_is_resumed(project, victim):
    write_notebook(project, work=f"import time\ntime.sleep(9)\n{WORK}")
    command = [sys.executable, "-m", "emolib", "reports"]
    driver = subprocess.Popen(
        command, cwd=project, env=ENVIRONMENT, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not any("ipykernel" in " ".join(p.cmdline()) for p in processes_of(project)):
        assert time.monotonic() < deadline
        time.sleep(0.3)
    time.sleep(2)
    hit = [p for p in processes_of(project) if victim in " ".join(p.cmdline())]
    os.kill(hit[0].pid, signal.SIGKILL)
    assert driver.wait(timeout=30) != 0
    time.sleep(5)
    assert not processes_of(project)
    assert not list((project / "reports").glob("toy/quick/run.json"))
    write_notebook(project)
    found = reports(project)
    assert found.returncode == 0, found.stdout + found.stderr
    assert not list((project / "reports/.partial").iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="only there is it chosen")
def test_a_kernel_that_is_still_starting_ends_with_its_run_whoever_adopts_it(project):
    write_notebook(project, work="import time\ntime.sleep(60)")
    adopt = "ctypes.CDLL(None).prctl(36, 1)"  # PR_SET_CHILD_SUBREAPER
    run = "subprocess.Popen([sys.executable, '-m', 'emolib', 'run', 'toy'])"
    code = f"import ctypes, subprocess, sys\n{adopt}\n{run}\nsys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=project, env=ENVIRONMENT,
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
    ) as adopter:  # fmt: skip
        wait_for(project, "ipykernel")
        os.kill(named(project, "emolib run")[0].pid, signal.SIGKILL)
        try:
            wait_for_none(project, "ipykernel")
        finally:
            adopter.stdin.close()
            for kernel in named(project, "ipykernel"):
                kernel.kill()


@pytest.mark.slow
def test_one_batch_at_a_time(project):
    write_notebook(project, work=f"import time\ntime.sleep(15)\n{WORK}")
    command = [sys.executable, "-m", "emolib", "reports"]
    first = subprocess.Popen(
        command, cwd=project, env=ENVIRONMENT, stdout=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 60
        while not (project / ".emolib/reports.pid").is_file():
            assert time.monotonic() < deadline
            time.sleep(0.2)
        second = reports(project)
        assert second.returncode == 1
        assert "one batch at a time; got another that runs" in second.stderr
    finally:
        first.send_signal(signal.SIGTERM)
        first.wait(timeout=30)
    time.sleep(2)
    assert not processes_of(project)


def test_a_digest_of_older_code_is_forgotten_and_todays_is_kept(tmp_path, monkeypatch):
    from emolib.commands import workflow
    from emolib.reporting.provenance import code_digest

    old, today = tmp_path / "old.txt", tmp_path / "today.txt"
    old.write_text("of other code\n", "utf-8")
    today.write_text(f"{code_digest('ecg_eeg')}\n", "utf-8")
    task = workflow.Task("ecg_eeg", "quick", (), (), (), "ecg_eeg")
    for path in (old, today):
        monkeypatch.setattr(workflow, "code_file", lambda recipe, path=path: str(path))
        workflow.forget_old_code([task])
    assert not old.exists() and today.exists()
