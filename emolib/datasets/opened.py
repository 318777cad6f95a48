"""Open files that come from elsewhere: whatever goes wrong is one `CorpusError`.

SciPy, h5py, NumPy, edfio and the unpickler each fail in their own ways. Inside
``with opened(path, "an EDF file"):`` every failure becomes the error that names the
file, what was expected, what came and what to do. A library that a damaged file can
kill reads it in a process of its own first (`tried_aside`), with limits.
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

from emolib.checks import CorpusError, damaged

MAX_BYTES = 8 * 2**30
"""Most that one file may unpack to; DREAMER.mat needs about 2 GiB."""
MAX_SECONDS = 900
"""Longest that a file may take in a process of its own."""
MARK = "SURROGATE written by emolib"
"""What every data file of a surrogate says about itself."""

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


def wrong(path, expected: str, got: str, remedy: str = UNCHANGED) -> CorpusError:
    """Return the one error for a file, in letters that a terminal may print."""
    said = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in got)
    return damaged(path, expected, said[:300], remedy)


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
        the block.
    """
    path = Path(path)
    try:
        if mark is not None:
            _check_kind(path, expected, mark)
        yield path
    except CorpusError:
        raise
    except Exception as error:
        said = f"{type(error).__name__}: {error}".removeprefix("_AsideError: ")
        got = f"contents that do not read ({said})"
        raise wrong(path, expected, got, AGAIN) from error


def _check_kind(path: Path, expected: str, mark: bytes) -> None:
    """Raise CorpusError when a file begins like something else."""
    head = _head(path)
    if mark and head.startswith(mark):
        return
    kinds = [what for other, what in _KINDS.items() if head.lstrip().startswith(other)]
    if kinds or mark or not head:
        got = kinds[0] if kinds else f"{path.stat().st_size} bytes of something else"
        raise wrong(path, expected, got if head else "an empty file", AGAIN)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4096)


def is_marked(path: Path) -> bool:
    """Return True when a data file says that emolib wrote it.

    MATLAB files and pickles say it in their first bytes, HDF5 files in an attribute.
    """
    if path.suffix.lower() != ".h5":
        return MARK.encode() in _head(path)
    import h5py

    with opened(path, "an HDF5 file", b"\x89HDF"), h5py.File(path, "r") as file:
        said = file.attrs.get_id("about") if "about" in file.attrs else None
        is_text = said is not None and h5py.check_string_dtype(said.dtype)
        return bool(is_text) and MARK in str(file.attrs["about"])


class _AsideError(Exception):
    """What a process of its own died of."""


def tried_aside(load: Callable, path: Path, *words: str) -> None:
    """Raise unless ``load(path, *words)`` ends well in a process with limits.

    A file that was tried is not tried again until it changes. One that says that emolib
    wrote it is trusted: whoever forges that gains a crash, nothing else.
    """
    if not is_marked(path):
        state = path.stat()
        n_bytes = MAX_BYTES + 2 * state.st_size
        _try(load, path.resolve(), words, state.st_mtime_ns, n_bytes, MAX_SECONDS)


@cache
def _try(load, path, words, _, n_bytes, seconds) -> None:
    """Run this file as a program (at its end), once for the same arguments."""
    limits = (str(n_bytes), str(int(seconds) + 1))
    typed = (load.__module__, load.__name__, *limits, str(path), *words)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "emolib.datasets.opened", *typed],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            timeout=seconds, capture_output=True, text=True, errors="replace",
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise _AsideError(f"it takes longer than {seconds} s") from None
    if done.returncode < 0:
        raise _AsideError(f"it kills its reader by signal {-done.returncode}")
    if done.returncode:
        raise _AsideError(done.stderr.strip().rpartition("\n")[2])


def _limit(n_bytes: int, seconds: int) -> None:
    """Let this process have no more memory and time, and half a usual stack.

    Where the system has no such limits (Windows), only the time is limited.
    """
    try:
        import resource
    except ImportError:
        return
    for kind, most in (("AS", n_bytes), ("CPU", seconds), ("STACK", 2**22)):
        resource.setrlimit(getattr(resource, f"RLIMIT_{kind}"), (most, most))


if __name__ == "__main__":
    _limit(*map(int, sys.argv[3:5]))
    getattr(import_module(sys.argv[1]), sys.argv[2])(*sys.argv[5:])
