"""Skin conductance: a level that follows affect, and quick responses on top."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.signal import lfilter

from emolib.surrogates.traces import TRACE_SFREQ, event_times, resample_linear

LATENCY_S, RISE_S, FALL_S = 1.5, 0.75, 2.0
LN_AMPLITUDE, AMPLITUDE_SD = np.log(0.25), 0.5


def draw_responses(
    rngs: Sequence[np.random.Generator], ln_rate: np.ndarray
) -> list[np.ndarray]:
    """Return each trial's skin conductance responses: rows of time (s), height (µS).

    Parameters
    ----------
    rngs : list of Generator, length b
    ln_rate : ndarray, shape (b, t)
        Log of responses per minute, at 4 Hz. Times are those of the driver; a response
        begins 1.5 s later.
    """
    times = event_times(rngs, np.exp(ln_rate) / 60)
    return [
        np.stack([own, rng.lognormal(LN_AMPLITUDE, AMPLITUDE_SD, len(own))])
        for rng, own in zip(rngs, times, strict=True)
    ]


def synthesise_conductance(
    ln_level: np.ndarray, responses: Sequence[np.ndarray], *, sfreq: float, n_times: int
) -> np.ndarray:
    """Return skin conductance in µS, shape (b, n_times).

    Parameters
    ----------
    ln_level : ndarray, shape (b, t)
        Log of the level in µS, at 4 Hz.
    responses : list of ndarray, shape (2, n)
        From `draw_responses`.
    """
    impulses = np.zeros((len(responses), n_times))
    for row, (start, height) in zip(impulses, responses, strict=True):
        index = np.round((start + LATENCY_S) * sfreq).astype(int)
        np.add.at(row, index[index < n_times], height[index < n_times])
    rise, fall = (np.exp(-1 / (tau * sfreq)) for tau in (RISE_S, FALL_S))
    kernel = lfilter([1.0], [1.0, -fall], impulses) - lfilter(
        [1.0], [1.0, -rise], impulses
    )
    level = np.exp(resample_linear(ln_level, round(sfreq / TRACE_SFREQ), n_times))
    return level + kernel / _peak()


def _peak() -> float:
    """Return the largest value of exp(-u / 2) - exp(-u / .75)."""
    u = np.log(FALL_S / RISE_S) / (1 / RISE_S - 1 / FALL_S)
    return float(np.exp(-u / FALL_S) - np.exp(-u / RISE_S))
