"""Windows with one planted quantity drawn uniformly, for encoders' learning curves.

They are made by the very functions the corpora's writers use, so that a learning curve
on them says what to expect of a corpus. They carry no affect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from emolib.checks import check_range, check_whole
from emolib.surrogates import sizes
from emolib.surrogates.affect import Trials
from emolib.surrogates.cortical import SOURCES, synthesise_eeg
from emolib.surrogates.dreamer import real as dreamer
from emolib.surrogates.peripheral import synthesise_ecg
from emolib.surrogates.traces import TRACE_SFREQ

SECONDS, AT_ONCE = 10, 256
RATE_BPM, LEVEL_DB = (50.0, 110.0), (-6.0, 6.0)
MARGIN_S = 1
"""Beats are drawn this far beyond both ends of a window."""


def rate_windows(n: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return windows of ECG whose heart rate is drawn uniformly from 50 to 110 bpm.

    Breathing, RSA, T wave, wave widths and lead gains vary from window to window as
    they do from subject to subject.

    Parameters
    ----------
    n : int
        Number of windows of 10 s; the first n of more are the same.
    seed : int

    Returns
    -------
    x : ndarray of float32, shape (n, 2, 2560)
        mV, at 256 Hz.
    rate_bpm : ndarray, shape (n,)
    """
    seconds = SECONDS + 2 * MARGIN_S

    def make(rngs):
        rate = np.array([rng.uniform(*RATE_BPM) for rng in rngs])
        traces = {"heart_rate": rate}
        for p in sizes.PARAMETERS:
            if p.name in ("ln_rsa", "ln_t_wave", "ln_resp_rate"):
                drawn = [rng.standard_normal() for rng in rngs]
                traces[p.name] = p.base + p.subject * np.array(drawn)
        x, _ = synthesise_ecg(_trials(rngs, traces, dreamer.ECG_SFREQ, seconds))
        margin = round(MARGIN_S * dreamer.ECG_SFREQ)
        return x[..., margin:-margin], rate

    return _windows(1, n, seed, make)


def power_windows(n: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return windows of EEG in which posterior alpha has a level drawn uniformly.

    Parameters
    ----------
    n, seed : int
        As in `rate_windows`.

    Returns
    -------
    x : ndarray of float32, shape (n, 14, 1280)
        µV, at 128 Hz, before any reference, filter or artefact.
    level_db : ndarray, shape (n,)
        From -6 to 6 dB of source power.
    """
    posterior = [name for name in SOURCES if name.startswith("posterior_alpha")]
    return _eeg_windows(2, dict.fromkeys(posterior, 1.0), n, seed)


def asymmetry_windows(n: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return windows of EEG whose frontal alpha differs between right and left.

    Parameters
    ----------
    n, seed : int
        As in `rate_windows`.

    Returns
    -------
    x : ndarray of float32, shape (n, 14, 1280)
        µV, at 128 Hz.
    level_db : ndarray, shape (n,)
        Right minus left source level, from -6 to 6 dB; their mean stays.
    """
    side = {f"frontal_alpha_{site}": -0.5 for site in sizes.FRONTAL_LEFT}
    side |= {f"frontal_alpha_{site}": 0.5 for site in sizes.FRONTAL_RIGHT}
    return _eeg_windows(3, side, n, seed)


def _eeg_windows(kind: int, pattern: Mapping[str, float], n: int, seed: int):
    """Return EEG windows whose sources follow `pattern` times a uniform level."""

    def make(rngs):
        level = np.array([rng.uniform(*LEVEL_DB) for rng in rngs])
        traces = {name: level * share for name, share in pattern.items()}
        trials = _trials(rngs, traces, dreamer.EEG_SFREQ, SECONDS)
        return synthesise_eeg(trials, dreamer.EEG_CH_NAMES), level

    return _windows(kind, n, seed, make)


def _trials(rngs, levels: Mapping[str, np.ndarray], sfreq: float, seconds: float):
    """Return what windows with constant traces are made of, each another person's."""
    flat = np.ones(round(seconds * TRACE_SFREQ) + 2)
    traces = {name: own[:, None] * flat for name, own in levels.items()}
    return Trials(rngs, rngs, traces, sfreq, round(seconds * sfreq))


def _windows(kind: int, n: int, seed: int, make: Callable):
    """Return windows and their quantity, made from generators of no corpus's streams.

    In parts, which keeps memory small.
    """
    n = check_whole("n", n, "windows")
    check_range("n", n, 1, 10**7)
    parts = []
    for first in range(0, n, AT_ONCE):
        keys = [(0, kind, i) for i in range(first, min(first + AT_ONCE, n))]
        roots = [np.random.SeedSequence(seed, spawn_key=key) for key in keys]
        x, y = make([np.random.default_rng(root) for root in roots])
        parts.append((x.astype(np.float32), y))
    x, y = zip(*parts, strict=True)
    return np.concatenate(x), np.concatenate(y)
