"""How large every planted effect is: the tables of the generative model, as data.

These numbers were fixed before any system was trained on a surrogate. They may change
only for a stated reason other than a system's score. Sizes are per standard deviation
of the latent; powers are in dB of source power.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

AFFECT = ("valence", "arousal", "dominance")

RHO_STIMULUS, RHO_PERSON, RHO_MOMENT = 0.30, 0.30, 0.40
"""Shares of the latent's variance: stimulus, person by stimulus, moment to moment."""
DREAMER_VALENCE_RHO = (0.48, 0.12, 0.40)
TAU_MOMENT_S, TAU_SMOOTH_S, TAU_ONSET_S = 8.0, 0.4, 6.0
DOMINANCE_MIX = (0.5, 0.2, 0.84)
"""Dominance = .5 valence + .2 arousal + .84 of its own, which no signal carries."""

KAPPA = 0.85
"""Reliability of one self-report."""
BIAS_SD, SCALE_SD = 0.30, 0.15
"""Spread over people of the level and of the (log) width of their scale use."""
GAIN_SD, GAIN_MEAN = 0.25, -0.03
"""Log of a person's responsiveness, one draw per system."""

TAU_DRIFT_S, TAU_VIGILANCE_S, TAU_MOVEMENT_S = 10.0, 30.0, 3.0
VIGILANCE_TRIAL_SHARE, MOVEMENT_TRIAL_SHARE = 0.5, 0.3
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
POSTERIOR = ("P7", "P3", "Pz", "P4", "P8", "O1", "O2")
THETA_SITES = ("Fz",)
BETA_SITES = ("F3", "F4", "T7", "T8", "C3", "C4")
GAMMA_SITES = ("T7", "T8", "F7", "F8")
IDLE_ALPHA_SITES = ("Fz", "T7", "T8", "C3", "C4", "Cz")
"""Alpha sources that affect does not move."""

_CORTICAL = (
    # group, sites, valence, arousal, system, subject, trial, drift, error, V, M
    ("frontal_alpha", FRONTAL_LEFT, -1.0, -0.4, "cortical", 1.0, 0.7, 0.6, 1.2, 0.4, 0),
    ("frontal_alpha", FRONTAL_RIGHT, 1.0, -0.4, "cortical", 1.0, 0.7, 0.6, 1.2, 0.4, 0),
    ("posterior_alpha", POSTERIOR, 0.0, -2.0, "cortical", 1.25, 0.8, 0.6, 1.2, 0.6, 0),
    ("theta", THETA_SITES, 1.5, 0.0, "cortical", 1.0, 0.8, 0.6, 1.3, 0.4, 0),
    ("beta", BETA_SITES, 0.0, 1.0, "cortical", 0.75, 0.7, 0.5, 0.5, -0.3, 0.3),
    ("gamma", GAMMA_SITES, 0.6, 0.5, "facial", 1.0, 1.0, 0.6, 0.4, 0.0, 0.8),
)  # fmt: skip


def _cortical() -> tuple[Parameter, ...]:
    return tuple(
        Parameter(
            f"{group}_{site}", "eeg", group, system, 0.0, valence, arousal, 0.0,
            subject, trial, drift, error, vigilance, movement,
        )
        for group, sites, valence, arousal, system, subject, trial, drift, error,
        vigilance, movement in _CORTICAL
        for site in sites
    )  # fmt: skip


def _row(name, modality, system, *sizes, **nuisances) -> Parameter:
    return Parameter(name, modality, name, system, *sizes, **nuisances)


CARDIAC, SKIN, BREATH, FACE = "cardiac", "electrodermal", "respiratory", "facial"

_PERIPHERAL = (
    # name, modality, system, base, valence, arousal, lag, subject, trial, drift, error
    _row("heart_rate", "ecg", CARDIAC, 72.0, 0.6, 2.0, 3, 4.0, 1.0, 1.5, 0.5,
         vigilance=-1.2, movement=0.4),
    _row("ln_rsa", "ecg", CARDIAC, log(0.035), 0.12, -0.20, 3, 0.25, 0.15, 0.12, 0.25,
         vigilance=0.10),
    _row("ln_t_wave", "ecg", CARDIAC, log(0.30), 0.0, -0.06, 4, 0.10, 0.06, 0.04, 0.04),
    _row("ln_resp_rate", "resp", BREATH, log(0.25), 0.0, 0.08, 2, 0.06, 0.05, 0.06,
         0.05, vigilance=-0.03),
    _row("ln_resp_depth", "resp", BREATH, 0.0, 0.06, 0.10, 2, 0.15, 0.12, 0.12, 0.12,
         movement=0.06),
    _row("ln_scl", "gsr", SKIN, log(5.0), 0.0, 0.12, 4, 0.25, 0.12, 0.10, 0.02,
         vigilance=-0.08),
    _row("ln_scr_rate", "gsr", SKIN, log(4.0), 0.0, 0.50, 3, 0.25, 0.2, 0.15, 0.8,
         vigilance=-0.2, movement=0.3),
    _row("ln_pulse", "ppg", CARDIAC, 0.0, 0.0, -0.12, 5, 0.2, 0.12, 0.10, 0.08,
         vigilance=0.05),
    _row("temperature", "temperature", SKIN, 33.0, 0.02, -0.06, 15, 0.75, 0.15, 0.06,
         0.01),
    _row("ln_zygomaticus", "emg", FACE, log(4.0), 0.40, 0.0, 0.3, 0.2, 0.25, 0.25, 0.10,
         movement=0.20),
    _row("ln_trapezius", "emg", FACE, log(6.0), 0.0, 0.12, 0.5, 0.2, 0.25, 0.25, 0.10,
         movement=0.25),
    _row("ln_blink_rate", "eog", FACE, log(17.0), -0.10, -0.15, 1, 0.2, 0.15, 0.10, 0.6,
         vigilance=0.25, movement=0.15),
    _row("ln_saccade_rate", "eog", FACE, log(40.0), 0.0, 0.12, 0.5, 0.15, 0.12, 0.12,
         0.25, movement=0.15),
)  # fmt: skip

PARAMETERS = (*_cortical(), *_PERIPHERAL)
SYSTEMS = (
    "cortical", "facial", "cardiac", "electrodermal", "respiratory",
)  # fmt: skip

RESP_RATE_IN_ECG = {"arousal": 0.06, "error": 0.10}
"""Breathing rate read from the ECG: a smaller loading and a larger error."""
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
N_BACKGROUND, BACKGROUND_L_FREQ = 30, 0.3
ENVELOPE_SD, ENVELOPE_TAU_S = 0.25, 0.5
SENSOR_WHITE_UV, SENSOR_NARROW_UV, SENSOR_NARROW_HZ = 0.5, 0.5, (45.0, 18.0)

LEAD_WAVES_MV = ((0.12, -0.10, 1.0, -0.20, 1.0), (0.08, -0.05, 0.60, -0.30, 0.7))
"""P Q R S T in the two leads; T is in units of the planted T wave."""
WAVE_CENTRES_S = (-0.18, -0.035, 0.0, 0.035, 0.28)
WAVE_WIDTHS_S = (0.025, 0.010, 0.011, 0.010, 0.045)
WAVE_WIDTH_SD, LEAD_GAIN_SD, ECG_NOISE_SD = 0.15, 0.2, 0.4
ECG_BREATHING_MV, ECG_PINK_MV, ECG_WHITE_MV = 0.05, 0.03, 0.015
RR_MIN_S, RSA_PHASE, MAYER_S, MAYER_HZ = 0.35, 0.3, 0.015, (0.10, 0.02)
