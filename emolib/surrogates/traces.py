"""Slow traces and shaped noise, for a whole batch of trials at once.

Randomness comes as a list of generators, one per trial, so that a trial's numbers never
depend on how many other trials are drawn with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.fft import irfft, next_fast_len, rfftfreq
from scipy.signal import lfilter

TRACE_SFREQ = 4.0
"""Rate of every slow trace, in Hz."""


def draw(rngs: Sequence[np.random.Generator], shape: tuple[int, ...]) -> np.ndarray:
    """Return standard normals, shape (b, *shape), one generator per trial.

    Single precision: this is what fills waveforms, and takes half the time.
    """
    out = np.empty((len(rngs), *shape), np.float32)
    for rng, row in zip(rngs, out, strict=True):
        rng.standard_normal(out=row, dtype=np.float32)
    return out


def draw_complex(rngs: Sequence[np.random.Generator], shape: tuple[int, ...]):
    """Return complex normals, shape (b, *shape), each part of unit variance."""
    return draw(rngs, (*shape, 2)).view(np.complex64)[..., 0]


def ou(white: np.ndarray, tau_s: float, sfreq: float = TRACE_SFREQ) -> np.ndarray:
    """Return unit-variance Ornstein-Uhlenbeck processes along axis 1.

    Parameters
    ----------
    white : ndarray, shape (b, t, n)
        Standard normals; the first is the stationary start.
    tau_s : float
        Time constant in seconds.
    """
    c = np.exp(-1 / (tau_s * sfreq))
    kicks = white * np.sqrt(1 - c**2)
    kicks[:, 0] = white[:, 0]
    return lfilter([1.0], [1.0, -c], kicks, axis=1)


def one_pole(x: np.ndarray, tau_s: float, sfreq: float = TRACE_SFREQ) -> np.ndarray:
    """Return `x` low-passed along axis 1 by one pole of time constant `tau_s`."""
    if tau_s == 0:
        return x
    c = np.exp(-1 / (tau_s * sfreq))
    return lfilter([1 - c], [1.0, -c], x, axis=1)


def resample_linear(x: np.ndarray, factor: int, n_times: int) -> np.ndarray:
    """Return `x` (…, t) interpolated linearly to `factor` times its rate.

    The last value is held when `n_times` reaches beyond the last grid point.
    """
    need = -(-n_times // factor) + 1
    if x.shape[-1] < need:
        tail = np.repeat(x[..., -1:], need - x.shape[-1], axis=-1)
        x = np.concatenate([x, tail], axis=-1)
    x = x[..., :need]
    ramp = np.arange(factor, dtype=x.dtype) / factor
    steps = x[..., :-1, None] + np.diff(x, axis=-1)[..., None] * ramp
    return steps.reshape(*x.shape[:-1], -1)[..., :n_times]


def shaped_noise(
    rngs: Sequence[np.random.Generator], shape: np.ndarray, n_chans: int, *,
    n_times: int, n_fft: int, first_bin: int = 0,
) -> np.ndarray:  # fmt: skip
    """Return Gaussian noise of unit expected variance with a given spectrum.

    The variance is scaled by its expectation, never by the noise's own, which would
    erase a trial's power.

    Parameters
    ----------
    rngs : list of Generator, length b
    shape : ndarray, shape (b or 1, n_chans or 1, n_bins)
        Amplitude at each frequency bin from `first_bin` on; zero elsewhere.
    n_chans, n_times : int
    n_fft : int
        Length of the transform, at least `n_times`.

    Returns
    -------
    noise : ndarray, shape (b, n_chans, n_times)
    """
    n_bins = shape.shape[-1]
    scale = n_fft / (2 * np.sqrt((shape**2).sum(-1, keepdims=True)))
    spectrum = np.zeros((len(rngs), n_chans, n_fft // 2 + 1), np.complex64)
    np.multiply(
        draw_complex(rngs, (n_chans, n_bins)),
        (shape * scale).astype(np.float32),
        out=spectrum[..., first_bin : first_bin + n_bins],
    )
    return irfft(spectrum, n_fft, axis=-1)[..., :n_times]


def fft_length(n_times: int, sfreq: float) -> int:
    """Return a quick even transform length with two seconds to spare.

    The spare keeps the end of a trial from continuing into its beginning.
    """
    n_fft = next_fast_len(n_times + round(2 * sfreq), real=True)
    while n_fft % 2:
        n_fft = next_fast_len(n_fft + 1, real=True)
    return n_fft


def bell(
    centre, width: float, n_fft: int, sfreq: float,
    reach: tuple[float, float] | None = None,
) -> tuple[np.ndarray, int]:  # fmt: skip
    """Return a Gaussian amplitude shape over frequency and its first bin.

    Parameters
    ----------
    centre : float or ndarray, shape (b,)
        Hz.
    width : float
        Standard deviation of the amplitude shape, Hz.
    reach : (low, high)
        Centres that may come, in Hz; with it the bins, and so the numbers drawn for
        one trial, do not depend on the centres of the others.

    Returns
    -------
    shape : ndarray, shape (b, 1, n_bins)
        Bins within 4.5 widths of any centre; DC and Nyquist are left out.
    first_bin : int
    """
    centre = np.atleast_1d(np.asarray(centre, float))
    freqs = rfftfreq(n_fft, 1 / sfreq)
    lowest, highest = reach or (centre.min(), centre.max())
    low, high = lowest - 4.5 * width, highest + 4.5 * width
    first = max(1, int(np.searchsorted(freqs, low)))
    last = min(len(freqs) - 1, int(np.searchsorted(freqs, high)))
    z = (freqs[first:last] - centre[:, None, None]) / width
    return np.exp(-0.5 * z**2), first


def event_times(
    rngs: Sequence[np.random.Generator], rate_hz: np.ndarray, sfreq: float = TRACE_SFREQ
) -> list[np.ndarray]:
    """Return the times (s) of Poisson events of a varying rate, one array per trial.

    Parameters
    ----------
    rate_hz : ndarray, shape (b, t)
        Intensity on the trace grid, events per second.
    """
    n_times = rate_hz.shape[1]
    middle = (rate_hz[:, 1:] + rate_hz[:, :-1]) / 2
    total = np.concatenate(
        [np.zeros((len(rngs), 1)), np.cumsum(middle / sfreq, axis=1)], axis=1
    )
    grid = np.arange(n_times) / sfreq
    return [
        np.interp(waits[waits < own[-1]], own, grid)
        for own, waits in zip(
            total, _unit_events(rngs, total[:, -1].max()), strict=True
        )
    ]


def _unit_events(rngs, longest: float) -> list[np.ndarray]:
    """Return unit-rate event times, in blocks of 64 so that a prefix stays a prefix."""
    out = []
    for rng in rngs:
        times = np.cumsum(rng.exponential(size=64))
        while times[-1] < longest:
            times = np.append(times, times[-1] + np.cumsum(rng.exponential(size=64)))
        out.append(times)
    return out
