"""A stage that two systems share."""

import numpy as np
from emolib.papers.toy.data import flat
from emolib.papers.toy.diary import note, wait_for

from emolib.store import Outcome


def project(context, *, n_features, seconds=0.0, after=""):
    note(f"stage project {n_features}", seconds)
    wait_for(after)
    size = (flat(context.windows).shape[1], n_features)
    return Outcome(
        state={"weight": np.random.default_rng(n_features).normal(size=size)}
    )
