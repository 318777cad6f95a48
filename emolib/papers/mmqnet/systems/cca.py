"""How CCA is used: ten components of each of two views, a linear reader.

Paper 1 names Hotelling 1936 and no recipe; this is the form of GCNet's and DeepCCA's
public codes. The views are the first modality (EEG) and all others in a row; with
``cca_views="pairs"``, as GCNet has three modalities, each modality and each other one,
the components of all pairs in a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from emolib.models.baselines.cca import canonical_maps
from emolib.papers.mmqnet.training import Fitted, Task, as_unit
from emolib.papers.mmqnet.views import read_linearly, two_views


def every_pair(features: Mapping, present) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return each modality with each other one, (n, d) each; what is missing is 0."""
    rows = np.asarray(present)
    pairs = combinations(enumerate(features), 2)
    return [
        two_views({a: features[a], b: features[b]}, rows[:, [i, j]])
        for (i, a), (j, b) in pairs
    ]


def fit(features, present, y, *, task: Task) -> Fitted:
    """Return canonical components of these windows, read linearly."""

    def views(features, present):
        if task.settings["cca_views"] == "pairs":
            return every_pair(features, present)
        return [two_views(features, present)]

    found = [canonical_maps(*pair) for pair in views(features, present)]

    def project(*given):
        both = zip(found, views(*given), strict=True)
        return np.concatenate([maps.project(*pair) for maps, pair in both], axis=1)

    named = (
        (i, *item) for i, maps in enumerate(found) for item in maps._asdict().items()
    )
    state = {f"{name}_{i}": values for i, name, values in named}
    return read_linearly(project, features, present, y, state=state)


run = as_unit(fit)
