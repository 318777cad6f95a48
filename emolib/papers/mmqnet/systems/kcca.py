"""How KCCA is used: CCA on random cosine features of each view, read linearly.

Lopez-Paz et al. 2014; differences in `emolib.models.baselines.cca`.
"""

from __future__ import annotations

from emolib.models.baselines.cca import RandomCosines, canonical_maps
from emolib.papers.mmqnet.training import Fitted, Task, as_unit
from emolib.papers.mmqnet.views import read_linearly, two_views

N_FEATURES, RIDGE = 500, 1e-3


def fit(features, present, y, *, task: Task) -> Fitted:
    """Return canonical components of random features, read linearly."""
    views = two_views(features, present)
    seeds = (task.seed_of(name) for name in ("first", "others"))
    lifts = [
        RandomCosines.of(view, n_features=N_FEATURES, seed=seed)
        for view, seed in zip(views, seeds, strict=True)
    ]

    def lifted(features, present):
        views = two_views(features, present)
        return [lift(view) for lift, view in zip(lifts, views, strict=True)]

    maps = canonical_maps(*lifted(features, present), ridge=RIDGE)

    def project(features, present):
        return maps.project(*lifted(features, present))

    return read_linearly(project, features, present, y, state=maps._asdict())


run = as_unit(fit)
