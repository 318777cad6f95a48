"""How far noise moves a vector, one step of it and its average over time.

Fan et al. 2024 (paper 3), Section 3.5, Algorithm 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch

from emolib.corruptions.noise_levels import level_for
from emolib.corruptions.noise_scheduler import corrupt
from emolib.metrics.distances import average_distance, time_average
from emolib.papers.nmer.noise_views import DBS


def expected_distance(alpha_bar, power: float = 1.0):
    """Return the distance that Eq. (3) gives one step, over the root of its dimension.

    Paper 3, Eq. (3) and Algorithm 2: a vector x of mean square `power` moves by
    (1 - √ᾱ) x and by √(1 - ᾱ) ε, which are orthogonal on average. With mean square 1
    that is √(2 - 2 √ᾱ), and √2 when nothing of x is left.

    Parameters
    ----------
    alpha_bar : float or ndarray
        ᾱ_T.
    power : float
        Mean square of the features, their means included.
    """
    kept = np.sqrt(alpha_bar)
    return np.sqrt((1 - kept) ** 2 * power + 1 - np.square(kept))


def distance_frames(
    x: Mapping[str, np.ndarray],
    lengths: Mapping[str, np.ndarray],
    variances: Mapping[str, float],
    *,
    dbs: Sequence[float] = DBS,
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return measured distances, and what is expected of one step of unit power.

    Parameters
    ----------
    x : mapping of modality to ndarray, shape (n, s, d)
        Normalised as a model gets them; every utterance has a real step.
    lengths : mapping of modality to ndarray of int, shape (n,)
    variances : mapping of modality to float
        σ² of training frames, which sets T.

    Returns
    -------
    frame, curve : DataFrame
        For `emolib.figures.one_modality.plot_distances`.
    """
    rows = []
    for name in x:
        steps, d = np.asarray(lengths[name]), x[name].shape[2]
        for db in dbs:
            level = level_for(db, variances[name])
            noisy = _noisy(name, x[name], steps, level, seed)
            for kind, vector in VECTORS.items():
                found = average_distance(vector(x[name], steps), vector(noisy, steps))
                row = {"name": name, "kind": kind, "asked_db": db}
                row |= {"snr_db": level.nominal_db, "relative": found / np.sqrt(d)}
                rows.append(row)
    snr = np.linspace(0, min(dbs), 81)
    kept = 1 / (1 + 10 ** (-snr / 10))  # Eq. (5) at variance 1, solved for ᾱ
    curve = pd.DataFrame({"snr_db": snr, "relative": expected_distance(kept)})
    return pd.DataFrame(rows), curve


def _middle(x: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Return the middle real step of each sequence, shape (n, d)."""
    return np.asarray(x)[np.arange(len(x)), steps // 2]


VECTORS = {"one step": _middle, "time average": time_average}
"""What may stand for an utterance; the paper does not say."""


def _noisy(name: str, x, steps, level, seed: int) -> np.ndarray:
    """Return sequences with noise on all their real steps."""
    everyone = torch.ones(len(x), 3, dtype=torch.bool)
    clean = {name: torch.from_numpy(np.array(x))}
    generator = torch.Generator().manual_seed(seed)
    seen = corrupt(
        clean, {name: torch.from_numpy(steps)}, everyone, {name: level}, generator
    )
    return seen[name].numpy()
