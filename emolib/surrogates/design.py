"""What a corpus shows and asks, the knobs of every writer, how a rating comes about.

A rating is a noisy reading of the latent, on a scale that people use differently.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from emolib.checks import check_range, check_whole
from emolib.surrogates import sizes
from emolib.surrogates.traces import TRACE_SFREQ


@dataclass(frozen=True)
class Knobs:
    """The knobs every writer has.

    Parameters
    ----------
    effect : float
        Multiplies every loading of affect on every signal; 0 makes the signals
        independent of affect and leaves all else as it was.
    signature : float
        Multiplies everything that is constant over a subject or a trial.
    nuisance : float
        Multiplies the loadings of vigilance and movement.
    seed : int
        Root of every random stream.
    heart_field : float
        Multiplies the heart's own field in the EEG; at 0 EEG and ECG share nothing
        within a window but affect and nuisances.
    """

    effect: float = 1.0
    signature: float = 1.0
    nuisance: float = 1.0
    seed: int = 0
    heart_field: float = 1.0

    def __post_init__(self):
        for name in ("effect", "signature", "nuisance", "heart_field"):
            check_range(name, getattr(self, name), 0.0, 10.0)
        check_range("seed", check_whole("seed", self.seed, "units"), 0, 2**63)


@dataclass(frozen=True)
class Scale:
    """How one rating reads the latent.

    `rating = clip(grid(mu + sigma * zeta))`; with `clip_means` the stimulus part of
    zeta is replaced by the published mean of the stimulus. `rho` are the shares of the
    latent's variance: stimulus, person by stimulus, moment to moment.
    """

    mu: float
    sigma: float
    low: float
    high: float
    grid: float
    clip_means: tuple[float, ...] | None = None
    rho: tuple[float, float, float] = sizes.RHO

    def rating(self, values: np.ndarray) -> np.ndarray:
        """Return values on the scale's grid, inside its ends."""
        if self.grid:
            values = np.round(values / self.grid) * self.grid
        return np.clip(values, self.low, self.high)

    def edge(self, threshold: float) -> float:
        """Return where, before the grid, ratings above a threshold begin."""
        if not self.grid:
            return threshold
        return (np.floor(threshold / self.grid + 1e-9) + 0.5) * self.grid


@dataclass(frozen=True)
class Design:
    """What a corpus shows and asks: stimuli, lengths, scored part, scales.

    Parameters
    ----------
    corpus : str
    seconds : tuple of float, length n_trials
        Length of each trial.
    scored : tuple of (start_s, stop_s), length n_trials
        What each rating is about. It is fixed, so that ratings do not depend on how
        many seconds are written. Stimuli that share it are standardised together.
    scales : tuple of Scale
        Of valence, arousal, dominance.
    baseline_s : float
    """

    corpus: str
    seconds: tuple[float, ...]
    scored: tuple[tuple[float, float], ...]
    scales: tuple[Scale, ...]
    baseline_s: float = 0.0

    @property
    def n_trials(self) -> int:
        """Number of stimuli."""
        return len(self.seconds)

    @property
    def n_before(self) -> int:
        """Trace points before stimulus onset."""
        return round(self.baseline_s * TRACE_SFREQ)

    @property
    def n_steps(self) -> int:
        """Trace points from onset to the end of the longest trial or scored part."""
        longest = max(*self.seconds, *(stop for _, stop in self.scored))
        return int(np.ceil(longest * TRACE_SFREQ)) + 1

    def reading(self, affect: int) -> tuple[np.ndarray, ...]:
        """Return how the rating of one affect (0 valence, 1 arousal, 2 …) comes about.

        rating = centre + a_s * slope * (zeta - replaced * stimulus), on the grid. Where
        clip means are published they stand for the stimulus's part of zeta, and what is
        left is scaled to unit SD.

        Returns
        -------
        centre, slope, replaced, mean_sd : ndarray, shape (n_trials,)
            The last is the theoretical SD of the mean latent.
        """
        scale, ones = self.scales[affect], np.ones(self.n_trials)
        sd, weight = np.array([scored_moments(p, scale.rho) for p in self.scored]).T
        if scale.clip_means is None:
            return scale.mu * ones, scale.sigma * ones, 0 * ones, sd
        planted = np.sqrt(sizes.KAPPA) * weight / sd
        rest = np.sqrt(1 + sizes.BIAS_SD**2 - planted**2)
        return np.array(scale.clip_means), scale.sigma / rest, planted, sd


def check_sizes(
    n_subjects: int, n_trials: int, seconds: float, *, n_stimuli: int, hint: str
) -> None:
    """Raise ValueError for a corpus that cannot be: too many trials, odd lengths."""
    check_range("n_subjects", check_whole("n_subjects", n_subjects, "subjects"), 1, 999)
    n_trials = check_whole("n_trials", n_trials, "trials")
    check_range("n_trials", n_trials, 1, n_stimuli, hint=hint)
    check_range("seconds", seconds, 2.0, 600.0)
    check_whole("seconds x 128 Hz", seconds * 128, "time points")


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
    q, lag = onset(times), np.abs(times[:, None] - times)
    slow, quick = sizes.TAU_MOMENT_S, sizes.TAU_SMOOTH_S
    moment = slow * np.exp(-lag / slow) - quick * np.exp(-lag / quick)
    within = q @ (moment / (slow - quick)) @ q / len(q) ** 2
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
    noise = np.sqrt(1 - sizes.KAPPA) * noise
    means = _scored_means(design, z)
    zeta, liking, ratings = (np.empty((design.n_trials, 3)) for _ in range(3))
    for j, scale in enumerate(design.scales):
        centre, slope, replaced, mean_sd = design.reading(j)
        told = np.sqrt(sizes.KAPPA) * means[:, j] / mean_sd
        zeta[:, j] = told + noise[:, j] + bias[j]
        spread = slope * (zeta[:, j] - replaced * m[:, j])
        liking[:, j] = centre + spread
        ratings[:, j] = scale.rating(centre + width[j] * spread)
    return dict(bias=bias, width=width, zeta=zeta, liking=liking, ratings=ratings)


def _scored_means(design: Design, z: np.ndarray) -> np.ndarray:
    """Return the mean latent over each trial's scored part, (n_trials, 3)."""
    edges = np.round(np.array(design.scored) * TRACE_SFREQ).astype(int)
    edges = design.n_before + edges
    parts = zip(z, edges, strict=True)
    return np.stack([own[:, start:stop].mean(axis=1) for own, (start, stop) in parts])
