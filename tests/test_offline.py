"""After set-up nothing touches the network: sockets are blocked, notebooks run.

`make test` runs every notebook under the blocker of `offline/`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BLOCKER = ROOT / "tests" / "offline"


@pytest.fixture
def run_offline(tmp_path):
    """Return a function that runs Python without a network, in an empty folder."""
    paths = os.pathsep.join([str(BLOCKER), str(ROOT)])
    cache = str(tmp_path / "cache")
    environment = {**os.environ, "PYTHONPATH": paths, "EMOLIB_CACHE": cache}

    def run(*words):
        command = [sys.executable, *words]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True
        )

    return run


@pytest.mark.parametrize("address", ["http://192.0.2.1", "http://example.invalid"])
def test_the_blocker_blocks(run_offline, address):
    run = run_offline("-c", f"import urllib.request as r; r.urlopen({address!r})")
    assert run.returncode
    assert "the network is blocked" in run.stderr


def test_the_blocker_holds_in_a_process_of_a_process(run_offline):
    inner = "import socket; socket.create_connection(('192.0.2.1', 80))"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    assert "the network is blocked" in run_offline("-c", code).stderr


def test_the_notebooks_are_tested_under_the_blocker():
    said = subprocess.run(
        ["make", "-n", "test"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    (line,) = [line for line in said.splitlines() if "--nbval-lax" in line]
    assert f'PYTHONPATH="{BLOCKER}"' in line and "notebooks/start_here.ipynb" in line


@pytest.mark.slow
def test_start_here_runs_without_a_network(run_offline, tmp_path):
    notebook, out = ROOT / "notebooks" / "start_here.ipynb", tmp_path / "out.ipynb"
    run = run_offline("-m", "papermill", "-k", "python3", str(notebook), str(out))
    assert run.returncode == 0, run.stderr[-3000:]
