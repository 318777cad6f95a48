"""Same seed, same bytes: in this process, and in two workers of another."""

import json
import os
import subprocess
import sys
from pathlib import Path

from emolib.recipes import ecg_eeg

ROOT = Path(__file__).resolve().parents[3]
SYSTEMS = ["ours", "w/o align", "linear probe", "chance"]
CODE = """
import json, sys
from emolib.recipes import ecg_eeg

if __name__ == "__main__":
    settings = ecg_eeg.Settings.from_parameters(json.loads(sys.argv[1]))
    study = ecg_eeg.run(settings)
    ecg_eeg.results_of(study).to_csv(sys.argv[2], index=False)
"""


def test_two_workers_under_another_hash_seed_give_the_same_bytes(
    settings, study, tmp_path
):
    chosen = settings.change(systems=SYSTEMS)
    here = ecg_eeg.results_of(ecg_eeg.run(chosen)).to_csv(index=False)
    there = tmp_path / "results.csv"
    parameters = json.dumps(chosen.change(n_workers=2).as_dict())
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
