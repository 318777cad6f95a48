"""Valence that moves, and what face and EEG show of it: the model behind paper 4.

Sizes stand here and were fixed before any system was trained on them. A smile follows
positive valence; below zero the face shows four times less, and only the brain's own
rhythms stay linear. Face and EEG share the smile, since much of what EEG tells of
valence is muscle (Soleymani et al. 2016).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emolib.surrogates import sizes
from emolib.surrogates.affect import smooth_moments
from emolib.surrogates.design import Knobs
from emolib.surrogates.traces import TRACE_SFREQ, generator, ou, trial_generators

CORPUS = "mahnob_continuous"
TRIAL_SHARE, TAU_ONSET_S = 0.55, 20.0
"""Share of the latent's variance that is a trial's own; annotators start at zero."""
LABEL_SCALE, NEGATIVE_SHARE, LABEL_LAG_S = 0.106, 0.7, 0.5
SMILE_FROM, BROW_SHARE, RESPONSE_SD = 0.2, 0.25, 0.4
"""Latent from which the face moves; a brow beside a smile; log of people's size."""
DB_PER_UNIT = 4.34
"""Source power in dB of one unit of a cue."""


class Noise(NamedTuple):
    """SD of what is not affect in a cue, and the time constant of its drift."""

    subject: float
    trial: float
    drift: float
    tau_s: float
    white: float  # of a perfect detector's reading, four times a second


class Cue(NamedTuple):
    """What one sign of valence is: its loadings, its noise, its rhythm sources."""

    modality: str
    z: float
    smile: float
    brow: float
    noise: Noise
    sources: tuple[str, ...] = ()


FACIAL = Noise(0.10, 0.15, 0.20, 3.0, 0.10)
MUSCULAR = Noise(0.5, 0.5, 0.45, 6.0, 0.25)
CORTICAL = Noise(0.45, 0.25, 0.30, 10.0, 0.35)
TEMPORAL = ("beta_T7", "beta_T8", "gamma_T7", "gamma_T8")
_LEFT = tuple(f"frontal_alpha_{site}" for site in sizes.FRONTAL_LEFT)
_RIGHT = tuple(f"frontal_alpha_{site}" for site in sizes.FRONTAL_RIGHT)
_CENTRAL = tuple(f"beta_{site}" for site in ("F3", "F4", "C3", "C4"))
CUES = (
    Cue("face", 0, 1, 0, FACIAL),  # mouth
    Cue("face", 0, 0, 1, FACIAL),  # brow
    Cue("face", 0, 0.3, 0, FACIAL),  # eye
    *(Cue("muscle", 0, 0.8, 0, MUSCULAR, (source,)) for source in TEMPORAL),
    Cue("cortex", -0.15, 0, 0, CORTICAL, _LEFT),
    Cue("cortex", 0.15, 0, 0, CORTICAL, _RIGHT),
    Cue("cortex", 0.20, 0, 0, CORTICAL, ("theta_Fz",)),
    Cue("cortex", -0.10, 0, 0, CORTICAL, _CENTRAL),
)
"""Every cue, those of the face first. ``eeg`` means muscle and cortex together."""
FACE, EEG = slice(0, 3), slice(3, None)


def latent(knobs: Knobs, number: int, n_trials: int, n_steps: int) -> np.ndarray:
    """Return a person's valence z at 4 Hz from each onset, (n_trials, n_steps)."""
    rngs = trial_generators(knobs.seed, CORPUS, "valence", number, n_trials)
    own = np.stack([rng.standard_normal(1) for rng in rngs])
    moving = smooth_moments(rngs, n_steps, 1)[..., 0]
    built_up = -np.expm1(-np.arange(n_steps) / TRACE_SFREQ / TAU_ONSET_S)
    return built_up * (np.sqrt(TRIAL_SHARE) * own + np.sqrt(1 - TRIAL_SHARE) * moving)


def label(z: np.ndarray, lag_s: float = LABEL_LAG_S) -> np.ndarray:
    """Return what annotators say of z (…, n_steps): late, and less of what is sad."""
    lag = round(lag_s * TRACE_SFREQ)
    late = np.pad(z, [(0, 0)] * (z.ndim - 1) + [(lag, 0)])[..., : z.shape[-1]]
    return LABEL_SCALE * np.where(late > 0, late, NEGATIVE_SHARE * late)


def cues_of(z: np.ndarray, knobs: Knobs, number: int) -> np.ndarray:
    """Return the cues of one person without reading errors, (n_cues, *z.shape).

    Parameters
    ----------
    z : ndarray, shape (n_trials, n_steps)
        Its valence.
    knobs : Knobs
    number : int
        The person's, from 1.
    """
    person = generator(knobs.seed, CORPUS, "cues", number)
    rngs = trial_generators(knobs.seed, CORPUS, "cues", number, len(z))
    size = np.exp(RESPONSE_SD * person.standard_normal())
    smile = size * np.maximum(z - SMILE_FROM, 0)
    brow = BROW_SHARE * size * np.maximum(-z - SMILE_FROM, 0)
    subject = person.standard_normal(len(CUES))
    trial = np.stack([rng.standard_normal(len(CUES)) for rng in rngs])
    white = np.stack([rng.standard_normal((z.shape[1], len(CUES))) for rng in rngs])
    found = np.empty((len(CUES), *z.shape))
    for i, cue in enumerate(CUES):
        noise = cue.noise
        steady = noise.subject * subject[i] + noise.trial * trial[:, [i]]
        moving = noise.drift * ou(white[..., [i]], noise.tau_s)[..., 0]
        moved = cue.z * z + cue.smile * smile + cue.brow * brow
        found[i] = knobs.effect * moved + knobs.signature * steady + moving
    return found


def with_reading_error(cues: np.ndarray, knobs: Knobs, number: int) -> np.ndarray:
    """Return what a perfect detector reads of cues (n_cues, n_trials, n_steps)."""
    rngs = trial_generators(knobs.seed, CORPUS, "observer", number, cues.shape[1])
    drawn = np.stack([rng.standard_normal(cues[:, 0].shape) for rng in rngs], axis=1)
    error = np.array([cue.noise.white for cue in CUES])
    return cues + error[:, None, None] * drawn
