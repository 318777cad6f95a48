"""How AE is trained: classify, and restore what was hidden on purpose.

After GCNet's autoencoder: cross-entropy and 0.2 times the squared error of missing
features, Adam 1e-3, batches of 256, 100 epochs.

Differs from GCNet: it knows what it calls missing, for its corpora are whole; here
three in ten of the available modalities are hidden at each step, and what is truly
missing is in no loss. Constant rate, no clipping; validation windows choose the epoch.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from emolib.corruptions.presence import drop_modalities
from emolib.losses.reconstruction import token_reconstruction
from emolib.models.baselines.autoencoder import Autoencoder as build
from emolib.models.modalities import observed
from emolib.papers.mmqnet.training import Fitted, Task, as_unit, unpack

FIT = {"lr": 1e-3, "batch_size": 256, "max_epochs": 100}
P_DROP, W_RESTORED = 0.3, 0.2


def fit(features, present, y, *, task: Task) -> Fitted:
    """Return an autoencoder that classifies, trained on these windows."""
    model = task.build(build)
    return task.classifier(task.fit(model, _step, features, present, y, own=FIT))


def _step(model, batch, generator):
    x, present = unpack(batch)
    kept = drop_modalities(present, P_DROP, generator) if model.training else present
    outputs = model(x, kept)
    target = torch.cat([*observed(x, present, model.n_features).values()], dim=1)
    widths = torch.tensor([*model.n_features.values()], device=present.device)
    dropped = (present & ~kept).repeat_interleave(widths, dim=1)
    pair = outputs.restored[..., None], target[..., None]  # a token a feature
    restoring = token_reconstruction(*pair, dropped)
    entropy = functional.cross_entropy(outputs.logits, batch["y"])
    total = entropy + W_RESTORED * restoring
    return {"class": entropy, "reconstruction": restoring, "total": total}


run = as_unit(fit)
