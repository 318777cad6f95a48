"""Processes that do tasks, and never outlive the process that started them."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from tqdm import tqdm

from emolib.training.devices import one_thread

KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(4 * 2**30),
    "MALLOC_TRIM_THRESHOLD_": str(8 * 2**30),
}
"""Has glibc reuse large buffers, not map each afresh: a fifth off a training step."""


def run_tasks(
    work: Callable, tasks: Sequence, n_workers: int, devices: Sequence[str]
) -> Iterator[tuple[int, Any]]:
    """Yield each task's index and ``work(task, device)``, in the order they finish.

    One worker is this process itself; more are processes that live until all is done.
    A worker that dies costs its task: the reply is the reason, as text.

    Parameters
    ----------
    work : callable (task, device)
        At the top of a module. Tasks and replies travel pickled through a pipe.
    tasks : sequence
    n_workers : int
    devices : sequence of str
        Worker i computes on device i modulo their number.
    """
    if n_workers == 1:
        yield from ((i, work(task, devices[0])) for i, task in enumerate(tasks))
        return
    waiting, busy = deque(enumerate(tasks)), {}
    crew = [_Worker(work, devices[i % len(devices)]) for i in range(n_workers)]
    idle = deque(crew)
    try:
        while waiting or busy:
            while waiting and idle:
                worker, (index, task) = idle.popleft(), waiting.popleft()
                busy[worker.send(task)] = worker, index
            for pipe in wait([*busy]):
                worker, index = busy.pop(pipe)
                idle.append(worker)
                yield index, worker.reply()
    finally:
        for worker in crew:
            worker.end()


class _Worker:
    """The caller's end of one process, which starts with its first task."""

    def __init__(self, work: Callable, device: str):
        self._work, self._device = work, device
        self._process = None

    def _start(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        arguments = (theirs, self._work, self._device, Path.cwd())
        self._process = spawn.Process(target=_serve, args=arguments, daemon=True)
        os.environ.update(KEEP_MEMORY)
        with one_thread():  # its libraries read the environment when they are loaded
            self._process.start()
        theirs.close()

    def send(self, task):
        """Hand over a task and return the pipe through which the reply comes."""
        if self._process is None:
            self._start()
        with suppress(OSError):  # a process that is gone says so when it should reply
            self._pipe.send(task)
        return self._pipe

    def reply(self):
        """Return what the process replies, or the reason why it cannot any more."""
        try:
            return self._pipe.recv()
        except (EOFError, OSError):
            code = self.end()
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            return f"its worker died ({how}); if memory ran out, lower n_workers"

    def end(self) -> int | None:
        """End the process at once, if there is one, and return its exit code."""
        process, self._process = self._process, None
        if process is None:
            return None
        self._pipe.close()
        process.kill()
        process.join()
        return process.exitcode


def _serve(pipe, work: Callable, device: str, folder: Path) -> None:
    """Do tasks as they come through a pipe, until the parent ends, however it does."""
    parent = multiprocessing.parent_process()
    leash = threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True)
    leash.start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    tqdm.set_lock(threading.RLock())  # its own is a semaphore that outlives the process
    os.chdir(folder)
    with suppress(EOFError):
        while True:
            pipe.send(work(pipe.recv(), device))
