"""One fold at one rate: what every system of paper 1 is given, and does with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit

from emolib.containers import Windows
from emolib.corruptions.presence import draw_presence, hide, realised_rate
from emolib.preprocessing.labels import binarise
from emolib.preprocessing.scaling import zscore
from emolib.preprocessing.spectral import mutual_cross_attention
from emolib.splits import Fold, make_folds
from emolib.splits.audits import group_codes
from emolib.store import Outcome
from emolib.training.fit import FitResult, fit
from emolib.training.predict import predict, predictions_of
from emolib.training.seeding import derive_seed, seeded
from emolib.training.tensors import state_arrays

FOLD_KEYS = ("protocol", "n_folds", "fold", "val_fraction")
HIDE_KEYS = ("rate", "missing", "seed", "zscore_scope", "fusion")
TASK_KEYS = (*FOLD_KEYS, *HIDE_KEYS, "target", "threshold", "ties")
"""What a task reads."""

MODEL_KEYS = ("d", "n_heads", "d_ff", "n_layers", "dropout", "mask")
WEIGHT_KEYS = ("w_reconstruction", "w_class", "w_interference")
LOSS_KEYS = ("reconstruction", "p_drop", "estimator", *WEIGHT_KEYS)
FIT_KEYS = ("lr", "batch_size", "max_epochs", "patience")

SPLIT_SEED = 0
"""Folds are the same for every seed, so that systems and seeds can be paired."""


def pick(settings: Mapping, keys) -> dict:
    """Return the part of `settings` that a stage or a model reads."""
    return {key: settings[key] for key in keys}


def fold_of(windows: Windows, settings: Mapping) -> Fold:
    """Return the fold that the settings name."""
    rule = pick(settings, ("protocol", "n_folds", "val_fraction"))
    folds = make_folds(windows.meta, seed=SPLIT_SEED, allow_trial_leakage=True, **rule)
    return folds[settings["fold"]]


def observe(context, *, rate, missing, seed, zscore_scope, fusion, **fold) -> Outcome:
    """Draw what is missing, hide it, and scale and fuse what is left.

    Paper 1, Sections 2.1, 2.2 and 3.2. Presence is drawn before any split, once for all
    systems, protocols and folds. A hidden value is NaN before anything is measured, so
    that it enters no mean or deviation either. Features are scaled within each subject
    (unlabelled, test subjects included), or by the training windows of a fold. One
    table says which rate came out.
    """
    windows = context.windows
    trials = group_codes(windows.meta)[1] if missing == "gaps" else None
    present = draw_presence(
        windows.present, rate, seed=seed, reading=missing, trials=trials
    )
    flat = {name: x.reshape(len(x), -1, 1) for name, x in windows.x.items()}
    hidden = replace(windows, x=hide(flat, present), present=present, ch_names={})
    train = fold_of(windows, fold).train if zscore_scope == "train" else None
    scaled = zscore(hidden, scope=zscore_scope, train=train).x
    arrays = {
        f"x.{name}": _fused(scaled[name], x.shape, present[:, i], fusion)
        for i, (name, x) in enumerate(windows.x.items())
    }
    realised = realised_rate(present, windows.present)
    rates = pd.DataFrame({"rate": [float(rate)], "realised": [realised]})
    return Outcome(arrays={**arrays, "present": present}, tables={"rates": rates})


def _fused(scaled: np.ndarray, shape: tuple, here: np.ndarray, fusion: str):
    """Return (n_windows, n_features): pairs of features as one, where they are pairs.

    Bands are what channels are compared by: no window's features see another window.
    """
    if len(shape) != 4 or fusion == "none":
        return scaled[..., 0]
    entropy, density = scaled.reshape(shape).swapaxes(0, 1)
    fused = np.full_like(entropy, np.nan)
    fused[here] = mutual_cross_attention(entropy[here], density[here])
    return fused.reshape(len(fused), -1)


def logits(model, x, present):
    """Return the two class scores of a network that names them so, (b, 2)."""
    return model(x, present).logits


def ranking_error(read: Callable) -> Callable:
    """Return a validation criterion: 1 less the AUC of the class scores `read`."""
    from sklearn.metrics import roc_auc_score

    def error(model, held_out) -> float:
        scores = read(model, *unpack(held_out)).cpu().numpy()
        y = held_out["y"].cpu().numpy()
        if len(np.unique(y)) < 2:
            raise ValueError(
                f"validation windows must be of both classes; got {len(y)} of class "
                f"{y[0]}. Take more trials, or another fold."
            )
        return 1 - roc_auc_score(y, scores[:, 1] - scores[:, 0])

    return error


class Fitted(NamedTuple):
    """A system after training."""

    predict: Callable  # (features, present) -> probability of class 1, (n,)
    state: dict  # arrays
    history: pd.DataFrame | None = None


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
    features : dict of str to ndarray, shape (n_windows, d_m)
    present : ndarray of bool, shape (n_windows, n_modalities)
    y : ndarray of int, shape (n_windows,)
    rates : DataFrame
        The missing rate asked for, and the one that came out.
    """

    settings: Mapping
    context: object
    fold: Fold
    features: dict
    present: np.ndarray
    y: np.ndarray
    rates: pd.DataFrame

    @classmethod
    def of(cls, settings: Mapping, context) -> Task:
        """Return the task that a unit's settings name."""
        windows = context.windows
        keys = [*HIDE_KEYS, *FOLD_KEYS * (settings["zscore_scope"] == "train")]
        seen = context.stage(observe, **pick(settings, keys))
        ratings = windows.meta[settings["target"]].to_numpy()
        y = binarise(ratings, **pick(settings, ("threshold", "ties")))
        features = {name: np.asarray(seen.arrays[f"x.{name}"]) for name in windows.x}
        present = np.asarray(seen.arrays["present"])
        fold, rates = fold_of(windows, settings), seen.tables["rates"]
        return cls(settings, context, fold, features, present, y, rates)

    @property
    def sizes(self) -> dict[str, int]:
        """Number of features of each modality: what a model is built with."""
        return {name: x.shape[1] for name, x in self.features.items()}

    def part(self, name: str) -> tuple[dict, np.ndarray, np.ndarray]:
        """Return features (NaN where missing), presence and classes of a part.

        Parameters
        ----------
        name : {'train', 'val', 'test'}
        """
        rows = getattr(self.fold, name)
        features = {name: x[rows] for name, x in self.features.items()}
        return features, self.present[rows], self.y[rows]

    def seed_of(self, stage: str) -> int:
        """Return the seed of one stage: stages share no random numbers."""
        return derive_seed(self.settings["seed"], stage)

    def build(self, make: Callable, **options):
        """Return ``make(sizes, **options)``; its weights follow from the seed."""
        with seeded(self.seed_of("weights")):
            return make(self.sizes, **options)

    def fit(self, model, step: Callable, *part, own=None, read=logits) -> FitResult:
        """Return the fit of a model; validation windows choose the epoch.

        By the AUC of its class scores. Their cross-entropy is lowest where a network is
        least sure of itself, often before it has learnt anything.

        Parameters
        ----------
        model : Module
        step : callable (model, batch, generator) -> dict of losses
        *part : features, present, y
            To train on.
        own : mapping
            A baseline's published options; its epochs stay under the run's cap.
        read : callable (model, x, present) -> class scores, shape (b, 2)
            None where no class is told: the mean total chooses.
        """
        return fit(
            model, step, arrays_of(*part), validation=arrays_of(*self.part("val")),
            monitor=read and ranking_error(read), seed=self.seed_of("fit"),
            device=self.context.device, optimizer="adam",
            **(self._capped(own) if own else pick(self.settings, FIT_KEYS)),
        )  # fmt: skip

    def _capped(self, own: Mapping) -> dict:
        epochs = min(own["max_epochs"], self.settings["baseline_epochs"] or 10**9)
        return {**own, "max_epochs": epochs, "patience": self.settings["patience"]}

    def outputs(self, model, read: Callable, features, present) -> np.ndarray:
        """Return ``read(model, x, present)`` of some windows, as an array."""

        def forward(model, batch):
            return {"read": read(model, *unpack(batch))}

        arrays = arrays_of(features, present)
        return predict(model, forward, arrays, device=self.context.device)["read"]

    def classifier(self, result: FitResult, read: Callable = logits) -> Fitted:
        """Return a fitted network as a system; `read` gives its two class scores."""

        def probability(features, present):
            scores = self.outputs(result.model, read, features, present)
            return expit(scores[:, 1] - scores[:, 0])

        return Fitted(probability, state_arrays(result.model), result.history)

    def answers(self, fitted: Fitted, name: str) -> pd.DataFrame:
        """Return Predictions of a part of the fold."""
        features, present, y = self.part(name)
        return predictions_of(
            self.context.windows.meta, getattr(self.fold, name), y_true=y,
            scores=fitted.predict(features, present), fold=self.fold.fold,
            seed=self.settings["seed"],
        )  # fmt: skip


def as_unit(fit: Callable) -> Callable:
    """Return a system's ``run(settings, context)``, its answers to every window asked.

    Parameters
    ----------
    fit : callable (features, present, y, *, task) -> Fitted
    """

    def run(settings, context) -> Outcome:
        task = Task.of(settings, context)
        fitted = fit(*task.part("train"), task=task)
        tables = {"validation": task.answers(fitted, "val"), "rates": task.rates}
        if fitted.history is not None:
            tables["history"] = fitted.history
        told = task.answers(fitted, "test")
        return Outcome(predictions=told, tables=tables, state=fitted.state)

    return run


def arrays_of(features: Mapping, present, y=None) -> dict[str, np.ndarray]:
    """Return what `fit` and `predict` take: one dictionary of arrays."""
    known = {**features, "present": np.asarray(present, bool)}
    return known if y is None else {**known, "y": y}


def unpack(batch: Mapping) -> tuple:
    """Return features by modality, and present, of a batch of `arrays_of`."""
    features = {k: v for k, v in batch.items() if k not in ("present", "y")}
    return features, batch["present"]
