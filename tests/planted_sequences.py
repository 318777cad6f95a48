"""Trials planted in memory: a smooth valence that the face tells above zero only."""

from dataclasses import replace

import numpy as np
import pandas as pd
from in_memory import Context, run_unit
from scipy.ndimage import gaussian_filter1d

from emolib.containers import Windows
from emolib.papers import rmmt
from emolib.papers.rmmt.training import Task

SIZES_OF = {"face": 6, "eeg": 64}

TINY = {
    "d": 8, "n_heads": 2, "n_layers": 1, "d_ff": 16, "window": 24, "hop": 8,
    "max_epochs": 2, "baseline_epochs": 2, "patience": 5, "lr": 1e-3, "batch_size": 8,
}  # fmt: skip
"""Two epochs: enough to see that something runs, and what reaches what."""


def planted(n_subjects=5, n_trials=6, n_steps=60, *, seed=0, effect=1.0):
    """Return a row a trial: 6 face and 64 EEG features a step, and valence.

    Half of the valence is a trial's own level. Trials differ in length; what lies
    behind it is zero.
    """
    rng = np.random.default_rng(seed)
    n = n_subjects * n_trials
    who = np.repeat(np.arange(n_subjects), n_trials)
    lengths = n_steps - rng.integers(0, n_steps // 3, n)
    moves = gaussian_filter1d(rng.standard_normal((n, n_steps)), 4.0, axis=1)
    z = 0.7 * rng.standard_normal((n, 1)) + 0.7 * moves / moves.std()
    cues = {
        "face": effect * np.maximum(z, 0)[..., None] * [2, 1, 0, 0, -1, 0],
        "eeg": effect * 0.7 * z[..., None] * (np.arange(64) % 8 == 0),
    }
    here = (np.arange(n_steps) < lengths[:, None])[..., None]
    x = {}
    for name, cue in cues.items():
        own = rng.standard_normal((n_subjects, 1, cue.shape[2]))[who]
        noisy = cue + own + 0.7 * rng.standard_normal(cue.shape)
        x[name] = np.where(here, noisy, 0).astype(np.float32)
    y = np.where(here[..., 0], 0.1 * z, 0)
    meta = pd.DataFrame({
        "subject": [f"P{i + 1}" for i in who], "session": "1",
        "trial": [f"{i % n_trials:02d}" for i in range(n)], "start_s": 0.0,
        "stop_s": lengths / 4, "valence": y.sum(axis=1) / lengths,
    })  # fmt: skip
    return Windows(
        x, y, meta, np.ones((n, 2), bool), lengths={name: lengths for name in x},
        step_index=np.tile(np.arange(n_steps), (n, 1)),
    )  # fmt: skip


def units_of(**changes):
    """Return the units of some settings, at a tiny size unless told otherwise."""
    overrides = {**TINY, **changes.pop("overrides", {})}
    known = {"device": "cpu", "n_folds": 5, "n_subject_folds": 5, **changes}
    return rmmt.expand({**known, "overrides": overrides})


def unit_of(system, **changes):
    """Return the only unit of a system."""
    (unit,) = units_of(systems=[system], **changes)
    return unit


def task_of(system, windows, **changes):
    unit = unit_of(system, **changes)
    return Task.of(unit.settings, Context(windows, unit.data))


def run(unit, windows, context=None):
    """Return a unit's outcome on windows in memory."""
    return run_unit(unit, context or Context(windows, unit.data))


def with_changed_labels(windows, rows):
    """Return windows whose valence at some rows is mirrored about zero and moved."""
    y = windows.y.copy()
    y[rows] = 0.3 - y[rows]
    return replace(windows, y=y)
