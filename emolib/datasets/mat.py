"""Read MATLAB 5 files that come from elsewhere.

`scipy.io.loadmat` can be killed by a damaged file, so a process of its own loads the
file first (`emolib.datasets.opened`). MATLAB wraps every struct and every text in a
1 x 1 array, and files written by other programs wrap them once more or once less: all
of these come off.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from emolib.datasets.opened import check_plain, opened, tried_aside, wrong

_EXPECTED = "a MATLAB 5 file"


def load_mat(path: str | Path, names: Sequence[str]) -> dict:
    """Return the variables `names` of a MATLAB 5 file; others are not read.

    Parameters
    ----------
    path : path
    names : sequence of str

    Returns
    -------
    variables : dict of str to ndarray or dict
        As `scipy.io.loadmat` simplifies them: structs as dictionaries, cells as lists
        or object arrays, axes of length one left out.

    Raises
    ------
    CorpusError
        When the file is no MATLAB 5 file, is truncated or mangled, kills its reader or
        exceeds its `budget`, holds anything but numbers, text, cells and structs
        (sparse matrices, functions, objects), or lacks a variable.
    """
    from scipy.io import whosmat

    with opened(path, _EXPECTED, b"MATLAB 5.0") as path:
        tried_aside(_load, path, *names)
        found = _load(path, *names)
        if missing := [name for name in names if name not in found]:
            held = ", ".join(name for name, *_ in whosmat(path, appendmat=False))
            wanted = f"the variables {', '.join(names)}"
            got = f"a file that holds {held or 'nothing'}, without {missing[0]}"
            raise wrong(path, wanted, got, "Check folder and corpus name.")
        return {name: found[name] for name in names}


def _load(path, *names: str) -> dict:
    from scipy.io import loadmat

    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Unreadable variable")
        held = loadmat(path, variable_names=names, appendmat=False, simplify_cells=True)
    check_plain({name: held[name] for name in names if name in held}, set())
    return held


def header_text(path: str | Path) -> str:
    """Return the text that a MATLAB file opens with: its first 116 bytes."""
    with Path(path).open("rb") as file:
        return file.read(116).decode("latin-1").rstrip("\x00 ")


def cells(value) -> list:
    """Return what stands in a cell array or struct array, in file order.

    One that holds a single thing has come as that thing.
    """
    if isinstance(value, np.ndarray) and value.dtype == object:
        return value.ravel(order="F").tolist()
    return value if isinstance(value, list) else [value]


def matrix(value) -> np.ndarray:
    """Return a numeric array of two axes as float; shape (0, 0) when it is not one."""
    value = np.asarray(value)
    if value.dtype.kind not in "iuf" or value.ndim != 2:
        return np.empty((0, 0))
    return value.astype(float, copy=False)
