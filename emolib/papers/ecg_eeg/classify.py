"""Parts that several systems of paper 2 share: encoder, step, fit options, test."""

from __future__ import annotations

import torch
from torch.nn import functional

from emolib.papers.ecg_eeg.task import fold_of, scaled
from emolib.store import Outcome
from emolib.training.fit import fit
from emolib.training.predict import predict
from emolib.training.seeding import derive_seed, seeded
from emolib.training.states import load_state_arrays, state_arrays

ENCODER_KEYS = (
    "stem", "n_patches", "d_patch", "n_layers", "n_heads", "d_ff", "dropout",
)  # fmt: skip
FIT_KEYS = ("lr", "weight_decay", "batch_size", "max_epochs", "patience")


def build_encoder(encoder_class, x, settings):
    """Return an encoder for windows `x` of shape (n_windows, n_chans, n_times)."""
    sizes = {key: settings[key] for key in ENCODER_KEYS}
    return encoder_class(n_chans=x.shape[1], n_times=x.shape[2], **sizes)


def fit_options(settings) -> dict:
    """Return the optimiser's and the stopping rule's settings."""
    return {key: settings[key] for key in FIT_KEYS}


def classification_step(modality: str):
    """Return the step that scores one modality by cross-entropy.

    Paper 2, Section 2.2, classification.
    """

    def step(model, batch, generator):
        logits = model(batch[modality]).logits
        return {"total": functional.cross_entropy(logits, batch["y"])}

    return step


def scores_of(model, arrays, modality: str, context):
    """Return the probability of class 1 of every window, shape (n_windows,)."""

    def forward(model, batch):
        return {"score": torch.softmax(model(batch[modality]).logits, dim=1)[:, 1]}

    return predict(model, forward, arrays, device=context.device)["score"]


def outcome_of(task, model, history, modality: str, context, **arrays) -> Outcome:
    """Return what a trained classifier leaves: scores, history, weights.

    The scores on validation windows are kept for the gate; no choice reads the others.
    """
    parts = {"validation": task.fold.val, "predictions": task.fold.test}
    tables = {}
    for name, index in parts.items():
        scores = scores_of(model, task.arrays(index, modality), modality, context)
        tables[name] = task.predictions(index, scores)
    return Outcome(
        predictions=tables["predictions"],
        tables={"validation": tables["validation"], "history": history},
        arrays=arrays,
        state=state_arrays(model),
    )


def with_state(model, state):
    """Return a built model with a unit's stored weights, for evaluation."""
    load_state_arrays(model, state)
    return model.eval()


def fit_unlabelled(
    context,
    settings,
    build,
    step,
    *,
    stage: str,
    modality: str,
    channels=None,
    **options,
):
    """Return the fit of a stage that reads no label: all training windows of a fold.

    Parameters
    ----------
    build : callable (windows) -> Module
    step : callable (model, batch, generator) -> dict of losses
    stage : str
        Its seed follows from the name.
    modality : str
    channels : list of int
        Some channels of it, where not all are read.
    **options
        Of `emolib.training.fit.fit`.
    """
    fold = fold_of(context.windows, settings)
    windows = scaled(context.windows, fold, settings["zscore_scope"])
    x = windows.x[modality] if channels is None else windows.x[modality][:, channels]
    seed = derive_seed(settings["seed"], stage)
    with seeded(seed):
        model = build(windows)
    return fit(
        model,
        step,
        {modality: x[fold.train]},
        validation={modality: x[fold.val]},
        seed=seed,
        device=context.device,
        **options,
    )


def published(epochs: int, settings) -> dict:
    """Return a baseline's own number of epochs, under the run's cap, and patience."""
    cap = settings["baseline_epochs"] or epochs
    return {"max_epochs": min(epochs, cap), "patience": settings["patience"]}


def joined(**histories):
    """Return the histories of several stages in one table, with a column stage."""
    import pandas as pd

    parts = [table.assign(stage=stage) for stage, table in histories.items()]
    return pd.concat(parts, ignore_index=True)
