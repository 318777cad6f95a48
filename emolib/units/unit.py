"""A unit, and the keys of all that is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import import_module
from typing import Any

from emolib.checks import check_range
from emolib.digests import canonical, code_digests, library_versions, plain
from emolib.store import Key

DTYPE = "float32"


@dataclass(frozen=True)
class Unit:
    """One system trained and tested once: a condition, a fold and a seed of it.

    Parameters
    ----------
    recipe : str
        Stem of the paper: the folder ``emolib/papers/<recipe>``.
    system : str
        The file ``systems/<system>.py`` of that folder.
    data : mapping
        What the recipe's ``data.prepare`` reads.
    settings : mapping
        What the system reads, no more: all of it is part of the key.
    labels : mapping
        What tables call this unit (fold, seed, target, protocol, …); not in the key.

    Notes
    -----
    Values become plain ones: a tuple comes out as a list, here as in a worker.
    """

    recipe: str
    system: str
    data: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        for name in ("data", "settings", "labels"):
            object.__setattr__(self, name, plain(getattr(self, name)))

    def as_dict(self) -> dict[str, Any]:
        """Return the unit as plain values."""
        return asdict(self)

    @property
    def data_module(self) -> str:
        """The module that prepares its windows."""
        return f"emolib.papers.{self.recipe}.data"

    @property
    def system_module(self) -> str:
        """The module that trains and tests it."""
        return f"emolib.papers.{self.recipe}.systems.{self.system}"


class Keyring:
    """The keys of units, stages and windows, for one kind of device.

    Parameters
    ----------
    device_kind : str
        'cpu', or the model name of a GPU.
    inputs : mapping
        Input digests that are known already, by `data_name`.

    Notes
    -----
    Code and input digests are taken once and then remembered: a keyring lives as long
    as one run.
    """

    def __init__(self, device_kind: str, inputs: Mapping[str, str] | None = None):
        self.device_kind = device_kind
        self.inputs = dict(inputs or {})
        self._code: dict[tuple[str, ...], dict[str, str]] = {}

    def input(self, unit: Unit) -> str:
        """Return the digest of what the unit's data settings read from disk."""
        name = data_name(unit)
        if name not in self.inputs:
            data = import_module(unit.data_module)
            self.inputs[name] = data.input_digest(unit.data)
        return self.inputs[name]

    def windows(self, unit: Unit) -> Key:
        """Return the key of the unit's prepared windows; no device is in it."""
        return Key(unit.recipe, "windows", self._parts(unit, unit.data_module))

    def unit(self, unit: Unit) -> Key:
        """Return the key of a unit."""
        own = {"system": unit.system, "settings": unit.settings}
        return Key(unit.recipe, "unit", own | self._computed(unit, unit.system_module))

    def stage(self, unit: Unit, function, settings: Mapping) -> Key:
        """Return the key of a stage: a function, its settings and the unit's data."""
        name = f"{function.__module__}.{function.__qualname__}"
        if not name.startswith("emolib.") or "." in function.__qualname__:
            raise ValueError(
                f"a stage must be a function at the top of a module of emolib; got "
                f"{name}. Its code is part of its key, so it must be found on disk."
            )
        own = {"function": name, "settings": plain(settings)}
        parts = own | self._computed(unit, function.__module__)
        return Key(unit.recipe, "stage", parts)

    def _computed(self, unit: Unit, module: str) -> dict[str, Any]:
        """Return what is common to units and stages."""
        parts = self._parts(unit, unit.data_module, module)
        return {**parts, "device": self.device_kind, "dtype": DTYPE}

    def _parts(self, unit: Unit, *modules: str) -> dict[str, Any]:
        """Return what is common to all keys."""
        if modules not in self._code:
            self._code[modules] = code_digests(modules)
        return {
            "data": unit.data,
            "input": self.input(unit),
            "code": self._code[modules],
            "versions": library_versions(),
        }


def data_name(unit: Unit) -> str:
    """Return what tells the data of one unit from those of another."""
    return canonical([unit.recipe, unit.data])


def check_workers(n_workers: int) -> int:
    """Return the number of workers, or raise ValueError unless it is at least 1."""
    check_range("n_workers", n_workers, 1, 1024, hint="1 computes in this process.")
    return int(n_workers)
