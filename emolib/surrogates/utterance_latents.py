"""The affect of utterances: emotions about their class's centre, or one sentiment."""

from __future__ import annotations

import numpy as np

from emolib.surrogates import utterance_sizes as sizes
from emolib.surrogates.utterance_sizes import Sentiment


def draw_latents(corpus: str, n: int, rng) -> tuple[np.ndarray, np.ndarray]:
    """Return affect u (n, n_axes) and class (n,) of n utterances."""
    if corpus == "iemocap":
        share = np.cumsum(sizes.EMOTION_COUNTS) / np.sum(sizes.EMOTION_COUNTS)
        y = np.searchsorted(share, rng.random(n), side="right")
        spread = sizes.EMOTION_SD * rng.standard_normal((n, 3))
        return np.array(sizes.EMOTION_CENTRES)[y] + spread, y
    law = sizes.SENTIMENTS[corpus]
    s, label = draw_sentiment(law, rng.random(n), rng.standard_normal((n, 2)))
    return ((s - law.centre) / law.unit)[:, None], (label >= 0).astype(int)


def draw_sentiment(law: Sentiment, chance: np.ndarray, normal: np.ndarray):
    """Return sentiment s and its label, from uniform (n,) and normal (n, 2) numbers."""
    s = np.where(chance < law.neutral_share, 0.0, law.level + law.spread * normal[:, 0])
    rated = s + law.rating_sd * normal[:, 1] * (s != 0)
    return s, np.clip(np.round(rated / law.grid) * law.grid, -3, 3)
