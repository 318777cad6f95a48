"""Read feature files in HDF5 that come from elsewhere, plain numbers only.

HDF5 can point into other files, hold references and objects, and announce any size.
Nothing of that is data here: an array must be a two-dimensional array of numbers that
stands in the file itself, or the file is refused.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from emolib.checks import CorpusError, damaged
from emolib.datasets.contents import foreign_contents

MAX_BYTES = 8 * 2**30
"""Most that the arrays of one file may unpack to."""
MAX_ARRAY_BYTES = 2**28
"""Most that one array, or one of its chunks, may unpack to: 256 MiB."""

_REMEDY = "Copy or download the file again and compare its size with the publisher's."
_UNTRUSTED = "A corpus file has no use for that: do not trust this one."
_NOT_READABLE = (
    OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, MemoryError,
    OverflowError,
)  # fmt: skip


class FeatureFile:
    """An open HDF5 file; close it, or use it in a ``with`` statement.

    Parameters
    ----------
    path : path

    Raises
    ------
    CorpusError
        When it is no HDF5 file, or a truncated or mangled one.
    """

    def __init__(self, path: str | Path):
        import h5py

        self.path = Path(path)
        with self.path.open("rb") as file:
            head = file.read(512)
        foreign = foreign_contents(head)
        if foreign and not head.startswith(b"\x89HDF"):
            raise damaged(self.path, "an HDF5 file", *foreign)
        try:
            self._file = h5py.File(self.path, "r")
        except _NOT_READABLE as error:
            raise self._mangled(error) from error
        self._read_bytes = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def __contains__(self, name: str) -> bool:
        return name.encode() in self._file.id

    def names(self) -> list[str]:
        """Return the names at the root, sorted."""
        try:
            return sorted(self._file)
        except _NOT_READABLE as error:
            raise self._mangled(error) from error

    def read(self, name: str, *, n_axes: int = 2) -> np.ndarray:
        """Return the array called `name`, as it is stored.

        Parameters
        ----------
        name : str
            At the root, or ``"group/name"``.
        n_axes : int
            How many axes it must have.

        Raises
        ------
        CorpusError
            When it is missing, no array of numbers, too large, stored outside the file,
            or does not read.
        """
        import h5py

        try:
            self._check_links(name)
            dataset = h5py.h5d.open(self._file.id, name.encode())
            shape, dtype = dataset.shape, dataset.dtype
            self._check_stored(name, dataset, shape, dtype, n_axes)
            held = np.empty(shape, dtype)
            if held.size:
                dataset.read(h5py.h5s.ALL, h5py.h5s.ALL, held)
        except CorpusError:
            raise
        except _NOT_READABLE as error:
            raise self._mangled(error, f"'{name}' ") from error
        return held

    def _check_links(self, name: str) -> None:
        """Raise unless every step of the path lies in this file."""
        import h5py

        group = self._file.id
        for part in name.encode().split(b"/"):
            if not group.links.exists(part):
                raise damaged(
                    self.path,
                    f"an array called '{name}'",
                    "none of that name",
                    "Check that all files of the corpus are of one release.",
                )
            if group.links.get_info(part).type != h5py.h5l.TYPE_HARD:
                raise self._refused(name, "a link to somewhere else")
            group = h5py.h5o.open(group, part)

    def _check_stored(self, name, dataset, shape, dtype, n_axes) -> None:
        """Raise unless a dataset is an array of numbers of bearable size."""
        import h5py

        if dtype.kind not in "fiu" or dtype.hasobject:
            raise self._refused(name, f"contents of kind {dtype}")
        if len(shape) != n_axes:
            raise damaged(
                self.path,
                f"'{name}' with {n_axes} axes",
                f"shape {shape}",
                "Check that the file is the publisher's, unchanged.",
            )
        plan = dataset.get_create_plist()
        layout = plan.get_layout()
        if plan.get_external_count() or layout == h5py.h5d.VIRTUAL:
            raise self._refused(name, "contents that stand in another file")
        chunk = plan.get_chunk() if layout == h5py.h5d.CHUNKED else (0,)
        n_bytes = [
            int(np.prod(s, dtype=float)) * dtype.itemsize for s in (shape, chunk)
        ]
        total = self._read_bytes + n_bytes[0]
        if max(n_bytes) > MAX_ARRAY_BYTES or total > MAX_BYTES:
            raise self._refused(name, f"{max(total, *n_bytes)} bytes")
        self._read_bytes = total

    def _refused(self, name: str, got: str) -> CorpusError:
        wanted = f"'{name}' to be an array of numbers in this file"
        return damaged(self.path, wanted, got, _UNTRUSTED)

    def _mangled(self, error: BaseException, what: str = "") -> CorpusError:
        got = f"contents that do not read ({what}mangled: {type(error).__name__}, "
        return damaged(self.path, "a whole HDF5 file", f"{got}{error})"[:300], _REMEDY)


def root_texts(path: str | Path) -> list[str]:
    """Return the texts among the attributes of an HDF5 file's root."""
    import h5py

    with FeatureFile(path) as opened:
        attributes = opened._file.attrs
        small = [
            name
            for name in attributes
            if attributes.get_id(name).get_storage_size() <= 4096
            and h5py.check_string_dtype(attributes.get_id(name).dtype)
        ]
        return [str(attributes[name]) for name in small]
