"""Ratings: noisy readings of the latent, on a scale that people use differently."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from emolib.surrogates import sizes
from emolib.surrogates.design import Design, Scale
from emolib.surrogates.traces import TRACE_SFREQ


def onset(times_s: np.ndarray) -> np.ndarray:
    """Return q(t), how far affect has built up after stimulus onset."""
    return -np.expm1(-np.maximum(times_s, 0) / sizes.TAU_ONSET_S)


@lru_cache(maxsize=64)
def scored_moments(
    scored: tuple[float, float], rho: tuple[float, float, float]
) -> tuple[float, float]:
    """Return the theoretical SD of the mean latent and its stimulus part's weight."""
    start, stop = (round(edge * TRACE_SFREQ) for edge in scored)
    times = np.arange(start, stop) / TRACE_SFREQ
    q = onset(times)
    lag = np.abs(times[:, None] - times)
    slow, quick = sizes.TAU_MOMENT_S, sizes.TAU_SMOOTH_S
    moment = slow * np.exp(-lag / slow) - quick * np.exp(-lag / quick)
    moment /= slow - quick
    within = q @ moment @ q / len(q) ** 2
    variance = q.mean() ** 2 * (rho[0] + rho[1]) + rho[2] * within
    return float(np.sqrt(variance)), float(np.sqrt(rho[0]) * q.mean())


def rate(
    design: Design, z: np.ndarray, m: np.ndarray, own: np.random.Generator, rngs
) -> dict[str, np.ndarray]:
    """Return bias, width, zeta, liking and ratings of one subject.

    Parameters
    ----------
    z : ndarray, shape (n_trials, 3, n_times)
        The latent, from the baseline's start.
    m : ndarray, shape (n_trials, 3)
        The stimuli's part of it.
    own : Generator
        The subject's.
    rngs : list of Generator
        One per trial.
    """
    bias = sizes.BIAS_SD * own.standard_normal(3)
    width = np.exp(sizes.SCALE_SD * own.standard_normal(3))
    noise = np.stack([rng.standard_normal(3) for rng in rngs])
    means = _scored_means(design, z)
    zeta, liking, ratings = (np.empty((design.n_trials, 3)) for _ in range(3))
    for j, (_, scale) in enumerate(design.scales):
        reading = read_scale(design, j)
        zeta[:, j] = (
            np.sqrt(sizes.KAPPA) * means[:, j] / reading.mean_sd
            + np.sqrt(1 - sizes.KAPPA) * noise[:, j]
            + bias[j]
        )
        spread = reading.slope * (zeta[:, j] - reading.replaced * m[:, j])
        liking[:, j] = reading.centre + spread
        ratings[:, j] = to_scale(reading.centre + width[j] * spread, scale)
    return dict(bias=bias, width=width, zeta=zeta, liking=liking, ratings=ratings)


@dataclass(frozen=True)
class Reading:
    """How zeta becomes a rating, one value per trial.

    rating = centre + a_s * slope * (zeta - replaced * stimulus), on the grid.
    """

    centre: np.ndarray
    slope: np.ndarray
    replaced: np.ndarray
    mean_sd: np.ndarray


def read_scale(design: Design, affect: int) -> Reading:
    """Return how the rating of one affect (0 valence, 1 arousal, 2 dominance) is read.

    Where clip means are published they stand for the stimulus's part of zeta, and what
    is left is scaled to unit SD.
    """
    scale = design.scales[affect][1]
    moments = [scored_moments(part, design.rho[affect]) for part in design.scored]
    sd, weight = np.array(moments).T
    ones = np.ones(design.n_trials)
    if scale.clip_means is None:
        return Reading(scale.mu * ones, scale.sigma * ones, 0 * ones, sd)
    planted = np.sqrt(sizes.KAPPA) * weight / sd
    rest = np.sqrt(1 + sizes.BIAS_SD**2 - planted**2)
    return Reading(np.array(scale.clip_means), scale.sigma / rest, planted, sd)


def to_scale(values: np.ndarray, scale: Scale) -> np.ndarray:
    """Return values on the scale's grid, inside its ends."""
    if scale.grid:
        values = np.round(values / scale.grid) * scale.grid
    return np.clip(values, scale.low, scale.high)


def _scored_means(design: Design, z: np.ndarray) -> np.ndarray:
    """Return the mean latent over each trial's scored part, (n_trials, 3)."""
    edges = np.round(np.array(design.scored) * TRACE_SFREQ).astype(int)
    return np.stack(
        [
            own[:, design.n_before + start : design.n_before + stop].mean(axis=1)
            for own, (start, stop) in zip(z, edges, strict=True)
        ]
    )
