"""Features of slow signals: skin, breathing, pulse and temperature, window by window.

A window of 2 s is one frequency bin of a signal whose rhythm takes ten. So a whole
trial is filtered into sub-bands first, and a window keeps what each band does in it.
What reaches beyond its window says how far, so that a split can be audited.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from emolib.checks import check_shape, check_whole
from emolib.preprocessing.filtering import bandpass

MEASURES = ("mean", "ln_variance", "envelope_mean", "envelope_ln_variance")
"""What is kept of each band."""
PULSE_BAND = (0.7, 3.5)
"""Hz: 42 to 210 beats a minute."""


def subband_features(
    x: np.ndarray, *, sfreq: float, bands: Mapping[str, tuple], window_s: float
) -> np.ndarray:
    """Return what each sub-band of a trial does in each window, its level and slope.

    Parameters
    ----------
    x : ndarray, shape (n_chans, n_times)
        A whole trial.
    sfreq : float
        Sampling rate in Hz.
    bands : mapping of name to (fmin, fmax)
        In Hz; None leaves a side open. Owned by the paper.
    window_s : float
        Length of a window in seconds; what is left over at the end is not used.

    Returns
    -------
    features : ndarray, shape (n_windows, n_chans, n_bands * 4 + 2)
        `MEASURES` of each band, then level (mean) and slope (per second). Variances are
        logs over the trial's own floor of 1e-6 of its variance.
    """
    from scipy.signal import hilbert

    check_shape("x", x, "c t")
    x = np.asarray(x, float)
    length = check_whole("window_s x sfreq", window_s * sfreq, "time points")
    floor = 1e-6 * x.var(axis=-1)[:, None] + np.finfo(float).tiny
    found = []
    for l_freq, h_freq in bands.values():
        own = bandpass(x, l_freq, h_freq, sfreq, order=2)
        for y in (own, np.abs(hilbert(own, axis=-1))):
            rows = _cut(y, length)
            found += [rows.mean(axis=-1), np.log(rows.var(axis=-1) + floor)]
    rows = _cut(x, length)
    times = (np.arange(length) - (length - 1) / 2) / sfreq
    slope = rows @ times / (times @ times)
    return np.stack([*found, rows.mean(axis=-1), slope], axis=-1).swapaxes(0, 1)


def _cut(x: np.ndarray, length: int) -> np.ndarray:
    """Return (n_chans, n_windows, length), without what is left over."""
    n_windows = x.shape[-1] // length
    return x[:, : n_windows * length].reshape(len(x), n_windows, length)


def stretches(
    n_windows: int, window_s: float, reach_s: float, duration_s: float
) -> np.ndarray:
    """Return the seconds around each window that its slow features read.

    They reach `reach_s` in all, and never across the trial's edges.

    Returns
    -------
    spans : ndarray, shape (n_windows, 2)
        First and last second.
    """
    middle = (np.arange(n_windows) + 0.5) * window_s
    reach = min(max(reach_s, window_s), duration_s)
    first = np.clip(middle - reach / 2, 0, duration_s - reach)
    return np.stack([first, first + reach], axis=1)


def pulse_rate(ppg: np.ndarray, spans_s: np.ndarray, sfreq: float) -> np.ndarray:
    """Return the pulse in beats a minute in each span, NaN where no two beats are.

    Parameters
    ----------
    ppg : ndarray, shape (n_times,)
        A whole trial, any unit.
    spans_s : ndarray, shape (n_windows, 2)
        Of `stretches`.
    sfreq : float
        Sampling rate in Hz.

    Returns
    -------
    rate : ndarray, shape (n_windows,)
        60 over the median interval between pulses.
    """
    from scipy.signal import find_peaks

    wave = bandpass(ppg, *PULSE_BAND, sfreq, order=2)
    peaks, _ = find_peaks(wave, distance=0.3 * sfreq, prominence=0.5 * wave.std())
    return rate_of_beats(peaks / sfreq, spans_s)


def rate_of_beats(beats_s: np.ndarray, spans_s: np.ndarray) -> np.ndarray:
    """Return beats a minute in each span: 60 over the median interval, or NaN."""
    rate = np.full(len(spans_s), np.nan)
    for i, (start, stop) in enumerate(spans_s):
        own = beats_s[(beats_s >= start) & (beats_s < stop)]
        if len(own) > 1:
            rate[i] = 60.0 / np.median(np.diff(own))
    return rate
