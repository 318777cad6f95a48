"""Band powers of whole arrays of windows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

Bands = Mapping[str, tuple[float, float]]
"""Ordered: name -> (fmin, fmax) in Hz, both ends included. Owned by the paper."""

POINTS_AT_ONCE = 1 << 18


def band_power(x: np.ndarray, *, sfreq: float, bands: Bands) -> np.ndarray:
    """Return the variance of each window that falls into each band.

    The whole window is transformed at once, rectangular, its mean removed: over all
    frequencies the powers sum to its variance (Parseval).

    Parameters
    ----------
    x : ndarray, shape (..., n_times)
    sfreq : float
        Sampling rate in Hz.
    bands : mapping of name to (fmin, fmax)
        In Hz; both ends included.

    Returns
    -------
    power : ndarray, shape (..., n_bands)
        Unit of `x` squared.
    """
    x = np.asarray(x)
    n_times = x.shape[-1]
    inside = _membership(np.fft.rfftfreq(n_times, 1 / sfreq), bands, n_times / sfreq)
    rows = x.reshape(-1, n_times)
    power = np.empty((len(rows), len(bands)), np.result_type(x.dtype, np.float32))
    inside = inside.astype(power.dtype)
    at_once = max(1, POINTS_AT_ONCE // n_times)
    for start in range(0, len(rows), at_once):
        block = slice(start, start + at_once)
        power[block] = _power(rows[block]) @ inside
    return power.reshape(*x.shape[:-1], len(bands))


def _power(x: np.ndarray) -> np.ndarray:
    """Return the variance at each frequency, one-sided; shape (..., n_freqs)."""
    from scipy.fft import rfft

    n_times = x.shape[-1]
    spectrum = rfft(x - x.mean(axis=-1, keepdims=True), axis=-1)
    power = spectrum.real**2
    power += spectrum.imag**2
    power *= 2 / n_times**2
    power[..., 0] /= 2
    if n_times % 2 == 0:
        power[..., -1] /= 2
    return power


def _membership(freqs: np.ndarray, bands: Bands, window_s: float) -> np.ndarray:
    """Return (n_freqs, n_bands): 1 where a frequency lies in a band."""
    edges = np.array(list(bands.values()), float)
    inside = (freqs[:, None] >= edges[:, 0]) & (freqs[:, None] <= edges[:, 1])
    for name, column in zip(bands, inside.T, strict=True):
        if not column.any():
            raise ValueError(
                f"bands must each hold a frequency of the window; got {name!r} "
                f"{bands[name]} Hz, where a window of {window_s:g} s has steps of "
                f"{freqs[1]:g} Hz up to {freqs[-1]:g} Hz. Lengthen the window."
            )
    return inside
