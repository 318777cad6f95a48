"""MMQ-Net itself: tokens, queries, and the three terms of Eq. (8).

Paper 1, Sections 2.3, 2.4 and 3.2. The ablations of Table 3 are weights of this file:
``w_reconstruction=0`` and ``w_interference=0``. Adam, 6e-4, batches of 1024.

By default a part of what is available is hidden from the model on purpose at every
step, and restored; Eq. (5) as printed restores what the model has just seen.
"""

from __future__ import annotations

from torch import nn

from emolib.corruptions.presence import drop_modalities
from emolib.losses.information import InformationCritic, mmqnet_loss
from emolib.models.mmqnet import MMQNet
from emolib.papers.mmqnet.training import (
    MODEL_KEYS,
    WEIGHT_KEYS,
    Fitted,
    Task,
    as_unit,
    pick,
    unpack,
)


def build(sizes, *, estimator="difference", **options) -> nn.ModuleDict:
    """Return the untrained model, and the critic that learns beside it."""
    model = MMQNet(sizes, **options)
    critic = InformationCritic(options.get("d", 16), estimator=estimator)
    return nn.ModuleDict({"model": model, "critic": critic})


def fit(features, present, y, *, task: Task) -> Fitted:
    """Return MMQ-Net, trained on these windows."""
    options = pick(task.settings, (*MODEL_KEYS, "estimator"))
    pair = task.build(build, **options)
    part = features, present, y
    result = task.fit(pair, loss_step(task.settings), *part, read=read)
    return task.classifier(result, read)


def read(pair: nn.ModuleDict, x, present):
    """Return the model's two class scores, (b, 2); the critic has no say."""
    return pair["model"](x, present).logits


def loss_step(settings):
    """Return the step that computes Eq. (8) on a batch."""
    weights = pick(settings, WEIGHT_KEYS)
    p_drop, is_literal = settings["p_drop"], settings["reconstruction"] == "available"

    def step(pair, batch, generator):
        model, (x, present) = pair["model"], unpack(batch)
        kept = present
        if pair.training and not is_literal:
            kept = drop_modalities(present, p_drop, generator)
        features = model.project(x, present)
        outputs = model.read(features, kept)
        dropped = None if is_literal else present & ~kept
        return mmqnet_loss(
            outputs, features, batch["y"], pair["critic"], present=present,
            dropped=dropped, **weights,
        )  # fmt: skip

    return step


run = as_unit(fit)
