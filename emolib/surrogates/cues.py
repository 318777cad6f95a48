"""What a perfect detector could measure in each window: the observers' cues.

An observer sees no waveform. A cue is the mean of a planted parameter over the window
plus the error that even a perfect detector makes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from emolib.surrogates import sizes
from emolib.surrogates.affect import simulate_subject
from emolib.surrogates.design import Design, Knobs
from emolib.surrogates.ratings import read_scale
from emolib.surrogates.sizes import PARAMETERS, Parameter
from emolib.surrogates.streams import trial_generators
from emolib.surrogates.traces import TRACE_SFREQ


def _cue_parameters() -> tuple[Parameter, ...]:
    """Return the cues of EEG, ECG and GSR; breathing is read from the ECG."""
    named = {p.name: p for p in PARAMETERS}
    in_ecg = replace(
        named["ln_resp_rate"], name="resp_rate_in_ecg", modality="ecg",
        **sizes.RESP_RATE_IN_ECG,
    )  # fmt: skip
    own = [p for p in PARAMETERS if p.modality in ("eeg", "ecg", "gsr")]
    return (*own, in_ecg)


CUES = _cue_parameters()
CUE_MODALITIES = tuple(dict.fromkeys(p.modality for p in CUES))


@dataclass(frozen=True)
class Layout:
    """Which windows of which trials are read.

    Parameters
    ----------
    trials : tuple of int
        Rows of the design.
    windows : tuple of (start_s, stop_s)
        The same in every trial; sorted.
    """

    trials: tuple[int, ...]
    windows: tuple[tuple[float, float], ...]


def cue_index(modalities) -> np.ndarray:
    """Return the columns of the cues that a set of modalities offers."""
    return np.array([i for i, p in enumerate(CUES) if p.modality in modalities])


def window_means(
    traces: np.ndarray, windows, seconds: float, *, own_ten: bool
) -> np.ndarray:
    """Return the mean of 4 Hz traces over windows, shape (…, n_windows).

    Parameters
    ----------
    traces : ndarray, shape (…, t)
        From stimulus onset.
    own_ten : bool
        Widen a window shorter than 10 s to the 10 s around it inside the trial, as a
        heart or breathing rate needs.
    """
    edges = np.array(windows, float)
    if own_ten:
        edges = _widened(edges, seconds)
    low, high = np.round(edges * TRACE_SFREQ).astype(int).T
    total = np.cumsum(traces, axis=-1, dtype=float)
    total = np.concatenate([np.zeros((*traces.shape[:-1], 1)), total], axis=-1)
    return (total[..., high] - total[..., low]) / (high - low)


def _widened(edges: np.ndarray, seconds: float) -> np.ndarray:
    """Return windows of at least 10 s around the given ones, inside the trial."""
    missing = np.maximum(sizes.REFERENCE_WINDOW_S - np.diff(edges, axis=1)[:, 0], 0)
    low = np.maximum(edges[:, 0] - missing / 2, 0)
    high = np.minimum(low + (edges[:, 1] - edges[:, 0]) + missing, seconds)
    low = np.maximum(np.minimum(low, high - sizes.REFERENCE_WINDOW_S), 0)
    return np.stack([low, np.where(missing > 0, high, edges[:, 1])], axis=1)


def read_cues(theta: np.ndarray, layout: Layout, seconds: float, rngs) -> np.ndarray:
    """Return cues with their reading errors, shape (n_trials, n_windows, n_cues).

    Parameters
    ----------
    theta : ndarray, shape (n_trials, n_cues, t)
        Noise-free traces of `CUES`, from onset, of the layout's trials.
    rngs : list of Generator
        One per trial; always asked for every cue, so that leaving a modality out
        changes no other cue.
    """
    short = np.array([p.modality not in sizes.OWN_TEN_SECONDS for p in CUES])
    means = window_means(theta, layout.windows, seconds, own_ten=False)
    length = np.diff(np.array(layout.windows), axis=1)
    if (length < sizes.REFERENCE_WINDOW_S).any():
        wide = window_means(theta, layout.windows, seconds, own_ten=True)
        means = np.where(short[:, None], means, wide)
    stretch = np.sqrt(sizes.REFERENCE_WINDOW_S / length)
    error = np.array([p.error for p in CUES]) * np.where(
        short, stretch, np.minimum(stretch, 1.0)
    )
    noise = np.stack([rng.standard_normal(error.shape) for rng in rngs])
    return means.transpose(0, 2, 1) + error * noise


@dataclass(frozen=True)
class CueSet:
    """Cues and ratings of many simulated subjects.

    Parameters
    ----------
    cues : ndarray, shape (n_subjects, n_trials, n_windows, n_cues)
    latents : ndarray, shape (n_subjects, n_trials, n_windows, 3)
        Window means of z.
    liking, bias_part, ratings : ndarray, shape (n_subjects, n_trials, 3)
        What the subject would say before scale width, grid and clip; the part of it
        that is the subject's bias; what it does say.
    """

    cues: np.ndarray
    latents: np.ndarray
    liking: np.ndarray
    bias_part: np.ndarray
    ratings: np.ndarray


@lru_cache(maxsize=16)
def simulate_cues(
    design: Design, knobs: Knobs, layout: Layout, n_subjects: int
) -> CueSet:
    """Draw the cues of fresh subjects, without any waveform.

    Every 25 subjects see stimuli of their own, so that an observer is not tuned to
    one draw of a few stimuli.
    """
    own = _restricted(design, layout)
    parts = [
        _one_subject(own, replace(knobs, seed=knobs.seed + n // PER_SET), layout, n + 1)
        for n in range(n_subjects)
    ]
    return CueSet(*(np.stack(own) for own in zip(*parts, strict=True)))


PER_SET = 25


def _restricted(design: Design, layout: Layout) -> Design:
    """Return the design of the layout's trials alone, without a baseline."""
    rows = list(layout.trials)
    pick = {
        name: tuple(getattr(design, name)[k] for k in rows)
        for name in ("seconds", "scored", "blocks")
    }
    scales = tuple(
        (name, scale)
        if scale.clip_means is None
        else (name, replace(scale, clip_means=tuple(scale.clip_means[k] for k in rows)))
        for name, scale in design.scales
    )
    return replace(design, baseline_s=0.0, scales=scales, **pick)


def _one_subject(design: Design, knobs: Knobs, layout: Layout, number: int):
    subject = simulate_subject(design, knobs, number, parameters=CUES)
    seconds = design.seconds[0]
    rngs = trial_generators(
        knobs.seed, design.corpus, "observer", number, design.n_trials
    )
    return (
        read_cues(subject.theta, layout, seconds, rngs),
        latent_means(subject.z, layout, seconds),
        subject.liking,
        bias_part(design, subject.bias),
        subject.ratings,
    )


def latent_means(z: np.ndarray, layout: Layout, seconds: float) -> np.ndarray:
    """Return window means of the latent, shape (n_trials, n_windows, 3)."""
    means = window_means(z, layout.windows, seconds, own_ten=False)
    return means.transpose(0, 2, 1)


def bias_part(design: Design, bias: np.ndarray) -> np.ndarray:
    """Return what a subject's bias adds to each rating, shape (n_trials, 3)."""
    slopes = [read_scale(design, j).slope for j in range(len(design.scales))]
    return np.stack(slopes, axis=1) * bias
