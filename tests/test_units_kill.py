"""Killed at any moment, started again: nothing lost, nothing left, the same bytes."""

import os
import random
import signal
import sys
import time

import pytest
from toy_project import ToyProject

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="reads /proc to find what is left of a run"
)
UNITS = "units = [toy(i, seconds=0.2, stage_s=0.3) for i in range(6)]\n"
RUN = UNITS + "say(len(go(units, {n_workers})))"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Return the tables of a run that nobody disturbed."""
    toy = ToyProject(tmp_path_factory.mktemp("undisturbed") / "project")
    assert toy.run(RUN.format(n_workers=1)) == 6
    return toy.tables()


@pytest.fixture
def toy(tmp_path):
    return ToyProject(tmp_path / "project")


def finished(toy):
    """Return the folds whose units are in the store."""
    files = toy.store.glob("toy/unit-*/predictions.csv")
    return {file.read_text().splitlines()[1].split(",")[-5] for file in files}


def kill(driver):
    """End a process at once, without its knowing."""
    with driver:
        driver.kill()
        driver.wait()
        driver.stdin.close()


def nothing_is_left_within(toy, seconds):
    """Return whether every process of the project ends in time."""
    limit = time.monotonic() + seconds
    while toy.processes():
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True


def check_resumed(toy, undisturbed, n_workers):
    """Run again: only what was unfinished is computed, and all is as undisturbed."""
    done = finished(toy)
    toy.diary(forget=True)
    assert toy.run(RUN.format(n_workers=n_workers)) == 6
    began = {line.split()[1] for line in toy.diary() if line.startswith("unit")}
    assert began == {str(i) for i in range(6)} - done
    assert toy.tables() == undisturbed
    assert not list(toy.store.glob("*/.aside-*")), "what was half-written is swept"


@pytest.mark.parametrize(
    ("moment", "n_workers"),
    [("prepare", 2), ("stage project 3", 2), ("working 3", 2), ("working 3", 1)],
)
def test_a_killed_driver_loses_only_the_units_in_work(
    toy, undisturbed, moment, n_workers
):
    driver = toy.start(RUN.format(n_workers=n_workers), PYTHONHASHSEED="7")
    toy.wait_for(moment)
    kill(driver)
    assert nothing_is_left_within(toy, 3.0)
    check_resumed(toy, undisturbed, n_workers)


def test_a_driver_killed_at_random_moments_still_comes_to_the_same_end(
    toy, undisturbed
):
    moments = random.Random(0)
    for _ in range(4):
        driver = toy.start(RUN.format(n_workers=2))
        time.sleep(moments.uniform(0.3, 1.6))
        kill(driver)
        assert nothing_is_left_within(toy, 3.0)
    check_resumed(toy, undisturbed, 2)


def test_a_killed_worker_costs_its_unit_and_the_next_run_computes_that(
    toy, undisturbed
):
    code = UNITS + "done = go(units, 2)\nsay([len(done), len(done.failures)])"
    driver = toy.start(code)
    toy.wait_for("working 2")
    worker = next(pid for pid in toy.processes() if pid != driver.pid)
    os.kill(worker, signal.SIGKILL)
    said, complaint = driver.communicate(timeout=60)
    assert driver.returncode == 0, complaint
    assert said.strip() == "[5, 1]"
    assert toy.processes() == []
    assert len(finished(toy)) == 5
    check_resumed(toy, undisturbed, 2)
