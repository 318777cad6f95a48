"""What the training of several systems of paper 3 shares: epochs and histories."""

from __future__ import annotations

import pandas as pd

from emolib.training.schedules import constant_then_linear

FIT_KEYS = (
    "optimizer", "lr", "beta_1", "weight_decay", "batch_size", "n_epochs", "constant",
    "patience",
)  # fmt: skip
"""How NMER's own optimiser runs (paper 3, Section 3.3)."""

BASELINE_KEYS = ("baseline_epochs", "patience")


def fit_options(settings) -> dict:
    """Return NMER's optimiser, epochs, schedule and stopping rule, for `fit`."""
    return {
        "optimizer": settings["optimizer"],
        "lr": settings["lr"],
        "betas": (settings["beta_1"], 0.999),
        "weight_decay": settings["weight_decay"],
        "batch_size": settings["batch_size"],
        "max_epochs": settings["n_epochs"],
        "schedule": constant_then_linear(settings["n_epochs"], settings["constant"]),
        "patience": settings["patience"] or None,
    }


def published(n_epochs: int, settings, *, constant: float = 1.0) -> dict:
    """Return a baseline's own number of epochs, under the run's cap, for `fit`.

    Parameters
    ----------
    n_epochs : int
        As published.
    settings : mapping
        `BASELINE_KEYS` are read.
    constant : float
        Share of the epochs at full learning rate; the rest falls in a line.
    """
    n_epochs = min(n_epochs, settings["baseline_epochs"] or n_epochs)
    return {
        "max_epochs": n_epochs,
        "schedule": constant_then_linear(n_epochs, constant),
        "patience": settings["patience"] or None,
    }


def joined(**histories: pd.DataFrame) -> pd.DataFrame:
    """Return the histories of several stages in one table, with a column stage."""
    parts = [table.assign(stage=stage) for stage, table in histories.items()]
    return pd.concat(parts, ignore_index=True)
