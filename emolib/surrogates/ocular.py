"""Blinks: when they come, and what they leave in the EEG.

Saccades leave steps in an EOG channel, which neither DREAMER nor AMIGOS stores.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emolib.surrogates.traces import event_times

BLINK_S, BLINK_UV = (0.25, 0.35), (100.0, 250.0)


def draw_blinks(
    rngs: Sequence[np.random.Generator], ln_rate: np.ndarray
) -> list[np.ndarray]:
    """Return each trial's blinks: rows of time (s), duration (s), height (µV).

    Parameters
    ----------
    rngs : list of Generator, length b
    ln_rate : ndarray, shape (b, t)
        Log of blinks per minute, at 4 Hz.
    """
    times = event_times(rngs, np.exp(ln_rate) / 60)
    return [
        np.stack([own, *_shapes(rng, len(own))])
        for rng, own in zip(rngs, times, strict=True)
    ]


def _shapes(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return durations and heights of `n` blinks."""
    low, high = np.array([BLINK_S, BLINK_UV]).T[..., None]
    return low + (high - low) * rng.random((2, n))


def blink_traces(
    blinks: Sequence[np.ndarray], n_times: int, sfreq: float
) -> np.ndarray:
    """Return the blinks' potential at Fp1 and Fp2 in µV, shape (b, n_times)."""
    out = np.zeros((len(blinks), n_times))
    reach = np.arange(int(BLINK_S[1] * sfreq) + 2)
    for row, (start, duration, height) in zip(out, blinks, strict=True):
        index = np.ceil(start * sfreq).astype(int)[:, None] + reach
        u = (index / sfreq - start[:, None]) / duration[:, None]
        bump = np.where((u > 0) & (u < 1), 0.5 - 0.5 * np.cos(2 * np.pi * u), 0.0)
        inside = index < n_times
        np.add.at(row, index[inside], (height[:, None] * bump)[inside])
    return out
