"""R peaks, heart rate and T wave of an ECG, by plain band-pass and threshold.

Works at any rate from about 100 Hz, in any unit and either polarity: thresholds are
relative to the beats of the same window.
"""

from __future__ import annotations

import numpy as np

from emolib.checks import check_range, check_shape
from emolib.preprocessing.filtering import bandpass

QRS_BAND = (8.0, 24.0)
SMOOTH_S = 0.08
REFRACTORY_S = 0.3
BLOCK_S = 1.6
"""Long enough to hold a beat down to 38 per minute."""
N_BLOCKS = 7
THRESHOLD = 0.4
HALF_QRS_S = 0.06
ODD_INTERVAL = 0.3
"""Intervals farther than this share from the window's median are left out."""

BEAT_S, BEFORE_S, QRS_S, T_S = (
    (-0.09, 0.40), (-0.09, -0.05), (-0.04, 0.04), (0.14, 0.40),
)  # fmt: skip
"""Stretches around the R peak in seconds."""

FEATURES = (
    "rate_bpm", "interval_sd_ms", "rmssd_ms", "t_wave", "r_wave", "likeness", "n_beats",
)  # fmt: skip


def r_peaks(ecg: np.ndarray, sfreq: float) -> np.ndarray:
    """Return where the R peaks are.

    Parameters
    ----------
    ecg : ndarray, shape (n_times,) or (n_chans, n_times)
        One stretch of ECG; with several leads, beats are found on all together and
        placed on the first.
    sfreq : float
        Sampling rate in Hz.

    Returns
    -------
    peaks : ndarray of int
        Time points, increasing.
    """
    leads = np.atleast_2d(np.asarray(ecg, float))[None]
    _check_ecg(leads, sfreq)
    filtered = bandpass(leads, *QRS_BAND, sfreq, order=2)
    _, times = _find_beats(_envelope(filtered, sfreq), sfreq)
    return _place_on_r(filtered[:, 0], np.zeros(len(times), int), times, sfreq)


def heart_rate_features(ecg: np.ndarray, sfreq: float):
    """Return rate, interval spread and wave heights of each window.

    Parameters
    ----------
    ecg : ndarray, shape (n_windows, n_chans, n_times)
        Any unit; beats are found on all leads together, waves measured on the first.
    sfreq : float
        Sampling rate in Hz.

    Returns
    -------
    features : DataFrame, n_windows rows
        rate_bpm (60 / median interval), interval_sd_ms, rmssd_ms (root mean square of
        differences of neighbouring intervals), t_wave and r_wave (height over the
        level before the beat, of the window's mean beat, in the unit of `ecg`;
        upright where they point as R does), likeness (mean correlation of the beats
        with their mean: near 1 in an ECG, below about 0.6 where what was recorded is
        none), n_beats. NaN where there are too few beats.
    """
    import pandas as pd

    ecg = np.asarray(ecg)
    _check_ecg(ecg, sfreq)
    filtered = bandpass(ecg, *QRS_BAND, sfreq, order=2)
    window, times = _find_beats(_envelope(filtered, sfreq), sfreq)
    n_windows = len(ecg)
    columns = _interval_features(window, times / sfreq, n_windows)
    peaks = _place_on_r(filtered[:, 0], window, times, sfreq)
    columns |= _wave_features(ecg[:, 0].astype(float), window, peaks, sfreq)
    columns["n_beats"] = np.bincount(window, minlength=n_windows)
    return pd.DataFrame(columns)[list(FEATURES)]


def _check_ecg(ecg: np.ndarray, sfreq: float) -> None:
    check_shape("ecg", ecg, "b c t")
    check_range("sfreq", sfreq, 2.1 * QRS_BAND[1], np.inf, hint="R peaks need that.")
    if not np.isfinite(ecg).all():
        raise ValueError("ecg must not be missing; got NaN. Leave out those windows.")


def _envelope(filtered: np.ndarray, sfreq: float) -> np.ndarray:
    """Return the height of the QRS complex over time, leads joined; (n, n_times)."""
    from scipy.ndimage import uniform_filter1d

    size = max(1, round(SMOOTH_S * sfreq))
    power = uniform_filter1d(filtered**2, size, axis=-1, mode="nearest")
    heights = np.sqrt(np.maximum(power, 0))
    level = np.median(_block_tops(heights, sfreq), axis=-1, keepdims=True)
    return (heights / np.maximum(level, np.finfo(float).tiny)).mean(axis=1)


def _block_tops(heights: np.ndarray, sfreq: float) -> np.ndarray:
    """Return the largest height in each block, shape (..., n_blocks)."""
    size = min(max(1, round(BLOCK_S * sfreq)), heights.shape[-1])
    n_blocks = heights.shape[-1] // size
    blocks = heights[..., : n_blocks * size]
    return blocks.reshape(*heights.shape[:-1], n_blocks, size).max(axis=-1)


def _find_beats(envelope: np.ndarray, sfreq: float):
    """Return the window of each beat and its time in (fractional) time points.

    All windows are searched in one call, laid end to end with a silent gap between.
    """
    from scipy.ndimage import median_filter
    from scipy.signal import find_peaks

    n_windows, n_times = envelope.shape
    tops = _block_tops(envelope, sfreq)
    level = median_filter(tops, size=(1, N_BLOCKS), mode="nearest")
    block = np.minimum(np.arange(n_times) * tops.shape[1] // n_times, tops.shape[1] - 1)
    gap = max(1, round(REFRACTORY_S * sfreq))
    laid = np.pad(envelope, ((0, 0), (0, gap)))
    needed = np.pad(THRESHOLD * level[:, block], ((0, 0), (0, gap)), constant_values=1)
    found, _ = find_peaks(laid.ravel(), height=needed.ravel(), distance=gap)
    window, point = np.divmod(found, n_times + gap)
    inside = (point > 0) & (point < n_times - 1)
    window, point = window[inside], point[inside]
    before, here, after = (envelope[window, point + k] for k in (-1, 0, 1))
    bend = np.minimum(before - 2 * here + after, -np.finfo(float).tiny)
    return window, point + np.clip(0.5 * (before - after) / bend, -0.5, 0.5)


def _place_on_r(lead, window, times, sfreq) -> np.ndarray:
    """Return the time point of the R peak near each beat of a filtered lead."""
    if not len(times):
        return np.empty(0, int)
    half = max(1, round(HALF_QRS_S * sfreq))
    index = np.round(times).astype(int)[:, None] + np.arange(-half, half + 1)
    index = np.clip(index, 0, lead.shape[-1] - 1)
    around = lead[window[:, None], index]
    around = around * _polarity(around, window, len(lead))[window, None]
    return index[np.arange(len(index)), around.argmax(axis=1)]


def _polarity(around: np.ndarray, window: np.ndarray, n_windows: int) -> np.ndarray:
    """Return 1 where the QRS complex points mainly up, -1 where down, by window."""
    lean = np.bincount(window, around.max(axis=1) + around.min(axis=1), n_windows)
    return np.where(lean < 0, -1.0, 1.0)


def _interval_features(window, times_s, n_windows) -> dict[str, np.ndarray]:
    """Return rate, interval SD and RMSSD of each window; NaN where undefined."""
    import pandas as pd

    beats = pd.DataFrame({"window": window, "time": times_s})
    beats["interval"] = beats.groupby("window")["time"].diff()
    typical = beats.groupby("window")["interval"].transform("median")
    odd = (beats["interval"] - typical).abs() > ODD_INTERVAL * typical
    beats.loc[odd, "interval"] = np.nan
    beats["square"] = beats.groupby("window")["interval"].diff() ** 2
    by_window = beats.groupby("window")
    columns = {
        "rate_bpm": 60 / by_window["interval"].median(),
        "interval_sd_ms": 1000 * by_window["interval"].std(),
        "rmssd_ms": 1000 * np.sqrt(by_window["square"].mean()),
    }
    every = np.arange(n_windows)
    return {name: c.reindex(every).to_numpy(float) for name, c in columns.items()}


def _wave_features(lead, window, peaks, sfreq) -> dict[str, np.ndarray]:
    """Return T and R height of each window's mean beat, and how alike its beats are."""
    first, last = (round(edge * sfreq) for edge in (BEAT_S[0], BEAT_S[1]))
    whole = (peaks + first >= 0) & (peaks + last < lead.shape[-1])
    window, peaks = window[whole], peaks[whole]
    beats = lead[window[:, None], peaks[:, None] + np.arange(first, last + 1)]
    mean_beat = _window_means(beats, window, len(lead))

    def cut(a, b):
        return mean_beat[:, round(a * sfreq) - first : round(b * sfreq) - first + 1]

    level = cut(*BEFORE_S).mean(axis=1, keepdims=True)
    r_wave, t_wave = _extreme(cut(*QRS_S) - level), _extreme(cut(*T_S) - level)
    sign = np.where(r_wave < 0, -1.0, 1.0)
    alike = _window_means(
        _likeness(beats, mean_beat[window])[:, None], window, len(lead)
    )
    return {"t_wave": t_wave * sign, "r_wave": r_wave * sign, "likeness": alike[:, 0]}


def _window_means(rows: np.ndarray, window, n_windows: int) -> np.ndarray:
    """Return the mean of the rows of each window; NaN where it has none."""
    sums = np.zeros((n_windows, rows.shape[1]))
    np.add.at(sums, window, rows)
    n_rows = np.bincount(window, minlength=n_windows)[:, None]
    return sums / np.where(n_rows > 0, n_rows, np.nan)


def _likeness(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the correlation of the rows of two arrays; 0 where one is flat."""
    a = a - a.mean(axis=1, keepdims=True)
    b = b - b.mean(axis=1, keepdims=True)
    size = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return (a * b).sum(axis=1) / np.where(size > 0, size, 1)


def _extreme(x: np.ndarray) -> np.ndarray:
    """Return the value farthest from zero in each row; NaN stays NaN."""
    at = np.abs(x).argmax(axis=1)
    return x[np.arange(len(x)), at]
