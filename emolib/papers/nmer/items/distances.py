"""How far noise moves the utterances of a run: Algorithm 2, by level."""

from __future__ import annotations

import pandas as pd

from emolib.papers.nmer.distance_views import distance_frames
from emolib.papers.nmer.items.noise import drawn_utterances
from emolib.papers.nmer.noise_views import DBS
from emolib.study import Study


def distances(
    study: Study, corpus: str = "iemocap", *, dbs=(0.0, *DBS), seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return how far one step and a time average are moved, beside what is expected.

    Paper 3, Section 3.5, Algorithm 2: the utterances of Fig. 3.

    Returns
    -------
    frame, curve : DataFrame
        For `emolib.figures.one_modality.plot_distances`.
    """
    drawn = drawn_utterances(study.settings, corpus, seed)
    return distance_frames(*drawn, dbs=dbs, seed=seed)
