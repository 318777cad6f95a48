"""Running units: what is stored is read, the rest is computed, failures cost a cell."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from emolib.digests import check_unchanged
from emolib.store import Entry, Key, Store
from emolib.store.disk import read_entry
from emolib.units.context import Context
from emolib.units.costs import plan_todo
from emolib.units.crew import open_crew
from emolib.units.machine import kind_of, local_devices
from emolib.units.progress import ProgressLine
from emolib.units.shelf import Shelf
from emolib.units.unit import Keyring, Unit, check_workers, data_name
from emolib.units.work import Task

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finished:
    """What a run of units gave.

    Parameters
    ----------
    entries : list of (Unit, Entry)
        In the order in which the units were given.
    failures : list of (Unit, str)
        The units without a result, each with its reason in one line.
    """

    entries: list[tuple[Unit, Entry]] = field(default_factory=list)
    failures: list[tuple[Unit, str]] = field(default_factory=list)

    def __iter__(self):
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def table(self, name: str = "predictions"):
        """Return one table of all units below each other, their labels as columns."""
        import pandas as pd

        frames = [
            entry.tables[name].assign(**unit.labels)
            for unit, entry in self.entries
            if name in entry.tables
        ]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def run_units(
    units: Sequence[Unit],
    *,
    n_workers: int = 1,
    device: str = "auto",
    progress: bool = True,
    store: Store | None = None,
) -> Finished:
    """Return the entries of units, computing those that the store does not have.

    Every unit runs with one thread, so the same bytes come out of 1, 2 or 3 workers and
    of this process. A unit that raises is a failure with its reason; the others go on.
    Stopping loses only the units in work.

    Parameters
    ----------
    units : sequence of Unit
    n_workers : int
        1 computes in this process, more in so many processes.
    device : str
        'auto' also takes results that another kind of device has put into the store.
        With several GPUs each worker takes one.
    progress : bool
        Show one line that overwrites itself.
    store : Store
    """
    store, n_workers = store or Store(), check_workers(n_workers)
    store.sweep()
    devices = local_devices(device)
    shelf = Shelf(store, Keyring(kind_of(devices[0])), any_device=device == "auto")
    keys = [shelf.keyring.unit(unit) for unit in units]
    found = {key.digest: shelf.find(key) for key in keys}
    todo = {
        key.digest: (unit, key)
        for unit, key in zip(units, keys, strict=True)
        if found[key.digest] is None
    }
    reasons = _compute(todo, found, shelf, n_workers, devices, progress)
    return _finished(units, keys, found, reasons)


def find_unit(
    unit: Unit, *, device: str = "auto", store: Store | None = None
) -> Entry | None:
    """Return the stored entry of a unit; None when it is not there."""
    keyring = Keyring(kind_of(local_devices(device)[0]))
    shelf = Shelf(store or Store(), keyring, any_device=device == "auto")
    return shelf.find(keyring.unit(unit))


def load(unit: Unit, *, device: str = "auto", store: Store | None = None) -> Any:
    """Return the trained model of a finished unit, with its fitted preprocessing.

    The unit's system gives it back: ``restore(entry, context)``.
    """
    store, place = store or Store(), local_devices(device)[0]
    entry = find_unit(unit, device=device, store=store)
    if entry is None:
        raise FileNotFoundError(
            f"the unit must be finished; got none of {unit.system!r} with these "
            "settings in the store. Run it first: run_units([unit])."
        )
    restore = getattr(import_module(unit.system_module), "restore", None)
    if restore is None:
        raise TypeError(
            f"the unit must be of a system that keeps a model; got {unit.system!r}. "
            "Its predictions are in the store: find_unit(unit).predictions."
        )
    return restore(entry, Context(unit, store, Keyring(kind_of(place)), place))


def _compute(
    todo: dict[str, tuple[Unit, Key]],
    found: dict[str, Entry | None],
    shelf: Shelf,
    n_workers: int,
    devices: list[str],
    progress: bool,
) -> dict[str, str]:
    """Fill `found` with the entries of `todo`; return the reasons of those that failed.

    Windows come first, so that two workers never prepare the same ones.
    """
    if not todo:
        return {}
    for _, key in todo.values():
        check_unchanged(key.parts["code"])
    n_workers = min(n_workers, len(todo))
    expected = plan_todo([unit for unit, _ in todo.values()], shelf.store, n_workers)
    with (
        ProgressLine(len(todo), expected.seconds, shown=progress) as line,
        open_crew(n_workers, devices) as crew,
    ):
        reasons = _prepare(todo, shelf, crew, line)
        left = {digest: job for digest, job in todo.items() if digest not in reasons}
        tasks = [_task("unit", unit, key, shelf) for unit, key in left.values()]
        for index, reply in crew.run(tasks, line.tick):
            digest = list(left)[index]
            found[digest] = _entry(reply, shelf.store)
            if found[digest] is None:
                reasons[digest] = _told(reply)
            line.step()
    return reasons


def _prepare(todo, shelf: Shelf, crew, line: ProgressLine) -> dict[str, str]:
    """Prepare the windows of each data; return the reasons of units left without."""
    first = {data_name(unit): unit for unit, _ in todo.values()}
    keys = {name: shelf.keyring.windows(unit) for name, unit in first.items()}
    names = [name for name, key in keys.items() if shelf.store.find(key) is None]
    tasks = [_task("windows", first[name], keys[name], shelf) for name in names]
    failed = {
        names[index]: _told(reply)
        for index, reply in crew.run(tasks, line.tick)
        if "reason" in reply
    }
    return {
        digest: failed[data_name(unit)]
        for digest, (unit, _) in todo.items()
        if data_name(unit) in failed
    }


def _task(kind: str, unit: Unit, key: Key, shelf: Shelf) -> dict:
    """Return a task as plain values."""
    task = Task(
        kind=kind,
        unit=unit.as_dict(),
        input=key.parts["input"],
        code=key.parts["code"],
        root=str(shelf.store.root.absolute()),
    )
    return vars(task)


def _entry(reply: dict, store: Store) -> Entry | None:
    """Return the entry that a worker names; None when it gives a reason instead."""
    if "reason" in reply:
        return None
    return read_entry(store.root / reply["recipe"] / reply["name"])


def _told(reply: dict) -> str:
    """Return the reason of a failure; its trace goes to the log."""
    logger.info("%s", reply.get("trace", ""))
    return reply.get("reason", "its entry was damaged as soon as it was written")


def _finished(units, keys, found, reasons) -> Finished:
    """Return entries and failures in the order of the units."""
    pairs = list(zip(units, keys, strict=True))
    return Finished(
        entries=[(u, found[k.digest]) for u, k in pairs if found[k.digest] is not None],
        failures=[(u, reasons[k.digest]) for u, k in pairs if k.digest in reasons],
    )
