"""One fold of one target: what every system of paper 2 is given, and does with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from torch.nn import functional

from emolib.containers import Windows
from emolib.preprocessing.labels import binarise
from emolib.preprocessing.scaling import zscore
from emolib.splits import Fold, label_subset, make_folds
from emolib.store import Outcome
from emolib.training.fit import FitResult, fit
from emolib.training.predict import predict, predictions_of
from emolib.training.seeding import derive_seed, seeded
from emolib.training.tensors import load_state_arrays, state_arrays

FOLD_KEYS = ("protocol", "n_folds", "fold", "val_fraction", "zscore_scope", "seed")
LABEL_KEYS = ("target", "threshold", "label_fraction")
TASK_KEYS = (*FOLD_KEYS, *LABEL_KEYS)
"""What a task reads; a stage without `LABEL_KEYS` sees neither target nor labels."""

ENCODER_KEYS = (
    "stem", "n_patches", "d_patch", "n_layers", "n_heads", "d_ff", "dropout",
)  # fmt: skip
LOSS_KEYS = (
    "w_patch", "temperature_patch", "temperature_window", "twins", "similarity",
)  # fmt: skip
FIT_KEYS = ("lr", "weight_decay", "batch_size", "max_epochs", "patience")

SHARED_KEYS = (*TASK_KEYS, *ENCODER_KEYS, *FIT_KEYS)
"""What the teacher reads, whatever is aligned with it."""

SPLIT_SEED = 0
"""Folds are the same for every seed, so that systems and seeds can be paired."""


def pick(settings: Mapping, keys: tuple[str, ...]) -> dict:
    """Return the part of `settings` that a stage or a model reads."""
    return {key: settings[key] for key in keys}


def unlabelled(settings: Mapping) -> dict:
    """Return the settings of a stage that reads no label, the same for every target."""
    return pick(settings, [key for key in settings if key not in LABEL_KEYS])


def fold_of(windows: Windows, settings: Mapping) -> Fold:
    """Return the fold that the settings name."""
    rule = pick(settings, ("protocol", "n_folds", "val_fraction"))
    folds = make_folds(windows.meta, seed=SPLIT_SEED, allow_trial_leakage=True, **rule)
    return folds[settings["fold"]]


@dataclass(frozen=True)
class Task:
    """Windows, fold and labels of one unit, or of a stage of it.

    Parameters
    ----------
    windows : Windows
    fold : Fold
    settings : mapping
    device : str
    labelled : ndarray of int
        The training windows whose labels may be read; all where none is.
    y : ndarray of int, shape (n_windows,), or None
        1 is high; None where the settings name no target.
    """

    windows: Windows
    fold: Fold
    settings: Mapping
    device: str
    labelled: np.ndarray
    y: np.ndarray | None = None

    @classmethod
    def of(cls, settings: Mapping, context) -> Task:
        """Return the task that the settings of a unit or stage name."""
        fold = fold_of(context.windows, settings)
        windows = context.windows
        if settings["zscore_scope"] == "train":
            windows = zscore(windows, scope="train", train=fold.train)
        if "target" not in settings:
            return cls(windows, fold, settings, context.device, fold.train)
        ratings = windows.meta[settings["target"]].to_numpy()
        y = binarise(ratings, threshold=settings["threshold"])
        rule = {"fraction": settings["label_fraction"], "seed": settings["seed"]}
        labelled = label_subset(windows.meta, fold.train, y=y, **rule)
        return cls(windows, fold, settings, context.device, labelled, y)

    def with_channels(self, modality: str, channels: list[int]) -> Task:
        """Return the task with some channels of one modality."""
        cut = {modality: self.windows.x[modality][:, channels]}
        return replace(self, windows=replace(self.windows, x={**self.windows.x, **cut}))

    def seed_of(self, stage: str) -> int:
        """Return the seed of one stage: stages share no random numbers."""
        return derive_seed(self.settings["seed"], stage)

    def build(self, make: Callable, stage: str, start=None, part: str = ""):
        """Return ``make(windows, settings)``, its first weights those of a stage.

        Parameters
        ----------
        make : callable (windows, settings) -> Module
        stage : str
            Its seed follows from the name.
        start : entry of an earlier stage, or None
            Whose weights `part` of the model starts from; "" is the whole model.
        """
        with seeded(self.seed_of(stage)):
            model = make(self.windows, self.settings)
        if start is not None:
            load_state_arrays(model.get_submodule(part), start.state)
        return model

    def arrays(self, rows: np.ndarray, *modalities: str) -> dict[str, np.ndarray]:
        """Return the named modalities of some windows, and their labels."""
        chosen = {name: np.asarray(self.windows.x[name][rows]) for name in modalities}
        return chosen if self.y is None else {**chosen, "y": self.y[rows]}

    def fit(
        self, model, stage: str, *modalities: str, step: Callable | None = None,
        rows=None, read: Callable | None = None, own: Mapping | None = None,
        chosen: bool = True, **options,
    ) -> FitResult:  # fmt: skip
        """Return the fit of a stage; validation windows end it and choose its epoch.

        Parameters
        ----------
        model : Module
        stage : str
            Its seed follows from the name.
        *modalities : str
            What the step reads of each window.
        step : callable (model, batch, generator) -> dict of losses
            Without, the cross-entropy of the first modality.
        rows : ndarray of int
            Windows to train on; without, the labelled ones, or all where none is.
        read : callable (rows) -> dict of ndarray
            Where the step reads something else.
        own : mapping
            A baseline's published options; its epochs stay under the run's cap.
        chosen : bool
            False: every epoch is run and the last one kept, without validation.
        **options
            Of `emolib.training.fit.fit`.
        """
        read = read or (lambda rows: self.arrays(rows, *modalities))
        rows = self.labelled if rows is None else rows
        numbers = self._capped(own) if own else pick(self.settings, FIT_KEYS)
        if not chosen:
            numbers["patience"] = None
        return fit(
            model,
            step or classification_step(modalities[0]),
            read(rows),
            validation=read(self.fold.val) if chosen else None,
            seed=self.seed_of(stage),
            device=self.device,
            **numbers,
            **options,
        )

    def _capped(self, own: Mapping) -> dict:
        """Return a baseline's options with the run's cap on epochs, and patience."""
        epochs = min(own["max_epochs"], self.settings["baseline_epochs"] or 10**9)
        return {**own, "max_epochs": epochs, "patience": self.settings["patience"]}

    def predict(self, model, read: Callable, rows: np.ndarray, modality: str):
        """Return ``read(model, x)`` of some windows of one modality, as an array."""

        def forward(model, batch):
            return {"read": read(model, batch[modality])}

        arrays = self.arrays(rows, modality)
        return predict(model, forward, arrays, device=self.device)["read"]

    def scores(self, model, rows: np.ndarray, modality: str) -> np.ndarray:
        """Return the probability of class 1 of some windows, shape (n_rows,)."""
        return self.predict(model, _probability, rows, modality)

    def embed(self, encoder, modality: str, rows: np.ndarray) -> np.ndarray:
        """Return an encoder's vectors of some windows, shape (n_rows, d)."""
        return self.predict(encoder, lambda m, x: m(x).window, rows, modality)

    def predictions(self, rows: np.ndarray, scores: np.ndarray):
        """Return Predictions from the probability of class 1 of some windows."""
        return predictions_of(
            self.windows.meta, rows, y_true=self.y[rows], scores=scores,
            fold=self.fold.fold, seed=self.settings["seed"],
        )  # fmt: skip

    def outcome(self, model, modality: str, arrays: Mapping | None = None, **stages):
        """Return what a trained classifier leaves: scores, history, weights.

        The scores of validation windows are kept for the gate; no choice reads those
        of test windows. `stages` are fits and entries by name; None is left out.
        """
        val, test = (
            self.predictions(rows, self.scores(model, rows, modality))
            for rows in (self.fold.val, self.fold.test)
        )
        done = {name: stage for name, stage in stages.items() if stage is not None}
        told = [history_of(stage).assign(stage=name) for name, stage in done.items()]
        return Outcome(
            predictions=test,
            tables={"validation": val, "history": pd.concat(told, ignore_index=True)},
            arrays=arrays or {},
            state=state_arrays(model),
        )


def history_of(stage):
    """Return the history of a fit, or of the entry that a stage left."""
    return stage.history if isinstance(stage, FitResult) else stage.tables["history"]


def _probability(model, x):
    return torch.softmax(model(x).logits, dim=1)[:, 1]


def build_encoder(encoder_class, x: np.ndarray, settings: Mapping):
    """Return an encoder for windows `x` of shape (n_windows, n_chans, n_times)."""
    sizes = pick(settings, ENCODER_KEYS)
    return encoder_class(n_chans=x.shape[1], n_times=x.shape[2], **sizes)


def classification_step(modality: str) -> Callable:
    """Return the step that scores one modality by cross-entropy.

    Paper 2, Section 2.2, classification.
    """

    def step(model, batch, generator):
        logits = model(batch[modality]).logits
        return {"total": functional.cross_entropy(logits, batch["y"])}

    return step


def trained(result: FitResult, module, **arrays) -> Outcome:
    """Return what a stage leaves for others: its history, and weights to start from."""
    tables = {"history": result.history}
    return Outcome(tables=tables, arrays=arrays, state=state_arrays(module))
