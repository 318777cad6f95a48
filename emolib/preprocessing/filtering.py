"""Band-pass, resample and re-reference: whole arrays, time last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np

from emolib.checks import check_range
from emolib.containers import Recording


def bandpass(
    x: np.ndarray,
    l_freq: float | None,
    h_freq: float | None,
    sfreq: float,
    *,
    order: int = 4,
) -> np.ndarray:
    """Return the signal between two frequencies, filtered forth and back.

    Zero-phase Butterworth filter in second-order sections: peaks stay where they are.

    Parameters
    ----------
    x : ndarray, shape (..., n_times)
    l_freq, h_freq : float or None
        Edges in Hz; None leaves that side open.
    sfreq : float
        Sampling rate in Hz.
    order : int
        Of the filter that runs once each way.

    Returns
    -------
    filtered : ndarray of float, same shape
    """
    from scipy.signal import sosfiltfilt

    sos = _design(l_freq, h_freq, sfreq, order)
    x = np.asarray(x, float)
    longest = 3 * (2 * len(sos) + 1)
    return sosfiltfilt(sos, x, axis=-1, padlen=max(0, min(longest, x.shape[-1] - 2)))


def _design(l_freq, h_freq, sfreq, order) -> np.ndarray:
    from scipy.signal import butter

    for name, edge in (("l_freq", l_freq), ("h_freq", h_freq)):
        if edge is not None:
            hint = f"Half of sfreq={sfreq:g} Hz is the limit."
            check_range(name, edge, 0, sfreq / 2, closed="neither", hint=hint)
    if l_freq is None and h_freq is None:
        raise ValueError("l_freq or h_freq must be given; got None for both.")
    if l_freq is None:
        return butter(order, h_freq, "lowpass", fs=sfreq, output="sos")
    if h_freq is None:
        return butter(order, l_freq, "highpass", fs=sfreq, output="sos")
    if l_freq >= h_freq:
        raise ValueError(f"l_freq must be below h_freq; got {l_freq} and {h_freq}.")
    return butter(order, (l_freq, h_freq), "bandpass", fs=sfreq, output="sos")


def notch(
    x: np.ndarray, freq: float, sfreq: float, *, quality: float = 30.0
) -> np.ndarray:
    """Return the signal without a line frequency and its harmonics, forth and back.

    Parameters
    ----------
    x : ndarray, shape (..., n_times)
    freq : float
        In Hz; whole multiples below half of `sfreq` go too.
    sfreq : float
        Sampling rate in Hz.
    quality : float
        Frequency over width of each notch.
    """
    from scipy.signal import filtfilt, iirnotch

    hint = f"Half of sfreq={sfreq:g} Hz is the limit."
    check_range("freq", freq, 0, sfreq / 2, closed="neither", hint=hint)
    for multiple in np.arange(freq, sfreq / 2, freq):
        x = filtfilt(*iirnotch(multiple, quality, sfreq), x, axis=-1)
    return x


def bandpass_recordings(
    recordings: Iterable[Recording],
    modality: str,
    *,
    l_freq: float | None,
    h_freq: float | None,
) -> Iterator[Recording]:
    """Yield each recording with one modality filtered over the whole trial.

    Filtering trials, not windows, keeps the filter's start-up out of every window.
    A recording without the modality passes unchanged.
    """
    for recording in recordings:
        signal = recording.signals.get(modality)
        if signal is not None and signal.data.shape[1] > 2:
            data = bandpass(signal.data, l_freq, h_freq, signal.sfreq)
            signals = {**recording.signals, modality: replace(signal, data=data)}
            recording = replace(recording, signals=signals)
        yield recording


def resample(x: np.ndarray, sfreq: float, new_sfreq: float) -> np.ndarray:
    """Return the signal at another rate, without aliasing.

    Parameters
    ----------
    x : ndarray, shape (..., n_times)
    sfreq, new_sfreq : float
        Rates in Hz.

    Returns
    -------
    resampled : ndarray, shape (..., ceil(n_times * new_sfreq / sfreq))
    """
    from scipy.signal import resample_poly

    check_range("new_sfreq", new_sfreq, 0, np.inf, closed="neither")
    ratio = Fraction(new_sfreq / sfreq).limit_denominator(10_000)
    if ratio == 1:
        return np.array(x)
    return resample_poly(
        np.asarray(x), ratio.numerator, ratio.denominator, axis=-1, padtype="line"
    )


def average_reference(x: np.ndarray) -> np.ndarray:
    """Return the signal less the mean over channels; shape (..., n_chans, n_times)."""
    x = np.asarray(x)
    return x - x.mean(axis=-2, keepdims=True)
