"""One fold: what every system of paper 4 is given, and does with it.

Windows as prepared hold a row a trial: features (n_trials, n_steps, d) by modality and
``y`` (n_trials, n_steps), 4 steps a second, zero behind ``lengths``. They are cut for
training here, so that a trial's overlapping windows are one answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from emolib.containers import PREDICTION_IDS, Windows
from emolib.losses.regression import concordance, concordance_loss
from emolib.splits import Fold
from emolib.splits.traces import trace_folds
from emolib.store import Outcome
from emolib.training.fit import FitResult, fit
from emolib.training.predict import predict
from emolib.training.seeding import derive_seed, seeded
from emolib.training.tensors import slice_of, state_arrays

STEPS_HZ = 4.0
SCALINGS = ("subject", "train", "none")
TASK_KEYS = (
    "protocol", "n_folds", "fold", "val_fraction", "order", "scaling", "seed"
)  # fmt: skip
"""What a task reads."""
SIZE_KEYS = ("d", "n_heads", "n_layers", "d_ff", "dropout")
MODEL_KEYS = (
    *SIZE_KEYS, "attention", "skip", "positions", "query", "source", "residual"
)  # fmt: skip
LOSS_KEYS = ("w_distillation", "learner", "divisors")
CUT_KEYS = ("window", "hop")
LEARN_KEYS = ("lr", "weight_decay", "batch_size", "max_epochs", "patience")
FIT_KEYS = (*CUT_KEYS, *LEARN_KEYS)
SPLIT_SEED = 0
"""Folds are the same for every seed, so that systems and seeds can be paired."""


def pick(settings: Mapping, keys) -> dict:
    """Return the part of `settings` that a stage or a model reads."""
    return {key: settings[key] for key in keys}


def fold_of(windows: Windows, settings: Mapping) -> Fold:
    """Return the fold that the settings name."""
    rule = pick(settings, ("protocol", "n_folds", "val_fraction", "order"))
    return trace_folds(windows.meta, seed=SPLIT_SEED, **rule)[settings["fold"]]


def scaled(x, lengths, groups: Sequence[tuple]) -> np.ndarray:
    """Return features with mean 0 and SD 1 over the real steps of each group.

    Parameters
    ----------
    x : ndarray, shape (n_trials, n_steps, d)
    lengths : ndarray of int, shape (n_trials,)
    groups : sequence of (measured, changed)
        Trials whose steps are measured, and those that are changed by it.
    """
    found, here = np.array(x, np.float32), np.arange(x.shape[1]) < lengths[:, None]
    for measured, changed in groups:
        steps = x[measured][here[measured]].astype(float)
        sd = steps.std(axis=0)
        centred = x[changed] - steps.mean(axis=0)
        found[changed] = centred / np.where(sd > 1e-12, sd, 1.0)
    return np.where(here[..., None], found, np.float32(0))


def _groups(meta, scaling: str, train: np.ndarray) -> list[tuple]:
    """Return who is measured and changed together; a person's own, or training's."""
    if scaling == "train":
        return [(train, np.arange(len(meta)))]
    subjects = meta["subject"].to_numpy(str)
    rows = [np.flatnonzero(subjects == s) for s in np.unique(subjects)]
    return [(own, own) for own in rows] if scaling == "subject" else []


def cuts_of(lengths: np.ndarray, window: int, hop: int) -> np.ndarray:
    """Return windows as (trial, first step), shape (n, 2); the last ends the trial.

    A trial of fewer steps than a window is one window.
    """
    return np.array([
        (trial, start)
        for trial, n in enumerate(lengths)
        for start in dict.fromkeys([*range(0, n - window, hop), max(0, n - window)])
    ])  # fmt: skip


class Fitted(NamedTuple):
    """A system after training."""

    answers: Callable  # name of a part -> valence (n_trials, n_steps)
    state: dict  # arrays
    history: pd.DataFrame | None = None
    tables: dict = {}  # more tables to keep


@dataclass(frozen=True)
class Task:
    """Features, fold and labels of one unit.

    Parameters
    ----------
    settings : mapping
        The unit's.
    context
        The unit's: data, windows, device, stages.
    fold : Fold
        Rows are trials.
    x : dict of str to ndarray, shape (n_trials, n_steps, d)
    lengths : ndarray of int, shape (n_trials,)
    y : ndarray, shape (n_trials, n_steps)
    """

    settings: Mapping
    context: object
    fold: Fold
    x: dict
    lengths: np.ndarray
    y: np.ndarray

    @classmethod
    def of(cls, settings: Mapping, context) -> Task:
        """Return the task that a unit's settings name."""
        windows, fold = context.windows, fold_of(context.windows, settings)
        lengths = np.asarray(next(iter(windows.lengths.values())))
        groups = _groups(windows.meta, settings["scaling"], fold.train)
        x = {n: scaled(np.asarray(f), lengths, groups) for n, f in windows.x.items()}
        return cls(settings, context, fold, x, lengths, np.asarray(windows.y))

    @property
    def sizes(self) -> dict[str, int]:
        """Features a step of each modality: what a model is built with."""
        return {name: x.shape[2] for name, x in self.x.items()}

    def cuts(self, name: str, whole: bool = False) -> np.ndarray:
        """Return a part's windows as (row of a trial, first step); or whole trials."""
        rows = getattr(self.fold, name)
        longest = {"window": self.y.shape[1], "hop": 1}
        sizes = longest if whole else pick(self.settings, CUT_KEYS)
        cuts = cuts_of(self.lengths[rows], **sizes)
        return np.stack([rows[cuts[:, 0]], cuts[:, 1]], axis=1)

    def arrays(self, cuts: np.ndarray, modalities, whole: bool = False) -> dict:
        """Return what `fit` and `predict` take: features, y and lengths of windows."""
        n = self.y.shape[1] if whole else min(self.settings["window"], self.y.shape[1])
        trial, first = cuts.T
        steps = first[:, None] + np.arange(n)
        held = {name: self.x[name] for name in modalities} | {"y": self.y}
        found = {name: a[trial[:, None], steps] for name, a in held.items()}
        return {**found, "lengths": np.minimum(self.lengths[trial] - first, n)}

    def seed_of(self, stage: str) -> int:
        """Return the seed of one stage: stages share no random numbers."""
        return derive_seed(self.settings["seed"], stage)

    def build(self, make: Callable, **options):
        """Return ``make(sizes, **options)``; its weights follow from the seed."""
        with seeded(self.seed_of("weights")):
            return make(self.sizes, **options)

    def fit(
        self, model, step: Callable, *, own=None, whole: bool = False, extra=None
    ) -> FitResult:
        """Return the fit of a model; the CCC of validation trials chooses the epoch.

        Parameters
        ----------
        model : Module
        step : callable (model, batch, generator) -> dict of losses
        own : mapping
            A baseline's published options; its epochs stay under the run's cap.
        whole : bool
            Train on whole trials, not on windows.
        extra : callable (name of a part) -> dict of ndarray
            More arrays of a row a window, for example a teacher's features.
        """
        parts = []
        for name in ("train", "val"):
            arrays = self.arrays(self.cuts(name, whole), model.step_widths, whole)
            parts.append({**arrays, **(extra(name) if extra else {})})
        numbers = self._capped(own) if own else pick(self.settings, LEARN_KEYS)
        return fit(
            model, step, parts[0], validation=parts[1], monitor=validation_error,
            seed=self.seed_of("fit"), device=self.context.device, optimizer="adam",
            **numbers,
        )  # fmt: skip

    def _capped(self, own: Mapping) -> dict:
        epochs = min(own["max_epochs"], self.settings["baseline_epochs"] or 10**9)
        return {**own, "max_epochs": epochs, "patience": self.settings["patience"]}

    def answers(self, model, name: str, whole: bool = False) -> np.ndarray:
        """Return a model's valence of a part, overlaps averaged; 0 behind lengths.

        Shape (n_trials of the part, n_steps).
        """
        cuts = self.cuts(name, whole)
        arrays = self.arrays(cuts, model.step_widths, whole)
        told = predict(
            model, lambda m, batch: {"valence": m(*unpack(batch)).valence}, arrays,
            device=self.context.device,
        )["valence"]  # fmt: skip
        total, counts = np.zeros((2, *self.y.shape))
        for (trial, first), valence, n in zip(
            cuts, told, arrays["lengths"], strict=True
        ):
            total[trial, first : first + n] += valence[:n]
            counts[trial, first : first + n] += 1
        return (total / np.maximum(counts, 1))[getattr(self.fold, name)]

    def fitted(self, result: FitResult, whole: bool = False) -> Fitted:
        """Return a fitted network as a system."""
        model = result.model
        return Fitted(
            lambda name: self.answers(model, name, whole), state_arrays(model),
            result.history,
        )  # fmt: skip

    def table(self, name: str, valence: np.ndarray) -> pd.DataFrame:
        """Return Predictions of a part, a row a step, from `answers`."""
        rows = getattr(self.fold, name)
        here = np.arange(self.y.shape[1]) < self.lengths[rows][:, None]
        trial, step = np.nonzero(here)
        meta = self.context.windows.meta.iloc[rows[trial]].reset_index(drop=True)
        table = meta.assign(
            window=rows[trial], start_s=meta["start_s"] + step / STEPS_HZ
        )
        return table[list(PREDICTION_IDS)].assign(
            fold=self.fold.fold, seed=self.settings["seed"],
            y_true=self.y[rows][here].astype(float), y_pred=valence[here].astype(float),
        ).sort_values(list(PREDICTION_IDS), ignore_index=True)  # fmt: skip


def as_unit(fit: Callable) -> Callable:
    """Return a system's ``run(settings, context)``, its valence of every test step.

    Parameters
    ----------
    fit : callable (task) -> Fitted
    """

    def run(settings, context) -> Outcome:
        task = Task.of(settings, context)
        fitted = fit(task)
        told = {
            name: task.table(name, fitted.answers(name)) for name in ("val", "test")
        }
        tables = {"validation": told["val"], **fitted.tables}
        if fitted.history is not None:
            tables["history"] = fitted.history
        return Outcome(predictions=told["test"], tables=tables, state=fitted.state)

    return run


def unpack(batch: Mapping) -> tuple:
    """Return features by modality, and lengths, of a batch of `Task.arrays`."""
    features = {k: v for k, v in batch.items() if k not in ("lengths", "y", "target")}
    return features, batch["lengths"]


def ccc_step(divisors: str) -> Callable:
    """Return the step whose only loss is Eq. (19), the mean over windows."""

    def step(model, batch, generator):
        valence = model(*unpack(batch)).valence
        ccc = concordance_loss(valence, batch["y"], batch["lengths"], divisors=divisors)
        return {"ccc": ccc, "total": ccc}

    return step


def validation_error(model, tensors: Mapping, at_once: int = 256) -> float:
    """Return 1 - CCC of all validation steps as one sequence: what a fold is scored by.

    Steps that several windows hold count several times.
    """
    told = [
        model(*unpack(slice_of(tensors, start, start + at_once))).valence
        for start in range(0, len(tensors["y"]), at_once)
    ]
    here = torch.arange(tensors["y"].shape[1], device=tensors["y"].device)
    here = here < tensors["lengths"][:, None]
    pair = [part[here][None] for part in (torch.cat(told), tensors["y"])]
    return 1 - concordance(*pair, here.sum()[None]).item()
