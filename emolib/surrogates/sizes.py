"""How large every planted effect is: the tables of the generative models, as data.

These numbers were fixed before any system was trained on a surrogate. They may change
only for a stated reason other than a system's score. Recordings come first: sizes are
per standard deviation of the latent, powers in dB of source power. Then utterances:
each has a point u on one or three axes of affect, of which a modality carries a noisy
reading, y = W u + own noise + the speaker's own offset, along as many directions of its
feature vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

AFFECT = ("valence", "arousal", "dominance")

RHO, DREAMER_VALENCE_RHO = (0.30, 0.30, 0.40), (0.48, 0.12, 0.40)
"""Shares of the latent's variance: stimulus, person by stimulus, moment to moment."""
TAU_MOMENT_S, TAU_SMOOTH_S, TAU_ONSET_S = 8.0, 0.4, 6.0
DOMINANCE_MIX = (0.5, 0.2, 0.84)
"""Dominance = .5 valence + .2 arousal + .84 of its own, which no signal carries."""

KAPPA = 0.85
"""Reliability of one self-report."""
BIAS_SD, SCALE_SD = 0.30, 0.15
"""Spread over people of the level and of the (log) width of their scale use."""
GAIN_SD, GAIN_MEAN = 0.25, -0.03
"""Log of a person's responsiveness, one draw per system."""

TAU_DRIFT_S = 10.0
VIGILANCE, MOVEMENT = (0.5, 30.0), (0.3, 3.0)
"""Share of variance that is the trial's own; time constant of the rest in s."""
COMMON_SHARE = 0.5
"""Share of a signature's and a drift's variance common to the parameter's group."""


@dataclass(frozen=True)
class Parameter:
    """One physiological parameter that affect moves.

    `group` shares half of its signatures and drifts, `system` shares a person's
    responsiveness. `base` is the resting value; `valence` and `arousal` the change per
    SD of the latent; `lag_s` the time constant of the response; `subject`, `trial` and
    `drift` standard deviations of what is not affect; `error` that of a perfect
    detector's reading of one 10 s window; `vigilance` and `movement` the nuisances'
    loadings.
    """

    name: str
    modality: str
    group: str
    system: str
    base: float
    valence: float
    arousal: float
    lag_s: float
    subject: float
    trial: float
    drift: float
    error: float
    vigilance: float = 0.0
    movement: float = 0.0


FRONTAL_LEFT = ("AF3", "F3", "F7", "FC5")
FRONTAL_RIGHT = ("AF4", "F4", "F8", "FC6")
SITES = {
    "frontal_alpha": FRONTAL_LEFT + FRONTAL_RIGHT,
    "posterior_alpha": ("P7", "P3", "Pz", "P4", "P8", "O1", "O2"),
    "idle_alpha": ("Fz", "T7", "T8", "C3", "C4", "Cz"),
    "theta": ("Fz",),
    "beta": ("F3", "F4", "T7", "T8", "C3", "C4"),
    "gamma": ("T7", "T8", "F7", "F8"),
}
"""Where each group of rhythm sources lies; idle alpha is not moved by affect."""

_CORTICAL = (
    # group, sites, valence, arousal, system, subject, trial, drift, error, V, M
    ("frontal_alpha", FRONTAL_LEFT, -1.0, -0.4, "cortical", 1.0, 0.7, 0.6, 1.2, 0.4, 0),
    ("frontal_alpha", FRONTAL_RIGHT, 1.0, -0.4, "cortical", 1.0, 0.7, 0.6, 1.2, 0.4, 0),
    ("posterior_alpha", None, 0.0, -2.0, "cortical", 1.25, 0.8, 0.6, 1.2, 0.6, 0),
    ("theta", None, 1.5, 0.0, "cortical", 1.0, 0.8, 0.6, 1.3, 0.4, 0),
    ("beta", None, 0.0, 1.0, "cortical", 0.75, 0.7, 0.5, 0.5, -0.3, 0.3),
    ("gamma", None, 0.6, 0.5, "facial", 1.0, 1.0, 0.6, 0.4, 0.0, 0.8),
)  # fmt: skip


HEART, SKIN, BREATH, FACE = "cardiac", "electrodermal", "respiratory", "facial"

_PERIPHERAL = (
    # name, modality, system, base, valence, arousal, lag_s, subject, trial, drift,
    # error, V, M
    ("heart_rate", "ecg", HEART, 72.0, .6, 2.0, 3, 4.0, 1.0, 1.5, .5, -1.2, .4),
    ("ln_rsa", "ecg", HEART, log(.035), .12, -.2, 3, .25, .15, .12, .25, .1, 0),
    ("ln_t_wave", "ecg", HEART, log(.3), 0, -.06, 4, .1, .06, .04, .04, 0, 0),
    ("ln_resp_rate", "resp", BREATH, log(.25), 0, .08, 2, .06, .05, .06, .05, -.03, 0),
    ("ln_resp_depth", "resp", BREATH, 0, .06, .1, 2, .15, .12, .12, .12, 0, .06),
    ("ln_scl", "gsr", SKIN, log(5), 0, .12, 4, .25, .12, .1, .02, -.08, 0),
    ("ln_scr_rate", "gsr", SKIN, log(4), 0, .5, 3, .25, .2, .15, .8, -.2, .3),
    ("ln_pulse", "ppg", HEART, 0, 0, -.12, 5, .2, .12, .1, .08, .05, 0),
    ("temperature", "temperature", SKIN, 33, .02, -.06, 15, .75, .15, .06, .01, 0, 0),
    ("ln_zygomaticus", "emg", FACE, log(4), .4, 0, .3, .2, .25, .25, .1, 0, .2),
    ("ln_trapezius", "emg", FACE, log(6), 0, .12, .5, .2, .25, .25, .1, 0, .25),
    ("ln_blink_rate", "eog", FACE, log(17), -.1, -.15, 1, .2, .15, .1, .6, .25, .15),
    ("ln_saccade_rate", "eog", FACE, log(40), 0, .12, .5, .15, .12, .12, .25, 0, .15),
)  # fmt: skip

PARAMETERS = (
    *(Parameter(f"{group}_{site}", "eeg", group, system, 0.0, valence, arousal, 0.0,
                *others)
      for group, sites, valence, arousal, system, *others in _CORTICAL
      for site in sites or SITES[group]),
    *(Parameter(name, modality, name, *others) for name, modality, *others
      in _PERIPHERAL),
)  # fmt: skip
SYSTEMS = ("cortical", FACE, HEART, SKIN, BREATH)

RESP_RATE_IN_ECG = {"arousal": 0.06, "error": 0.10}
"""Breathing rate read from the ECG: a smaller loading and a larger error."""
HEART_RATE_IN_EEG_ERROR = 3.8
"""In bpm, of the heart rate that EEG with the heart's own field tells in 10 s: measured
on written corpora, 44 people (README)."""
OWN_TEN_SECONDS = ("ecg", "resp", "ppg")
"""Modalities whose cues use the 10 s around a shorter window."""
REFERENCE_WINDOW_S = 10.0

IAF_HZ, IAF_SD, IAF_RANGE = 10.0, 0.8, (8.0, 12.5)
EXPONENT, EXPONENT_SD = 1.1, 0.15
SKULL_GAIN_SD, SENSOR_GAIN_SD = 0.25, 0.3
BANDS = {
    "alpha": (None, 1.0), "theta": (6.0, 0.8), "beta": (20.0, 4.0), "gamma": (37.0, 5.0)
}  # fmt: skip
"""Centre and width in Hz of each rhythm; alpha's centre is the person's own."""
MOMENTS_NAM = {
    "posterior_alpha": 22.0, "frontal_alpha": 12.0, "idle_alpha": 12.0, "theta": 35.0,
    "beta": 10.0, "gamma": 8.0, "background": 30.0,
}  # fmt: skip
BACKGROUND_L_FREQ = 0.3
ENVELOPE_SD, ENVELOPE_TAU_S = 0.25, 0.5
SENSOR_WHITE_UV, SENSOR_NARROW_UV, SENSOR_NARROW_HZ = 0.5, 0.5, (45.0, 18.0)

LEAD_WAVES_MV = ((0.12, -0.10, 1.0, -0.20, 1.0), (0.08, -0.05, 0.60, -0.30, 0.7))
"""P Q R S T in the two leads; T is in units of the planted T wave."""
WAVE_CENTRES_S = (-0.18, -0.035, 0.0, 0.035, 0.28)
WAVE_WIDTHS_S = (0.025, 0.010, 0.011, 0.010, 0.045)
WAVE_WIDTH_SD, LEAD_GAIN_SD, ECG_NOISE_SD = 0.15, 0.2, 0.4
ECG_BREATHING_MV, ECG_PINK_MV, ECG_WHITE_MV = 0.05, 0.03, 0.015
HEART_FIELD_UV, HEART_FIELD_SD, HEART_ANGLE_SD = 3.0, 0.35, 20.0
"""The heart's field at the scalp: median over people of its peak, averaged over beats
and then over channels; spread of the log of it; spread in degrees of its direction
about the one from right to left."""
HEART_FIELD_HZ = (1.0, 45.0)
RR_MIN_S, RSA_PHASE, MAYER_S, MAYER_HZ = 0.35, 0.3, 0.015, (0.10, 0.02)


# --------------------------------------------------------------- utterances


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
