"""Looking after the store: what is to do, its size, why an entry is not found."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from datetime import timedelta
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
    shelf = Shelf(store or Store(), device)
    asked = {canonical([u.paper, u.system, u.data, u.settings]): u for u in units}
    todo = [unit for unit in asked.values() if shelf.find(unit) is None]
    line = f"{len(asked) - len(todo)} units done, {len(todo)} to do"
    if not todo:
        return line
    earlier = [entry for entry in entries(shelf.store) if entry.key.kind == "unit"]
    costs = [_cost(unit, earlier) for unit in todo]
    known = [seconds for seconds in costs if seconds is not None]
    if not known:
        return f"{line}, no earlier run to judge by"
    seconds = round(sum(known) / min(n_workers, len(todo)))
    line += f", about {timedelta(seconds=seconds)}"
    n_unknown = len(todo) - len(known)
    return f"{line} and {n_unknown} not judged: no earlier run" if n_unknown else line


def _cost(unit: Unit, earlier: Sequence[Entry]) -> float | None:
    """Return the mean CPU seconds of the earlier units of a system most like this one.

    Those whose data and settings agree most: a fold at full size is not judged by one
    at smoke size.
    """
    wanted, alike = {**unit.data, **unit.settings}, {}
    for entry in earlier:
        parts = entry.key.parts
        if (entry.key.paper, parts["system"]) == (unit.paper, unit.system):
            known = {**parts["data"], **parts["settings"]}
            n_same = sum(known.get(name) == value for name, value in wanted.items())
            alike.setdefault(n_same, []).append(entry.manifest["seconds"])
    return fmean(alike[max(alike)]) if alike else None


def entries(store: Store) -> list[Entry]:
    """Return the sound entries of a store."""
    return [*filter(None, map(read_entry, store.folders()))]


def status(store: Store | None = None):
    """Return the store's size: one row per paper, kind and kind of device.

    Returns
    -------
    rows : DataFrame
        Columns paper, kind, device, n_entries, bytes, seconds (of one processor).
    """
    import pandas as pd

    names = ["paper", "kind", "device"]
    rows = [
        {name: getattr(entry.key, name) for name in names}
        | {"n_entries": 1, "bytes": _size(entry), "seconds": entry.manifest["seconds"]}
        for entry in entries(store or Store())
    ]
    table = pd.DataFrame(rows, columns=[*names, "n_entries", "bytes", "seconds"])
    return table.groupby(names, as_index=False).sum()


def why(name: str, store: Store | None = None) -> str:
    """Return what has changed since an entry was made, by the beginning of its name."""
    found = [e for e in entries(store or Store()) if e.folder.name.startswith(name)]
    if len(found) != 1:
        raise ValueError(
            f"a name must begin one entry of the store; got {name!r}, which begins "
            f"{len(found)}. They are the folders of .emolib/store/<paper>."
        )
    (entry,) = found
    return "\n  ".join([entry.folder.name, *(_changes(entry.key) or ["usable today"])])


def prune(store: Store | None = None, *, dry: bool = True):
    """Remove what today's code and libraries cannot use; with `dry` only name it.

    Entries of another kind of device stay.

    Returns
    -------
    rows : DataFrame
        Columns entry, reason, bytes.
    """
    import pandas as pd

    store, rows = store or Store(), []
    for folder in store.folders():
        entry = read_entry(folder)
        reasons = _changes(entry.key) if entry else ["damaged"]
        if reasons:
            rows.append((folder.name, "; ".join(reasons), _size(entry)))
            if not dry:
                shutil.rmtree(folder)
    for left in store.root.glob("[!.]*/.*"):  # half-written by a process that died
        if not dry and time.time() - left.stat().st_mtime > 86400:
            shutil.rmtree(left)
    return pd.DataFrame(rows, columns=["entry", "reason", "bytes"])


def _size(entry: Entry | None) -> int:
    """Return the bytes of an entry's files; 0 where it is damaged."""
    return sum(entry.manifest["files"].values()) if entry else 0


def _changes(key: Key) -> list[str]:
    """Return what today's code and libraries have changed of a key."""
    try:
        today = made_with(key.parts["module"])
    except ModuleNotFoundError as error:
        return [str(error)]
    then, now = ({**made["code"], **made["versions"]} for made in (key.parts, today))
    return [
        f"{name} was {then.get(name, 'absent')}, now {now.get(name, 'absent')}"
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]
