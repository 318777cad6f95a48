"""Read NumPy's own files that come from elsewhere, never the pickles inside them."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from emolib.checks import CorpusError, damaged
from emolib.datasets.contents import foreign_contents

MAX_BYTES = 2**30
"""Most that one file may unpack to: 1 GiB."""

_REMEDY = "Copy or download the file again and compare its size with the publisher's."
_NOT_READABLE = (
    OSError, ValueError, TypeError, KeyError, EOFError, SyntaxError, MemoryError,
    OverflowError, RecursionError, NotImplementedError, zipfile.BadZipFile,
)  # fmt: skip


def load_npy(path: str | Path) -> np.ndarray:
    """Return the array of a ``.npy`` file of numbers or text.

    Raises
    ------
    CorpusError
        When it is truncated, mangled, something else, or holds pickled objects.
    """
    path = Path(path)
    _check_head(path, "a NumPy array file", b"\x93NUMPY")
    try:
        # mapping checks the announced shape against the size, and refuses objects
        held = np.array(np.load(path, mmap_mode="r", allow_pickle=False))
    except _NOT_READABLE as error:
        raise _mangled(path, error) from error
    return held


def load_npz(path: str | Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the arrays `names` of a ``.npz`` file of numbers or text.

    Raises
    ------
    CorpusError
        As `load_npy`, and when a name is missing or it would unpack to more than
        `MAX_BYTES`.
    """
    path = Path(path)
    _check_head(path, "a NumPy archive", b"PK\x03\x04")
    try:
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(item.file_size for item in packed.infolist())
        if unpacked <= MAX_BYTES:
            with np.load(path, allow_pickle=False) as held:
                found = {name: held[name] for name in names if name in held}
                listed = ", ".join(held.files) or "nothing"
    except _NOT_READABLE as error:
        raise _mangled(path, error) from error
    if unpacked > MAX_BYTES:
        remedy = "A corpus file is not that large: do not trust this one."
        wanted = f"at most {MAX_BYTES} bytes when unpacked"
        raise damaged(path, wanted, str(unpacked), remedy)
    if len(found) < len(set(names)):
        wanted = f"the arrays {', '.join(names)}"
        raise damaged(path, wanted, listed, "Check folder and corpus name.")
    return found


def _check_head(path: Path, expected: str, mark: bytes) -> None:
    with path.open("rb") as file:
        head = file.read(512)
    if not head.startswith(mark):
        foreign = foreign_contents(head) or ("something else", _REMEDY)
        raise damaged(path, expected, *foreign)


def _mangled(path: Path, error: BaseException) -> CorpusError:
    got = f"contents that do not read (mangled: {type(error).__name__}, {error})"
    return damaged(path, "numbers and text, no objects", got[:300], _REMEDY)
