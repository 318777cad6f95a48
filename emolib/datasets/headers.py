"""The words in which a data file says who made it."""

from __future__ import annotations

from pathlib import Path

from emolib.datasets.hdf5 import root_texts
from emolib.datasets.mat import header_text

_N_BYTES = 4096


def maker_texts(path: str | Path) -> list[str]:
    """Return what a data file says of itself, without reading its data.

    Parameters
    ----------
    path : path

    Returns
    -------
    texts : list of str
        MATLAB: the header; HDF5: the attributes of the root; pickle: the first 4 kB.
        Empty for other files.
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind == ".mat":
        return [header_text(path)]
    if kind == ".h5":
        return root_texts(path)
    if kind == ".pkl":
        with path.open("rb") as file:
            return [file.read(_N_BYTES).decode("latin-1")]
    return []
