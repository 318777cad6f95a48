"""The commands of `emolib`, one function each: arguments in, exit code out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module

HOMES = {"corpora": "corpora", "store": "store", "reports": "reports"}


def load_command(name: str) -> Callable:
    """Return the function of a command; only its own module is imported."""
    home = HOMES.get(name.split("_")[0], "notebooks")
    return getattr(import_module(f"emolib.commands.{home}"), f"{name}_command")


def say(words: str = "") -> None:
    """Write a line to the terminal."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


class StatusLine:
    """One line that overwrites itself on a terminal; nothing elsewhere."""

    def __init__(self, stream=None):
        self._stream = stream or sys.stderr
        self._width = 0
        self.is_live = self._stream.isatty()

    def __call__(self, words: str) -> None:
        """Show `words` in place of what stood there."""
        if not self.is_live:
            return
        words = words[:118]
        self._stream.write(f"\r{words:<{self._width}}")
        self._stream.flush()
        self._width = len(words)

    def clear(self) -> None:
        """Empty the line."""
        if self.is_live:
            self._stream.write(f"\r{'':<{self._width}}\r")
            self._stream.flush()
        self._width = 0
