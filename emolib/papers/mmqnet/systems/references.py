"""What stands beside the trained systems: the majority class, and the plainest reader.

``mean fill`` puts the mean in a missing modality's place and reads all features by a
logistic regression. On the surrogate an ideal reader gains at most .006 AUC over it.
"""

from __future__ import annotations

import numpy as np

from emolib.papers.mmqnet.training import Fitted, Task, as_unit
from emolib.papers.mmqnet.views import two_views
from emolib.store import Outcome


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
    return as_unit(ANSWERS[settings["answer"]])(settings, context)
