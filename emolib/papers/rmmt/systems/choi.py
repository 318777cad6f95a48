"""How Choi's network is trained: the CCC loss, with RMMT's optimiser and epochs.

Choi, Kim and Song 2020; neither loss nor recipe is known to us.
"""

from __future__ import annotations

from emolib.models.baselines.choi import ChoiNet as build
from emolib.papers.rmmt.training import Fitted, Task, as_unit, ccc_step, pick


def fit(task: Task) -> Fitted:
    """Return the network, trained on this task's windows."""
    options = {
        "modalities": task.settings["modalities"],
        **pick(task.settings, ("d", "dropout")),
    }
    model = task.build(build, **options)
    return task.fitted(task.fit(model, ccc_step(task.settings["divisors"])))


run = as_unit(fit)
