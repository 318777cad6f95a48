"""The store: one folder per entry, there whole or not at all."""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from emolib.store.disk import flush_folder, read_entry, read_manifest, write_entry
from emolib.store.entries import ENTRY_NAME, Entry, Key, Outcome
from emolib.store.locks import locked
from emolib.store.places import cache_folder

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
            manifest = write_entry(aside, key, outcome, facts)
            self._settle(aside, folder, key.digest)
        except OSError as error:
            raise self._no_room(error) from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return Entry(folder, manifest)

    def once(self, key: Key, make: Callable[[], Entry]) -> Entry:
        """Return a key's entry, made by `make` unless another process makes it.

        While another process is at it we wait; if that one dies we take over.
        """
        found, locks = self.find(key), self.root / ".locks"
        if found is None:
            try:
                locks.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise self._no_room(error) from error
            with locked(locks / f"{key.recipe}-{key.name}"):
                found = self.find(key) or make()
        return found

    def sweep(self) -> None:
        """Remove what processes of this machine left half-written when they died."""
        for path in self.root.glob("*/.aside-*"):
            parts = _ASIDE.fullmatch(path.name)
            if parts and parts["host"] == _host() and not _is_alive(int(parts["pid"])):
                shutil.rmtree(path, ignore_errors=True)

    def _no_room(self, error: OSError) -> OSError:
        """Return the one error for a store that takes no more files."""
        return OSError(
            f"the store must be writable and have room; got {error} at "
            f"{self.root}. Free some space, or move it with EMOLIB_CACHE."
        )

    def _aside(self, folder: Path) -> Path:
        """Return a folder beside `folder` that nobody else writes to."""
        mark = f"{_host()}-{os.getpid()}-{token_hex(4)}"
        return folder.parent / f".aside-{mark}-{folder.name}"

    def _settle(self, aside: Path, folder: Path, digest: str) -> None:
        """Rename `aside` to `folder` unless a sound entry stands there already."""
        with suppress(OSError):
            aside.rename(folder)
            return flush_folder(folder.parent)
        if read_entry(folder, digest=digest) is None:
            damaged = self._aside(folder)
            folder.rename(damaged)
            aside.rename(folder)
            shutil.rmtree(damaged, ignore_errors=True)


def _host() -> str:
    """Return this machine's name as it may stand in a file name."""
    return re.sub(r"[^A-Za-z0-9]", "", platform.node()) or "host"


def _is_alive(pid: int) -> bool:
    """Tell whether a process of this machine is running; when unsure, yes.

    One that has ended and that nobody has asked after (a zombie) is not.
    """
    if os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except ProcessLookupError:
        return False
    except OSError:  # another user's process, or a system without /proc
        return True
    return not status.rpartition(")")[2].startswith(" Z")
