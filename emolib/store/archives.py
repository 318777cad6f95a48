"""Moving finished entries between machines as one file."""

from __future__ import annotations

import os
import re
import shutil
import tarfile
from collections.abc import Sequence
from pathlib import Path
from secrets import token_hex

from emolib.store.disk import flaws, read_entry, read_manifest
from emolib.store.entries import Entry
from emolib.store.folders import Store

MEMBER = re.compile(
    r"(?P<recipe>[A-Za-z0-9_]+)/(?P<name>[a-z]+-[0-9a-f]{16})/"
    r"(manifest\.json|((arrays|state)/)?[A-Za-z0-9_][A-Za-z0-9_.\-]*\.(npy|csv))"
)


def export_archive(
    store: Store, path: Path | str, recipes: Sequence[str] | None = None
) -> int:
    """Pack the sound entries of a store into a tar file; return their number.

    Parameters
    ----------
    store : Store
    path : Path
        Ends in ``.tar``, or in ``.tar.gz`` to be compressed.
    recipes : sequence of str
        All of them without it.
    """
    path = Path(path)
    if not path.name.endswith((".tar", ".tar.gz")):
        raise ValueError(
            f"the file must end in .tar or .tar.gz; got {path.name!r}. Rename it."
        )
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with tarfile.open(aside, "w:gz" if path.suffix == ".gz" else "w") as archive:
            n_entries = _pack(store, archive, recipes)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return n_entries


def _pack(store: Store, archive: tarfile.TarFile, recipes) -> int:
    """Add the sound entries to an archive and return their number."""
    n_entries = 0
    for folder in store.folders():
        manifest = read_manifest(folder)
        wanted = recipes is None or folder.parent.name in recipes
        if not wanted or manifest is None or flaws(folder, manifest, thorough=True):
            continue
        for name in ("manifest.json", *manifest["files"]):
            within = f"{folder.parent.name}/{folder.name}/{name}"
            archive.add(folder / name, within, recursive=False)
        n_entries += 1
    return n_entries


def import_archive(path: Path | str, store: Store | None = None) -> list[Entry]:
    """Add the entries of an archive to a store; return those that were new.

    Every name, manifest and digest is checked before anything is put in; one that is
    wrong refuses the whole archive. Digests show that nothing was damaged on its way,
    not that it is true: take archives from people you would take results from.
    """
    store, path = store or Store(), Path(path)
    aside = store.root / f".importing-{os.getpid()}-{token_hex(4)}"
    try:
        folders = _unpack(path, aside)
        for folder in folders:
            _check_entry(path, folder)
        return [entry for entry in (_move(f, store) for f in folders) if entry]
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _unpack(path: Path, aside: Path) -> list[Path]:
    """Write the members of an archive below `aside`; return the entries' folders."""
    folders = set()
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                found = MEMBER.fullmatch(member.name)
                if not found or not member.isfile():
                    raise _refused(path, member.name, "entries of a store, no others")
                target = aside / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.extractfile(member) as source, target.open("xb") as copy:
                    shutil.copyfileobj(source, copy)
                folders.add(aside / found["recipe"] / found["name"])
    except (tarfile.TarError, EOFError, FileExistsError) as error:
        raise _refused(path, f"an archive with {error}", "a whole tar file") from error
    return sorted(folders)


def _check_entry(path: Path, folder: Path) -> None:
    """Raise ValueError unless a folder is one sound entry and nothing else."""
    manifest = read_manifest(folder)
    if manifest is None or manifest["recipe"] != folder.parent.name:
        raise _refused(path, folder.name, "manifests that fit their entries' names")
    present = {
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.is_file()
    }
    tables = {f"{name}.csv" for name in manifest["tables"]}
    right = {"manifest.json", *manifest["files"]} == present and tables <= present
    if not right or flaws(folder, manifest, thorough=True):
        raise _refused(path, folder.name, "files that fit their manifest")


def _move(folder: Path, store: Store) -> Entry | None:
    """Rename an unpacked entry into the store unless a sound one is there."""
    target = store.root / folder.parent.name / folder.name
    if read_entry(target) is not None:
        return None
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(target)
    return read_entry(target)


def _refused(path: Path, got: str, expected: str) -> ValueError:
    """Return the error for an archive that is not taken in."""
    return ValueError(
        f"{path}: an archive must hold {expected}; got {got!r}. Nothing was imported: "
        "export it again."
    )
