"""Read arrays of numbers and text in HDF5 and NumPy files that come from elsewhere.

HDF5 can point into other files, hold references and objects, and announce any size;
NumPy files can hold pickles. Nothing of that is data here: an array must be numbers (in
NumPy files also text) that stand in the file itself, or the file is refused.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.format import (
    read_array_header_1_0,
    read_array_header_2_0,
    read_magic,
)

from emolib.datasets.opened import (
    UNCHANGED,
    UNTRUSTED,
    UntrustedError,
    budget,
    opened,
    wrong,
)

_HDF5 = "a whole HDF5 file"
_NUMPY = "numbers and text, no objects"


@dataclass
class FeatureFile:
    """An open HDF5 file of arrays, and the bytes that it may still unpack to."""

    path: Path
    file: Mapping
    n_left: int

    def __contains__(self, name: str) -> bool:
        with opened(self.path, _HDF5):
            return name in self.file


@contextmanager
def feature_file(path: str | Path) -> Iterator[FeatureFile]:
    """Open an HDF5 file of arrays, for a ``with`` statement."""
    import h5py

    with opened(path, _HDF5, b"\x89HDF") as path, h5py.File(path, "r") as file:
        yield FeatureFile(path, file, budget(path).n_bytes)


def read_array(held: FeatureFile, name: str) -> np.ndarray:
    """Return an array (n_steps, n_features) at the root of an HDF5 file.

    Raises
    ------
    CorpusError
        When it is missing, no array of numbers of two axes, stored outside the file,
        larger than what is left of the file's `budget`, or does not read.
    """
    import h5py

    with opened(held.path, _HDF5):
        kind, found = held.file.get(name, getlink=True), held.file.get(name)
        odd = ""
        if not isinstance(kind, h5py.HardLink) or not isinstance(found, h5py.Dataset):
            odd = "no array, or a link to somewhere else"
        elif found.dtype.kind not in "fiu" or found.ndim != 2:
            odd = f"{found.dtype} of shape {found.shape}"
        elif found.external or found.is_virtual:
            odd = "contents that stand in another file"
        elif held.n_left < _n_bytes(found):
            odd = f"shape {found.shape}, in pieces of {found.chunks}"
        if odd:
            wanted = f"'{name}' to be an array of numbers with two axes in this file"
            raise wrong(held.path, wanted, odd, UNTRUSTED)
        held.n_left -= found.nbytes
        return found[()]


def _n_bytes(dataset) -> int:
    """Return the bytes that reading a dataset takes: of all of it, or of one piece."""
    n_items = max(dataset.size, math.prod(dataset.chunks or ()))
    return n_items * dataset.dtype.itemsize


def load_npy(path: str | Path) -> np.ndarray:
    """Return the array of a ``.npy`` file of numbers or text."""
    with opened(path, _NUMPY, b"\x93NUMPY") as path:
        with path.open("rb") as file:
            _check_header(file, path.stat().st_size)
        return np.load(path, allow_pickle=False)


def load_npz(path: str | Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the arrays `names` of a ``.npz`` file of numbers or text."""
    with opened(path, _NUMPY, b"PK\x03\x04") as path:
        with zipfile.ZipFile(path) as packed:
            sizes = {item.filename: item.file_size for item in packed.infolist()}
            held = [name.removesuffix(".npy") for name in sizes]
            if set(names) - set(held):
                wanted, got = ", ".join(names), ", ".join(held) or "nothing"
                raise wrong(path, f"the arrays {wanted}", got, UNCHANGED)
            _check_size(sum(sizes.values()), path)
            for name in names:
                with packed.open(f"{name}.npy") as file:
                    _check_header(file, sizes[f"{name}.npy"])
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in names}


def _check_header(file, n_bytes: int) -> None:
    """Raise unless a NumPy file promises plain items, which its bytes can hold."""
    versions = {(1, 0): read_array_header_1_0, (2, 0): read_array_header_2_0}
    shape, _, kind = versions[read_magic(file)](file)
    if kind.kind not in "biufSU":
        raise UntrustedError(f"items of type {kind}")
    if not 0 <= math.prod(shape) * max(kind.itemsize, 1) <= n_bytes:
        raise ValueError(f"shape {shape} of {kind} in {n_bytes} bytes")


def _check_size(n_bytes: int, path: Path) -> None:
    """Raise when a file says that it unpacks to more than it may."""
    if n_bytes > budget(path).n_bytes:
        raise UntrustedError(f"{n_bytes} bytes in {path.stat().st_size}")
