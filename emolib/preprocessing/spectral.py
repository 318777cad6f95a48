"""Power spectra, band powers and differential entropy of whole arrays of windows.

The definition is an argument, because the field's packages mean different things by
the same word: see `differential_entropy`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from emolib.checks import check_option

Bands = Mapping[str, tuple[float, float]]
"""Ordered: name -> (fmin, fmax) in Hz, both ends included. Owned by the recipe."""

METHODS = ("fft", "filter_then_window", "per_window_causal")
POINTS_AT_ONCE = 1 << 18


def psd(x: np.ndarray, *, sfreq: float, n_fft: int | None = None):
    """Return the one-sided power spectral density of each window.

    Rectangular window, mean removed: the sum over frequencies times their spacing is
    the variance of the window (Parseval).

    Parameters
    ----------
    x : ndarray, shape (..., n_times)
    sfreq : float
        Sampling rate in Hz.
    n_fft : int or None
        Length of the transform, at least n_times: a shorter one would ignore the end
        of every window. None: n_times.

    Returns
    -------
    freqs : ndarray, shape (n_freqs,)
        Hz.
    density : ndarray, shape (..., n_freqs)
        Unit of `x` squared per Hz.
    """
    x = np.asarray(x)
    n_fft = _check_n_fft(n_fft, x.shape[-1])
    density = _power(x, n_fft) * (n_fft / sfreq)
    return np.fft.rfftfreq(n_fft, 1 / sfreq), density


def band_power(
    x: np.ndarray, *, sfreq: float, bands: Bands, n_fft: int | None = None
) -> np.ndarray:
    """Return the variance of each window that falls into each band.

    Parameters
    ----------
    x : ndarray, shape (..., n_times)
    sfreq : float
        Sampling rate in Hz.
    bands : mapping of name to (fmin, fmax)
        In Hz; both ends included.
    n_fft : int or None
        See `psd`.

    Returns
    -------
    power : ndarray, shape (..., n_bands)
        Unit of `x` squared.
    """
    x = np.asarray(x)
    n_fft = _check_n_fft(n_fft, x.shape[-1])
    inside = _membership(np.fft.rfftfreq(n_fft, 1 / sfreq), bands, x.shape[-1] / sfreq)
    rows = x.reshape(-1, x.shape[-1])
    power = np.empty((len(rows), len(bands)), np.result_type(x.dtype, np.float32))
    inside = inside.astype(power.dtype)
    at_once = max(1, POINTS_AT_ONCE // x.shape[-1])
    for start in range(0, len(rows), at_once):
        block = slice(start, start + at_once)
        power[block] = _power(rows[block], n_fft) @ inside
    return power.reshape(*x.shape[:-1], len(bands))


def relative_band_power(
    x: np.ndarray, *, sfreq: float, bands: Bands, n_fft: int | None = None
) -> np.ndarray:
    """Return each band's share of the power of all `bands`; shares sum to 1."""
    power = band_power(x, sfreq=sfreq, bands=bands, n_fft=n_fft)
    _check_positive(power.sum(axis=-1, keepdims=True), {"all bands": (0, 0)})
    return power / power.sum(axis=-1, keepdims=True)


def differential_entropy(
    x: np.ndarray,
    *,
    sfreq: float,
    bands: Bands,
    method: str = "fft",
    trials: np.ndarray | None = None,
    order: int = 5,
    n_fft: int | None = None,
) -> np.ndarray:
    """Return the entropy a Gaussian signal of the band's variance has, in nats.

    ``0.5 * ln(2 pi e variance)`` per window, channel and band. Divide by ``ln 2`` for
    bits. What differs is where the band's variance comes from:

    - ``"fft"``: the energy of the window's frequencies in the band (Parseval).
    - ``"filter_then_window"``: each trial is filtered as a whole, forth and back,
      then cut.
    - ``"per_window_causal"``: each window is filtered alone and once, from rest, as
      some packages do. The filter's start-up lies in every window, so the value falls
      with the window's length; here to compare with theirs, not to use.

    Parameters
    ----------
    x : ndarray, shape (n_windows, n_chans, n_times)
    sfreq : float
        Sampling rate in Hz.
    bands : mapping of name to (fmin, fmax)
        In Hz.
    method : {'fft', 'filter_then_window', 'per_window_causal'}
    trials : ndarray, shape (n_windows,)
        Which trial each window is from, for ``"filter_then_window"``: windows of one
        trial must stand in a row, in order of time, without gap or overlap.
    order : int
        Of the Butterworth band-pass of the two filtering methods.
    n_fft : int or None
        Of method ``"fft"``; see `psd`.

    Returns
    -------
    entropy : ndarray, shape (n_windows, n_chans, n_bands)
        Nats.
    """
    check_option("method", method, METHODS)
    x = np.asarray(x)
    if method == "fft":
        variance = band_power(x, sfreq=sfreq, bands=bands, n_fft=n_fft)
    elif method == "per_window_causal":
        variance = _filtered_variance(x, sfreq, bands, order, _filter_causal)
    else:
        variance = _whole_trial_variance(x, sfreq, bands, order, trials)
    _check_positive(variance, bands)
    return 0.5 * np.log(2 * np.pi * np.e * variance)


def _check_n_fft(n_fft: int | None, n_times: int) -> int:
    if n_fft is None:
        return n_times
    if n_fft < n_times:
        raise ValueError(
            f"n_fft must be at least the window's {n_times} time points; got {n_fft}. "
            "A shorter transform ignores the end of every window."
        )
    return int(n_fft)


def _power(x: np.ndarray, n_fft: int) -> np.ndarray:
    """Return the variance at each frequency, one-sided; shape (..., n_freqs)."""
    from scipy.fft import rfft

    n_times = x.shape[-1]
    spectrum = rfft(x - x.mean(axis=-1, keepdims=True), n_fft, axis=-1)
    power = spectrum.real**2
    power += spectrum.imag**2
    power *= 2 / (n_times * n_fft)
    power[..., 0] /= 2
    if n_fft % 2 == 0:
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
                f"{freqs[1]:g} Hz up to {freqs[-1]:g} Hz. Lengthen the window, or give "
                "a larger n_fft."
            )
    return inside.astype(float)


def _filtered_variance(
    x: np.ndarray, sfreq: float, bands: Bands, order: int, run: Callable
) -> np.ndarray:
    """Return the variance of each window after `run`, band by band."""
    variances = [run(x, sfreq, edges, order).var(axis=-1) for edges in bands.values()]
    return np.stack(variances, axis=-1)


def _filter_causal(x, sfreq, edges, order) -> np.ndarray:
    from scipy.signal import butter, lfilter

    b, a = butter(order, edges, "bandpass", fs=sfreq)
    return lfilter(b, a, x, axis=-1)


def _filter_zero_phase(x, sfreq, edges, order) -> np.ndarray:
    from scipy.signal import butter, sosfiltfilt

    sos = butter(order, edges, "bandpass", fs=sfreq, output="sos")
    return sosfiltfilt(sos, x, axis=-1)


def _whole_trial_variance(x, sfreq, bands, order, trials) -> np.ndarray:
    """Join the windows of each trial, filter, cut again; equal lengths at once."""
    starts, n_in_trial = _runs(trials, len(x))
    n_chans, n_times = x.shape[1:]
    variance = np.empty((len(x), n_chans, len(bands)), float)
    for n in np.unique(n_in_trial):
        rows = starts[n_in_trial == n][:, None] + np.arange(n)

        def run(signal, sfreq, edges, order, n=n):
            whole = _filter_zero_phase(signal, sfreq, edges, order)
            return whole.reshape(*signal.shape[:2], n, n_times)

        joined = x[rows].swapaxes(1, 2).reshape(len(rows), n_chans, n * n_times)
        cut = _filtered_variance(joined, sfreq, bands, order, run)
        variance[rows] = cut.swapaxes(1, 2)
    return variance


def _runs(trials, n_windows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first row and the number of windows of each trial."""
    if trials is None or len(trials) != n_windows:
        raise ValueError(
            "trials must name the trial of each window for method='filter_then_window';"
            f" got {None if trials is None else len(trials)} for {n_windows} windows."
        )
    codes = np.unique(np.asarray(trials), return_inverse=True)[1]
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
    if len(starts) != codes.max() + 1:
        raise ValueError(
            "trials must stand in a row; got a trial whose windows are apart. Sort the "
            "windows by trial and start."
        )
    return starts, np.diff(np.r_[starts, n_windows])


def _check_positive(variance: np.ndarray, bands: Bands) -> None:
    """Raise when a window has no power in a band, whose logarithm is not a number."""
    bad = ~(variance > 0)
    if bad.any():
        *place, band = np.argwhere(bad)[0].tolist()
        raise ValueError(
            f"x must vary in every window; got no power, or NaN, in "
            f"{list(bands)[band]!r} at {place} (window, channel). "
            "Leave out flat windows."
        )
