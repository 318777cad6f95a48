"""One task of a run, the same in a worker as in the calling process."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from emolib import __version__
from emolib.digests import check_unchanged
from emolib.store import Entry, Key, Outcome, Store
from emolib.units.context import Context, Settings
from emolib.units.machine import PeakMemory, kind_of, one_thread
from emolib.units.unit import Keyring, Unit, data_name


@dataclass(frozen=True)
class Task:
    """What a worker is told: plain values, so that it travels as text.

    Parameters
    ----------
    kind : str
        'unit', or 'windows' to prepare the unit's windows.
    unit : dict
    input : str
        Digest of the unit's input, which the caller has taken.
    code : dict
        Digests of the code that the caller has imported.
    root : str
        Folder of the store.
    """

    kind: str
    unit: dict[str, Any]
    input: str
    code: dict[str, str]
    root: str


def work(task: Mapping[str, Any], device: str) -> dict[str, str]:
    """Do a task and return the name of its entry, or the reason why there is none."""
    job = Task(**task)
    unit, store = Unit(**job.unit), Store(job.root)
    try:
        with one_thread():
            keyring = Keyring(kind_of(device), {data_name(unit): job.input})
            context = Context(unit, store, keyring, device)
            if job.kind == "windows":
                entry = context.prepare()
            else:
                entry = _make_unit(unit, keyring.unit(unit), context, store, job.code)
    except Exception as error:
        trace = traceback.format_exc()
        return {"reason": reason_of(error, unit), "trace": trace}
    return {"recipe": unit.recipe, "name": entry.folder.name}


def _make_unit(
    unit: Unit, key: Key, context: Context, store: Store, code: Mapping
) -> Entry:
    """Return a unit's entry, computed unless another process is quicker."""
    if key.parts["code"] != code:
        check_unchanged(code)

    def make() -> Entry:
        memory, started = PeakMemory(context.device), time.perf_counter()
        settings = Settings(unit.settings)
        outcome = import_module(unit.system_module).run(settings, context)
        check_outcome(outcome)
        check_unchanged(key.parts["code"])
        return store.put(
            key,
            outcome,
            seconds=time.perf_counter() - started - context.waited_s,
            device=key.parts["device"],
            made_by=f"emolib {__version__}",
            made_from=context.made_from,
            unread=sorted(settings.unread),
            **memory.read(),
        )

    return store.once(key, make)


def check_outcome(outcome) -> None:
    """Raise unless an outcome is one, with predictions that are numbers.

    A score that is not a number means that training diverged.
    """
    if not isinstance(outcome, Outcome) or outcome.predictions is None:
        raise TypeError(
            "a system's run must return an Outcome with predictions; got "
            f"{type(outcome).__name__}. See emolib.store.Outcome."
        )
    predictions = outcome.predictions
    for name in predictions.columns:
        if name == "y_pred" or name.startswith("y_score"):
            n_odd = int((~np.isfinite(predictions[name].to_numpy(float))).sum())
            if n_odd:
                raise FloatingPointError(
                    f"{name} must be finite; got {n_odd} of {len(predictions)} that "
                    "are not. Training diverged: lower the learning rate."
                )


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
