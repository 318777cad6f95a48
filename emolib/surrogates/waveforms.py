"""Windows with one planted quantity drawn uniformly, for encoders' learning curves.

They are made by the very functions the corpora's writers use, so that a learning curve
on them says what to expect of a corpus. They carry no affect.
"""

from __future__ import annotations

import numpy as np

from emolib.checks import check_option, check_range, check_whole
from emolib.surrogates import sizes
from emolib.surrogates.cardiac import beat_times, draw_heart, synthesise_ecg
from emolib.surrogates.cortical import SOURCES, draw_brain, synthesise_eeg
from emolib.surrogates.dreamer import EEG_CH_NAMES as CH_NAMES
from emolib.surrogates.traces import TRACE_SFREQ

RATE_BPM, LEVEL_DB = (50.0, 110.0), (-6.0, 6.0)
MARGIN_S = 1.0
"""Beats are drawn this far beyond both ends of a window."""
GROUPS = {
    "alpha": "posterior_alpha", "theta": "theta", "beta": "beta", "gamma": "gamma",
}  # fmt: skip
_KINDS = {"rate": 1, "power": 2, "asymmetry": 3}


def rate_windows(
    n: int, *, seed: int, seconds: float = 10.0, sfreq: float = 256.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return windows of ECG whose heart rate is drawn uniformly from 50 to 110 bpm.

    Breathing, RSA, T wave, wave widths and lead gains vary from window to window as
    they do from subject to subject.

    Parameters
    ----------
    n : int
        Number of windows; the first n of more are the same.
    seed : int
    seconds, sfreq : float
        Length in s and rate in Hz, a multiple of 4.

    Returns
    -------
    x : ndarray of float32, shape (n, 2, n_times)
        mV.
    rate_bpm : ndarray, shape (n,)
    """
    n_times = _n_times(n, seconds, sfreq)
    total = n_times + 2 * round(MARGIN_S * sfreq)
    out, rates = np.empty((n, 2, n_times), np.float32), np.empty(n)
    own = slice(round(MARGIN_S * sfreq), round(MARGIN_S * sfreq) + n_times)
    for rows in _chunks(n):
        rngs = _generators("rate", seed, rows)
        rate = np.array([rng.uniform(*RATE_BPM) for rng in rngs])
        flat = np.ones((len(rngs), round((total / sfreq) * TRACE_SFREQ) + 2))
        rsa, t_wave, breath = (
            flat * _around(rngs, name)[:, None]
            for name in ("ln_rsa", "ln_t_wave", "ln_resp_rate")
        )
        hearts = [draw_heart(rng, 1.0) for rng in rngs]
        beats = beat_times(rngs, flat * rate[:, None], rsa, breath, total / sfreq)
        x = synthesise_ecg(
            rngs, *beats, t_wave, breath, hearts, sfreq=sfreq, n_times=total
        )
        out[rows], rates[rows] = x[..., own], rate
    return out, rates


def power_windows(
    n: int, *, seed: int, seconds: float = 10.0, sfreq: float = 128.0,
    band: str = "alpha",
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return windows of EEG in which one band's sources have a level drawn uniformly.

    Parameters
    ----------
    n : int
        Number of windows; the first n of more are the same.
    seed : int
    seconds, sfreq : float
        Length in s and rate in Hz, a multiple of 16.
    band : {'alpha', 'theta', 'beta', 'gamma'}
        Alpha means the posterior sources.

    Returns
    -------
    x : ndarray of float32, shape (n, 14, n_times)
        µV, before any reference, filter or artefact.
    level_db : ndarray, shape (n,)
        From -6 to 6 dB of source power.
    """
    check_option("band", band, tuple(GROUPS))
    pattern = np.array(
        [float((s.parameter or "").startswith(GROUPS[band] + "_")) for s in SOURCES]
    )
    return _eeg_windows("power", pattern, n, seed, seconds, sfreq)


def asymmetry_windows(
    n: int, *, seed: int, seconds: float = 10.0, sfreq: float = 128.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return windows of EEG whose frontal alpha differs between right and left.

    Parameters
    ----------
    n, seed, seconds, sfreq
        As in `power_windows`.

    Returns
    -------
    x : ndarray of float32, shape (n, 14, n_times)
        µV.
    level_db : ndarray, shape (n,)
        Right minus left source level, from -6 to 6 dB; their mean stays.
    """
    side = {f"frontal_alpha_{site}": -0.5 for site in sizes.FRONTAL_LEFT}
    side |= {f"frontal_alpha_{site}": 0.5 for site in sizes.FRONTAL_RIGHT}
    pattern = np.array([side.get(source.parameter, 0.0) for source in SOURCES])
    return _eeg_windows("asymmetry", pattern, n, seed, seconds, sfreq)


def _eeg_windows(kind, pattern, n, seed, seconds, sfreq):
    """Return EEG windows whose sources follow `pattern` times a uniform level."""
    n_times = _n_times(n, seconds, sfreq)
    out, levels = np.empty((n, len(CH_NAMES), n_times), np.float32), np.empty(n)
    n_steps = int(np.ceil(seconds * TRACE_SFREQ)) + 1
    for rows in _chunks(n):
        rngs = _generators(kind, seed, rows)
        level = np.array([rng.uniform(*LEVEL_DB) for rng in rngs])
        traces = np.repeat((level[:, None] * pattern)[..., None], n_steps, axis=-1)
        brains = [draw_brain(rng, len(CH_NAMES), 1.0) for rng in rngs]
        out[rows] = synthesise_eeg(
            rngs, traces, brains, ch_names=CH_NAMES, sfreq=sfreq, n_times=n_times
        )
        levels[rows] = level
    return out, levels


_BASES = {p.name: p for p in sizes.PARAMETERS}


def _around(rngs, name: str) -> np.ndarray:
    """Return one parameter's resting value, varied as between subjects."""
    p = _BASES[name]
    return np.array([p.base + p.subject * rng.standard_normal() for rng in rngs])


def _n_times(n: int, seconds: float, sfreq: float) -> int:
    check_range("n", check_whole("n", n, "windows"), 1, 10**7)
    check_range("seconds", seconds, 2.0, 600.0)
    return check_whole("seconds x sfreq", seconds * sfreq, "time points")


def _chunks(n: int, size: int = 256):
    """Yield slices that keep memory small."""
    for first in range(0, n, size):
        yield slice(first, min(first + size, n))


def _generators(kind: str, seed: int, rows: slice) -> list[np.random.Generator]:
    """Return one generator per window, of no corpus's streams."""
    return [
        np.random.default_rng(
            np.random.SeedSequence(seed, spawn_key=(0, _KINDS[kind], i))
        )
        for i in range(rows.start, rows.stop)
    ]
