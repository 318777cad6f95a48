"""Read pickles that come from elsewhere, and run nothing that they ask for.

A pickle is a program: it may name any function and have it called. Here it may name
what NumPy and Python write arrays, bytes and sets with (`ADMITTED`), and no more. A
small file may also ask for endless work or memory, or for arrays that NumPy should
never have built, so a process of its own loads it first (`emolib.datasets.opened`).
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import NoReturn

import numpy as np

from emolib.datasets.opened import opened, tried_aside

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
    _check_plain(held, set())
    return held


def _refuse(what: str) -> NoReturn:
    raise pickle.UnpicklingError(
        f"it asks for {what}; nothing in it was run, and it should not be used"
    )


class _Unpickler(pickle.Unpickler):
    """Looks up names in `ADMITTED` only."""

    def find_class(self, module, name):
        """Return what a name stands for, or refuse it."""
        if (module, name) not in ADMITTED:
            _refuse(repr(f"{module}.{name}"[:200]))
        return super().find_class(module, name)


def _check_plain(value, seen: set[int]) -> None:
    """Refuse what is no data, and letters that do not exist, at any depth.

    `seen` are the ids of what was looked at: what occurs a thousand times is looked at
    once. What holds itself has no end of depth.
    """
    if isinstance(value, str | bytes | bytearray | int | float | None | np.generic):
        return
    if id(value) in seen:
        return
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufcSUO":
        inside = value.ravel().tolist() if value.dtype.kind in "UO" else ()
    elif isinstance(value, dict):
        inside = (*value, *value.values())
    elif isinstance(value, list | tuple | set | frozenset):
        inside = value
    else:
        _refuse(f"a {type(value).__name__}")
    for item in inside:
        _check_plain(item, seen)
    seen.add(id(value))
