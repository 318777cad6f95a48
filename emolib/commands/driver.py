"""No process outlives the one that drives it.

Whoever starts a batch writes its host and process id into the environment; every
process below looks for it twice a second and ends when it is gone, however it ended.
"""

from __future__ import annotations

import os
import platform
import time
from threading import Thread

DRIVER = "EMOLIB_DRIVER"
PERIOD_S = 0.5


def name_driver(environment: dict[str, str]) -> dict[str, str]:
    """Return an environment in which this process is the driver, if none is named."""
    return {DRIVER: f"{platform.node()}:{os.getpid()}", **environment}


def watch_driver() -> None:
    """End this process when its driver is gone.

    A job of a batch scheduler, or one on another machine, outlives its driver: there
    the scheduler decides.
    """
    host, _, number = os.environ.get(DRIVER, "").rpartition(":")
    on_scheduler = any(n in os.environ for n in ("SLURM_JOB_ID", "PBS_JOBID"))
    if host != platform.node() or not number.isdigit() or on_scheduler:
        return
    if int(number) != os.getpid():
        Thread(target=_wait, args=(int(number),), daemon=True).start()


def watch_starter() -> None:
    """End this process when the make that started it is gone."""
    import psutil

    above = psutil.Process().parents()
    for parent in [p for p in above if _is_make(psutil, p)][:1]:
        Thread(target=_wait, args=(parent.pid,), daemon=True).start()


def _is_make(psutil, process) -> bool:
    """Tell whether a process above this one is a make."""
    try:
        return "MAKELEVEL" in os.environ and "make" in process.name()
    except psutil.Error:
        return False


def _wait(number: int) -> None:
    """Return never: end the process once `number` is gone."""
    import psutil

    while psutil.pid_exists(number) and not _is_dead(psutil, number):
        time.sleep(PERIOD_S)
    os._exit(143)


def _is_dead(psutil, number: int) -> bool:
    """Tell whether a process is a zombie: ended, but not yet collected."""
    try:
        return psutil.Process(number).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False
