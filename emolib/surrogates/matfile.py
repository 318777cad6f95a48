"""Writing MATLAB 5 files that are the same bytes every time, all or nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

ABOUT = "SURROGATE written by emolib: no person was recorded"
"""What every data file of a surrogate says about itself; readers tell it by this."""
HEADER = f"MATLAB 5.0 MAT-file, {ABOUT}"
HEADER_BYTES = 116
MAX_BYTES = 2**32 - 2**20
"""A MATLAB 5 variable cannot be larger."""


def save_mat(path: Path, variables: dict[str, object]) -> Path:
    """Write variables to a MATLAB 5 file whose header text is fixed.

    SciPy writes the date there; a reader tells a surrogate by this text.
    """
    from scipy.io import savemat

    savemat(path, variables, format="5", oned_as="row", do_compression=False)
    with path.open("r+b") as file:
        file.write(HEADER.encode("ascii").ljust(HEADER_BYTES))
    return path


def struct(**fields) -> np.ndarray:
    """Return a 1x1 MATLAB struct with its fields in the given order."""
    out = np.empty((1, 1), dtype=[(name, object) for name in fields])
    for name, value in fields.items():
        out[name][0, 0] = value
    return out


def cell(items, *, column: bool = False) -> np.ndarray:
    """Return a 1xn MATLAB cell, or nx1 when `column`."""
    items = list(items)
    out = np.empty((len(items), 1) if column else (1, len(items)), dtype=object)
    for i, item in enumerate(items):
        out.flat[i] = item
    return out


@contextmanager
def written_aside(folder: Path) -> Iterator[Path]:
    """Yield a folder beside `folder`; its files move there if nothing failed.

    After a failure the target is as it was before.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield aside
        folder.mkdir(exist_ok=True)
        for path in sorted(aside.iterdir()):
            if path.is_dir() and (folder / path.name).is_dir():
                shutil.rmtree(folder / path.name)
            path.replace(folder / path.name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
