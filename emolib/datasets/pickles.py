"""Read pickles that come from elsewhere, and run nothing that they ask for.

A pickle is a program: it may name any function and have it called. Here it may name
what NumPy and Python write arrays, bytes and sets with (`ADMITTED`), and no more. A
small file may also ask for endless work or memory, or for arrays that NumPy should
never have built, so a process of its own loads it first (`emolib.datasets.opened`).
"""

from __future__ import annotations

import pickle
from pathlib import Path

from emolib.datasets.opened import UntrustedError, check_plain, opened, tried_aside

_EXPECTED = "a pickle of arrays, lists, dictionaries, text and numbers, nothing else"
_CORES = ("numpy.core", "numpy._core")
ADMITTED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
    *((f"{core}.multiarray", "_reconstruct") for core in _CORES),
    *((f"{core}.multiarray", "scalar") for core in _CORES),
    *((f"{core}.numeric", "_frombuffer") for core in _CORES),
    *(
        (module, name)
        for module in ("builtins", "__builtin__")
        for name in ("set", "frozenset", "bytes", "bytearray")
    ),
}
"""What a pickle may name. NumPy calls itself otherwise from version 2 on, Python from
version 3 on, and writes arrays by `_frombuffer` at protocol 5."""


def load_pickle(path: str | Path):
    """Return what a pickle of plain data holds: any protocol, Python 2 or 3.

    Parameters
    ----------
    path : path

    Returns
    -------
    held : object
        Made of dict, list, tuple, set, str, bytes, numbers, None, NumPy scalars and
        arrays of numbers, text or such objects.

    Raises
    ------
    CorpusError
        When it asks for anything else, is truncated, mangled, no pickle, or kills,
        fills or stops its reader.
    """
    with opened(path, _EXPECTED, b"") as path:
        tried_aside(_load, path)
        return _load(path)


def _load(path: str | Path):
    with Path(path).open("rb") as file:
        held = _Unpickler(file, encoding="latin1").load()
    check_plain(held, set())
    return held


class _Unpickler(pickle.Unpickler):
    """Looks up names in `ADMITTED` only."""

    def find_class(self, module, name):
        """Return what a name stands for, or refuse it."""
        if name.endswith("\r"):
            raise ValueError("line ends were changed (CR LF for LF) when it was copied")
        if (module, name) not in ADMITTED:
            asked = repr(f"{module}.{name}"[:200])
            raise UntrustedError(f"it asks for {asked}; nothing in it was run")
        return super().find_class(module, name)
