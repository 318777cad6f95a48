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


REACHING_OUT = [
    "import urllib.request as r; r.urlopen('http://example.invalid')",  # a name
    "import socket; socket.socket().connect(('192.0.2.1', 80))",  # no look-up at all
]


@pytest.mark.parametrize("inner", REACHING_OUT)
def test_the_blocker_blocks_and_holds_in_a_process_of_a_process(inner):
    words = f"[sys.executable, '-c', {inner!r}], check=True"
    done = subprocess.run(
        [sys.executable, "-c", f"import subprocess, sys; subprocess.run({words})"],
        env={**os.environ, "PYTHONPATH": str(BLOCKER)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode
    assert "the network is blocked" in done.stderr


def test_the_notebooks_are_tested_under_the_blocker():
    said = subprocess.check_output(["make", "-n", "test"], cwd=ROOT, text=True)
    (line,) = [line for line in said.splitlines() if "--nbval-lax" in line]
    assert f'PYTHONPATH="{BLOCKER}"' in line and "notebooks/start_here.ipynb" in line
