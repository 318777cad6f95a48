"""Kernels that start quietly, with one thread, and tell how far they are."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from emolib.batch.jobs import Job
from emolib.reporting.places import REPORT_DIR

THREADS = (
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS",
)  # fmt: skip
PROGRESS = "EMOLIB_PROGRESS"
"""Environment variable: the file into which a long task writes its progress line."""

DIE_WITH_PARENT = (
    "import ctypes, os, signal, sys\n"
    "ctypes.CDLL(None).prctl(1, signal.SIGKILL)\n"  # 1 = PR_SET_PDEATHSIG
    "if os.getppid() == int(sys.argv[1]):\n"
    "    os.execv(sys.argv[2], sys.argv[2:])"
)
"""Becomes the command it is given, and ends with its parent from the first moment on.

A kernel and a batch watch their parent themselves once they have started. A kernel that
lost it before would wait for ever where another process than init adopts orphans, as on
many desktops.
"""


def leashed(command: list[str]) -> list[str]:
    """Return a command that ends with this process; on Linux, else as it came."""
    if sys.platform != "linux":
        return command
    leash = [sys.executable, "-I", "-S", "-c", DIE_WITH_PARENT]
    return [*leash, str(os.getpid()), *command]


def kernel_environment(folder: Path) -> dict[str, str]:
    """Return the environment of a kernel: one thread, this package, this report."""
    package = str(Path(__file__).resolve().parents[2])
    paths = [package, os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        **{name: "1" for name in THREADS},
        "PYTHONPATH": os.pathsep.join(p for p in paths if p),
        REPORT_DIR: str(folder),
        PROGRESS: str(folder / "progress.txt"),
    }


def kernel_manager(environment: dict[str, str], stderr):
    """Return a kernel manager class with this environment and log."""
    from jupyter_client.manager import AsyncKernelManager

    class Manager(AsyncKernelManager):
        """Starts kernels quietly; what they log goes to a file."""

        async def start_kernel(self, **kwargs):
            kwargs |= {"env": environment, "stderr": stderr}
            return await super().start_kernel(**kwargs)

        def format_kernel_cmd(self, *args, **kwargs):
            return leashed(super().format_kernel_cmd(*args, **kwargs))

    return Manager


class Ticker:
    """Calls `tick` about once a second with elapsed time and the progress line."""

    def __init__(self, job: Job, folder: Path, tick: Callable[[str], None] | None):
        from threading import Event, Thread

        self._job, self._folder, self._tick = job, folder, tick
        self._stopped = Event()
        self._thread = Thread(target=self._work, daemon=True)

    def __enter__(self):
        if self._tick is not None:
            self._thread.start()
        return self

    def __exit__(self, *_):
        self._stopped.set()
        if self._tick is not None:
            self._thread.join()

    def _work(self) -> None:
        start = time.monotonic()
        path = self._folder / "progress.txt"
        while not self._stopped.wait(1.0):
            said = path.read_text("utf-8").strip() if path.is_file() else ""
            self._tick(f"{self._job.name}  {clock(time.monotonic() - start)}  {said}")


def clock(seconds: float) -> str:
    """Return a duration as people read it: 0:07, 3:12, 1:02:03."""
    minutes, s = divmod(round(seconds), 60)
    hours, m = divmod(minutes, 60)
    return f"{hours}:{m:02d}:{s:02d}" if hours else f"{m}:{s:02d}"
