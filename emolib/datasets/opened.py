"""Open files that come from elsewhere: whatever goes wrong is one `CorpusError`.

SciPy, h5py, NumPy, edfio and the unpickler each fail in their own ways. Inside
``with opened(path, "an EDF file"):`` every failure becomes the error that names the
file, what was expected, what came and what to do; only a lack of memory and a stop by
hand go through, which are no fault of the file. A library that a damaged file can kill
reads it in a process of its own first (`tried_aside`), within the file's budget.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numpy as np

from emolib.checks import CorpusError, damaged, printable

MARK = "SURROGATE written by emolib"
"""What every data file of a surrogate says about itself, in two places."""

AGAIN = "Copy or download the file again and compare its size with the publisher's."
UNCHANGED = "Check that the file is the publisher's, unchanged."
UNTRUSTED = "A corpus file has no use for that: do not trust this one."

_KINDS = {
    b"MATLAB 7.3": "an HDF5 file (MATLAB 7.3: save it again with save(..., '-v7'))",
    b"MATLAB": "a MATLAB file",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array file",
    b"PK\x03\x04": "a ZIP archive (unpack it there)",
    b"\x1f\x8b": "a gzip archive (unpack it there)",
    b"<": "a web page (the download ended on a log-in page)",
    b"version https://git-lfs": "a note of Git LFS (run git lfs pull)",
}
_END = 4096
"""Bytes at either end of a file that are looked at for what they say of it."""


class Budget(NamedTuple):
    """What reading one file may take: bytes of memory, and seconds of computing."""

    n_bytes: int
    seconds: int


LEAST = Budget(2**28, 20)
"""What any file may take. DREAMER.mat (0.5 to 0.9 GB) takes 2 GiB and half a minute."""
PER_MIB = Budget(2**25, 1)
"""What each 2**20 bytes of its size add."""


def budget(path: Path) -> Budget:
    """Return what reading a file may take: so much, and so much more for its size."""
    size = path.stat().st_size / 2**20
    n_bytes, seconds = (int(a + b * size) for a, b in zip(LEAST, PER_MIB, strict=True))
    return Budget(n_bytes, seconds)


class UntrustedError(Exception):
    """What a file asks for that data never need."""


def wrong(path, expected: str, got: str, remedy: str = UNCHANGED) -> CorpusError:
    """Return the one error for a file; what came is cut, so that the remedy is read."""
    return damaged(path, expected, printable(got, most=300), remedy)


@contextmanager
def opened(
    path: str | Path, expected: str, mark: bytes | None = None
) -> Iterator[Path]:
    """Turn whatever fails while a file is read into one CorpusError.

    Parameters
    ----------
    path : path
    expected : str
        What the file should be, in words.
    mark : bytes
        What such a file begins with; empty when it may begin in several ways, None when
        its beginning was looked at before.

    Raises
    ------
    CorpusError
        When the file is empty or another kind of file, and for every failure inside
        the block but those of `emolib.checks` and of the machine.
    """
    path = Path(path)
    try:
        if mark is not None:
            _check_kind(path, expected, mark)
        yield path
    except (CorpusError, MemoryError):
        raise
    except Exception as error:
        raise wrong(path, expected, *_cause(error)) from error


def _cause(error: Exception) -> tuple[str, str]:
    """Return what came in place of a file that reads, and what to do."""
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, UntrustedError):
        return f"contents that are refused ({error})", UNTRUSTED
    if "lock file" in said or "already open" in said:
        return "a file that another program has open", "Close that program."
    if isinstance(error, PermissionError):
        return "no permission to read it", "Its owner may give it (chmod a+rX)."
    return f"contents that do not read ({said.removeprefix('_AsideError: ')})", AGAIN


def _check_kind(path: Path, expected: str, mark: bytes) -> None:
    """Raise CorpusError when a file begins like something else."""
    head = _ends(path)[:_END]
    if mark and head.startswith(mark):
        return
    kinds = [what for other, what in _KINDS.items() if head.lstrip().startswith(other)]
    if kinds or mark or not head:
        got = kinds[0] if kinds else f"{path.stat().st_size} bytes of something else"
        raise wrong(path, expected, got if head else "an empty file", AGAIN)


def _ends(path: Path) -> bytes:
    """Return the beginning and the end of a file, no byte twice."""
    with path.open("rb") as file:
        head = file.read(_END)
        file.seek(max(len(head), path.stat().st_size - _END))
        return head + file.read()


def check_plain(value, seen: set[int]) -> None:
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
        raise UntrustedError(f"a {type(value).__name__}, which is no plain data")
    for item in inside:
        check_plain(item, seen)
    seen.add(id(value))


# ------------------------------------------------------------- who wrote a file


def marks(path: Path) -> int:
    """Return in how many places a data file says that emolib wrote it.

    MATLAB files, pickles, BDF and XML say it near their ends, HDF5 files in attributes.
    """
    if path.suffix.lower() != ".h5":
        return _ends(path).count(MARK.encode())
    import h5py

    with opened(path, "an HDF5 file", b"\x89HDF"), h5py.File(path, "r") as file:
        kinds = {name: file.attrs.get_id(name).dtype for name in file.attrs}
        texts = [name for name, kind in kinds.items() if h5py.check_string_dtype(kind)]
        return sum(MARK in str(file.attrs[name]) for name in texts)


def is_marked(path: Path) -> bool:
    """Return True when a data file says in both places that emolib wrote it."""
    return marks(path) > 1


# ------------------------------------------------------------- a process of its own


class _AsideError(Exception):
    """What a process of its own died of."""


def tried_aside(load: Callable, path: Path, *words: str) -> None:
    """Raise unless ``load(path, *words)`` ends well in a process with limits.

    A file that was tried is not tried again until it changes. One that says that emolib
    wrote it is trusted: whoever forges that gains a crash, nothing else.
    """
    if not is_marked(path):
        _try(load, path.resolve(), words, path.stat().st_mtime_ns, *budget(path))


@cache
def _try(load, path, words, _, n_bytes, seconds) -> None:
    """Run this file as a program (at its end), once for the same arguments."""
    typed = (load.__module__, load.__name__, str(n_bytes), str(seconds), str(path))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "emolib.datasets.opened", *typed, *words],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            timeout=10 * seconds, capture_output=True, text=True, errors="replace",
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise _AsideError(f"it takes longer than {seconds} s") from None
    if done.returncode == 0:
        return
    said = done.stderr.strip().rpartition("\n")[2]
    if done.returncode == -_TOO_LONG:
        raise _AsideError(f"it takes longer than {seconds} s")
    if done.returncode < 0:
        raise _AsideError(f"it kills its reader by signal {-done.returncode}")
    if UntrustedError.__name__ in said:
        raise UntrustedError(said.partition(": ")[2])
    if "MemoryError" in said:
        raise _AsideError(f"it takes more than {n_bytes >> 20} MiB: MemoryError")
    raise _AsideError(said)


_TOO_LONG = 24
"""SIGXCPU, which Windows does not know."""
_OWN_BYTES = 2**28
"""What Python, NumPy and SciPy take by themselves."""


def _limit(n_bytes: int, seconds: int) -> None:
    """Let this process have no more memory and time, and half a usual stack.

    Where the system has no such limits (Windows), only the time is limited.
    """
    try:
        import resource
    except ImportError:
        return
    most = {"AS": _OWN_BYTES + n_bytes, "CPU": seconds, "STACK": 2**22, "CORE": 0}
    for name, soft in most.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(kind)
        bound = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
        resource.setrlimit(kind, (bound, hard))


if __name__ == "__main__":
    _limit(*map(int, sys.argv[3:5]))
    getattr(import_module(sys.argv[1]), sys.argv[2])(*sys.argv[5:])
