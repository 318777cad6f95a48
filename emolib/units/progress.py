"""One line that overwrites itself, and leaves nothing behind."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from emolib.digests import write_whole

PROGRESS_FILE = "EMOLIB_PROGRESS"
"""Environment variable naming a file in which the line is kept for a batch to show."""


class ProgressLine:
    """How many units are done, for how long, and how long it may still take.

    The line goes to the file that ``EMOLIB_PROGRESS`` names, else to a terminal, else
    into a display of a notebook that a person is running; it is wiped at the end.
    Notebooks that are run by a program show nothing, so that nothing is saved.

    Parameters
    ----------
    n_units : int
    expected_s : float or None
        How long all of them should take; None when not known.
    shown : bool
    """

    def __init__(self, n_units: int, expected_s: float | None, *, shown: bool = True):
        self._n_units, self._expected_s = n_units, expected_s
        self._n_done, self._started = 0, time.monotonic()
        self._show = _channel() if shown and n_units else _nowhere

    def __enter__(self) -> ProgressLine:
        self.tick()
        return self

    def __exit__(self, *_):
        self._show("")

    def step(self) -> None:
        """Count one more unit as done."""
        self._n_done += 1
        self.tick()

    def tick(self) -> None:
        """Show the line anew."""
        elapsed = time.monotonic() - self._started
        left = time_left(self._n_done, self._n_units, elapsed, self._expected_s)
        more = f", about {clock(left)} more" if left is not None else ""
        self._show(f"units {self._n_done}/{self._n_units}  {clock(elapsed)}{more}")


def time_left(
    n_done: int, n_units: int, elapsed: float, expected: float | None
) -> float | None:
    """Return the seconds still to go: from the plan, else from the pace so far."""
    if expected is not None and elapsed < expected:
        return expected - elapsed
    if n_done == 0:
        return None
    return elapsed / n_done * (n_units - n_done)


def clock(seconds: float) -> str:
    """Return a duration as people read it: 0:07, 3:12, 1:02:03."""
    minutes, s = divmod(round(seconds), 60)
    hours, m = divmod(minutes, 60)
    return f"{hours}:{m:02d}:{s:02d}" if hours else f"{m}:{s:02d}"


def _channel():
    """Return the function that shows the line where it can be seen."""
    if os.environ.get(PROGRESS_FILE):
        return _to_file(Path(os.environ[PROGRESS_FILE]))
    if sys.stderr is not None and sys.stderr.isatty():
        return _to_terminal
    if _person_at_notebook():
        return _to_notebook()
    return _nowhere


def _nowhere(line: str) -> None:
    """Show nothing."""


def _to_terminal(line: str) -> None:
    """Write over the terminal's present line."""
    sys.stderr.write(f"\r\x1b[2K{line}")
    sys.stderr.flush()


def _to_file(path: Path):
    """Return a function that replaces a file's content by the line."""

    def show(line: str) -> None:
        with suppress(OSError):  # progress must never stop the work
            write_whole(path, line.encode())

    return show


def _to_notebook():
    """Return a function that updates one display of a notebook's cell."""
    from IPython.display import display

    handle = display({"text/plain": ""}, raw=True, display_id=True)

    def show(line: str) -> None:
        handle.update({"text/plain": line}, raw=True)

    return show


def _person_at_notebook() -> bool:
    """Tell whether a person runs this kernel: only then may a cell ask for input."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return bool(getattr(getattr(shell, "kernel", None), "_allow_stdin", False))
