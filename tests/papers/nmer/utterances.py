"""A few made-up utterances in memory, units that read them, and a model, no store."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import torch
from in_memory import Context

from emolib.containers import MODALITIES_AVL, Windows
from emolib.papers.nmer import Settings
from emolib.papers.nmer.grid import expand
from emolib.papers.nmer.settings import UNIMODAL
from emolib.papers.nmer.task import Task

WIDTHS = {"audio": 6, "visual": 5, "text": 7}
STEPS = {"audio": 9, "visual": 6, "text": 8}
PLAIN = {
    "fold": 1, "seed": 0, "labels": "class", "n_classes": 4, "z_scored": ["audio"],
    "noise": "gaussian", "db": -10.0, "exact": False, "reading": "paper",
    "conditions": "six",
}  # fmt: skip
"""What every unit reads: a task and its noise."""

BRIEF = {"n_epochs": 2, "teacher_epochs": 2, "baseline_epochs": 2, "n_layers": 1}


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
    meta = pd.DataFrame(
        {
            "subject": [f"Ses{s // 2 + 1:02d}{'FM'[s % 2]}" for s in speaker],
            "session": [f"{s // 2 + 1}" for s in speaker],
            "trial": [f"u{k:03d}" for k in range(n)],
            "start_s": 0.0,
            "emotion": y.astype(float),
        }
    )
    for fold in (1, 2):
        held_out = {2 * fold - 2: "val", 2 * fold - 1: "test"}
        meta[f"part_{fold}"] = [held_out.get(s, "train") for s in speaker]
    present = np.ones((n, 3), bool)
    return Windows(x=x, y=y.astype(float), meta=meta, present=present, lengths=lengths)


def context(windows=None):
    return Context(windows or utterances(), {"corpus": "iemocap"})


def unit_of(system, **changes):
    """Return one unit of a system, trained for a moment unless `overrides` differ."""
    conditions = ["all"] if system in UNIMODAL else ["six"]
    overrides = {**BRIEF, **changes.pop("overrides", {})}
    settings = {"systems": [system], "conditions": conditions, "device": "cpu",
                "overrides": overrides, **changes}  # fmt: skip
    return expand(Settings.from_parameters(settings))[0]


def batch_and_noise(system="MMIN", **changes):
    """Return a unit's task, its clean training utterances as a batch, and its noise."""
    unit, where = unit_of(system, **changes), context()
    task = Task.of(unit.settings, where)
    arrays = task.arrays(task.fold.train)
    batch = {name: torch.from_numpy(values) for name, values in arrays.items()}
    return task, batch, task.corruption(unit.settings)


class Pooled(torch.nn.Module):
    """A linear reader of time averages over real steps."""

    def __init__(self, widths=None, n_classes=4):
        super().__init__()
        self.heads = torch.nn.ModuleDict(
            {m: torch.nn.Linear(d, n_classes) for m, d in (widths or WIDTHS).items()}
        )

    def forward(self, x, lengths):
        logits = 0.0
        for name in MODALITIES_AVL:
            if name in x:
                steps = torch.arange(x[name].shape[1]) < lengths[name][:, None]
                total = torch.where(steps[..., None], x[name], 0.0).sum(1)
                mean = total / lengths[name].clamp(min=1)[:, None]
                logits = logits + self.heads[name](mean)
        return SimpleNamespace(logits=logits)
