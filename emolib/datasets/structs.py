"""Take apart what `scipy.io.loadmat` returns: structs, cells, texts, matrices.

MATLAB wraps every struct and every text in a 1 x 1 array, and files written by other
programs wrap them once more or once less. These functions do not mind.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from emolib.checks import damaged


def unwrap(value):
    """Return what 1 x 1 structs and cells are wrapped around.

    A struct comes back as `numpy.void` with named fields; a cell of cells as the
    inner one; a numeric array or a cell of several as it is.
    """
    while isinstance(value, np.ndarray) and value.size == 1:
        inner = value.reshape(-1)[0]
        if value.dtype.names:
            return inner
        if value.dtype != object or not isinstance(inner, (np.ndarray, np.void)):
            break
        if isinstance(inner, np.ndarray) and inner.dtype.names is None:
            if inner.dtype != object:
                break
        value = inner
    return value


def get_field(path: Path, parent, name: str, where: str):
    """Return one field of a struct, unwrapped; raise CorpusError when it is not there.

    Parameters
    ----------
    path : Path
        The file, for the message.
    parent : ndarray or numpy.void
    name, where : str
        The field, and the struct in words ("participant 3").
    """
    held = unwrap(parent)
    names = getattr(getattr(held, "dtype", None), "names", None) or ()
    if name not in names:
        raise damaged(
            path,
            f"a field {name} in {where}",
            f"the fields {', '.join(names) or 'none'}",
            "Check that the file is the publisher's, unchanged.",
        )
    return unwrap(held[name])


def cells(value) -> list:
    """Return the contents of a cell array in file order; [] when it is no cell."""
    value = unwrap(value)
    if isinstance(value, np.void):
        return [value]
    if isinstance(value, np.ndarray) and (value.dtype == object or value.dtype.names):
        return list(value.ravel(order="F"))
    return []


def text(value) -> str:
    """Return a MATLAB text (or number) as str; '' when empty."""
    while isinstance(value, np.ndarray):
        if value.size != 1:
            kind = value.dtype.kind
            return "".join(map(str, value.ravel())).strip() if kind in "US" else ""
        value = value.reshape(-1)[0]
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)
    return str(value).strip()


def matrix(value) -> np.ndarray:
    """Return a numeric array of two axes as float; shape (0, 0) when it is not one."""
    value = np.asarray(value)
    while value.dtype == object and value.size == 1:
        value = np.asarray(value.reshape(-1)[0])
    if value.dtype.kind not in "iuf" or value.ndim != 2:
        return np.empty((0, 0))
    return value.astype(float, copy=False)
