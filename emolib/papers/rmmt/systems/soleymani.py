"""How Soleymani's LSTM is trained: whole trials, squared error.

Soleymani et al. 2016, by the public re-implementation: mean squared error, whole trials
padded to the longest in batches of 20, 100 epochs, the epoch of the lowest validation
error.

Differs from it: Adam at 1e-3 in place of Nadam; the epoch is chosen by the CCC of
validation trials, as everywhere here; features are scaled as every system's are (there
within each person, test trials included, which is the default here too).
"""

from __future__ import annotations

import torch

from emolib.models.baselines.soleymani import SoleymaniLSTM as build
from emolib.papers.rmmt.training import Fitted, Task, as_unit, unpack

FIT = {"lr": 1e-3, "batch_size": 20, "max_epochs": 100}


def fit(task: Task) -> Fitted:
    """Return the LSTMs, trained on this task's whole trials."""
    model = task.build(build, modalities=task.settings["modalities"])
    return task.fitted(task.fit(model, _step, own=FIT, whole=True), whole=True)


def _step(model, batch, generator):
    x, lengths = unpack(batch)
    error = (model(x, lengths).valence - batch["y"]).square()
    here = torch.arange(error.shape[1], device=error.device) < lengths[:, None]
    squared = error.where(here, 0.0).sum() / lengths.sum()
    return {"squared": squared, "total": squared}


run = as_unit(fit)
