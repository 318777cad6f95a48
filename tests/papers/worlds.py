"""A small world of each paper: its systems, its windows, and what is asked of all."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from types import ModuleType

import numpy as np
from in_memory import Context, run_unit, without_signals

from emolib.papers import ecg_eeg, nmer
from emolib.papers.ecg_eeg import data, training
from emolib.papers.ecg_eeg.settings import SYSTEMS, named
from emolib.papers.nmer import reading
from emolib.papers.nmer.training import Task, with_state
from emolib.training.devices import one_thread
from emolib.training.tensors import load_state_arrays

from .nmer import utterances

SMALL = {"d_patch": 8, "n_layers": 1, "n_heads": 2, "d_ff": 16}
ECG_EEG = {
    "n_subjects": 6, "surrogate": {"n_trials": 4, "seconds": 11.0}, "n_folds": 3,
    "systems": list(SYSTEMS), "device": "cpu",
    "overrides": {"max_epochs": 2, "baseline_epochs": 1, **SMALL},
}  # fmt: skip
"""Every system, on 24 windows; one epoch of each baseline, two of each other stage."""

BRIEF = {"n_epochs": 1, "teacher_epochs": 1, "baseline_epochs": 1, "n_layers": 1}
NMER = {
    "surrogate": {"n_trials": 4}, "dbs": [-10.0, -40.0], "device": "cpu",
    "systems": ["NMER", "w/o VAE", "MMIN", "MEN", "majority"], "overrides": BRIEF,
}  # fmt: skip
"""40 utterances of IEMOCAP's widths; one epoch of each stage."""


@dataclass(frozen=True)
class World:
    """What tests of any paper need of it.

    `tiny` are settings of a grid for the store; `ask` lets a model of kept weights
    answer the test fold; `once` are overrides for one epoch without dropout.
    """

    room: ModuleType
    tiny: dict
    trained: list
    windows: Callable
    unit: Callable
    fold_of: Callable
    with_other_labels: Callable
    ask: Callable
    once: dict
    losses: str

    @property
    def settings(self):
        return self.room.Settings.of(self.tiny)

    def context(self, windows=None, device="cpu"):
        return Context(self.windows() if windows is None else windows, {}, device)

    def run(self, unit, context):
        """Return a unit's outcome, computed here and now."""
        return run_unit(unit, context)

    def answers(self, unit, context, state):
        """Return what a model of kept weights answers about the test fold."""
        with one_thread():
            return self.ask(unit, replace(context, data=unit.data), state)

    def poisoned(self, unit, part="test"):
        """Return the windows without a fold's signals, its labels exchanged."""
        windows = self.windows()
        rows = getattr(self.fold_of(windows, unit.settings), part)
        windows = self.with_other_labels(windows, rows)
        return windows if part == "train" else without_signals(windows, rows)


# ---------------------------------------------------------------- paper 2


def ecg_eeg_unit(system, **changes):
    overrides = {**ECG_EEG["overrides"], **changes.pop("overrides", {})}
    given = {**ECG_EEG, "systems": [system], **changes, "overrides": overrides}
    return ecg_eeg.expand(given)[0]


@cache
def ecg_eeg_windows():
    return data.prepare(ecg_eeg_unit("chance").data)


def with_permuted_ratings(windows, rows):
    """Return the windows with all ratings of the given rows permuted, never alike."""
    meta = windows.meta.copy()
    ratings = ["valence", "arousal", "dominance"]
    flipped = 6.0 - meta.loc[meta.index[rows], ratings].to_numpy()[::-1]
    meta.loc[meta.index[rows], ratings] = flipped
    return replace(windows, meta=meta)


def ask_ecg_eeg(unit, context, state):
    model = import_module(unit.system_module).build(context.windows, unit.settings)
    if state:  # the teacher's weights stand with its stage
        load_state_arrays(model, state)
    modality = "eeg" if model.n_chans == 14 else "ecg"
    task = training.Task.of(unit.settings, context)
    task = task.with_channels(modality, list(range(model.n_chans)))
    scores = task.scores(model, task.fold.test, modality)
    return task.predictions(task.fold.test, scores)


# ---------------------------------------------------------------- paper 3


def with_other_classes(windows, rows):
    """Return the windows with the classes of some rows exchanged, none kept."""
    y = np.array(windows.y)
    y[rows] = (y[rows] + 1 + np.arange(len(rows)) % 3) % 4
    return replace(windows, y=y)


def ask_nmer(unit, context, state):
    task = Task.of(unit.settings, context)
    model = with_state(import_module(unit.system_module).build(task), state)
    return task.answers(model, "test", utterances.reads(unit.labels["system"]))


WORLDS = {
    "ecg_eeg": World(
        ecg_eeg, ECG_EEG, named("method", "ablation", "baseline", "teacher"),
        ecg_eeg_windows, ecg_eeg_unit, training.fold_of, with_permuted_ratings,
        ask_ecg_eeg, {"max_epochs": 1, "dropout": 0.0}, ".",
    ),
    "nmer": World(
        nmer, NMER, utterances.TRAINED, cache(utterances.utterances),
        utterances.unit_of, reading.fold_of, with_other_classes, ask_nmer,
        {**BRIEF, "vae_dropout": 0.0}, "total|class",
    ),
}  # fmt: skip
