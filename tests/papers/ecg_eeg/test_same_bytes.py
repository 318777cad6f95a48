"""Same seed, same bytes: in this process, in another, and in two workers of another."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from emolib.papers import ecg_eeg

ROOT = Path(__file__).resolve().parents[3]
SYSTEMS = ["ECG-EEG alignment", "w/o align", "linear probe", "chance"]
CODE = """
import json, sys
from emolib.papers import ecg_eeg

if __name__ == "__main__":
    settings = ecg_eeg.Settings.of(json.loads(sys.argv[1]))
    study = ecg_eeg.run(settings)
    ecg_eeg.tables.results(study).to_csv(sys.argv[2], index=False)
"""


@pytest.mark.parametrize("n_workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_process_under_another_hash_seed_gives_the_same_bytes(
    settings, study, tmp_path, n_workers
):
    chosen = settings.change(systems=SYSTEMS)
    here = ecg_eeg.tables.results(ecg_eeg.run(chosen)).to_csv(index=False)
    there = tmp_path / "results.csv"
    parameters = json.dumps(chosen.change(n_workers=n_workers).as_dict())
    seed = "1" if os.environ.get("PYTHONHASHSEED") == "7" else "7"
    environment = {
        **os.environ,
        "EMOLIB_CACHE": str(tmp_path / "cache"),
        "PYTHONHASHSEED": seed,
        "PYTHONPATH": str(ROOT),
    }
    run = subprocess.run(
        [sys.executable, "-c", CODE, parameters, str(there)],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert there.read_text() == here
