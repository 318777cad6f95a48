"""What CCA, KCCA and DCCA share: two views of a window, and a linear reader.

Paper 1 says nothing of either. The views are the first modality (EEG) and all others in
a row; the reader is that of GCNet's and DeepCCA's public codes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy.special import expit

from emolib.papers.mmqnet.training import Fitted


def two_views(features: Mapping, present) -> tuple[np.ndarray, np.ndarray]:
    """Return the first modality and all others in a row, (n, d) each, in double.

    What is missing is 0, the mean of scaled features.
    """
    filled = [
        np.where(here[:, None], x, 0.0).astype(float)
        for x, here in zip(features.values(), np.asarray(present).T, strict=True)
    ]
    return filled[0], np.concatenate(filled[1:], axis=1)


def read_linearly(
    project: Callable, features, present, y, *, state: Mapping, history=None
) -> Fitted:
    """Return a linear support vector machine on projections, as a system.

    C = .01, as GCNet and DeepCCA have it. Its margin passes a logistic function, which
    is no calibrated probability but above one half where the margin is above 0.

    Parameters
    ----------
    project : callable (features, present) -> ndarray, shape (n, d)
    features, present, y
        To train on.
    state, history
        Of what was fitted before.
    """
    from sklearn.svm import LinearSVC

    reader = LinearSVC(C=0.01, dual=False).fit(project(features, present), y)

    def probability(features, present):
        return expit(reader.decision_function(project(features, present)))

    own = {"svm_weights": reader.coef_, "svm_bias": reader.intercept_}
    return Fitted(probability, {**state, **own}, history)
