"""One fold of one target: what every system of paper 2 is given."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from emolib.containers import Windows
from emolib.papers.ecg_eeg.data import scaled  # also for the stages
from emolib.preprocessing.labels import binarise
from emolib.splits import Fold, label_subset, make_folds
from emolib.training.predictions import predictions_of
from emolib.training.seeding import derive_seed

TASK_KEYS = (
    "target", "threshold", "protocol", "n_folds", "fold", "val_fraction",
    "zscore_scope", "label_fraction", "seed",
)  # fmt: skip
FOLD_KEYS = (
    "protocol", "n_folds", "fold", "val_fraction", "zscore_scope", "seed",
)  # fmt: skip
"""What a stage reads that sees neither target nor labels."""

SPLIT_SEED = 0
"""Folds are the same for every seed, so that systems and seeds can be paired."""


def pick(settings, keys: tuple[str, ...]) -> dict:
    """Return the part of `settings` that a stage reads."""
    return {key: settings[key] for key in keys}


def fold_of(windows: Windows, settings) -> Fold:
    """Return the fold that the settings name."""
    folds = make_folds(
        windows.meta,
        protocol=settings["protocol"],
        n_folds=settings["n_folds"],
        seed=SPLIT_SEED,
        val_fraction=settings["val_fraction"],
        allow_trial_leakage=settings["protocol"] == "random_windows",
    )
    return folds[settings["fold"]]


@dataclass(frozen=True)
class Task:
    """Windows, fold and labels of one unit.

    Parameters
    ----------
    windows : Windows
    fold : Fold
    y : ndarray of int, shape (n_windows,)
        1 is high.
    labelled : ndarray of int
        The training windows whose labels may be read.
    seed : int
    """

    windows: Windows
    fold: Fold
    y: np.ndarray
    labelled: np.ndarray
    seed: int

    @classmethod
    def of(cls, settings, context) -> Task:
        """Return the task that a unit's settings name."""
        fold = fold_of(context.windows, settings)
        windows = scaled(context.windows, fold, settings["zscore_scope"])
        y = binarise(
            windows.meta[settings["target"]].to_numpy(),
            threshold=settings["threshold"],
        )
        labelled = label_subset(
            windows.meta,
            fold.train,
            fraction=settings["label_fraction"],
            seed=settings["seed"],
            y=y,
        )
        return cls(windows, fold, y, labelled, settings["seed"])

    def arrays(self, index: np.ndarray, *modalities: str) -> dict[str, np.ndarray]:
        """Return the named modalities and the labels of the windows at `index`."""
        chosen = {name: np.asarray(self.windows.x[name][index]) for name in modalities}
        return {**chosen, "y": self.y[index].astype(np.int64)}

    def with_channels(self, modality: str, channels: list[int]) -> Task:
        """Return the task with some channels of one modality."""
        cut = {modality: self.windows.x[modality][:, channels]}
        return replace(self, windows=replace(self.windows, x={**self.windows.x, **cut}))

    def seed_of(self, stage: str) -> int:
        """Return the seed of one stage: stages share no random numbers."""
        return derive_seed(self.seed, stage)

    def predictions(self, index: np.ndarray, scores: np.ndarray) -> pd.DataFrame:
        """Return Predictions from the probability of class 1 of the given windows."""
        return predictions_of(
            self.windows.meta, index, y_true=self.y[index], scores=scores,
            fold=self.fold.fold, seed=self.seed,
        )  # fmt: skip
