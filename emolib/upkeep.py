"""Looking after the store: what is to do, its size, why an entry is not found."""

import shutil
import time
from collections.abc import Sequence
from datetime import timedelta
from statistics import fmean

from emolib.store import Entry, Store, read_entry
from emolib.units import Shelf, Unit, made_with


def plan_line(
    units: Sequence[Unit],
    *,
    n_workers: int = 1,
    device: str = "auto",
    store: Store | None = None,
) -> str:
    """Return how many units are done and to do, and what earlier ones say it takes.

    A reason why windows cannot be prepared follows.
    """
    shelf = Shelf(store or Store(), device)
    asked = {unit.asked: unit for unit in units}
    todo = [unit for unit in asked.values() if shelf.find(unit) is None]
    line = f"{len(asked) - len(todo)} units done, {len(todo)} to do"
    earlier = [e for e in entries(shelf.store) if todo and e.key.kind == "unit"]
    costs = [_cost(unit, earlier) for unit in todo]
    known = [seconds for seconds in costs if seconds is not None]
    if known:
        seconds = round(sum(known) / min(n_workers, len(todo)))
        line += f", about {timedelta(seconds=seconds)}"
    if len(known) < len(todo):
        line += f", no earlier run to judge {len(todo) - len(known)} by"
    told = {own for own in map(shelf.prepared, todo) if isinstance(own, str)}
    return "; ".join([line, *sorted(told)])


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
        (e.key.paper, e.key.kind, e.key.device, 1, _size(e), e.manifest["seconds"])
        for e in entries(store or Store())
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
    return "\n  ".join(
        [found[0].folder.name, *(_changes(found[0]) or ["usable today"])]
    )


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
        reasons = _changes(entry)
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


def _changes(entry: Entry | None) -> list[str]:
    """Return what today's code and libraries have changed since an entry was made."""
    if entry is None:
        return ["damaged"]
    then = entry.key.parts
    try:
        now = made_with(then["module"])
    except ModuleNotFoundError as error:
        return [str(error)]
    then, now = ({**made["code"], **made["versions"]} for made in (then, now))
    return [
        f"{name} was {then.get(name, 'absent')}, now {now.get(name, 'absent')}"
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]
