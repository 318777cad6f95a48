"""Breathing, beats and the two-lead ECG they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.fft import rfftfreq

from emolib.surrogates import sizes
from emolib.surrogates.traces import (
    TRACE_SFREQ,
    bell,
    draw,
    fft_length,
    resample_linear,
    shaped_noise,
)

BEAT_SFREQ = 32.0
"""Rate at which intervals are looked up, in Hz."""
REACH = 4.5
"""Widths to either side over which a wave is drawn."""


@dataclass(frozen=True)
class Heart:
    """What is one person's own in the ECG: wave widths and lead gains."""

    widths_s: np.ndarray
    lead_gain: np.ndarray


def draw_heart(rng: np.random.Generator, signature: float) -> Heart:
    """Draw one person's heart; `signature` 0 makes all alike."""
    n = signature * rng.standard_normal(7)
    widths = np.array(sizes.WAVE_WIDTHS_S) * (1 + sizes.WAVE_WIDTH_SD * n[:5])
    return Heart(np.maximum(widths, 0.004), np.exp(sizes.LEAD_GAIN_SD * n[5:]))


def breathing_phase(ln_rate: np.ndarray, sfreq: float, n_times: int) -> np.ndarray:
    """Return the phase of breathing in radians, shape (b, n_times).

    Parameters
    ----------
    ln_rate : ndarray, shape (b, t)
        Log of breaths per second, at 4 Hz.
    """
    rate = np.exp(resample_linear(ln_rate, round(sfreq / TRACE_SFREQ), n_times))
    return 2 * np.pi * np.cumsum(rate, axis=-1) / sfreq


def beat_times(
    rngs: Sequence[np.random.Generator], heart_rate: np.ndarray, ln_rsa: np.ndarray,
    ln_resp_rate: np.ndarray, seconds: float,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return R peaks (s) and the interval after each, NaN where a trial has fewer.

    Intervals follow the planted heart rate, breathing (RSA) and a slow pressure wave
    near .1 Hz.

    Parameters
    ----------
    heart_rate, ln_rsa, ln_resp_rate : ndarray, shape (b, t)
        At 4 Hz, in bpm, log s and log Hz.

    Returns
    -------
    beats, intervals : ndarray, shape (b, n_beats)
    """
    n_times = int(np.ceil(seconds * BEAT_SFREQ)) + 1
    factor = round(BEAT_SFREQ / TRACE_SFREQ)
    n_fft = fft_length(n_times, BEAT_SFREQ)
    shape, first = bell(*sizes.MAYER_HZ, n_fft, BEAT_SFREQ)
    mayer = shaped_noise(rngs, shape, 1, n_times=n_times, n_fft=n_fft, first_bin=first)
    phase = breathing_phase(ln_resp_rate, BEAT_SFREQ, n_times)
    rr = (
        60 / resample_linear(heart_rate, factor, n_times)
        + np.exp(resample_linear(ln_rsa, factor, n_times))
        * np.sin(phase + sizes.RSA_PHASE)
        + sizes.MAYER_S * mayer[:, 0]
    )
    start = np.array([rng.random() for rng in rngs]) * rr[:, 0]
    return _walk(np.maximum(rr, sizes.RR_MIN_S), start, seconds)


def _walk(rr: np.ndarray, start: np.ndarray, seconds: float):
    """Step from beat to beat, all trials at once."""
    rows, now, beats, intervals = np.arange(len(rr)), start, [], []
    while (now < seconds).any():
        place = np.clip(now * BEAT_SFREQ, 0, rr.shape[1] - 1.001)
        left = place.astype(int)
        part = place - left
        step = rr[rows, left] * (1 - part) + rr[rows, left + 1] * part
        alive = now < seconds
        beats.append(np.where(alive, now, np.nan))
        intervals.append(np.where(alive, step, np.nan))
        now = now + step
    return np.stack(beats, axis=1), np.stack(intervals, axis=1)


def synthesise_ecg(
    rngs: Sequence[np.random.Generator], beats: np.ndarray, intervals: np.ndarray,
    ln_t_wave: np.ndarray, ln_resp_rate: np.ndarray, hearts: Sequence[Heart], *,
    sfreq: float, n_times: int, signature: float = 1.0,
) -> np.ndarray:  # fmt: skip
    """Return two leads of ECG in mV, shape (b, 2, n_times).

    Each beat is a sum of Gaussian waves P Q R S T; the T wave comes later after a
    longer interval.
    """
    phase = breathing_phase(ln_resp_rate, sfreq, n_times)
    t_wave = np.exp(ln_t_wave)
    out = np.empty((len(rngs), 2, n_times))
    for i, heart in enumerate(hearts):
        own = np.isfinite(beats[i])
        peaks, rr = beats[i, own], intervals[i, own]
        grid = np.arange(t_wave.shape[1]) / TRACE_SFREQ
        height = np.interp(peaks, grid, t_wave[i])
        out[i] = heart.lead_gain[:, None] * _waves(
            peaks, rr, height, heart, sfreq, n_times
        )
    out += sizes.ECG_BREATHING_MV * np.sin(phase)[:, None]
    return out + _ecg_noise(rngs, sfreq, n_times, signature)


def _waves(peaks, rr, t_height, heart: Heart, sfreq, n_times) -> np.ndarray:
    """Return the beats' waves in both leads, shape (2, n_times)."""
    out = np.zeros((2, n_times))
    for wave, (centre, width) in enumerate(
        zip(sizes.WAVE_CENTRES_S, heart.widths_s, strict=True)
    ):
        is_t = wave == len(sizes.WAVE_CENTRES_S) - 1
        middle = peaks + (centre * np.sqrt(rr / 0.8) if is_t else centre)
        first = np.ceil((middle - REACH * width) * sfreq).astype(int)
        index = first[:, None] + np.arange(int(2 * REACH * width * sfreq) + 1)
        bump = np.exp(-0.5 * ((index / sfreq - middle[:, None]) / width) ** 2)
        if is_t:
            bump *= t_height[:, None]
        inside = (index >= 0) & (index < n_times)
        summed = np.bincount(index[inside], bump[inside], minlength=n_times)
        out += np.array([lead[wave] for lead in sizes.LEAD_WAVES_MV])[:, None] * summed
    return out


def _ecg_noise(rngs, sfreq, n_times, signature) -> np.ndarray:
    """Return pink and white noise in mV; its level is the trial's own."""
    level = np.exp(sizes.ECG_NOISE_SD * signature * draw(rngs, (1,)))[..., None]
    n_fft = fft_length(n_times, sfreq)
    freqs = rfftfreq(n_fft, 1 / sfreq)
    low = int(np.searchsorted(freqs, sizes.BACKGROUND_L_FREQ))
    pink = np.zeros_like(freqs)
    pink[low:-1] = freqs[low:-1] ** -0.5
    pink *= sizes.ECG_PINK_MV / np.sqrt((pink**2).sum())
    white = sizes.ECG_WHITE_MV / np.sqrt(len(freqs) - 2)
    shape = np.sqrt(pink**2 + white**2)[None, None, 1:-1]
    total = np.sqrt((shape**2).sum())
    noise = shaped_noise(rngs, shape, 2, n_times=n_times, n_fft=n_fft, first_bin=1)
    return level * total * noise
