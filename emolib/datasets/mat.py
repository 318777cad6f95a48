"""Read MATLAB 5 files that come from elsewhere, and say plainly when one is damaged.

The file's own table of contents is walked first, so that a truncated download is told
by its size, and a file that would unpack to more than `MAX_BYTES` is refused before
anything is unpacked. Then `scipy.io.loadmat` reads the wanted variables only.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from emolib.checks import CorpusError, damaged

MAX_BYTES = 8 * 2**30
"""Most that the variables of one file may unpack to; DREAMER.mat needs about 2 GiB."""

_HEADER = 128
_COMPRESSED, _MATRIX = 15, 14
_REMEDY = "Copy or download the file again and compare its size with the publisher's."
_NOT_READABLE = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, OSError,
    NotImplementedError, OverflowError, ZeroDivisionError, RecursionError, MemoryError,
    struct.error, zlib.error, Warning,
)  # fmt: skip


def load_mat(path: str | Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the variables `names` of a MATLAB 5 file.

    Parameters
    ----------
    path : path
    names : sequence of str
        Variables that must be there; others are not read.

    Returns
    -------
    variables : dict of str to ndarray
        Structs as arrays of shape (1, 1) with named fields, cells as object arrays,
        as `scipy.io.loadmat` gives them.

    Raises
    ------
    CorpusError
        When the file is no MATLAB 5 file, is truncated or mangled, would unpack to
        more than `MAX_BYTES`, or lacks a variable.
    """
    from scipy.io import loadmat, whosmat
    from scipy.io.matlab import MatReadError

    path = Path(path)
    check_whole(path)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="Unreadable variable")
            found = loadmat(path, variable_names=list(names), appendmat=False)
            missing = [name for name in names if name not in found]
            held = [name for name, *_ in whosmat(path, appendmat=False)]
    except (MatReadError, *_NOT_READABLE) as error:
        raise _mangled(path, error) from error
    if missing:
        raise damaged(
            path,
            f"the variables {', '.join(names)}",
            f"a file that holds {', '.join(held) or 'nothing'}",
            _guess(held),
        )
    return {name: found[name] for name in names}


def header_text(path: str | Path) -> str:
    """Return the text that a MATLAB file opens with: its first 116 bytes."""
    with Path(path).open("rb") as file:
        return file.read(116).decode("latin-1").rstrip("\x00 ")


def check_whole(path: Path) -> int:
    """Return the bytes that a whole MATLAB 5 file unpacks to.

    Raise CorpusError when it is another kind of file, truncated, or unpacks to more
    than `MAX_BYTES`.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        order = _byte_order(path, file.read(_HEADER), size)
        unpacked = 0
        for kind, n_bytes, start in _elements(file, order, size):
            if start + n_bytes > size:
                raise damaged(
                    path,
                    f"{start + n_bytes} bytes or more, as its contents announce",
                    f"{size} bytes (truncated)",
                    _REMEDY,
                )
            if kind not in (_COMPRESSED, _MATRIX):
                raise damaged(
                    path,
                    f"a variable at byte {start - 8}",
                    f"something of unknown kind {kind} (mangled)",
                    _REMEDY,
                )
            unpacked += (
                _unpacked_bytes(path, file, order, n_bytes)
                if kind == _COMPRESSED
                else n_bytes
            )
    if unpacked > MAX_BYTES:
        raise damaged(
            path,
            f"at most {MAX_BYTES} bytes when unpacked",
            f"{unpacked}",
            "A corpus file is not that large: do not trust this one.",
        )
    return unpacked


def _byte_order(path: Path, header: bytes, size: int) -> str:
    """Return '<' or '>' of a MATLAB 5 file; raise CorpusError for any other file."""
    if len(header) == _HEADER:
        for mark, order in ((b"IM", "<"), (b"MI", ">")):
            version = struct.unpack(order + "H", header[124:126])[0]
            if header[126:128] == mark and version == 0x0100:
                return order
    remedy = _REMEDY
    if header.startswith((b"MATLAB 7.3", b"\x89HDF")):
        got = "an HDF5 file (MATLAB 7.3)"
        remedy = "Save it again in MATLAB with save(..., '-v7'), or ask the publisher."
    elif header.lstrip().lower().startswith((b"<!doctype", b"<html")):
        got = "a web page"
        remedy = "The download ended on a log-in page: fetch the file again by hand."
    elif size == 0:
        got = "an empty file"
    else:
        got = f"{size} bytes of something else"
    return _raise(damaged(path, "a MATLAB 5 file", got, remedy))


def _raise(error: Exception):
    """Raise `error`, where an expression is wanted."""
    raise error


def _elements(file, order: str, size: int) -> Iterator[tuple[int, int, int]]:
    """Yield kind, byte count and start of each top-level element."""
    start = _HEADER
    while start < size:
        file.seek(start)
        tag = file.read(8)
        kind, n_bytes = (
            struct.unpack(order + "II", tag) if len(tag) == 8 else (_MATRIX, 8)
        )
        yield kind, n_bytes, start + 8
        start += 8 + n_bytes


def _unpacked_bytes(path: Path, file, order: str, n_bytes: int) -> int:
    """Return what a compressed variable unpacks to, from its first bytes."""
    try:
        tag = zlib.decompressobj().decompress(file.read(min(n_bytes, 512)), 8)
        return struct.unpack(order + "II", tag)[1]
    except (zlib.error, struct.error) as error:
        raise _mangled(path, error) from error


def _mangled(path: Path, error: BaseException) -> CorpusError:
    """Return the error for a file whose contents cannot be taken apart."""
    got = f"contents that do not read (mangled: {type(error).__name__}, {error})"
    return damaged(path, "a readable MATLAB 5 file", got[:300], _REMEDY)


def _guess(held: Sequence[str]) -> str:
    """Return a remedy that names the corpus which has these variables."""
    known = {
        "DREAMER": "DREAMER's file.",
        "joined_data": "a preprocessed file of AMIGOS.",
        "EEG_DATA": "a raw file of AMIGOS: take Data_Preprocessed_P*.mat.",
        "labels": "perhaps a file of DEAP.",
    }
    for name, words in known.items():
        if name in held:
            return f"This looks like {words} Check folder and corpus name."
    return "Check that the file is the publisher's."
