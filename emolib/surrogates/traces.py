"""Random streams, slow traces and shaped noise, for a whole batch of trials at once.

No stream, subject or trial consumes the numbers of another: randomness comes as a list
of generators, one per trial, so that a trial's numbers never depend on how many other
trials are drawn with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.fft import irfft, next_fast_len, rfftfreq
from scipy.signal import butter, lfilter, sosfiltfilt

CORPORA = (
    "dreamer", "amigos", "deap", "mahnob", "iemocap", "mosei", "mosi",
    "mahnob_continuous", "expressions",
)  # fmt: skip
STREAMS = (
    "latents", "ratings", "signatures", "nuisances", "artefacts", "gaps", "observer",
    "questions", "line", "", "eeg", "ecg", "gsr", "audio", "visual", "text", "lengths",
    "directions", "heart", "resp", "ppg", "temperature", "emg", "eog", "order",
    "valence", "cues", "face",
)  # fmt: skip
"""What has numbers of its own; new names come last, or all numbers change."""
TRACE_SFREQ = 4.0
"""Rate of every slow trace, in Hz."""


def generator(
    seed: int, corpus: str, stream: str, subject: int = 0, trial: int = 0
) -> np.random.Generator:
    """Return the generator of one stream of one subject and trial (0: all of them)."""
    key = (1 + CORPORA.index(corpus), STREAMS.index(stream), subject, trial)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def trial_generators(
    seed: int, corpus: str, stream: str, subject: int, n_trials: int
) -> list[np.random.Generator]:
    """Return one generator per trial of a subject."""
    trials = range(1, n_trials + 1)
    return [generator(seed, corpus, stream, subject, trial) for trial in trials]


def draw(rngs: Sequence[np.random.Generator], shape: tuple[int, ...]) -> np.ndarray:
    """Return standard normals, shape (b, *shape), one generator per trial.

    Single precision: this is what fills waveforms, and takes half the time.
    """
    out = np.empty((len(rngs), *shape), np.float32)
    for rng, row in zip(rngs, out, strict=True):
        rng.standard_normal(out=row, dtype=np.float32)
    return out


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


def one_pole(x: np.ndarray, tau_s: float) -> np.ndarray:
    """Return `x` low-passed along axis 1 by one pole of time constant `tau_s`."""
    if tau_s == 0:
        return x
    c = np.exp(-1 / (tau_s * TRACE_SFREQ))
    return lfilter([1 - c], [1.0, -c], x, axis=1)


def resample_linear(
    x: np.ndarray, sfreq: float, n_times: int, *, own: float = TRACE_SFREQ
) -> np.ndarray:
    """Return `x` (…, t) interpolated linearly from rate `own` to a multiple of it.

    The last value is held when `n_times` reaches beyond the last grid point.
    """
    factor = round(sfreq / own)
    need = -(-n_times // factor) + 1
    if x.shape[-1] < need:
        tail = np.repeat(x[..., -1:], need - x.shape[-1], axis=-1)
        x = np.concatenate([x, tail], axis=-1)
    x = x[..., :need]
    ramp = np.arange(factor, dtype=x.dtype) / factor
    steps = x[..., :-1, None] + np.diff(x, axis=-1)[..., None] * ramp
    return steps.reshape(*x.shape[:-1], -1)[..., :n_times]


def fft_grid(n_times: int, sfreq: float) -> tuple[int, np.ndarray]:
    """Return a quick even transform length with two seconds to spare, and its Hz.

    The spare keeps the end of a trial from continuing into its beginning.
    """
    n_fft = next_fast_len(n_times + round(2 * sfreq), real=True)
    while n_fft % 2:
        n_fft = next_fast_len(n_fft + 1, real=True)
    return n_fft, rfftfreq(n_fft, 1 / sfreq)


def unit_variance(shape: np.ndarray, n_fft: int) -> np.ndarray:
    """Return an amplitude per bin (…, n_bins) scaled to noise of unit variance.

    By expectation, never by the noise's own, which would erase a trial's power.
    """
    return shape * (n_fft / (2 * np.sqrt((shape**2).sum(-1, keepdims=True))))


def noise_bins(
    rngs: Sequence[np.random.Generator], n_chans: int, amplitude: np.ndarray,
    mix: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """Return complex Gaussian bins, shape (b, n_chans, n_bins).

    Parameters
    ----------
    amplitude : ndarray, shape (b or 1, n_chans or 1, n_bins)
    mix : ndarray, shape (n_chans, n_chans)
        From independent channels to those that come out.
    """
    parts = draw(rngs, (n_chans, amplitude.shape[-1], 2)).view(np.complex64)[..., 0]
    if mix is not None:
        parts = mix.astype(np.float32) @ parts
    parts *= amplitude.astype(np.float32)
    return parts


def band_noise(
    rngs: Sequence[np.random.Generator], n_chans: int, centre, width: float, *,
    sfreq: float, n_times: int, reach: tuple[float, float] | None = None,
) -> np.ndarray:  # fmt: skip
    """Return narrow-band noise of unit expected variance, (b, n_chans, n_times).

    Parameters
    ----------
    centre : float or ndarray, shape (b,)
        Hz.
    width : float
        Standard deviation of the Gaussian amplitude shape, Hz. Bins within 4.5 widths
        of any centre are drawn; DC and Nyquist are left out.
    reach : (low, high)
        Centres that may come, in Hz; with it the bins, and so the numbers drawn for
        one trial, do not depend on the centres of the others.
    """
    n_fft, freqs = fft_grid(n_times, sfreq)
    centre = np.atleast_1d(np.asarray(centre, float))
    low, high = reach or (centre.min(), centre.max())
    first = max(1, int(np.searchsorted(freqs, low - 4.5 * width)))
    last = min(len(freqs) - 1, int(np.searchsorted(freqs, high + 4.5 * width)))
    z = (freqs[first:last] - centre[:, None, None]) / width
    spectrum = np.zeros((len(rngs), n_chans, len(freqs)), np.complex64)
    amplitude = unit_variance(np.exp(-0.5 * z**2), n_fft)
    spectrum[..., first:last] = noise_bins(rngs, n_chans, amplitude)
    return irfft(spectrum, n_fft, axis=-1)[..., :n_times]


def bandpass(x: np.ndarray, l_freq: float, h_freq: float, sfreq: float) -> np.ndarray:
    """Return signals filtered forward and backward, as the corpora were."""
    sos = butter(4, (l_freq, h_freq), "bandpass", fs=sfreq, output="sos")
    return sosfiltfilt(sos, x, axis=-1)


def event_times(
    rngs: Sequence[np.random.Generator], ln_rate: np.ndarray
) -> list[np.ndarray]:
    """Return the times (s) of Poisson events of a varying rate, one array per trial.

    Parameters
    ----------
    ln_rate : ndarray, shape (b, t)
        Log of events per minute, at 4 Hz.
    """
    rate = np.exp(ln_rate) / 60
    steps = (rate[:, 1:] + rate[:, :-1]) / 2 / TRACE_SFREQ
    total = np.concatenate([np.zeros((len(rngs), 1)), np.cumsum(steps, axis=1)], axis=1)
    grid, longest = np.arange(rate.shape[1]) / TRACE_SFREQ, total[:, -1].max()
    waits = [_unit_events(rng, longest) for rng in rngs]
    return [
        np.interp(own[own < passed[-1]], passed, grid)
        for own, passed in zip(waits, total, strict=True)
    ]


def _unit_events(rng: np.random.Generator, longest: float) -> np.ndarray:
    """Return unit-rate event times, in blocks of 64 so that a prefix stays a prefix."""
    times = np.cumsum(rng.exponential(size=64))
    while times[-1] < longest:
        times = np.append(times, times[-1] + np.cumsum(rng.exponential(size=64)))
    return times
