"""Breathing, beats and the two-lead ECG they make; skin conductance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.fft import irfft
from scipy.signal import lfilter

from emolib.surrogates import sizes, traces
from emolib.surrogates.affect import Trials

BEAT_SFREQ = 32.0
"""Rate at which intervals are looked up, in Hz."""
REACH = 4.5
"""Widths to either side over which a wave is drawn."""
REST_S, REST_RR_S, REST_T_MV = 10.0, 60 / 72, 0.3
"""What the heart's field is measured by: so long, so even, with such a T wave."""
LATENCY_S, RISE_S, FALL_S = 1.5, 0.75, 2.0
LN_AMPLITUDE, AMPLITUDE_SD = np.log(0.25), 0.5
"""Of skin conductance responses: time course in s, height in µS."""


class Heart(NamedTuple):
    """What is one person's own in the ECG."""

    widths_s: np.ndarray  # (5,), of the waves
    lead_gain: np.ndarray  # (2,)


def draw_heart(rng: np.random.Generator, signature: float) -> Heart:
    """Draw one person's heart; `signature` 0 makes all alike."""
    n = signature * rng.standard_normal(7)
    widths = np.array(sizes.WAVE_WIDTHS_S) * (1 + sizes.WAVE_WIDTH_SD * n[:5])
    return Heart(np.maximum(widths, 0.004), np.exp(sizes.LEAD_GAIN_SD * n[5:]))


def synthesise_ecg(trials: Trials) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return two leads of ECG in mV, (b, 2, n_times), and the R peaks' times in s.

    Each beat is a sum of Gaussian waves P Q R S T; the T wave comes later after a
    longer interval. The baseline wanders with breathing.
    """
    hearts, waves, found = _beating(trials)
    out = np.empty((len(hearts), 2, trials.n_times))
    for own, heart, parts in zip(out, hearts, waves, strict=True):
        own[:] = heart.lead_gain[:, None] * _in_leads(parts)
    phase = _breathing_phase(trials, trials.sfreq, trials.n_times)
    out += sizes.ECG_BREATHING_MV * np.sin(phase)[:, None]
    return out + _ecg_noise(trials), found


def heart_waves(trials: Trials) -> np.ndarray:
    """Return Q R S T of the beats in the ECG's first lead, (b, n_times), without noise.

    In units of the R peak of that person's heart beating evenly at rest, as both are
    seen through the band of the heart's field in the EEG.
    """
    hearts, waves, _ = _beating(trials)
    rest = np.arange(0, REST_S, REST_RR_S)
    given = rest, np.full(len(rest), REST_RR_S), np.full(len(rest), REST_T_MV)
    out = np.empty((len(hearts), trials.n_times))
    for own, heart, parts in zip(out, hearts, waves, strict=True):
        even = _waves(*given, heart, trials.sfreq, round(REST_S * trials.sfreq))
        own[:] = _qrst(parts, trials.sfreq) / _qrst(even, trials.sfreq).max()
    return out


def _qrst(waves: list[np.ndarray], sfreq: float) -> np.ndarray:
    """Return the first lead without P wave, in the band of the heart's field."""
    lead = _in_leads(waves, first=1)[0]
    return traces.bandpass(lead, *sizes.HEART_FIELD_HZ, sfreq)


def _in_leads(waves: list[np.ndarray], first: int = 0) -> np.ndarray:
    """Return the sum of waves in both leads in mV, (2, n_times), from wave `first`."""
    heights = np.array(sizes.LEAD_WAVES_MV).T[..., None]
    return sum(map(np.multiply, heights[first:], waves[first:]))


def _beating(trials: Trials) -> tuple[list[Heart], list, list[np.ndarray]]:
    """Return each trial's heart, waves and R peaks in s."""
    hearts = [draw_heart(rng, trials.signature) for rng in trials.persons]
    hearts = hearts * (len(trials.rngs) // len(hearts))
    beats, intervals = beat_times(trials)
    t_wave = np.exp(trials.traces["ln_t_wave"])
    grid = np.arange(t_wave.shape[1]) / traces.TRACE_SFREQ
    waves, found = [], []
    for i, heart in enumerate(hearts):
        is_beat = np.isfinite(beats[i])
        peaks, rr = beats[i, is_beat], intervals[i, is_beat]
        height = np.interp(peaks, grid, t_wave[i])
        waves.append(_waves(peaks, rr, height, heart, trials.sfreq, trials.n_times))
        found.append(peaks)
    return hearts, waves, found


def _breathing_phase(trials: Trials, sfreq: float, n_times: int) -> np.ndarray:
    """Return the phase of breathing in radians, shape (b, n_times)."""
    rate = np.exp(traces.resample_linear(trials.traces["ln_resp_rate"], sfreq, n_times))
    return 2 * np.pi * np.cumsum(rate, axis=-1) / sfreq


def beat_times(trials: Trials) -> tuple[np.ndarray, np.ndarray]:
    """Return R peaks (s) and the interval after each, NaN where a trial has fewer.

    Intervals follow the planted heart rate, breathing (RSA) and a slow pressure wave
    near .1 Hz.

    Returns
    -------
    beats, intervals : ndarray, shape (b, n_beats)
    """
    seconds = trials.n_times / trials.sfreq
    n = int(np.ceil(seconds * BEAT_SFREQ)) + 1
    mayer = traces.band_noise(
        trials.rngs, 1, *sizes.MAYER_HZ, sfreq=BEAT_SFREQ, n_times=n
    )
    phase = _breathing_phase(trials, BEAT_SFREQ, n)
    rate, ln_rsa = (
        traces.resample_linear(trials.traces[name], BEAT_SFREQ, n)
        for name in ("heart_rate", "ln_rsa")
    )
    rsa = np.exp(ln_rsa) * np.sin(phase + sizes.RSA_PHASE)
    rr = 60 / rate + rsa + sizes.MAYER_S * mayer[:, 0]
    start = np.array([rng.random() for rng in trials.rngs]) * rr[:, 0]
    return _walk(np.maximum(rr, sizes.RR_MIN_S), start, seconds)


def _walk(rr: np.ndarray, start: np.ndarray, seconds: float):
    """Step from beat to beat, all trials at once."""
    rows, now, beats, intervals = np.arange(len(rr)), start, [], []
    while (now < seconds).any():
        place = np.clip(now * BEAT_SFREQ, 0, rr.shape[1] - 1.001)
        left = place.astype(int)
        part = place - left
        step = rr[rows, left] * (1 - part) + rr[rows, left + 1] * part
        beats.append(np.where(now < seconds, now, np.nan))
        intervals.append(np.where(now < seconds, step, np.nan))
        now = now + step
    return np.stack(beats, axis=1), np.stack(intervals, axis=1)


def _waves(peaks, rr, t_height, heart: Heart, sfreq, n_times) -> list[np.ndarray]:
    """Return the beats' P Q R S T, each (n_times,): of height 1, and the planted T."""
    out = []
    heights = [np.ones_like(rr)] * 4 + [t_height]
    centres = np.tile(sizes.WAVE_CENTRES_S, (len(rr), 1)).T
    centres[-1] *= np.sqrt(rr / 0.8)
    for centre, width, height in zip(centres, heart.widths_s, heights, strict=True):
        middle = peaks + centre
        first = np.ceil((middle - REACH * width) * sfreq).astype(int)
        index = first[:, None] + np.arange(int(2 * REACH * width * sfreq) + 1)
        bump = np.exp(-0.5 * ((index / sfreq - middle[:, None]) / width) ** 2)
        bump *= height[:, None]
        inside = (index >= 0) & (index < n_times)
        out.append(np.bincount(index[inside], bump[inside], minlength=n_times))
    return out


def _ecg_noise(trials: Trials) -> np.ndarray:
    """Return pink and white noise in mV; its level is the trial's own."""
    spread = sizes.ECG_NOISE_SD * trials.signature
    level = np.exp(spread * traces.draw(trials.rngs, (1,)))[..., None]
    n_fft, freqs = traces.fft_grid(trials.n_times, trials.sfreq)
    low = int(np.searchsorted(freqs, sizes.BACKGROUND_L_FREQ))
    pink = np.zeros_like(freqs)
    pink[low:-1] = freqs[low:-1] ** -0.5
    pink *= sizes.ECG_PINK_MV / np.sqrt((pink**2).sum())
    white = sizes.ECG_WHITE_MV / np.sqrt(len(freqs) - 2)
    shape = np.sqrt(pink**2 + white**2)[None, None, 1:-1]
    spectrum = np.zeros((len(trials.rngs), 2, len(freqs)), np.complex64)
    amplitude = traces.unit_variance(shape, n_fft)
    spectrum[..., 1:-1] = traces.noise_bins(trials.rngs, 2, amplitude)
    noise = irfft(spectrum, n_fft, axis=-1)[..., : trials.n_times]
    return level * np.sqrt((shape**2).sum()) * noise


def synthesise_conductance(trials: Trials) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return skin conductance in µS, (b, n_times), and the drivers' times in s.

    A level that follows affect, and quick responses on top, each of which begins 1.5 s
    after its driver.
    """
    times = traces.event_times(trials.rngs, trials.traces["ln_scr_rate"])
    impulses = np.zeros((len(times), trials.n_times))
    for row, rng, start in zip(impulses, trials.rngs, times, strict=True):
        height = rng.lognormal(LN_AMPLITUDE, AMPLITUDE_SD, len(start))
        index = np.round((start + LATENCY_S) * trials.sfreq).astype(int)
        np.add.at(row, index[index < trials.n_times], height[index < trials.n_times])
    level = trials.traces["ln_scl"]
    level = np.exp(traces.resample_linear(level, trials.sfreq, trials.n_times))
    return level + _responses(impulses, trials.sfreq), times


def _responses(impulses: np.ndarray, sfreq: float) -> np.ndarray:
    """Return impulses as exp(-u / 2) - exp(-u / .75), 1 at its peak."""
    poles = (np.exp(-1 / (tau * sfreq)) for tau in (FALL_S, RISE_S))
    slow, quick = (lfilter([1.0], [1.0, -pole], impulses) for pole in poles)
    u = np.log(FALL_S / RISE_S) / (1 / RISE_S - 1 / FALL_S)
    return (slow - quick) / float(np.exp(-u / FALL_S) - np.exp(-u / RISE_S))
