"""Same seed, same bytes: in this process, in another, and in two workers of another."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from emolib.papers import nmer

ROOT = Path(__file__).resolve().parents[3]
SYSTEMS = ["ours", "MMIN", "MEN"]
CODE = """
import json, sys
import pandas as pd
from emolib.papers import nmer

if __name__ == "__main__":
    settings = nmer.Settings.from_parameters(json.loads(sys.argv[1]))
    study = nmer.run(settings)
    tables = [entry.predictions for _, entry in study.finished]
    pd.concat(tables).to_csv(sys.argv[2], index=False)
"""


@pytest.mark.parametrize("n_workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_process_under_another_hash_seed_gives_the_same_bytes(
    settings, study, in_cache, tmp_path, n_workers
):
    chosen = settings.change(systems=SYSTEMS, dbs=[-40.0])
    finished = nmer.run(chosen).finished
    here = pd.concat([entry.predictions for _, entry in finished]).to_csv(index=False)
    there = tmp_path / "predictions.csv"
    parameters = json.dumps(chosen.change(n_workers=n_workers).as_dict())
    environment = {
        **os.environ,
        "EMOLIB_CACHE": str(tmp_path / "cache"),
        "PYTHONHASHSEED": "1" if os.environ.get("PYTHONHASHSEED") == "7" else "7",
        "PYTHONPATH": str(ROOT),
    }
    run = subprocess.run(
        [sys.executable, "-c", CODE, parameters, str(there)],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert there.read_text() == here
