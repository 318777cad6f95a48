"""Whether an encoder can read a planted heart rate or band power at all.

Before any alignment: each stem is trained on windows of the surrogate writers' own
waveforms, with the quantity drawn uniformly. A stem that cannot read it from a few
hundred windows cannot carry emotion from as many.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from torch.nn import functional

from emolib.models.ecg_eeg import EmotionModel, SignalEncoder
from emolib.papers.ecg_eeg.training import Task, build_encoder
from emolib.splits import Fold
from emolib.store import Outcome


def build(windows, settings) -> EmotionModel:
    """Return an encoder with one output, the quantity in standard units."""
    (x,) = windows.x.values()
    return EmotionModel(build_encoder(SignalEncoder, x, settings), n_outputs=1)


def run(settings, context) -> Outcome:
    """Train on the first windows, test on the last ones, which every size shares."""
    (modality,), y = context.windows.x, context.windows.y
    n, rows = settings["n_windows"], np.arange(len(y))
    n_train = n - round(n * settings["val_fraction"])
    test = rows[len(y) - settings["n_test"] :]
    fold = Fold(0, rows[:n_train], rows[n_train:n], test, "", None)
    mean, sd = y[:n].mean(), y[:n].std()
    units = ((y - mean) / sd).astype("float32")
    task = Task(context.windows, fold, settings, context.device, fold.train, units)
    model = task.build(build, "readability")
    result = task.fit(model, "readability", modality, step=_step)
    read = task.predict(model, _quantity, test, modality).astype(float) * sd + mean
    table = pd.DataFrame({"window": test, "y_true": y[test], "y_pred": read})
    return Outcome(predictions=table, tables={"history": result.history})


def _step(model, batch, generator):
    """Return the squared error of a batch."""
    (x,) = (batch[name] for name in batch if name != "y")
    return {"total": functional.mse_loss(_quantity(model, x), batch["y"])}


def _quantity(model, x):
    """Return the quantity that is read, shape (b,)."""
    return model(x).logits.squeeze(-1)
