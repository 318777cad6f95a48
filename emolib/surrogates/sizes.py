"""How large every planted effect is: the tables of the generative model, as data.

These numbers were fixed before any system was trained on a surrogate. They may change
only for a stated reason other than a system's score. Sizes are per standard deviation
of the latent; powers are in dB of source power.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

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
