"""Looking after the store: its size, why an entry is not found, what may go."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from emolib.digests import code_digests, library_versions
from emolib.store import Entry, Key, Store
from emolib.store.disk import flaws, read_manifest
from emolib.units.machine import kind_of, local_devices
from emolib.units.unit import Keyring, Unit


def status(store: Store | None = None):
    """Return the store's size: one row per recipe, kind and kind of device.

    Returns
    -------
    rows : DataFrame
        Columns recipe, kind, device, n_entries, bytes, seconds (spent on them).
    """
    import pandas as pd

    rows = []
    for folder in (store or Store()).folders():
        manifest = read_manifest(folder) or {"kind": "damaged"}
        rows.append(
            {
                "recipe": folder.parent.name,
                "kind": manifest["kind"],
                "device": manifest.get("device", ""),
                "n_entries": 1,
                "bytes": _size(folder),
                "seconds": manifest.get("seconds", 0.0),
            }
        )
    names = ["recipe", "kind", "device"]
    table = pd.DataFrame(rows, columns=[*names, "n_entries", "bytes", "seconds"])
    return table.groupby(names, as_index=False).sum()


def verify(store: Store | None = None) -> list[str]:
    """Hash every file of the store; return what is damaged, one sentence each."""
    found = []
    for folder in (store or Store()).folders():
        name, manifest = _name(folder), read_manifest(folder)
        wrong = ["manifest.json"]
        if manifest is not None:
            wrong = flaws(folder, manifest, thorough=True)
        if wrong:
            found.append(f"{name} is damaged: {', '.join(wrong)}; it will be made anew")
    return found


def prune(store: Store | None = None, *, dry: bool = True):
    """Remove what today's code and libraries cannot use; with `dry` only name it.

    Code is taken as it is on disk. Entries of another kind of device stay.

    Returns
    -------
    rows : DataFrame
        Columns entry, reason, bytes.
    """
    import pandas as pd

    store = store or Store()
    rows = []
    for folder in store.folders():
        manifest = read_manifest(folder)
        if manifest is None or flaws(folder, manifest):
            reasons = ["damaged"]
        else:
            reasons = changes_today(Entry(folder, manifest).key)
        if reasons:
            rows.append((_name(folder), "; ".join(reasons), _size(folder)))
    if not dry:
        store.sweep()
        for name, *_ in rows:
            shutil.rmtree(store.root / name)
        shutil.rmtree(store.root / ".locks", ignore_errors=True)
    return pd.DataFrame(rows, columns=["entry", "reason", "bytes"])


def why(wanted: Unit | str, store: Store | None = None, *, device: str = "auto") -> str:
    """Return why a unit or an entry is, or is not, what would be found today.

    Parameters
    ----------
    wanted : Unit or str
        A unit, which is held against the stored entry most like it; or the name of an
        entry (its beginning, with or without ``unit-``), which is held against
        today's code and libraries.
    store : Store
    device : str
    """
    store = store or Store()
    if isinstance(wanted, str):
        entry = _named(wanted, store)
        changes = changes_today(entry.key)
        return _told(_name(entry.folder), changes, "usable with today's code")
    key = Keyring(kind_of(local_devices(device)[0])).unit(wanted)
    if store.find(key) is not None:
        return f"{key.recipe}/{key.name}: stored"
    others = [entry.key for entry in store.entries(key.recipe)]
    alike = [other for other in others if other.parts.get("system") == wanted.system]
    if not alike:
        return f"{key.recipe}/{key.name}: no unit of {wanted.system} was ever stored"
    changes = {other.name: differences(other.parts, key.parts) for other in alike}
    nearest = min(changes, key=lambda name: (len(changes[name]), name))
    title = f"{key.recipe}/{key.name} is not stored; the nearest is {nearest}"
    return _told(title, changes[nearest], "the same key, but damaged")


def changes_today(key: Key) -> list[str]:
    """Return what today's code and libraries have changed of a key."""
    now = {"versions": library_versions()}
    try:
        now["code"] = code_digests(_roots(key), on_disk=True)
    except (OSError, ImportError, SyntaxError) as error:
        return [f"code: {error}"]
    return differences({name: key.parts[name] for name in now}, now)


def differences(then: Mapping, now: Mapping, path: str = "") -> list[str]:
    """Return where two keys' parts differ, a line each."""
    found = []
    for name in sorted({*then, *now}):
        old, new = then.get(name, "absent"), now.get(name, "absent")
        place = f"{path}{name}"
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += differences(old, new, f"{place}: ")
        elif old != new and path == "code: ":
            found.append(f"{place} changed")
        elif old != new:
            found.append(f"{place} was {old!r}, now {new!r}")
    return found


def _roots(key: Key) -> list[str]:
    """Return the modules whose import closure a key's code is."""
    recipe = f"emolib.papers.{key.recipe}"
    roots = [f"{recipe}.data"]
    if key.kind == "unit":
        roots.append(f"{recipe}.systems.{key.parts['system']}")
    if key.kind == "stage":
        roots.append(key.parts["function"].rpartition(".")[0])
    return roots


def _named(wanted: str, store: Store) -> Entry:
    """Return the one entry whose name begins so."""
    word = wanted.rpartition("/")[2]
    found = [
        entry
        for entry in store.entries()
        if word
        and (entry.folder.name.startswith(word) or entry.digest.startswith(word))
    ]
    if len(found) != 1:
        names = ", ".join(_name(entry.folder) for entry in found[:5]) or "none"
        raise ValueError(
            f"a name must begin one entry of the store; {wanted!r} begins "
            f"{len(found)}: {names}. `emolib store status` shows what there is."
        )
    return found[0]


def _told(title: str, changes: list[str], otherwise: str) -> str:
    """Return a title with the changes below it."""
    if not changes:
        return f"{title}: {otherwise}"
    return "\n  ".join([f"{title}:", *changes])


def _name(folder: Path) -> str:
    """Return an entry's name with its recipe."""
    return f"{folder.parent.name}/{folder.name}"


def _size(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
