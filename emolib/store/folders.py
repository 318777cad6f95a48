"""The store: one folder per entry, there whole or not at all."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

import numpy as np

from emolib.digests import hash_file, plain, write_whole
from emolib.store.entries import (
    ENTRY_NAME,
    FILE_NAME,
    FORMAT,
    Entry,
    Key,
    Outcome,
    check_names,
)
from emolib.store.locks import locked
from emolib.store.places import cache_folder
from emolib.store.tables import write_table

ALWAYS_HASHED = 4 * 2**20
"""Files up to this many bytes are hashed whenever an entry is opened; larger ones are
held against their size, and hashed by ``emolib store verify``."""
_ASIDE = re.compile(r"\.aside-(?P<host>[^-]+)-(?P<pid>\d+)-.*")


class Store:
    """Finished entries below one folder.

    Parameters
    ----------
    root : Path
        ``<cache>/store`` without one (see `cache_folder`).
    """

    def __init__(self, root: Path | str | None = None):
        self.root = Path(root) if root is not None else cache_folder() / "store"

    def folder(self, key: Key) -> Path:
        """Return the folder of a key's entry, whether or not it exists."""
        return self.root / key.recipe / key.name

    def find(self, key: Key) -> Entry | None:
        """Return the entry of a key; None when it is absent or damaged."""
        return read_entry(self.folder(key), digest=key.digest)

    def entries(self, recipe: str | None = None) -> Iterator[Entry]:
        """Yield the entries of one recipe or of all, by name, damaged ones left out."""
        for folder in self.folders(recipe):
            manifest = read_manifest(folder)
            if manifest is not None:
                yield Entry(folder, manifest)

    def folders(self, recipe: str | None = None) -> list[Path]:
        """Return the folders of finished entries, damaged ones included."""
        found = self.root.glob(f"{recipe or '*'}/*")
        return sorted(path for path in found if ENTRY_NAME.fullmatch(path.name))

    def put(self, key: Key, outcome: Outcome, **facts) -> Entry:
        """Write an outcome under a key and return its entry.

        It is written aside, flushed to disk and renamed. When another process was
        quicker, its entry stands and ours is dropped.

        Parameters
        ----------
        key : Key
        outcome : Outcome
        **facts
            Plain values for the manifest, for example ``seconds``.
        """
        folder = self.folder(key)
        aside = self._aside(folder)
        try:
            aside.mkdir(parents=True)
            manifest = _write(aside, key, outcome, facts)
            self._settle(aside, folder, key.digest)
        except OSError as error:
            raise OSError(
                f"the store must be writable and have room; got {error} at "
                f"{self.root}. Free some space, or move it with EMOLIB_CACHE."
            ) from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return Entry(folder, manifest)

    def once(self, key: Key, make: Callable[[], Entry]) -> Entry:
        """Return a key's entry, made by `make` unless another process makes it.

        While another process is at it we wait; if that one dies we take over.
        """
        found = self.find(key)
        if found is None:
            with locked(self.root / ".locks" / f"{key.recipe}-{key.name}"):
                found = self.find(key) or make()
        return found

    def sweep(self) -> None:
        """Remove what processes of this machine left half-written when they died."""
        for path in self.root.glob("*/.aside-*"):
            parts = _ASIDE.fullmatch(path.name)
            if parts and parts["host"] == _host() and not _is_alive(int(parts["pid"])):
                shutil.rmtree(path, ignore_errors=True)

    def _aside(self, folder: Path) -> Path:
        """Return a folder beside `folder` that nobody else writes to."""
        mark = f"{_host()}-{os.getpid()}-{token_hex(4)}"
        return folder.parent / f".aside-{mark}-{folder.name}"

    def _settle(self, aside: Path, folder: Path, digest: str) -> None:
        """Rename `aside` to `folder` unless a sound entry stands there already."""
        with suppress(OSError):
            aside.rename(folder)
            return _flush_folder(folder.parent)
        if read_entry(folder, digest=digest) is None:
            damaged = self._aside(folder)
            folder.rename(damaged)
            aside.rename(folder)
            shutil.rmtree(damaged, ignore_errors=True)


# ---------------------------------------------------------------- writing


def _write(folder: Path, key: Key, outcome: Outcome, facts: dict) -> dict:
    """Write an outcome's files and its manifest; return the manifest."""
    tables = outcome.all_tables()
    check_names("tables", tables)
    columns = {
        name: write_table(folder / f"{name}.csv", frame)
        for name, frame in tables.items()
    }
    _write_arrays(folder / "arrays", outcome.arrays)
    _write_arrays(folder / "state", outcome.state)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {
        "format": FORMAT,
        "recipe": key.recipe,
        "kind": key.kind,
        "sha256": key.digest,
        "key": plain(key.parts),
        "tables": columns,
        "notes": plain(outcome.notes),
        **plain(facts),
        "bytes": sum(path.stat().st_size for path in files),
        "files": {path.relative_to(folder).as_posix(): _about(path) for path in files},
    }
    write_whole(folder / "manifest.json", json.dumps(manifest, indent=1).encode())
    for inner in (folder / "arrays", folder / "state", folder):
        _flush_folder(inner)
    return manifest


def _write_arrays(folder: Path, arrays) -> None:
    """Write each array as a file of its name."""
    check_names("arrays", arrays)
    for name, values in arrays.items():
        values = np.asarray(values)
        if values.dtype.kind not in "fiubcSU":
            raise ValueError(
                f"array {name!r} must hold numbers or fixed-width text; got type "
                f"{values.dtype}. Convert it with astype."
            )
        folder.mkdir(exist_ok=True)
        np.save(folder / f"{name}.npy", values, allow_pickle=False)


def _about(path: Path) -> dict:
    """Flush a file to disk and return its size and digest."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())
    return {"bytes": path.stat().st_size, "sha256": hash_file(path)}


def _flush_folder(folder: Path) -> None:
    """Flush a folder's list of names to disk, where the system can."""
    if os.name == "nt" or not folder.is_dir():
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# ---------------------------------------------------------------- reading


def read_manifest(folder: Path) -> dict | None:
    """Return an entry's manifest; None when it is missing or not one of ours."""
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        key = Key(manifest["recipe"], manifest["kind"], manifest["key"])
        fits = (
            manifest["format"] == FORMAT
            and manifest["sha256"] == key.digest
            and key.name == folder.name
            and all(FILE_NAME.fullmatch(name) for name in manifest["files"])
            and all(
                {*about} >= {"bytes", "sha256"} for about in manifest["files"].values()
            )
            and set(manifest) >= {"tables", "notes", "bytes"}
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return manifest if fits else None


def read_entry(folder: Path, *, digest: str | None = None) -> Entry | None:
    """Return the entry in a folder; None when it is absent, damaged or another's."""
    manifest = read_manifest(folder)
    if manifest is None or digest not in (None, manifest["sha256"]):
        return None
    return None if flaws(folder, manifest) else Entry(folder, manifest)


def flaws(folder: Path, manifest: dict, *, thorough: bool = False) -> list[str]:
    """Return the files of an entry that are not as its manifest says.

    Parameters
    ----------
    folder : Path
    manifest : dict
    thorough : bool
        Hash large files too.
    """
    found = []
    for name, about in manifest["files"].items():
        path = folder / name
        with suppress(OSError):
            size = path.stat().st_size
            hashed = thorough or size <= ALWAYS_HASHED
            same = size == about["bytes"]
            if same and (not hashed or hash_file(path) == about["sha256"]):
                continue
        found.append(name)
    return found


def _host() -> str:
    """Return this machine's name as it may stand in a file name."""
    return re.sub(r"[^A-Za-z0-9]", "", platform.node()) or "host"


def _is_alive(pid: int) -> bool:
    """Tell whether a process of this machine is running; when unsure, yes."""
    if os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
