"""Whether an encoder can read a planted heart rate or band power at all.

Before any alignment: each stem is trained on windows of the surrogate writers' own
waveforms, with the quantity drawn uniformly. A stem that cannot read it from a few
hundred windows cannot carry emotion from as many.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from torch import nn
from torch.nn import functional

from emolib.models.ecg_eeg import SignalEncoder
from emolib.papers.ecg_eeg.classify import (
    ENCODER_KEYS,
    FIT_KEYS,
    build_encoder,
    fit_options,
)
from emolib.store import Outcome
from emolib.training.fit import fit
from emolib.training.predict import predict
from emolib.training.seeding import derive_seed, seeded

READS = (*ENCODER_KEYS, *FIT_KEYS, "n_windows", "n_test", "val_fraction", "seed")


class Regressor(nn.Module):
    """An encoder with one linear output."""

    def __init__(self, encoder: SignalEncoder):
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.d_model, 1)

    def forward(self, x):
        """Return the quantity in standard units, shape (b,)."""
        return self.head(self.encoder(x).window).squeeze(-1)


def run(settings, context) -> Outcome:
    """Train on the first windows, test on the last ones, which every size shares."""
    (modality,) = context.windows.x
    x, y = context.windows.x[modality], context.windows.y
    n, n_test = settings["n_windows"], settings["n_test"]
    n_val = round(n * settings["val_fraction"])
    mean, sd = y[:n].mean(), y[:n].std()
    parts = {
        "train": slice(0, n - n_val),
        "val": slice(n - n_val, n),
        "test": slice(len(y) - n_test, len(y)),
    }
    arrays = {
        name: {"x": np.asarray(x[rows]), "y": ((y[rows] - mean) / sd).astype("float32")}
        for name, rows in parts.items()
    }
    seed = derive_seed(settings["seed"], "readability")
    with seeded(seed):
        model = Regressor(build_encoder(SignalEncoder, x, settings))
    result = fit(
        model,
        _step,
        arrays["train"],
        validation=arrays["val"],
        seed=seed,
        device=context.device,
        **fit_options(settings),
    )
    read = predict(result.model, _forward, arrays["test"], device=context.device)
    table = pd.DataFrame(
        {
            "window": np.arange(len(y) - n_test, len(y)),
            "y_true": y[parts["test"]],
            "y_pred": read["y"].astype(float) * sd + mean,
        }
    )
    return Outcome(predictions=table, tables={"history": result.history})


def _step(model, batch, generator):
    """Return the squared error of a batch."""
    return {"total": functional.mse_loss(model(batch["x"]), batch["y"])}


def _forward(model, batch):
    """Return what `predict` gathers."""
    return {"y": model(batch["x"])}
