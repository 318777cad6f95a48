"""What the store keeps: a key, an outcome, and the entry that is read back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from emolib.digests import digest_of
from emolib.store.tables import read_table

FORMAT = 1
"""Part of every key; raised when the store itself changes what a result would be."""
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,150}")
ENTRY_NAME = re.compile(r"[a-z]+-[0-9a-f]{16}")
FILE_NAME = re.compile(r"(arrays/|state/)[^/\\]+\.npy|[^/\\]+\.csv")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Outcome:
    """What a unit or a stage hands to the store.

    Parameters
    ----------
    predictions : DataFrame
        Columns `emolib.containers.PREDICTION_COLUMNS`; a stage has none.
    tables : mapping of str to DataFrame
        For example the history. Numbers and text come back exactly; the index is not
        kept.
    arrays : mapping of str to ndarray
        Memory-mapped when read back, for example embeddings of a held-out fold.
    state : mapping of str to ndarray
        A model's ``state_dict`` as arrays.
    notes : mapping
        Small plain values, for example the epoch that was kept.
    """

    predictions: Any = None
    tables: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    state: Mapping[str, np.ndarray] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)

    def all_tables(self) -> dict[str, Any]:
        """Return the tables with the predictions among them."""
        first = {} if self.predictions is None else {"predictions": self.predictions}
        return {**first, **self.tables}


@dataclass(frozen=True)
class Key:
    """What an entry is made from, and the name that follows from it.

    Parameters
    ----------
    recipe : str
    kind : str
        'unit', 'stage' or 'windows'.
    parts : dict
        Plain values: settings, data, code, versions, device and so on.
    """

    recipe: str
    kind: str
    parts: Mapping[str, Any]

    @cached_property
    def digest(self) -> str:
        """The sha256 of everything above."""
        return digest_of([FORMAT, self.recipe, self.kind, self.parts])

    @property
    def name(self) -> str:
        """The name of the entry's folder."""
        return f"{self.kind}-{self.digest[:16]}"


@dataclass(frozen=True)
class Entry:
    """A finished entry of the store; files are read when they are asked for."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """The full sha256 of the entry's key."""
        return self.manifest["sha256"]

    @property
    def key(self) -> Key:
        """The key that the entry was put under."""
        return Key(self.manifest["recipe"], self.manifest["kind"], self.manifest["key"])

    @property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """The arrays by name, memory-mapped and read-only."""
        return _Files(self.folder / "arrays", self._names("arrays/"), _map_array)

    @property
    def state(self) -> Mapping[str, np.ndarray]:
        """The arrays of the model's state by name."""
        return _Files(self.folder / "state", self._names("state/"), _load_array)

    @property
    def tables(self) -> Mapping[str, Any]:
        """The data frames by name."""
        columns = self.manifest["tables"]

        def read(file: Path):
            return read_table(file, columns[file.stem])

        return _Files(self.folder, list(columns), read, suffix=".csv")

    @property
    def predictions(self):
        """The table of predictions."""
        return self.tables["predictions"]

    @property
    def notes(self) -> Mapping[str, Any]:
        """The small plain values that came with the outcome."""
        return self.manifest["notes"]

    def _names(self, folder: str) -> list[str]:
        """Return the names of the arrays in one of the entry's folders."""
        files = [name for name in self.manifest["files"] if name.startswith(folder)]
        return [name.removeprefix(folder).removesuffix(".npy") for name in files]


class _Files(Mapping):
    """Named files of an entry, each read when it is asked for."""

    def __init__(
        self, folder: Path, names: list[str], read: Callable, suffix: str = ".npy"
    ):
        self._folder, self._names, self._read = folder, names, read
        self._suffix = suffix

    def __getitem__(self, name: str):
        if name not in self._names:
            raise KeyError(f"{name!r} is not in this entry; it has {self._names}.")
        return self._read(self._folder / f"{name}{self._suffix}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _map_array(file: Path) -> np.ndarray:
    """Return an array mapped from its file; an empty one cannot be mapped."""
    try:
        return np.load(file, mmap_mode="r", allow_pickle=False)
    except ValueError:
        return _load_array(file)


def _load_array(file: Path) -> np.ndarray:
    """Return an array read from its file."""
    return np.load(file, allow_pickle=False)


def check_names(kind: str, names) -> None:
    """Raise ValueError unless `names` can be file names on every system."""
    folded: dict[str, str] = {}
    for name in names:
        if not NAME.fullmatch(name) or _RESERVED.fullmatch(name) or name[-1] == ".":
            raise ValueError(
                f"{kind} must have names of letters, digits, '_', '-' and '.'; got "
                f"{name!r}. Rename it: it becomes a file."
            )
        if name.lower() in folded:
            raise ValueError(
                f"{kind} must have names that differ in more than case; got "
                f"{folded[name.lower()]!r} and {name!r}. Rename one of them."
            )
        folded[name.lower()] = name
