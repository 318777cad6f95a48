"""What a file begins with, where it is not what its name says."""

from __future__ import annotations

_AGAIN = "Copy or download the file again and compare its size with the publisher's."
_KINDS = (
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", "Check folder and corpus name."),
    (b"PK\x03\x04", "a ZIP archive", "Unpack it there and give the same folder again."),
    (b"\x1f\x8b", "a gzip archive", "Unpack it there and give the same folder again."),
    (b"\x93NUMPY", "a NumPy array file", "Check folder and corpus name."),
    (b"MATLAB", "a MATLAB file", "Check folder and corpus name."),
    (b"version https://git-lfs", "a note of where the file lies (Git LFS)",
     "Fetch the file itself, with git lfs pull."),
)  # fmt: skip


def foreign_contents(head: bytes) -> tuple[str, str] | None:
    """Return what a file's first bytes are of, and what to do; None: not known.

    Parameters
    ----------
    head : bytes
        The first 512 bytes or so.
    """
    if not head:
        return "an empty file", _AGAIN
    for mark, what, remedy in _KINDS:
        if head.startswith(mark):
            return what, remedy
    if head.lstrip().lower().startswith((b"<!doctype", b"<html")):
        remedy = "The download ended on a log-in page: fetch the file again by hand."
        return "a web page", remedy
    return None
