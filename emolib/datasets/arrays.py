"""Read arrays of numbers and text in HDF5 and NumPy files that come from elsewhere.

HDF5 can point into other files, hold references and objects, and announce any size;
NumPy files can hold pickles. Nothing of that is data here: an array must be numbers (in
NumPy files also text) that stand in the file itself, or the file is refused.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from emolib.datasets import opened as limits
from emolib.datasets.opened import UNCHANGED, UNTRUSTED, opened, wrong

MAX_ARRAY = 2**26
"""Most numbers that one array, or one of its pieces, may have."""

_HDF5 = "a whole HDF5 file"
_NUMPY = "numbers and text, no objects"


@contextmanager
def feature_file(path: str | Path) -> Iterator:
    """Open an HDF5 file of arrays as `h5py.File`, for a ``with`` statement."""
    import h5py

    with opened(path, _HDF5, b"\x89HDF") as path, h5py.File(path, "r") as file:
        yield file


def read_array(file, name: str) -> np.ndarray:
    """Return an array (n_steps, n_features) at the root of an HDF5 file.

    Parameters
    ----------
    file : h5py.File
    name : str

    Raises
    ------
    CorpusError
        When it is missing, no array of numbers of two axes, too large, stored outside
        the file, or does not read.
    """
    import h5py

    with opened(file.filename, _HDF5) as path:
        kind, found = file.get(name, getlink=True), file.get(name)
        odd = ""
        if not isinstance(kind, h5py.HardLink) or not isinstance(found, h5py.Dataset):
            odd = "no array, or a link to somewhere else"
        elif found.dtype.kind not in "fiu" or found.ndim != 2:
            odd = f"{found.dtype} of shape {found.shape}"
        elif found.external or found.is_virtual:
            odd = "contents that stand in another file"
        elif max(found.size, math.prod(found.chunks or ())) > MAX_ARRAY:
            odd = f"shape {found.shape}, in pieces of {found.chunks}"
        if odd:
            wanted = f"'{name}' to be an array of numbers with two axes in this file"
            raise wrong(path, wanted, odd, UNTRUSTED)
        return found[()]


def load_npy(path: str | Path) -> np.ndarray:
    """Return the array of a ``.npy`` file of numbers or text."""
    with opened(path, _NUMPY, b"\x93NUMPY") as path:
        # mapping checks the announced shape against the size, and refuses objects
        return np.array(np.load(path, mmap_mode="r", allow_pickle=False))


def load_npz(path: str | Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the arrays `names` of a ``.npz`` file of numbers or text."""
    with opened(path, _NUMPY, b"PK\x03\x04") as path:
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(item.file_size for item in packed.infolist())
        if unpacked > limits.MAX_BYTES:
            wanted = f"at most {limits.MAX_BYTES} bytes when unpacked"
            raise wrong(path, wanted, str(unpacked), UNTRUSTED)
        with np.load(path, allow_pickle=False) as held:
            if set(names) - set(held.files):
                wanted, got = ", ".join(names), ", ".join(held.files) or "nothing"
                raise wrong(path, f"the arrays {wanted}", got, UNCHANGED)
            return {name: held[name] for name in names}
