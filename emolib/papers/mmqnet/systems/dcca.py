"""How DCCA is trained: total correlation on large batches, then CCA, read linearly.

Andrew et al. 2013; Adam 1e-3, weight decay 1e-4, batches of 1,024, 100 epochs, as
GCNet's code has it, ridge 1e-3, linear CCA and a linear reader as DeepCCA's.

Differs from both: the sum of all singular values of T, which is the article's trace
norm (DeepCCA adds to eigenvalues of T'T), and an epoch chosen on validation windows.
No label is read before the linear reader.
"""

from __future__ import annotations

import numpy as np
import torch

from emolib.losses.correlation import correlation_loss
from emolib.models.baselines.cca import canonical_maps
from emolib.models.baselines.dcca import DCCA as build
from emolib.papers.mmqnet.training import Fitted, Task, as_unit, unpack
from emolib.papers.mmqnet.views import read_linearly
from emolib.training.tensors import state_arrays

FIT = {"lr": 1e-3, "weight_decay": 1e-4, "batch_size": 1024, "max_epochs": 100}


def fit(features, present, y, *, task: Task) -> Fitted:
    """Return two networks that agree, and a linear reader of what they agree in."""
    part = features, present, y
    result = task.fit(task.build(build), _step, *part, own=FIT, read=None)

    def views(features, present):
        both = task.outputs(result.model, _read, features, present).astype(float)
        return np.split(both, 2, axis=1)

    maps = canonical_maps(*views(features, present), ridge=1e-3)
    return read_linearly(
        lambda *given: maps.project(*views(*given)), *part, history=result.history,
        state={**maps._asdict(), **state_arrays(result.model)},
    )  # fmt: skip


def _read(model, x, present):
    return torch.cat([*model(x, present)], dim=1)


def _step(model, batch, generator):
    return {"total": correlation_loss(*model(*unpack(batch)))}


run = as_unit(fit)
