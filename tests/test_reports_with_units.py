"""Snakemake over units: a tiny recipe in a copy of the package, killed and resumed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from toy_notebooks import PARAMETERS, SAVE_NO_FIGURE, SETTINGS, write_project

ROOT = Path(__file__).resolve().parents[1]

RECIPE = '''"""A recipe of eight units."""

from emolib.units import Unit
from emolib.upkeep import plan_line


def expand(parameters):
    """Return the units."""
    return [
        Unit("tiny", "ours", {"n": 8}, {"fold": f, "seconds": 0.5}, {"fold": f})
        for f in range(parameters["n_folds"] * 2)
    ]


def plan(parameters):
    """Return what they cost."""
    return plan_line(expand(parameters), device=parameters["device"])
'''

DATA = '''"""Windows of the tiny recipe."""

import numpy as np
import pandas as pd

from emolib.containers import Windows


def input_digest(data):
    """Return what the data are."""
    return "tiny"


def prepare(data):
    """Return the windows."""
    n = data["n"]
    meta = pd.DataFrame({"subject": ["s1"] * n, "trial": "1", "session": "1"})
    meta = meta.assign(start_s=np.arange(n) * 1.0)
    x = {"eeg": np.zeros((n, 1, 4), "float32")}
    return Windows(x, np.arange(n) % 2, meta, np.ones((n, 1), bool))
'''

SYSTEM = '''"""The only system."""

import os
import time
from pathlib import Path

import numpy as np

from emolib.store import Outcome


def run(settings, context):
    """Sleep, and note that it did."""
    time.sleep(settings["seconds"])
    fold, windows = settings["fold"], context.windows
    with Path(os.environ["DIARY"]).open("a") as diary:
        diary.write(f"{fold}\\n")
    score = (np.arange(len(windows)) + fold) / 100
    predictions = windows.meta.assign(
        window=np.arange(len(windows)), fold=fold, seed=0, y_true=windows.y,
        y_pred=windows.y, y_score_1=score,
    )
    return Outcome(predictions)
'''

WORK = """import emolib.papers.tiny as tiny
from emolib.units import run_units
done = run_units(tiny.expand(settings), device=device)
import pandas as pd
results = pd.concat([entry.predictions for _, entry in done.entries])
results = results.groupby("fold", as_index=False)["y_score_1"].mean()
results = results.rename(columns={"y_score_1": "value"}).assign(
    paper="tiny", item="Table 1", dataset="toy", source=data, target="valence",
    protocol="by_subject", method="ours", variant="", condition="", seed=0,
    metric="auc")"""


@pytest.fixture
def project(tmp_path):
    """A project with a copy of the package in which the recipe stands."""
    shutil.copytree(
        ROOT / "emolib", tmp_path / "emolib", ignore=shutil.ignore_patterns("__pyc*")
    )
    shutil.copyfile(ROOT / "Snakefile", tmp_path / "Snakefile")
    systems = tmp_path / "emolib" / "papers" / "tiny" / "systems"
    systems.mkdir(parents=True)
    (systems / "__init__.py").touch()
    (systems.parent / "__init__.py").write_text(RECIPE)
    (systems.parent / "data.py").write_text(DATA)
    (systems / "ours.py").write_text(SYSTEM)
    return write_project(
        tmp_path, work=WORK, save=SAVE_NO_FIGURE, recipe="tiny",
        parameters=f'{PARAMETERS}\ndevice: str = "cpu"  # no process loads torch',
        settings=SETTINGS.replace("seed=seed", "seed=seed, device=device"),
    )  # fmt: skip


def environment(project):
    return {
        **os.environ, "PYTHONPATH": str(project), "DIARY": str(project / "diary.txt"),
        "EMOLIB_CACHE": str(project / ".emolib"),
    }  # fmt: skip


def start(project, *words):
    command = [sys.executable, "-m", "emolib", "reports", "--cores", "2", *words]
    return subprocess.Popen(
        command, cwd=project, env=environment(project), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def finish(project, *words):
    batch = start(project, *words)
    said, _ = batch.communicate(timeout=300)
    return batch.returncode, said


def diary(project):
    path = project / "diary.txt"
    return path.read_text().split() if path.is_file() else []


def processes_of(project):
    found = []
    for process in psutil.process_iter():
        try:
            alive = process.status() != psutil.STATUS_ZOMBIE
            if alive and process.cwd().startswith(str(project)):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def test_a_killed_batch_resumes_without_computing_a_finished_unit_again(project):
    batch = start(project)
    deadline = time.monotonic() + 120
    while len(diary(project)) < 3:
        assert time.monotonic() < deadline and batch.poll() is None
        time.sleep(0.1)
    batch.send_signal(signal.SIGKILL)
    batch.communicate()
    deadline = time.monotonic() + 5
    while processes_of(project):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    n_stored = len(list((project / ".emolib").glob("**/tiny/unit-*/manifest.json")))
    n_begun = len(diary(project))
    assert 2 <= n_stored <= n_begun < 8

    code, said = finish(project)
    assert code == 0, said
    assert f"{n_stored} units done, {8 - n_stored} to do" in said
    assert len(diary(project)) == n_begun + 8 - n_stored
    rows = (project / "reports/toy/quick/results.csv").read_text().splitlines()
    assert len(rows) == 9

    code, said = finish(project)
    assert code == 0 and "8 units done, 0 to do" in said and "started" not in said

    system = project / "emolib/papers/tiny/systems/ours.py"
    system.write_text(SYSTEM.replace("/ 100", "/ 50"))
    made = len(diary(project))
    code, said = finish(project)
    assert code == 0 and "0 units done, 8 to do" in said, said
    assert len(diary(project)) == made + 8
