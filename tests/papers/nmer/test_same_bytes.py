"""Same seed, same bytes: in this process, in another, and in workers of another."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from emolib.papers import nmer

ROOT = Path(__file__).resolve().parents[3]
CODE = """
import json, sys
import pandas as pd
from emolib.papers import nmer

if __name__ == "__main__":
    study = nmer.run(nmer.Settings.of(json.loads(sys.argv[1])))
    tables = [entry.tables["predictions"] for _, entry in study.finished]
    pd.concat(tables).to_csv(sys.argv[2], index=False)
"""
SLOW = [pytest.param(n, marks=pytest.mark.slow) for n in (2, 3)]


@pytest.mark.parametrize("n_workers", [1, *SLOW])
def test_a_process_under_another_hash_seed_gives_the_same_bytes(
    settings, study, in_cache, tmp_path, n_workers
):
    chosen = settings.change(systems=["NMER", "MMIN", "MEN"], dbs=[-40.0])
    tables = [e.tables["predictions"] for _, e in nmer.run(chosen).finished]
    parameters = json.dumps(chosen.change(n_workers=n_workers).as_dict())
    other = "1" if os.environ.get("PYTHONHASHSEED") == "7" else "7"
    environment = {"EMOLIB_CACHE": str(tmp_path / "cache"), "PYTHONHASHSEED": other}
    run = subprocess.run(
        [sys.executable, "-c", CODE, parameters, str(tmp_path / "there.csv")],
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)}, cwd=tmp_path,
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    there = (tmp_path / "there.csv").read_text()
    assert there == pd.concat(tables).to_csv(index=False)
