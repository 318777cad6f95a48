"""How TAE is trained: fused, deep and separate cross-entropies, and features alike.

Cheng et al. 2024, in the sense of its README: the fused loss, .01 times the deep one,
the separate one, and a small weight on how far each modality's own decoder is from its
first stage. What is missing stays in as zeros, as there, but in no loss of its own.

Differs from the public code: Adam 1e-3 for 100 epochs in batches of 242, one weight
(1e-3) for the mean squared distance where it has 1e-9 on a squared sum, no duplicate of
each window (its crop is the identity), and an epoch chosen on validation windows.
"""

from __future__ import annotations

from torch.nn import functional

from emolib.losses.reconstruction import token_reconstruction
from emolib.models.baselines.tae import TAE as build
from emolib.papers.mmqnet.training import Fitted, Task, as_unit, unpack

FIT = {"lr": 1e-3, "batch_size": 242, "max_epochs": 100}
W_DEEP, W_ALIKE = 0.01, 1e-3


def fit(features, present, y, *, task: Task) -> Fitted:
    """Return TAE, trained on these windows."""
    model = task.build(build)
    return task.classifier(task.fit(model, _step, features, present, y, own=FIT))


def _step(model, batch, generator):
    x, present = unpack(batch)
    outputs, y = model(x, present), batch["y"][:, None]
    returned, first = outputs.returned.flatten(2), outputs.first.flatten(2)
    alike = token_reconstruction(returned, first, present) / first.shape[2]
    terms = {
        "class": functional.cross_entropy(outputs.logits, batch["y"]),
        "deep": functional.cross_entropy(
            outputs.deep.transpose(1, 2), y.expand(-1, outputs.deep.shape[1])
        ),
        "separate": functional.cross_entropy(
            outputs.separate[present], y.expand(present.shape)[present]
        ),
        "alike": alike,
    }
    total = terms["class"] + W_DEEP * terms["deep"] + terms["separate"]
    return {**terms, "total": total + W_ALIKE * alike}


run = as_unit(fit)
