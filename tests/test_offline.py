"""After set-up nothing touches the network: a notebook runs with sockets blocked.

The blocker is a `sitecustomize` on PYTHONPATH, so that it also holds in the kernel and
in the workers, which are other processes.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "start_here.ipynb"

BLOCKER = """
import socket

HERE = ("127.0.0.1", "::1", "localhost", "", None)


def refuse(host):
    if host not in HERE:
        raise OSError(f"the network is blocked: {host}")


def guarded(connect):
    def checked(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            refuse(address[0])
        return connect(self, address)

    return checked


def look_up(host, *rest, resolve=socket.getaddrinfo, **options):
    refuse(host.decode() if isinstance(host, bytes) else host)
    return resolve(host, *rest, **options)


socket.socket.connect = guarded(socket.socket.connect)
socket.socket.connect_ex = guarded(socket.socket.connect_ex)
socket.getaddrinfo = look_up
"""


@pytest.fixture
def run_offline(tmp_path):
    """Return a function that runs Python without a network, in an empty folder."""
    (tmp_path / "sitecustomize.py").write_text(BLOCKER, encoding="utf-8")
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
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


@pytest.mark.skipif(not NOTEBOOK.exists(), reason="start_here.ipynb is not there yet")
def test_start_here_runs_without_a_network(run_offline, tmp_path):
    out = tmp_path / "out.ipynb"
    run = run_offline("-m", "papermill", "-k", "python3", str(NOTEBOOK), str(out))
    assert run.returncode == 0, run.stderr[-3000:]
