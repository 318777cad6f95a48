"""Loading papermill in a third of its time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

SLOW = "rfc3987_syntax"
"""Builds a parser of international web addresses when it is loaded: over a second."""


@contextmanager
def without_address_parser() -> Iterator[None]:
    """Let what is imported inside do without `SLOW`.

    papermill loads nbformat, which loads jsonschema, which takes `SLOW` where it is
    installed and leaves one check of formats out where it is not. No notebook holds
    what that would check.
    """
    absent = SLOW not in sys.modules
    if absent:
        sys.modules[SLOW] = None  # to an import: not installed
    try:
        yield
    finally:
        if absent:
            del sys.modules[SLOW]
