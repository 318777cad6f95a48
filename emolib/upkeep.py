"""Looking after the store: what is to do, its size, why an entry is not found."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean

from emolib.code import canonical
from emolib.store import Entry, Key, Store, read_entry
from emolib.units import Shelf, Unit, made_with


def plan_line(
    units: Sequence[Unit],
    *,
    n_workers: int = 1,
    device: str = "auto",
    store: Store | None = None,
) -> str:
    """Return how many units are done and to do, and what earlier ones say it takes."""
    shelf, todo = Shelf(store or Store(), device), []
    asked = {canonical([u.paper, u.system, u.data, u.settings]): u for u in units}
    for unit in asked.values():
        key = shelf.key(unit)
        if key is None or shelf.find(key) is None:
            todo.append(unit)
    line = f"{len(asked) - len(todo)} units done, {len(todo)} to do"
    if not todo:
        return line
    earlier = [entry for entry in _entries(shelf.store) if entry.key.kind == "unit"]
    costs = [_cost(unit, earlier) for unit in todo]
    known = [seconds for seconds in costs if seconds is not None]
    if not known:
        return f"{line}, no earlier run to judge by"
    line += f", about {_clock(sum(known) / min(n_workers, len(todo)))}"
    n_unknown = len(todo) - len(known)
    return f"{line} and {n_unknown} not judged: no earlier run" if n_unknown else line


def _cost(unit: Unit, earlier: Sequence[Entry]) -> float | None:
    """Return the mean CPU seconds of the earlier units of a system most like this one.

    Those whose data and settings agree most: a fold at full size is not judged by one
    at smoke size.
    """
    wanted = dict(_flat({"data": unit.data, "settings": unit.settings}))
    alike: dict[int, list[float]] = {}
    for entry in earlier:
        if (entry.key.paper, entry.key.parts["system"]) == (unit.paper, unit.system):
            n_same = len(wanted.items() & dict(_flat(entry.key.parts)).items())
            alike.setdefault(n_same, []).append(entry.manifest["seconds"])
    return fmean(alike[max(alike)]) if alike else None


def _clock(seconds: float) -> str:
    """Return a duration as people read it: 0:07, 3:12, 1:02:03."""
    minutes, s = divmod(round(seconds), 60)
    hours, m = divmod(minutes, 60)
    return f"{hours}:{m:02d}:{s:02d}" if hours else f"{m}:{s:02d}"


def status(store: Store | None = None):
    """Return the store's size: one row per paper, kind and kind of device.

    Returns
    -------
    rows : DataFrame
        Columns paper, kind, device, n_entries, bytes, seconds (spent on them).
    """
    import pandas as pd

    rows = [
        (
            e.key.paper,
            e.key.kind,
            e.key.device,
            1,
            _size(e.folder),
            e.manifest["seconds"],
        )
        for e in _entries(store or Store())
    ]
    names = ["paper", "kind", "device"]
    table = pd.DataFrame(rows, columns=[*names, "n_entries", "bytes", "seconds"])
    return table.groupby(names, as_index=False).sum()


def why(wanted: Unit | str, store: Store | None = None, *, device: str = "auto") -> str:
    """Return why a unit or an entry is, or is not, what would be found today.

    Parameters
    ----------
    wanted : Unit or str
        A unit, which is held against the stored entry most like it; or the beginning of
        an entry's name, which is held against today's code and libraries.
    store : Store
    device : str
    """
    store = store or Store()
    if isinstance(wanted, str):
        entry = _named(wanted, store)
        changes = _changes_today(entry.key)
        return "\n  ".join([entry.folder.name, *(changes or ["usable today"])])
    shelf = Shelf(store, device)
    key = shelf.key(wanted)
    if key is None:
        return "its windows are not prepared"
    if shelf.find(key) is not None:
        return f"{key.name}: stored"
    changes = [
        [f"{key.name} is not stored; the nearest is {entry.folder.name}", *found]
        for entry in _entries(store)
        if (entry.key.paper, entry.key.parts.get("system"))
        == (key.paper, wanted.system)
        for found in [_differences(entry.key.parts, key.parts)]
    ]
    never = [f"{key.name}: no unit of {wanted.system} was ever stored"]
    return "\n  ".join(min(changes, key=len, default=never))


def prune(store: Store | None = None, *, dry: bool = True):
    """Remove what today's code and libraries cannot use; with `dry` only name it.

    Code is taken as it is on disk. Entries of another kind of device stay.

    Returns
    -------
    rows : DataFrame
        Columns entry, reason, bytes.
    """
    import pandas as pd

    store, rows = store or Store(), []
    for folder in store.folders():
        entry = read_entry(folder)
        reasons = _changes_today(entry.key) if entry else ["damaged"]
        if reasons:
            rows.append((folder.name, "; ".join(reasons), _size(folder)))
            if not dry:
                shutil.rmtree(folder)
    for left in store.root.glob("[!.]*/.*"):  # half-written by a process that died
        if not dry and time.time() - left.stat().st_mtime > 86400:
            shutil.rmtree(left)
    return pd.DataFrame(rows, columns=["entry", "reason", "bytes"])


def _entries(store: Store) -> Iterator[Entry]:
    """Yield the sound entries of a store."""
    return filter(None, map(read_entry, store.folders()))


def _size(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _changes_today(key: Key) -> list[str]:
    """Return what today's code and libraries have changed of a key."""
    try:
        today = made_with(key.parts["module"], on_disk=True)
    except (OSError, ImportError, SyntaxError) as error:
        return [f"code: {error}"]
    return _differences({name: key.parts[name] for name in today}, today)


def _differences(then: Mapping, now: Mapping) -> list[str]:
    """Return where two keys' parts differ, a line each."""
    old, new = dict(_flat(then)), dict(_flat(now))
    return [
        f"{name} was {old.get(name, 'absent')}, now {new.get(name, 'absent')}"
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]


def _flat(parts: Mapping, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every plain value of nested mappings, as text, with the way to it."""
    for name, value in parts.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{name}: ")
        else:
            yield f"{path}{name}", repr(value)


def _named(wanted: str, store: Store) -> Entry:
    """Return the one entry whose name begins so."""
    found = [e for e in _entries(store) if wanted and e.folder.name.startswith(wanted)]
    if len(found) != 1:
        raise ValueError(
            f"a name must begin one entry of the store; {wanted!r} begins {len(found)}."
            " `emolib status` shows what there is."
        )
    return found[0]
