"""How F-Fusion is trained: Eq. (25) by the CCC loss alone.

Paper 4, Section 4.5.1. Whether its loss has a distillation term is not stated; no.
"""

from __future__ import annotations

from emolib.models.baselines.fusion import FeatureFusion as build
from emolib.papers.rmmt.training import Fitted, Task, as_unit, ccc_step, pick


def fit(task: Task) -> Fitted:
    """Return F-Fusion, trained on this task's windows."""
    model = task.build(build, **pick(task.settings, ("d", "dropout")))
    return task.fitted(task.fit(model, ccc_step(task.settings["divisors"])))


run = as_unit(fit)
