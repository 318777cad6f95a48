"""How CCA is used: two views, ten components of each, a linear reader.

Paper 1 names Hotelling 1936 and no recipe; this is the form of GCNet's and DeepCCA's
public codes. The views are the first modality (EEG) and all others in a row.

Differs from GCNet: two views, where it pairs three and joins all pairs' projections.
"""

from __future__ import annotations

from emolib.models.baselines.cca import canonical_maps
from emolib.papers.mmqnet.training import Fitted, Task, as_unit
from emolib.papers.mmqnet.views import read_linearly, two_views


def fit(features, present, y, *, task: Task) -> Fitted:
    """Return canonical components of these windows, read linearly."""
    maps = canonical_maps(*two_views(features, present))

    def project(features, present):
        return maps.project(*two_views(features, present))

    return read_linearly(project, features, present, y, state=maps._asdict())


run = as_unit(fit)
