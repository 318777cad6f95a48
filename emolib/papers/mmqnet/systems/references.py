"""What stands beside the trained systems: majority class, plainest reader, ceiling.

``mean fill`` puts the mean in a missing modality's place and reads all features by a
logistic regression. On the surrogate an ideal reader gains at most .006 AUC over it.
``ceiling`` is that ideal reader: it knows what was planted, and leaves out what is
missing.
"""

from __future__ import annotations

import numpy as np

from emolib.corpora import truth_folder
from emolib.papers.mmqnet.data import folder
from emolib.papers.mmqnet.training import Fitted, Task, as_unit
from emolib.papers.mmqnet.views import two_views
from emolib.store import Outcome
from emolib.surrogates.ceiling import ceiling_scores


def majority(features, present, y, *, task: Task) -> Fitted:
    """Return the share of class 1 in training as the answer to every window."""
    prior = y.mean()
    return Fitted(lambda features, present: np.full(len(present), prior), {})


def mean_fill(features, present, y, *, task: Task) -> Fitted:
    """Return a logistic regression on all features, missing ones at their mean."""
    from sklearn.linear_model import LogisticRegression

    def table(features, present):
        return np.concatenate(two_views(features, present), axis=1)

    reader = LogisticRegression(C=0.1, max_iter=1000).fit(table(features, present), y)
    return Fitted(lambda *given: reader.predict_proba(table(*given))[:, 1], {})


ANSWERS = {"majority": majority, "mean fill": mean_fill}


def run(settings, context) -> Outcome:
    """Return the answers that the setting ``answer`` names, to every test window."""
    if settings["answer"] == "ceiling":
        return ceiling(settings, context)
    return as_unit(ANSWERS[settings["answer"]])(settings, context)


def ceiling(settings, context) -> Outcome:
    """Return what the stored latents allow with what is left of each window."""
    task = Task.of(settings, context)
    rows, own, level = task.fold.test, task.settings, task.settings["threshold"]
    scores = ceiling_scores(
        truth_folder(folder(context.data).path),
        context.windows.meta.iloc[rows],
        target=own["target"],
        threshold=np.nextafter(level, 0) if own["ties"] == "high" else level,
        modalities=tuple(task.features),
        present=task.present[rows],
        observer=own["observers"][own["protocol"]],
    )
    told = task.answers(Fitted(lambda *_: scores, {}), "test")
    return Outcome(predictions=told, tables={"rates": task.rates})
