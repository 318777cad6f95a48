"""How large every planted effect is in the corpora of utterances, as data.

An utterance has a point u on one or three axes of affect. Each modality carries a noisy
reading of it, y = W u + own noise + the speaker's own offset, along as many directions
of its feature vectors. These numbers were fixed before any system was trained on these
surrogates; they may change only for a stated reason other than a system's score.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True)
class Carrier:
    """How one modality carries affect.

    Parameters
    ----------
    weights : tuple of float
        Loading on each axis of affect, at effect 1.
    own_sd : float
        SD of the utterance's own noise, per axis.
    width : int
        Features in a vector.
    n_steps : int
        Length at which the ceilings of the model are given.
    """

    weights: tuple[float, ...]
    own_sd: float
    width: int
    n_steps: int


@dataclass(frozen=True)
class Plan:
    """What a corpus of utterances plants.

    Parameters
    ----------
    corpus : str
    carriers : mapping of modality to Carrier
    speaker_sd : float
        SD of what is the same in all utterances of a speaker, per modality and axis.
    affect_share : float
        Share of a feature vector's variance that is a unit reading on every axis.
    white_share : float
        Share of it that is white noise; the rest is slow content without affect.
    """

    corpus: str
    carriers: dict[str, Carrier]
    speaker_sd: float
    affect_share: float
    white_share: float

    @property
    def n_axes(self) -> int:
        """Axes of affect."""
        return len(next(iter(self.carriers.values())).weights)

    def gain(self, modality: str) -> float:
        """Return what a unit of a reading adds to a vector of unit variance."""
        return sqrt(self.affect_share * self.carriers[modality].width / self.n_axes)

    def noise_variance(self, modality: str, signature: float) -> float:
        """Return the variance of a reading that is not affect, the speaker unknown."""
        own = self.carriers[modality].own_sd
        return own**2 + (signature * self.speaker_sd) ** 2


EMOTION_COUNTS = (1103, 1636, 1708, 1084)
"""Utterances of each class among IEMOCAP's 5531; their shares are the prior."""
EMOTION_CENTRES = (
    (-1.0, 1.0, 0.6), (1.1, 0.7, 0.1), (0.0, -0.4, 0.0), (-0.9, -1.0, -0.6),
)  # fmt: skip
"""Valence, arousal, dominance of each class."""
EMOTION_SD = 0.42
"""Spread of the utterances of a class about its centre, on each axis."""

IEMOCAP = Plan(
    "iemocap",
    {
        "audio": Carrier((0.35, 1.0, 0.50), 0.40, 130, 45),
        "visual": Carrier((0.75, 0.35, 0.20), 0.55, 342, 50),
        "text": Carrier((1.0, 0.30, 0.50), 0.50, 1024, 22),
    },
    speaker_sd=0.28,
    affect_share=0.03,
    white_share=0.30,
)

CONTENT_DIMS, CONTENT_MEMORY = 32, 0.8
"""Directions of the slow content, orthogonal to affect; its correlation from one step
to the next."""

AUDIO_SECONDS_SPREAD, AUDIO_STEPS, AUDIO_STEPS_HZ = 0.6, (10, 350), 10.0
"""IEMOCAP's audio: spread of the log of its length; shortest and longest; rate."""
VISUAL_STEPS, NO_FACE_SHARE, NO_FACE_STEPS = 50, 0.25, (1, 15)
"""A quarter of IEMOCAP's utterances have a run of steps in which no face was found."""
TEXT_STEPS = (6, 22)
AUDIO_SCALE_SD, AUDIO_OFFSET_SD = 1.0, 2.0
"""Audio is stored un-normalised: spread of features' log units; of means in units."""


@dataclass(frozen=True)
class Sentiment:
    """How an utterance's sentiment is drawn and rated.

    s = 0 with probability `neutral_share`, else normal with `level` and `spread`; the
    label is s plus a rating error (none where s = 0), on a grid, from -3 to 3. On the
    axis of affect, u = (s - centre) / unit.
    """

    neutral_share: float
    level: float
    spread: float
    rating_sd: float
    grid: float
    centre: float
    unit: float


SENTIMENTS = {
    "mosei": Sentiment(0.10, 0.284, 0.976, 0.30, 1 / 3, 0.256, 0.93),
    "mosi": Sentiment(0.0, 0.06, 1.55, 0.30, 1 / 5, 0.06, 1.55),
}
"""CMU-MOSI is rated in fifths and is more extreme; level and spread are chosen so that
.46 of the labels are negative, .05 zero and .49 positive."""

VIDEO_SD = 0.28
"""Of the unit noise of a reading of sentiment, what the speaker of a video has in
every utterance."""
SENTIMENT_WEIGHTS = {"audio": 0.40, "visual": 0.45, "text": 0.90}
SENTIMENT_WIDTHS = {
    ("mosei", "senti"): {"audio": 74, "visual": 35, "text": 300},
    ("mosei", "raw"): {"audio": 74, "visual": 713, "text": 300},
    ("mosei", "mmsa"): {"audio": 74, "visual": 35, "text": 768},
    ("mosi", "senti"): {"audio": 5, "visual": 20, "text": 300},
    ("mosi", "raw"): {"audio": 74, "visual": 35, "text": 300},
    ("mosi", "mmsa"): {"audio": 5, "visual": 20, "text": 768},
}
SENTIMENT_STEPS, MEDIAN_STEPS = (5, 45), 25
SENTIMENT_VARIANCE = {"audio": 150.8, "visual": 2.204, "text": 0.0300}
"""Mean variance of a feature: what the paper's (140, 60, 5) steps at -10 dB imply."""
AUDIO_OFFSET_EVERY, AUDIO_OFFSET_SDS = 4, 3.0
"""Every fourth audio feature has a mean of three SD, as COVAREP's lie far from zero."""


def sentiment_plan(corpus: str = "mosei", package: str = "senti") -> Plan:
    """Return what CMU-MOSEI or CMU-MOSI plants in one of its packages."""
    own_sd, widths = sqrt(1 - VIDEO_SD**2), SENTIMENT_WIDTHS[corpus, package]
    carriers = {
        name: Carrier((SENTIMENT_WEIGHTS[name],), own_sd, width, MEDIAN_STEPS)
        for name, width in widths.items()
    }
    return Plan(corpus, carriers, VIDEO_SD, affect_share=0.02, white_share=0.0)


PLANS = {"iemocap": IEMOCAP} | {name: sentiment_plan(name) for name in SENTIMENTS}
