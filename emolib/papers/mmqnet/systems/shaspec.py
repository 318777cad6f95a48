"""How ShaSpec is trained: a task loss, shared features alike, specific ones telling.

Wang et al. 2023; its public code adds 0.1 times the distance of shared features around
a ring of modalities and 0.02 times the cross-entropy of naming a modality by its
specific features, and draws a random subset of the modalities at every step.

Differs from the public code: Adam 1e-3 for 100 epochs in batches of 64, in place of SGD
at 1e-2 over 180,000 steps of one volume; no warm-up on whole data, which at a missing
rate there is not; the epoch is chosen on validation windows.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from emolib.corruptions.presence import drop_modalities
from emolib.models.baselines.shaspec import ShaSpec as build
from emolib.papers.mmqnet.training import Fitted, Task, as_unit, unpack

FIT = {"lr": 1e-3, "batch_size": 64, "max_epochs": 100}
W_ALIGN, W_DOMAIN, P_DROP = 0.1, 0.02, 0.5


def fit(features, present, y, *, task: Task) -> Fitted:
    """Return ShaSpec, trained on these windows."""
    model = task.build(build)
    return task.classifier(task.fit(model, _step, features, present, y, own=FIT))


def _step(model, batch, generator):
    x, present = unpack(batch)
    kept = drop_modalities(present, P_DROP, generator) if model.training else present
    outputs = model(x, kept)
    terms = {
        "class": functional.cross_entropy(outputs.logits, batch["y"]),
        "align": ring_distance(outputs.shared, kept),
        "domain": naming_loss(outputs.which, kept),
    }
    total = terms["class"] + W_ALIGN * terms["align"] + W_DOMAIN * terms["domain"]
    return {**terms, "total": total}


def ring_distance(shared, present):
    """Return the mean L1 distance of neighbours in a ring, where both are there.

    Summed over the m pairs; shared (b, m, d), present (b, m).
    """
    both = (present & present.roll(-1, 1))[..., None]
    gap = torch.where(both, (shared - shared.roll(-1, 1)).abs(), 0.0)
    n = both.sum(0).clamp(min=1) * shared.shape[2]  # values of each pair  (m, 1)
    return (gap.sum((0, 2)) / n[:, 0]).sum()


def naming_loss(which, present):
    """Return the cross-entropy of naming the modalities that are there, (b, m, m)."""
    names = torch.arange(which.shape[1], device=which.device).expand(present.shape)
    return functional.cross_entropy(which[present], names[present])


run = as_unit(fit)
