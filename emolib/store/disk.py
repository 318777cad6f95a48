"""An entry's folder, written file by file and checked when it is read."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np

from emolib.digests import hash_file, plain, write_whole
from emolib.store.entries import (
    FILE_NAME,
    FORMAT,
    Entry,
    Key,
    Outcome,
    check_names,
)
from emolib.store.tables import write_table

ALWAYS_HASHED = 4 * 2**20
"""Files up to this many bytes are hashed whenever an entry is opened; larger ones are
held against their size, and hashed by ``emolib store verify``."""


# ---------------------------------------------------------------- writing


def write_entry(folder: Path, key: Key, outcome: Outcome, facts: dict) -> dict:
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
    flush_files(files)
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
        flush_folder(inner)
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
    """Return a file's size and digest."""
    return {"bytes": path.stat().st_size, "sha256": hash_file(path)}


def flush_files(files: Sequence[Path]) -> None:
    """Flush files to disk, many at a time: a disk takes them as one."""
    if files:
        with ThreadPoolExecutor(min(16, len(files))) as pool:
            list(pool.map(_flush_file, files))


def _flush_file(path: Path) -> None:
    """Flush one file to disk."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def flush_folder(folder: Path) -> None:
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
