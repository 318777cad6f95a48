"""What a running batch tells: one JSON line an event, appended to a file."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EVENTS = "EMOLIB_EVENTS"
"""Environment variable: the file of events. Without it nothing is told."""


def tell(notebook: str, phase: str, event: str, **more) -> None:
    """Append one event; short lines reach the file whole."""
    path = os.environ.get(EVENTS)
    if not path:
        return
    said = {
        "notebook": notebook, "phase": phase, "event": event, "time": time.time(),
        **more,
    }  # fmt: skip
    with Path(path).open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(said) + "\n")


@contextmanager
def told(notebook: str, phase: str) -> Iterator[None]:
    """Tell when a phase begins, and how it ended."""
    tell(notebook, phase, "started")
    try:
        yield
    except BaseException as error:
        tell(notebook, phase, "failed", reason=str(error)[:2000])
        raise
    tell(notebook, phase, "done")


def read_events(path: Path) -> list[dict]:
    """Return the events so far; a line still being written is left for later."""
    if not path.is_file():
        return []
    whole = path.read_text("utf-8").rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines() if line]
