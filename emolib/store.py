"""Finished work, kept by what it was made from.

An entry is a folder ``<root>/<paper>/<kind>-<16 hex digits>[-<device>]/`` of ``.npy``
arrays, ``.csv`` tables and a ``manifest.json``, written aside and renamed: it is there
whole or not at all. Nothing is ever pickled.
"""

import json
import os
import re
import shutil
from collections import UserDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from emolib.code import digest_of, hash_file, plain

FORMAT = 2
"""Part of every key; raised when the store itself changes what a result would be."""

_NAME = re.compile(r"[a-z0-9_][a-z0-9_.-]{0,150}")
"""What can be a file's name, in lower case."""


def project_root() -> Path:
    """Return the project's folder: above the working folder, else the package's own."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        file = folder / "pyproject.toml"
        if file.is_file() and 'name = "emolib"' in file.read_text("utf-8"):
            return folder
    return Path(__file__).resolve().parents[1]


def cache_folder() -> Path:
    """Return the folder of the store and the surrogates.

    ``EMOLIB_CACHE`` moves it; otherwise it is ``.emolib`` in the project. A relative
    path is one from the project's folder: a kernel works in another than the command.
    """
    given = os.environ.get("EMOLIB_CACHE") or ".emolib"
    return project_root() / Path(given).expanduser()


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
    paper : str
    kind : str
        'unit', 'stage' or 'windows'.
    parts : dict
        Plain values: settings, data, code, versions and so on.
    device : str
        Kind of device, for example 'cpu'; it stands in the name alone.
    """

    paper: str
    kind: str
    parts: Mapping[str, Any]
    device: str = ""

    @cached_property
    def digest(self) -> str:
        """The sha256 of everything but the device."""
        return digest_of([FORMAT, self.paper, self.kind, self.parts])

    @property
    def name(self) -> str:
        """The name of the entry's folder."""
        device = re.sub(r"[^A-Za-z0-9]+", "_", self.device)
        return f"{self.kind}-{self.digest[:16]}-{device}".rstrip("-")


class _Files(UserDict):
    """Named files of an entry, each read when it is asked for."""

    read: Callable

    def __getitem__(self, name: str):
        return self.read(self.data[name])


@dataclass(frozen=True)
class Entry:
    """A finished entry of the store; files are read when they are asked for.

    Parameters
    ----------
    folder : Path
    manifest : mapping
        What ``manifest.json`` holds: key, columns (of each table), notes, files (bytes
        of each), content (digest of all of it), seconds of one processor, and more.
    """

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def key(self) -> Key:
        """The key that the entry was put under."""
        return Key(**self.manifest["key"])

    @property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """The arrays by name, memory-mapped and read-only."""
        return self._files("arrays", partial(np.load, mmap_mode="r"))

    @property
    def state(self) -> Mapping[str, np.ndarray]:
        """The arrays of the model's state by name."""
        return self._files("state", np.load)

    @property
    def tables(self) -> Mapping[str, Any]:
        """The data frames by name."""
        columns = self.manifest["columns"]
        return self._files("", lambda file: read_table(file, columns[file.stem]))

    @property
    def predictions(self):
        """The table of predictions."""
        return self.tables["predictions"]

    def _files(self, part: str, read: Callable) -> _Files:
        """Return the files of one of the entry's folders by their names."""
        names = (Path(name) for name in self.manifest["files"])
        files = _Files(
            {n.stem: self.folder / n for n in names if n.parent.name == part}
        )
        files.read = read
        return files


class Store:
    """Finished entries below one folder.

    Parameters
    ----------
    root : Path
        ``<cache>/store`` without one (see `cache_folder`).
    """

    def __init__(self, root: Path | str | None = None):
        self.root = Path(root) if root is not None else cache_folder() / "store"

    def find(self, key: Key, *, any_device: bool = False) -> Entry | None:
        """Return the entry of a key, or with `any_device` one of another kind's."""
        folder = self.root / key.paper
        found = read_entry(folder / key.name)
        if found is None and any_device:
            others = sorted(folder.glob(f"{key.kind}-{key.digest[:16]}-*"))
            found = next(filter(None, map(read_entry, others)), None)
        return found

    def folders(self) -> list[Path]:
        """Return the folders of finished entries, damaged ones included."""
        return sorted(self.root.glob("[!.]*/[a-z]*-*"))

    def once(self, key: Key, make: Callable[[], Entry]) -> Entry:
        """Return a key's entry, made by `make` unless another process makes it.

        While another process is at it we wait; if that one dies we take over.
        """
        found = self.find(key)
        if found is None:
            with self._locked(key):
                found = self.find(key) or make()
        return found

    def put(self, key: Key, outcome: Outcome, **facts) -> Entry:
        """Write an outcome under a key and return its entry; a sound one stays.

        `facts` are plain values for the manifest, for example ``seconds``.
        """
        folder = self.root / key.paper / key.name
        aside = folder.with_name(f".{key.name}")
        with self._locked(key), self._room():
            shutil.rmtree(aside, ignore_errors=True)  # of a process that died
            try:
                _write_entry(aside, key, outcome, facts)
                if self.find(key) is None:
                    shutil.rmtree(folder, ignore_errors=True)  # a damaged one
                    aside.rename(folder)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
        return read_entry(folder)

    @contextmanager
    def _locked(self, key: Key) -> Iterator[None]:
        """Hold the lock of a key, which falls with the process that holds it."""
        path = self.root / ".locks" / f"{key.paper}-{key.name}"
        lock = FileLock(path, is_singleton=True, poll_interval=0.05)
        with self._room():
            path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _room(self) -> Iterator[None]:
        """Turn what the system says into one error for a store that takes no files."""
        try:
            yield
        except OSError as error:
            raise OSError(
                f"the store must be writable and have room; got {error} at "
                f"{self.root}. Free some space, or move it with EMOLIB_CACHE."
            ) from error


def read_entry(folder: Path) -> Entry | None:
    """Return the entry in a folder; None when it is absent, damaged or another's.

    The manifest is held against its own digest, every file against its size.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        whole = manifest.pop("digest") == digest_of(manifest)
        sizes = {name: (folder / name).stat().st_size for name in manifest["files"]}
        entry = Entry(folder, manifest)
        fits = sizes == manifest["files"] and entry.key.name == folder.name
        return entry if whole and fits else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _write_entry(folder: Path, key: Key, outcome: Outcome, facts: Mapping) -> None:
    """Write an outcome's files and its manifest."""
    tables, columns = outcome.all_tables(), {}
    _check_names("tables", tables)
    folder.mkdir(parents=True)
    for name, frame in tables.items():
        columns[name] = write_table(folder / f"{name}.csv", frame)
    for part, arrays in {"arrays": outcome.arrays, "state": outcome.state}.items():
        _check_names(part, arrays)
        (folder / part).mkdir()
        for name, values in arrays.items():
            np.save(folder / part / f"{name}.npy", values, allow_pickle=False)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {path.relative_to(folder).as_posix(): path for path in paths}
    content = {name: hash_file(path) for name, path in files.items()}
    manifest = {
        "key": asdict(key),
        "columns": columns,
        "notes": outcome.notes,
        **facts,
        "files": {name: path.stat().st_size for name, path in files.items()},
        "content": digest_of([content, columns, outcome.notes]),
    }
    whole = {**plain(manifest), "digest": digest_of(manifest)}
    (folder / "manifest.json").write_text(json.dumps(whole, indent=1), "utf-8")


def _check_names(kind: str, names: Iterable[str]) -> None:
    """Raise ValueError unless `names` can be file names on every system."""
    odd = [name for name in names if not _NAME.fullmatch(name.lower())]
    if odd or len({name.lower() for name in names}) < len(names):
        raise ValueError(
            f"{kind} must have names of letters, digits, '_', '-' and '.' that differ "
            f"in more than case; got {odd or sorted(names)}. They become files."
        )


def write_table(file: Path, frame) -> dict[str, str]:
    """Write a data frame as CSV and return its columns' types, which reading needs.

    Floats are written with as many digits as they need to come back exactly; text
    stays text (a trial ``"01"`` does not become 1). The index is not kept. Raises
    ValueError on columns that are not numbers, True and False, or whole text.
    """
    kinds = {name: _kind(column) for name, column in frame.items()}
    named = all(isinstance(name, str) for name in kinds)
    if not named or None in kinds.values() or len(kinds) < frame.shape[1]:
        raise ValueError(
            "a table must have columns of different names, as text, and in each "
            f"numbers or text throughout; got {dict(frame.dtypes)}. Fill or convert."
        )
    frame.to_csv(file, index=False, na_rep="nan", lineterminator="\n", encoding="utf-8")
    return kinds


def _kind(column) -> str | None:
    """Return 'str' or the NumPy type of a column; None for any other."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiub":
        return str(column.dtype)
    return "str" if all(isinstance(value, str) for value in column) else None


def read_table(file: Path, kinds: Mapping[str, str]):
    """Return the data frame that `write_table` wrote, given what it returned."""
    import pandas as pd

    if not kinds:
        return pd.DataFrame()
    frame = pd.read_csv(
        file, dtype=str, keep_default_na=False, skip_blank_lines=False, encoding="utf-8"
    )
    for name, kind in kinds.items():
        if kind == "bool":
            frame[name] = frame[name] == "True"
        elif kind != "str":  # Python's own parsers of numbers are exact
            frame[name] = frame[name].to_numpy(str).astype(kind)
    return frame
