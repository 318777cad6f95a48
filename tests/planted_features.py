"""Features planted in memory: what one modality tells, two others tell together."""

from dataclasses import replace

import numpy as np
import pandas as pd
from in_memory import Context, run_unit

from emolib.containers import Windows
from emolib.papers import mmqnet
from emolib.papers.mmqnet.training import Task

TINY = {"batch_size": 64, "max_epochs": 2, "baseline_epochs": 2, "patience": 5}
"""Two epochs: enough to see that something runs, and what reaches what."""


def planted(n_subjects=8, n_trials=10, n_windows=6, *, seed=0, effect=1.0):
    """Return windows whose PPG follows from EEG and GSR, with the label in both.

    Respiration is noise. EEG comes as pairs (n, 2, 4 channels, 3 bands), the others as
    vectors.
    """
    rng = np.random.default_rng(seed)
    n = n_subjects * n_trials * n_windows
    trial = np.repeat(np.arange(n_subjects * n_trials), n_windows)
    u, v = rng.standard_normal((2, n_subjects * n_trials))
    here = [latent[trial] + 0.4 * rng.standard_normal(n) for latent in (u, v)]
    eeg = 0.5 * rng.standard_normal((n, 1, 4, 3))
    eeg = eeg + 0.1 * rng.standard_normal((n, 2, 4, 3))
    eeg[:, :, :2] += here[0][:, None, None, None]
    both = sum(here) / np.sqrt(2)
    x = {
        "eeg": eeg,
        "gsr": here[1][:, None] * [1, 1, 0] + 0.5 * rng.standard_normal((n, 3)),
        "ppg": both[:, None] * [1, -1] + 0.2 * rng.standard_normal((n, 2)),
        "resp": rng.standard_normal((n, 2)),
    }
    told = effect * (u + v) + (1 - effect) * rng.standard_normal(len(u))
    meta = pd.DataFrame(
        {
            "subject": [f"s{i:02d}" for i in trial // n_trials],
            "session": "1",
            "trial": [f"{i:02d}" for i in trial % n_trials],
            "start_s": 2.0 * (np.arange(n) % n_windows),
            "valence": 5 + told[trial],
            "arousal": 5 + rng.standard_normal(len(u))[trial],
        }
    )
    meta["stop_s"] = meta["start_s"] + 2
    present = np.ones((n, 4), bool)
    return Windows(x, meta["valence"].to_numpy(), meta, present)


def units_of(**changes):
    """Return the units of some settings, at a tiny size unless told otherwise."""
    overrides = {**TINY, **changes.pop("overrides", {})}
    return mmqnet.expand({"device": "cpu", **changes, "overrides": overrides})


def unit_of(system, rate=0.5, **changes):
    """Return the only unit of a system."""
    (unit,) = units_of(systems=[system], rates=[rate], **changes)
    return unit


def task_of(system, windows, rate=0.5, **changes):
    unit = unit_of(system, rate, **changes)
    return Task.of(unit.settings, Context(windows, unit.data))


def run(unit, windows):
    """Return a unit's outcome on windows in memory."""
    return run_unit(unit, Context(windows, unit.data))


def with_changed_labels(windows, rows):
    """Return windows whose ratings at `rows` are mirrored about the threshold."""
    meta = windows.meta.copy()
    meta.loc[meta.index[rows], "valence"] = 10 - meta.loc[meta.index[rows], "valence"]
    return replace(windows, meta=meta)
