"""What a corpus shows and asks, and the knobs every writer has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emolib.checks import check_range, check_whole
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
    """

    effect: float = 1.0
    signature: float = 1.0
    nuisance: float = 1.0
    seed: int = 0

    def __post_init__(self):
        for name in ("effect", "signature", "nuisance"):
            check_range(name, getattr(self, name), 0.0, 10.0)
        check_range("seed", check_whole("seed", self.seed, "units"), 0, 2**63)


@dataclass(frozen=True)
class Scale:
    """How one rating reads the latent.

    `rating = clip(grid(level + width * zeta))`; with `clip_means` the stimulus part
    of zeta is replaced by the published mean of the stimulus. `threshold` is the usual
    one; "high" lies above it.
    """

    mu: float
    sigma: float
    low: float
    high: float
    grid: float
    threshold: float
    clip_means: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Design:
    """What a corpus shows and asks: stimuli, lengths, scored part, scales.

    Parameters
    ----------
    corpus : str
    n_trials : int
        Stimuli written.
    seconds : tuple of float, length n_trials
        Length of each trial.
    scored : tuple of (start_s, stop_s), length n_trials
        What each rating is about. It is fixed, so that ratings do not depend on how
        many seconds are written.
    blocks : tuple of int, length n_trials
        Stimuli are standardised within a block.
    scales : mapping of affect to Scale, as a tuple of pairs
    rho : tuple of three (stimulus, person, moment), for valence, arousal, own dominance
    baseline_s : float
    """

    corpus: str
    seconds: tuple[float, ...]
    scored: tuple[tuple[float, float], ...]
    blocks: tuple[int, ...]
    scales: tuple[tuple[str, Scale], ...]
    rho: tuple[tuple[float, float, float], ...]
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
