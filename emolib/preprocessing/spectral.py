"""Band powers, power spectra and differential entropy of whole arrays of windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from emolib.checks import check_option, check_shape

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
    return _banded(x, inside, _power)


def band_density(
    x: np.ndarray, *, sfreq: float, bands: Bands, segment_s: float = 1.0
) -> np.ndarray:
    """Return the power spectral density of each window, mean over each band.

    Welch's method, as paper 1, Section 2.2, has it: segments under a Hann window, their
    mean removed, half of each shared with the next. Short segments are padded with
    zeros to a second, so that a band holds a frequency at every length.

    Parameters
    ----------
    x : ndarray, shape (..., n_times)
    sfreq : float
        Sampling rate in Hz.
    bands : mapping of name to (fmin, fmax)
        In Hz; both ends included.
    segment_s : float
        Length of a segment in seconds; not stated, 1 in the paper's likely source. A
        shorter window is one segment.

    Returns
    -------
    density : ndarray, shape (..., n_bands)
        Unit of `x` squared per Hz.
    """
    from scipy.signal import welch

    x = np.asarray(x)
    n_segment = min(x.shape[-1], round(segment_s * sfreq))
    n_fft = max(n_segment, round(sfreq))
    inside = _membership(np.fft.rfftfreq(n_fft, 1 / sfreq), bands, n_fft / sfreq)

    def density(rows):
        return welch(rows, sfreq, "hann", n_segment, nfft=n_fft)[1]

    return _banded(x, inside / inside.sum(axis=0), density)


ENTROPY_FORMS = ("nats", "sd")
VARIANCES = ("spectrum", "filtered")


def differential_entropy(
    x: np.ndarray, *, sfreq: float, bands: Bands, variance: str = "spectrum",
    form: str = "nats", order: int = 5,
) -> np.ndarray:  # fmt: skip
    """Return the entropy of a Gaussian signal with each band's variance.

    Paper 1, Section 2.2. ``0.5 ln(2 pi e variance)`` per window and band.

    Parameters
    ----------
    x : ndarray, shape (..., n_times)
        A window that holds NaN comes out as NaN.
    sfreq : float
        Sampling rate in Hz.
    bands : mapping of name to (fmin, fmax)
        In Hz.
    variance : {'spectrum', 'filtered'}
        That of the window's frequencies in the band; or, as elsewhere in the field, of
        the window filtered by itself, once and from rest: the filter's start-up lies in
        every window, so that the value depends on the window's length.
    form : {'nats', 'sd'}
        ``sd``: the standard deviation itself, which the paper's sentence calls DE.
    order : int
        Of the Butterworth band-pass of ``filtered``.

    Returns
    -------
    entropy : ndarray, shape (..., n_bands)
    """
    check_option("variance", variance, VARIANCES)
    check_option("form", form, ENTROPY_FORMS)
    if variance == "spectrum":
        found = band_power(x, sfreq=sfreq, bands=bands)
    else:
        found = _filtered_variance(np.asarray(x), sfreq, bands, order)
    if (found <= 0).any():
        *place, band = np.argwhere(found <= 0)[0].tolist()
        raise ValueError(
            f"x must vary in every window; got no power in {list(bands)[band]!r} at "
            f"{place}. Leave out flat windows."
        )
    return np.sqrt(found) if form == "sd" else 0.5 * np.log(2 * np.pi * np.e * found)


READINGS_OF_PSD = ("welch", "printed")


def relative_band_power(
    x: np.ndarray, *, sfreq: float, bands: Bands, window_s: float = 2.0,
    hop_s: float = 0.25, segment_s: float = 1.0, reading: str = "welch",
) -> np.ndarray:  # fmt: skip
    """Return each band's share of the power, in windows that slide over a whole trial.

    Paper 4, Section 3.2, Eq. (1)-(7): the mean periodogram of a window's segments under
    a Hann window, integrated over a band (trapezoids), over the integral from the
    lowest edge to the highest. Segments that windows share are transformed once.

    Parameters
    ----------
    x : ndarray, shape (n_chans, n_times)
        Window i spans ``hop_s * i`` to ``hop_s * i + window_s``: to have label i in its
        middle, `x` begins half a window before label 0.
    sfreq : float
        Sampling rate in Hz.
    bands : mapping of name to (fmin, fmax)
        In Hz; both ends included, two frequencies or more in each.
    window_s, hop_s, segment_s : float
        In seconds; not stated, those of the paper's likely source.
    reading : {'welch', 'printed'}
        ``welch``, as the text says: half of a segment is shared with the next, its mean
        removed. ``printed``, Eq. (1) and (2): nothing shared, the mean left in. The
        factor 1/M that Eq. (2) lacks cancels in Eq. (7).

    Returns
    -------
    share : ndarray, shape (n_windows, n_bands, n_chans)
        Neighbouring bands share the frequency between them, so that the shares of bands
        without gaps sum to 1.
    """
    check_option("reading", reading, READINGS_OF_PSD)
    sizes = [round(seconds * sfreq) for seconds in (window_s, hop_s, segment_s)]
    n_window, hop, n_segment = sizes
    if x.shape[-1] < n_window:
        raise ValueError(
            f"x must last a window of {window_s:g} s or longer; got "
            f"{x.shape[-1] / sfreq:g} s. Leave the trial out."
        )
    advance = n_segment if reading == "printed" else n_segment // 2
    within = np.arange(0, n_window - n_segment + 1, advance)  # Eq. (1)
    first = np.arange(0, x.shape[-1] - n_window + 1, hop)
    starts, which = np.unique(first[:, None] + within, return_inverse=True)
    power = _periodograms(x, starts, n_segment, reading == "welch")  # Eq. (2)
    density = power[:, which.reshape(len(first), -1)].mean(axis=2)  # Eq. (4), (5)
    inside = _integral(np.fft.rfftfreq(n_segment, 1 / sfreq), bands)
    *parts, whole = np.moveaxis(density @ inside, -1, 0)  # Eq. (6)  (c, n_windows)
    return (np.stack(parts) / whole).transpose(2, 0, 1)  # Eq. (7)


def _periodograms(x, starts: np.ndarray, n_segment: int, is_centred: bool):
    """Return |DFT|^2 of the segments at `starts`, shape (n_chans, n, n_freqs)."""
    from scipy.fft import rfft
    from scipy.signal import get_window

    cuts = np.lib.stride_tricks.sliding_window_view(x, n_segment, axis=-1)[:, starts]
    if is_centred:
        cuts = cuts - cuts.mean(axis=-1, keepdims=True)
    return np.abs(rfft(cuts * get_window("hann", n_segment), axis=-1)) ** 2


def _integral(freqs: np.ndarray, bands: Bands) -> np.ndarray:
    """Return (n_freqs, n_bands + 1): weights of trapezoids over each band, and all."""
    edges = [*bands.values()]
    edges.append((min(low for low, _ in edges), max(high for _, high in edges)))
    weights = np.zeros((len(freqs), len(edges)))
    for (low, high), column in zip(edges, weights.T, strict=True):
        held = np.flatnonzero((freqs >= low) & (freqs <= high))
        if len(held) < 2:
            raise ValueError(
                f"bands must each hold two frequencies; got {low}-{high} Hz where a "
                f"segment has steps of {freqs[1]:g} Hz. Lengthen segment_s."
            )
        column[held[1:]] += 0.5
        column[held[:-1]] += 0.5
    return weights


def mutual_cross_attention(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return two kinds of features of the same channels, fused by attention.

    Zhao and Gu, "Feature Fusion Based on Mutual-Cross-Attention Mechanism for EEG
    Emotion Recognition", MICCAI 2024, which paper 1, Section 2.2, cites for its
    multi-head attention; it has one head and nothing to learn.
    ``softmax(a b' / sqrt(d)) b + softmax(b a' / sqrt(d)) a``; of one channel, a + b.

    Differs from its public code: no dropout while features are computed.

    Parameters
    ----------
    a, b : ndarray, shape (..., c, d)
        Channels are tokens; scaled alike, or the largest channel takes all weight.

    Returns
    -------
    fused : ndarray, shape (..., c, d)
    """
    from scipy.special import softmax

    check_shape("b", b.reshape(-1, *b.shape[-2:]), "b c d", "It must match a.",
                c=a.shape[-2], d=a.shape[-1])  # fmt: skip
    scores = a @ np.swapaxes(b, -1, -2) / np.sqrt(a.shape[-1])
    mirrored = np.swapaxes(scores, -1, -2)
    return softmax(scores, axis=-1) @ b + softmax(mirrored, axis=-1) @ a


def _filtered_variance(x, sfreq: float, bands: Bands, order: int) -> np.ndarray:
    """Return the variance of each window after a causal filter, band by band."""
    from scipy.signal import butter, lfilter

    designs = [butter(order, e, "bandpass", fs=sfreq) for e in bands.values()]
    return np.stack([lfilter(*d, x).var(axis=-1) for d in designs], axis=-1)


def _banded(x: np.ndarray, inside: np.ndarray, spectrum: Callable) -> np.ndarray:
    """Return the weighted sum over frequencies of ``spectrum(rows)``, in blocks."""
    n_times = x.shape[-1]
    rows = x.reshape(-1, n_times)
    kind = np.result_type(x.dtype, np.float32)
    found, inside = np.empty((len(rows), inside.shape[1]), kind), inside.astype(kind)
    at_once = max(1, POINTS_AT_ONCE // n_times)
    for start in range(0, len(rows), at_once):
        block = slice(start, start + at_once)
        found[block] = spectrum(rows[block]) @ inside
    return found.reshape(*x.shape[:-1], -1)


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
