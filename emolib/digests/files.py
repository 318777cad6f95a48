"""What a file is, as a digest that is kept until the file changes."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path


def hash_file(path: Path) -> str:
    """Return the sha256 of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hash_files(
    files: Iterable[Path], *, kept: Path, verify: bool = False
) -> dict[Path, str]:
    """Return the sha256 of each file, opening only those that are new or changed.

    Parameters
    ----------
    files : iterable of Path
    kept : Path
        JSON file in which digests are kept by path, size and time of change. A file
        changed within the last two seconds is not kept: it may be changing still.
    verify : bool
        Open every file again.
    """
    known = _read_kept(kept)
    found = {}
    for file in files:
        state = file.stat()
        mark = [state.st_size, state.st_mtime_ns]
        name = str(file.resolve())
        old = known.get(name, [])
        same = old[:2] == mark and not verify
        found[file] = old[2] if same else hash_file(file)
        if time.time() - state.st_mtime > 2:
            known[name] = [*mark, found[file]]
    if known != _read_kept(kept):
        write_whole(kept, json.dumps(known, indent=0, sort_keys=True).encode())
    return found


def _read_kept(kept: Path) -> dict[str, list]:
    """Return the digests that are kept; none when the file is missing or mangled."""
    try:
        known = json.loads(kept.read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def write_whole(path: Path, content: bytes) -> None:
    """Write a file aside, flush it and rename it: it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with aside.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
