"""RMMT itself, and what is left of it without a part: Eq. (21) on windows.

Paper 4, Sections 3.3, 3.4 and 4.5. RSMT-E and RSMT-F ask and answer with one modality;
MMT is ``residual=False``; without KD, and the sweep of alpha, are ``w_distillation``.
"""

from __future__ import annotations

from emolib.losses.regression import concordance_loss, distillation_loss
from emolib.models.rmmt import RMMT as build
from emolib.papers.rmmt.training import (
    LOSS_KEYS,
    MODEL_KEYS,
    Fitted,
    Task,
    as_unit,
    pick,
    unpack,
)


def fit(task: Task) -> Fitted:
    """Return RMMT, trained on this task's windows."""
    model = task.build(build, **pick(task.settings, MODEL_KEYS))
    return task.fitted(task.fit(model, loss_step(**pick(task.settings, LOSS_KEYS))))


def loss_step(w_distillation: float, learner: str, divisors: str):
    """Return the step that computes Eq. (21) on a batch."""

    def step(model, batch, generator):
        x, lengths = unpack(batch)
        told = model(x, lengths)
        ccc = concordance_loss(told.valence, batch["y"], lengths, divisors=divisors)
        if not w_distillation:
            return {"ccc": ccc, "total": ccc}
        apart = distillation_loss(told.source, told.query, lengths, learner=learner)
        return {
            "ccc": ccc,
            "distillation": apart,
            "total": ccc + w_distillation * apart,
        }

    return step


run = as_unit(fit)
