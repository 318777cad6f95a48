"""Processes that do tasks, and never outlive the process that started them."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from emolib.units.machine import THREAD_VARIABLES
from emolib.units.work import work

START = "import sys; from emolib.units.crew import serve; serve(int(sys.argv[1]))"
KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(4 * 2**30),
    "MALLOC_TRIM_THRESHOLD_": str(8 * 2**30),
}
"""Has glibc reuse large buffers, not map each afresh: a fifth off a training step."""

PATIENCE_S = 3.0
"""How long a worker may take to leave when it is no longer needed."""


def open_crew(n_workers: int, devices: list[str]):
    """Return a crew: this process itself for one worker, else so many processes."""
    return Alone(devices) if n_workers == 1 else Crew(n_workers, devices)


class Alone:
    """A crew of one: the process that calls."""

    def __init__(self, devices: list[str]):
        self._device = devices[0]

    def __enter__(self) -> Alone:
        return self

    def __exit__(self, *_):
        return None

    def run(self, tasks: list[dict], tick: Callable) -> Iterator[tuple[int, dict]]:
        """Yield each task's index and reply, in order."""
        for index, task in enumerate(tasks):
            tick()
            yield index, work(task, self._device)


class Crew:
    """Worker processes, each doing one task at a time.

    Parameters
    ----------
    n_workers : int
    devices : list of str
        Worker i computes on device i modulo their number.
    """

    def __init__(self, n_workers: int, devices: list[str]):
        self._devices = [devices[i % len(devices)] for i in range(n_workers)]
        self._workers: list[_Worker | None] = [None] * n_workers
        self._replies: queue.Queue = queue.Queue()

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, kind, *_):
        for worker in self._workers:
            if worker is not None:
                worker.dismiss()
        for worker in self._workers:
            if worker is not None:
                worker.leave(at_once=kind is not None)

    def run(self, tasks: list[dict], tick: Callable) -> Iterator[tuple[int, dict]]:
        """Yield each task's index and reply, in the order in which they finish."""
        waiting = deque(enumerate(tasks))
        busy: dict[int, int] = {}  # slot -> task
        while waiting or busy:
            idle = [i for i in range(len(self._workers)) if i not in busy]
            for slot in idle[: len(waiting)]:
                busy[slot], task = waiting.popleft()
                self._send(slot, task)
            try:
                slot, reply = self._replies.get(timeout=1.0)
            except queue.Empty:
                continue
            finally:
                tick()
            if reply is None:
                reply, self._workers[slot] = self._workers[slot].obituary(), None
            if slot in busy:
                yield busy.pop(slot), reply

    def _send(self, slot: int, task: dict) -> None:
        """Give a task to the worker in a slot, starting one where there is none."""
        if self._workers[slot] is None:
            self._workers[slot] = _Worker(slot, self._replies)
        self._workers[slot].send({"task": task, "device": self._devices[slot]})


class _Worker:
    """The caller's end of one worker: tasks go in as lines, replies come as lines."""

    def __init__(self, slot: int, replies: queue.Queue):
        package = str(Path(__file__).resolve().parents[2])
        paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", START, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={
                **os.environ,
                **dict.fromkeys(THREAD_VARIABLES, "1"),
                **KEEP_MEMORY,
                "PYTHONPATH": os.pathsep.join(paths),
            },
        )
        threading.Thread(target=self._listen, args=(slot, replies), daemon=True).start()

    def _listen(self, slot: int, replies: queue.Queue) -> None:
        """Hand on replies as they come, then None when the worker is gone."""
        with self._process.stdout as lines:
            for line in lines:
                replies.put((slot, json.loads(line)))
        replies.put((slot, None))

    def send(self, message: dict) -> None:
        """Hand over a task; a worker that is gone says so through its replies."""
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except OSError:
            self._process.kill()

    def obituary(self) -> dict:
        """Return the reply of a worker that died over its task."""
        self.dismiss()
        code = self._process.wait()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return {
            "reason": f"its worker died ({how}); if memory ran out, lower n_workers",
            "trace": "",
        }

    def dismiss(self) -> None:
        """Tell the worker that no more tasks will come."""
        try:
            self._process.stdin.close()
        except OSError:
            self._process.kill()

    def leave(self, *, at_once: bool) -> None:
        """Wait until the worker is gone, and see to it that it is."""
        if at_once:
            self._process.kill()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


# ---------------------------------------------------------------- inside a worker


def serve(parent: int) -> None:
    """Do tasks from standard input until it closes; replies go to standard output.

    What a unit itself writes to standard output goes to standard error.
    """
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    tasks: queue.Queue = queue.Queue()
    threading.Thread(target=_read_tasks, args=(tasks,), daemon=True).start()
    _die_with(parent)
    while True:
        reply = work(**tasks.get())
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


def _read_tasks(tasks: queue.Queue) -> None:
    """Hand on tasks as they come; when no more can come, end the process."""
    for line in sys.stdin:
        tasks.put(json.loads(line))
    os._exit(0)


def _die_with(parent: int) -> None:
    """End this process when its parent has ended, however that happened.

    Three ways, for none is there everywhere: standard input closes (`_read_tasks`), the
    Linux kernel sends a signal, and a thread asks who the parent is.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1 = PR_SET_PDEATHSIG
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    """End the process once its parent is another one; Windows never says so."""
    while os.name == "nt" or os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)
