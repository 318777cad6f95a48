"""What a running unit is given: its windows, its device, and stages to share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module

import numpy as np

from emolib.containers import Windows
from emolib.digests import check_unchanged
from emolib.store import Entry, Key, Outcome, Store
from emolib.units.unit import Keyring, Unit


class Settings(Mapping):
    """A unit's settings, which remember what was read of them."""

    def __init__(self, values: Mapping):
        self._values = dict(values)
        self.unread = set(self._values)

    def __getitem__(self, name: str):
        if name not in self._values:
            raise KeyError(
                f"{name!r} must be among the unit's settings; got "
                f"{sorted(self._values)}. What a system reads, expand must give it."
            )
        self.unread.discard(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class Context:
    """What a system's ``run(settings, context)`` may ask for.

    Parameters
    ----------
    unit : Unit
    store : Store
    keyring : Keyring
    device : str
        'cpu' or 'cuda:<index>'; hand it to `emolib.training`.
    """

    def __init__(self, unit: Unit, store: Store, keyring: Keyring, device: str):
        self.device = device
        self.made_from: list[str] = []
        self.waited_s = 0.0
        self._unit, self._store, self._keyring = unit, store, keyring
        self._windows: Windows | None = None

    @property
    def data(self) -> Mapping:
        """The data settings of the unit."""
        return self._unit.data

    @property
    def windows(self) -> Windows:
        """What ``data.prepare`` gives: prepared once, then memory-mapped, read-only."""
        if self._windows is None:
            self._windows = windows_of(self.prepare())
        return self._windows

    def prepare(self) -> Entry:
        """Return the entry of the unit's windows, made if it must be."""
        key = self._keyring.windows(self._unit)
        prepare = import_module(self._unit.data_module).prepare
        return self._once(key, lambda: outcome_of(prepare(self._unit.data)))

    def stage(self, function: Callable[..., Outcome], **settings) -> Entry:
        """Return the entry of ``function(context, **settings)``, computed once for all.

        Parameters
        ----------
        function : callable
            At the top of a module, so that its code can be part of the key.
        **settings
            Plain values, or the entries of other stages, which stand in the key by
            their own.
        """
        named = {
            name: {"entry": value.digest} if isinstance(value, Entry) else value
            for name, value in settings.items()
        }
        key = self._keyring.stage(self._unit, function, named)
        return self._once(key, lambda: function(self, **settings))

    def _once(self, key: Key, compute: Callable[[], Outcome]) -> Entry:
        """Return the entry of a key, computed unless the store or a worker has it."""
        started, made = time.perf_counter(), []

        def make() -> Entry:
            begun = time.perf_counter()
            outcome = compute()
            check_unchanged(key.parts["code"])
            made.append(time.perf_counter() - begun)
            facts = {"seconds": made[0], "device": key.parts.get("device", "cpu")}
            return self._store.put(key, outcome, **facts)

        entry = self._store.once(key, make)
        self.made_from.append(entry.folder.name)
        if not made:
            self.waited_s += time.perf_counter() - started
        return entry


def outcome_of(windows: Windows) -> Outcome:
    """Return windows as an outcome; signals and features become float32."""
    arrays = {
        **{f"x.{name}": np.asarray(x, np.float32) for name, x in windows.x.items()},
        **{f"lengths.{name}": n for name, n in windows.lengths.items()},
        "y": windows.y,
        "present": windows.present,
    }
    if windows.step_index is not None:
        arrays["step_index"] = windows.step_index
    notes = {
        "modalities": list(windows.x),
        "sfreq": windows.sfreq,
        "ch_names": windows.ch_names,
    }
    tables = {"meta": windows.meta}
    if windows.removed is not None:
        tables["removed"] = windows.removed
    return Outcome(tables=tables, arrays=arrays, notes=notes)


def windows_of(entry: Entry) -> Windows:
    """Return the windows of an entry, their arrays memory-mapped."""
    arrays, notes = entry.arrays, entry.notes
    lengths = [name for name in arrays if name.startswith("lengths.")]
    return Windows(
        x={name: arrays[f"x.{name}"] for name in notes["modalities"]},
        y=arrays["y"],
        meta=entry.tables["meta"],
        present=arrays["present"],
        sfreq=notes["sfreq"],
        ch_names={name: tuple(names) for name, names in notes["ch_names"].items()},
        lengths={name.removeprefix("lengths."): arrays[name] for name in lengths},
        step_index=arrays["step_index"] if "step_index" in arrays else None,
        removed=entry.tables.get("removed"),
    )
