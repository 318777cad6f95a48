"""A few made-up utterances in memory, and units that read them; no store."""

import numpy as np
import pandas as pd
import torch
from in_memory import Context, run_unit

from emolib.containers import Windows
from emolib.papers.nmer.grid import expand
from emolib.papers.nmer.settings import SYSTEMS, Settings
from emolib.papers.nmer.training import Task

WIDTHS = {"audio": 6, "visual": 5, "text": 7}
STEPS = {"audio": 9, "visual": 6, "text": 8}
PLAIN = {
    "fold": 1, "seed": 0, "labels": "class", "n_classes": 4, "z_scored": ["audio"],
    "noise": "gaussian", "db": -10.0, "exact": False, "reading": "paper",
    "conditions": "six",
}  # fmt: skip
"""What every unit reads: a task and its noise."""

BRIEF = {"n_epochs": 2, "teacher_epochs": 2, "baseline_epochs": 2, "n_layers": 1}
TRAINED = [
    name for name, system in SYSTEMS.items()
    if system.kind in ("baseline", "method")
    or name in ("uni-modal v", "uni-modal l, trained clean")
]  # fmt: skip
"""A system of each kind that trains."""


def utterances(n_speakers=6, n_each=8, seed=0):
    """Return windows whose features lean towards their class; two folds by speaker."""
    rng = np.random.default_rng(seed)
    n = n_speakers * n_each
    y = rng.integers(4, size=n)
    x, lengths = {}, {}
    for name, width in WIDTHS.items():
        lengths[name] = rng.integers(1, STEPS[name] + 1, size=n)
        values = rng.normal(size=(n, STEPS[name], width)) + 2.0
        values[..., :4] += 2.0 * np.eye(4)[y][:, None]
        real = np.arange(STEPS[name]) < lengths[name][:, None]
        x[name] = (values * real[..., None]).astype(np.float32)
    speaker = np.repeat(np.arange(n_speakers), n_each)
    columns = {
        "subject": [f"Ses{s // 2 + 1:02d}{'FM'[s % 2]}" for s in speaker],
        "session": [f"{s // 2 + 1}" for s in speaker],
        "trial": [f"u{k:03d}" for k in range(n)], "start_s": 0.0,
        "emotion": y.astype(float),
    }  # fmt: skip
    for fold in (1, 2):
        held_out = {2 * fold - 2: "val", 2 * fold - 1: "test"}
        columns[f"part_{fold}"] = [held_out.get(s, "train") for s in speaker]
    meta, present = pd.DataFrame(columns), np.ones((n, 3), bool)
    return Windows(x=x, y=y.astype(float), meta=meta, present=present, lengths=lengths)


def context(windows=None):
    return Context(windows or utterances(), {"corpus": "iemocap"})


def unit_of(system, **changes):
    """Return one unit of a system, trained for a moment unless `overrides` differ."""
    conditions = ["six"] if len(SYSTEMS[system].reads) > 1 else ["all"]
    given = {"systems": [system], "conditions": conditions, "device": "cpu"}
    overrides = {**BRIEF, **changes.pop("overrides", {})}
    return expand(Settings.of({**given, "overrides": overrides, **changes}))[0]


def reads(system):
    """Return the modalities that a system's model is given in evaluation."""
    letters = "l" if system == "MCTN" else SYSTEMS[system].reads
    return [name for name, k in zip(STEPS, "avl", strict=True) if k in letters]


def trained(system, where=None, **changes):
    """Return a unit, where it was computed, and its outcome."""
    unit, where = unit_of(system, **changes), where or context()
    return unit, where, run_unit(unit, where)


def task_of(system="MMIN", windows=None, **changes):
    """Return a unit's task, and its clean training utterances as a batch."""
    task = Task.of(unit_of(system, **changes).settings, context(windows))
    arrays = task.arrays(task.fold.train)
    return task, {name: torch.from_numpy(values) for name, values in arrays.items()}
