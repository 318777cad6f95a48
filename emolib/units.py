"""Units of work: a paper expands its settings into them; here they are run and kept.

A unit is a pure function of the settings it reads and of its windows. It knows no
table, notebook or config; two notebooks that share one train it once.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from emolib import code
from emolib.checks import check_range
from emolib.containers import Windows
from emolib.store import Entry, Key, Outcome, Store
from emolib.training.devices import device_kind, local_devices, one_thread
from emolib.workers import run_tasks

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Unit:
    """One system trained and tested once: a condition, a fold and a seed of it.

    Values become plain ones: a tuple comes out as a list, here as in a worker.

    Parameters
    ----------
    paper : str
        Stem of the paper: the folder ``emolib/papers/<paper>``.
    system : str
        The file ``systems/<system>.py`` of that folder.
    data : mapping
        What the paper's ``data.prepare`` reads.
    settings : mapping
        What the system reads, no more: all of it is part of the key.
    labels : mapping
        What tables call this unit (fold, seed, target, protocol, …); not in the key.
    """

    paper: str
    system: str
    data: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        for name in ("data", "settings", "labels"):
            object.__setattr__(self, name, code.plain(getattr(self, name)))

    @property
    def asked(self) -> str:
        """What is to be computed, whatever it is called: equal text, one entry."""
        return code.canonical([self.paper, self.system, self.data, self.settings])

    @property
    def data_module(self) -> str:
        """The module that prepares its windows."""
        return f"emolib.papers.{self.paper}.data"

    @property
    def system_module(self) -> str:
        """The module that trains and tests it."""
        return f"emolib.papers.{self.paper}.systems.{self.system}"


class Context:
    """What a system's ``run(settings, context)`` may ask for.

    Parameters
    ----------
    unit : Unit
    store : Store
    device : str
        'cpu' or 'cuda:<index>'; hand it to `emolib.training`.
    prepared : Entry
        Of the unit's windows; without one they are found or prepared.
    """

    def __init__(
        self,
        unit: Unit,
        store: Store | None = None,
        device: str = "cpu",
        prepared: Entry | None = None,
    ):
        self.data, self.device = unit.data, device
        self._unit, self._store = unit, store or Store()
        prepare = import_module(unit.data_module).prepare
        self.prepared = prepared or self._once(
            windows_key(unit), lambda: Outcome(**prepare(unit.data).as_parts())
        )

    @cached_property
    def windows(self) -> Windows:
        """What ``data.prepare`` gives: prepared once, then memory-mapped, read-only."""
        entry = self.prepared
        return Windows.from_parts(entry.arrays, entry.tables, entry.manifest["notes"])

    @property
    def unit_key(self) -> Key:
        """The key of the unit itself."""
        own = {"system": self._unit.system, "settings": self._unit.settings}
        return self._key("unit", self._unit.system_module, own)

    def compute(self) -> Entry:
        """Return the unit's entry, computed unless another process is quicker."""
        run, settings = import_module(self._unit.system_module).run, self._unit.settings
        return self._once(self.unit_key, lambda: checked(run(settings, self)))

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
        name = f"{function.__module__}.{function.__qualname__}"
        if not name.startswith("emolib.") or "." in function.__qualname__:
            raise ValueError(
                f"a stage must be a function at the top of a module of emolib; got "
                f"{name}. Its code is part of its key, so it must be found on disk."
            )
        named = {
            key: {"entry": value.key.digest} if isinstance(value, Entry) else value
            for key, value in settings.items()
        }
        own = {"function": name, "settings": code.plain(named)}
        key = self._key("stage", function.__module__, own)
        return self._once(key, lambda: function(self, **settings))

    def _key(self, kind: str, module: str, own: Mapping) -> Key:
        """Return the key of what is computed from the unit's windows."""
        content = self.prepared.manifest["content"]
        parts = {**own, "data": self.data, "windows": content, **made_with(module)}
        return Key(self._unit.paper, kind, parts, device_kind(self.device))

    def _once(self, key: Key, compute: Callable[[], Outcome]) -> Entry:
        """Return the entry of a key, computed unless the store or a worker has it."""
        return kept(self._store, key, compute)


def kept(store: Store, key: Key, compute: Callable[[], Outcome]) -> Entry:
    """Return the entry of a key, computed and kept unless the store has it.

    Parameters
    ----------
    store : Store
    key : Key
        Its parts hold the digests of the code, see `made_with`.
    compute : callable () -> Outcome
    """

    def make() -> Entry:
        started = time.process_time()
        outcome = compute()
        code.check_unchanged(key.parts["code"])
        seconds = time.process_time() - started
        return store.put(key, outcome, seconds=seconds)

    return store.once(key, make)


def windows_key(unit: Unit) -> Key:
    """Return the key of the unit's windows: what they are prepared from, and how."""
    read = import_module(unit.data_module).input_digest(unit.data)
    parts = {"data": unit.data, "input": read, **made_with(unit.data_module)}
    return Key(unit.paper, "windows", parts)


def made_with(module: str) -> dict[str, Any]:
    """Return the code and libraries that a module's results depend on.

    Readers and the list of corpora count for windows alone: the content of prepared
    windows stands for them, so that mending a reader need retrain nothing.
    """
    outside = () if module.endswith(".data") else ("emolib.corpora",)
    own = code.code_digests([module], outside=outside)
    return {"module": module, "code": own, "versions": code.library_versions()}


class Finished(NamedTuple):
    """What a run of units gave, and why some gave none, in the order of the units."""

    entries: list[tuple[Unit, Entry]]
    failures: list[tuple[Unit, str]]


def run_units(
    units: Sequence[Unit],
    *,
    n_workers: int = 1,
    device: str = "auto",
    progress: bool = True,
    store: Store | None = None,
) -> Finished:
    """Return the entries of units, computing those that the store does not have.

    Windows are prepared first. Every unit runs with one thread, so the same bytes come
    out of 1, 2 or 3 workers and of this process. A unit that raises is a failure
    with its reason; the others go on. Stopping loses only the units in work.

    Parameters
    ----------
    units : sequence of Unit
    n_workers : int
        1 computes in this process, more in so many processes.
    device : str
        'auto' also takes results that another kind of device has put into the store.
        With several GPUs each worker takes one.
    progress : bool
        Show a bar where standard error is a terminal.
    store : Store
    """
    check_range("n_workers", n_workers, 1, 1024, hint="1 computes in this process.")
    shelf = Shelf(store or Store(), device)
    shelf.prepare(units, n_workers)
    keys = [shelf.key(unit) for unit in units]
    names = [key if isinstance(key, str) else key.name for key in keys]
    found = {name: name for name in keys if isinstance(name, str)}
    todo = {}
    for unit, key, name in zip(units, keys, names, strict=True):
        if name not in found:
            found[name] = shelf.find(unit)
        if found[name] is None and name not in todo:
            code.check_unchanged(key.parts["code"])
            todo[name] = (unit, shelf.store, shelf.prepared(unit), key.parts["code"])
    replies = run_tasks(work, [*todo.values()], n_workers, shelf.devices)
    bar = {"total": len(todo), "unit": "unit", "leave": False}
    with closing(replies):
        for i, reply in tqdm(replies, **bar, disable=None if progress else True):
            found[[*todo][i]] = reply
    pairs = [(unit, found[name]) for unit, name in zip(units, names, strict=True)]
    return Finished(
        entries=[pair for pair in pairs if isinstance(pair[1], Entry)],
        failures=[pair for pair in pairs if isinstance(pair[1], str)],
    )


class Shelf:
    """The store as one run sees it; what is asked of it twice is looked up once."""

    def __init__(self, store: Store, device: str):
        self.store, self.devices = store, local_devices(device)
        self._any_device = device == "auto"
        self._prepared: dict[str, Entry | str | None] = {}

    def prepared(self, unit: Unit) -> Entry | str | None:
        """Return the entry of a unit's windows, or why they cannot be prepared."""
        name = code.canonical([unit.paper, unit.data])
        if name not in self._prepared:
            try:
                self._prepared[name] = self.store.find(windows_key(unit))
            except Exception as error:
                self._prepared[name] = reason_of(error, unit)
        return self._prepared[name]

    def prepare(self, units: Iterable[Unit], n_workers: int) -> None:
        """Prepare the windows that are missing, as many at once as workers are."""
        lacking = (unit for unit in units if self.prepared(unit) is None)
        missing = {code.canonical([unit.paper, unit.data]): unit for unit in lacking}
        tasks = [(unit, self.store, None, {}) for unit in missing.values()]
        replies = run_tasks(work, tasks, min(n_workers, len(tasks)), ["cpu"])
        with closing(replies):
            for i, reply in replies:
                self._prepared[[*missing][i]] = reply

    def key(self, unit: Unit) -> Key | str | None:
        """Return the key of a unit; None or a reason where there are no windows."""
        entry = self.prepared(unit)
        if not isinstance(entry, Entry):
            return entry
        return Context(unit, self.store, self.devices[0], entry).unit_key

    def find(self, unit: Unit) -> Entry | None:
        """Return the entry of a unit; our own kind of device is preferred."""
        key = self.key(unit)
        if isinstance(key, Key):
            return self.store.find(key, any_device=self._any_device)
        return None


def work(task: tuple, device: str) -> Entry | str:
    """Return the entry of a task, or the reason why there is none.

    Parameters
    ----------
    task : (Unit, Store, Entry or None, dict)
        The entry of the windows, without which they are prepared and no more; the
        digests of the code that the caller has imported.
    device : str
    """
    unit, store, prepared, imported = task
    try:
        with one_thread():
            context = Context(unit, store, device, prepared)
            code.check_unchanged(imported)
            return context.compute() if prepared else context.prepared
    except Exception as error:
        logger.info("%s", unit, exc_info=True)
        return reason_of(error, unit)


def checked(outcome: Outcome) -> Outcome:
    """Return an outcome, or raise unless it is one, with predictions that are numbers.

    A score that is not a number means that training diverged.
    """
    if not isinstance(outcome, Outcome) or outcome.predictions is None:
        raise TypeError(
            "a system's run must return an Outcome with predictions; got "
            f"{type(outcome).__name__}. See emolib.store.Outcome."
        )
    for name, values in outcome.predictions.filter(regex="^(y_pred|y_score)").items():
        n_odd = int((~np.isfinite(values.to_numpy(float))).sum())
        if n_odd:
            raise FloatingPointError(
                f"{name} must be finite; got {n_odd} of {len(values)} that are not. "
                "Training diverged: lower the learning rate."
            )
    return outcome


def reason_of(error: Exception, unit: Unit) -> str:
    """Return why a unit failed, in one line; out of memory says what to lower."""
    kind = type(error).__name__
    if kind == "OutOfMemoryError":  # torch's own, told by name: torch stays unimported
        sizes = [f"{k} = {v}" for k, v in unit.settings.items() if "batch" in k]
        return f"out of GPU memory; lower {' or '.join(sizes) or 'the batch size'}"
    if isinstance(error, MemoryError):
        return "out of memory; lower n_workers, or use a machine with more"
    words = error.args[0] if isinstance(error, KeyError) and error.args else error
    return f"{kind}: {' '.join(str(words).split())[:500]}"
