"""The affect of utterances: emotions about their class's centre, or one sentiment."""

from __future__ import annotations

import numpy as np

from emolib.surrogates import utterance_sizes as sizes
from emolib.surrogates.utterance_sizes import Plan, Sentiment


def draw_latents(
    corpus: str, n: int, rng, positive: str = "at_least_0"
) -> tuple[np.ndarray, np.ndarray]:
    """Return affect u (n, n_axes) and class (n,) of n utterances.

    `positive` says which labels of sentiment are class 1.
    """
    if corpus == "iemocap":
        share = np.cumsum(sizes.EMOTION_COUNTS) / np.sum(sizes.EMOTION_COUNTS)
        y = np.searchsorted(share, rng.random(n), side="right")
        spread = sizes.EMOTION_SD * rng.standard_normal((n, 3))
        return np.array(sizes.EMOTION_CENTRES)[y] + spread, y
    law = sizes.SENTIMENTS[corpus]
    s, label = draw_sentiment(law, rng.random(n), rng.standard_normal((n, 2)))
    is_positive = label >= 0 if positive == "at_least_0" else label > 0
    return ((s - law.centre) / law.unit)[:, None], is_positive.astype(int)


def draw_sentiment(law: Sentiment, chance: np.ndarray, normal: np.ndarray):
    """Return sentiment s and its label, from uniform (n,) and normal (n, 2) numbers."""
    s = np.where(chance < law.neutral_share, 0.0, law.level + law.spread * normal[:, 0])
    rated = s + law.rating_sd * normal[:, 1] * (s != 0)
    return s, np.clip(np.round(rated / law.grid) * law.grid, -3, 3)


def draw_emotions(n: int, rng) -> tuple[np.ndarray, np.ndarray]:
    """Return affect (n, 3) and class (n,) of one speaker's utterances.

    The classes' shares among any speaker's utterances are those of the corpus, but for
    rounding; their order is random.
    """
    share = np.cumsum(sizes.EMOTION_COUNTS) / np.sum(sizes.EMOTION_COUNTS)
    steps = (np.arange(n) + rng.random()) / n
    y = rng.permutation(np.searchsorted(share, steps, side="right"))
    spread = sizes.EMOTION_SD * rng.standard_normal((n, 3))
    return np.array(sizes.EMOTION_CENTRES)[y] + spread, y


def read_out(
    plan: Plan, name: str, u: np.ndarray, *, effect: float, own: np.ndarray,
    speaker: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Return what one modality says of each utterance, shape (n, n_axes).

    Parameters
    ----------
    u : ndarray, shape (n, n_axes)
    own : ndarray, shape (n, n_axes)
        Standard normals, one draw per utterance.
    speaker : ndarray, shape (n, n_axes) or (1, n_axes)
        The speaker's offset.
    """
    carrier = plan.carriers[name]
    return effect * np.array(carrier.weights) * u + carrier.own_sd * own + speaker
