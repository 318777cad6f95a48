"""Breathing, pulse, skin temperature, muscles and eyes: what else DEAP and MAHNOB wear.

Every signal follows its planted parameters; its noise has a stream of its own.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from emolib.surrogates import traces
from emolib.surrogates.affect import Subject, Trials
from emolib.surrogates.peripheral import beat_times, breathing_phase

BELT_WANDER = (0.2, 60.0)
"""SD and time constant in s of the belt's slow shifts."""
PULSE_DELAY_S = 0.22
"""From the R peak to the foot of the pulse wave."""
PULSE_WAVES = ((0.12, 0.06, 1.0), (0.32, 0.10, 0.35))
"""Centre after the foot and width in s, height, of the two waves of a pulse."""
PULSE_WANDER, PULSE_NOISE = 0.1, 0.02
WARMING_C_PER_MIN, THERMOMETER_C = 0.02, 0.005
MUSCLE_HZ, MUSCLE_FLOOR_UV = (40.0, 9.0), 0.5
EYE_NOISE_UV, SACCADE_UV, SACCADE_S = 5.0, (30.0, 80.0), 0.3
BLINK_GAIN = 1.2
"""How much larger a blink is between electrodes above and below the eye than at Fp1."""


def synthesise_breathing(trials: Trials) -> np.ndarray:
    """Return the belt's signal, (b, n_times), in units of a breath's usual depth."""
    phase = breathing_phase(trials, trials.sfreq, trials.n_times)
    depth = np.exp(_along(trials, "ln_resp_depth"))
    size, tau_s = BELT_WANDER
    n = -(-trials.n_times // round(trials.sfreq / traces.TRACE_SFREQ)) + 1
    slow = traces.ou(traces.draw(trials.rngs, (n, 1)), tau_s)[..., 0]
    slow = traces.resample_linear(slow, trials.sfreq, trials.n_times)
    return depth * (np.sin(phase) + 0.2 * np.sin(2 * phase)) + size * slow


def synthesise_pulse(subject: Subject, sfreq: float) -> np.ndarray:
    """Return the pulse wave of the same beats as the ECG, (b, n_times)."""
    trials, hearts = subject.trials("ppg", sfreq), subject.trials("ecg", sfreq)
    beats, _ = beat_times(hearts)
    times = np.arange(trials.n_times) / sfreq
    height = np.exp(_along(trials, "ln_pulse"))
    phase = breathing_phase(trials, sfreq, trials.n_times)
    out = np.zeros((len(beats), trials.n_times))
    for row, own in zip(out, beats, strict=True):
        for peak in own[np.isfinite(own)]:
            first, last = np.searchsorted(times, [peak, peak + 1.0])
            u = times[first:last] - peak - PULSE_DELAY_S
            for centre, width, size in PULSE_WAVES:
                row[first:last] += size * np.exp(-0.5 * ((u - centre) / width) ** 2)
    noise = PULSE_NOISE * traces.draw(trials.rngs, (trials.n_times,))
    return out * height + PULSE_WANDER * np.sin(phase) + noise


def synthesise_temperature(trials: Trials) -> np.ndarray:
    """Return the skin's temperature in °C, (b, n_times)."""
    minutes = np.arange(trials.n_times) / trials.sfreq / 60
    noise = THERMOMETER_C * traces.draw(trials.rngs, (trials.n_times,))
    return _along(trials, "temperature") + WARMING_C_PER_MIN * minutes + noise


def synthesise_muscle(trials: Trials) -> np.ndarray:
    """Return EMG of zygomaticus and trapezius in µV, (b, 2, n_times)."""
    given = dict(sfreq=trials.sfreq, n_times=trials.n_times)
    waves = traces.band_noise(trials.rngs, 2, *MUSCLE_HZ, **given)
    names = ("ln_zygomaticus", "ln_trapezius")
    rms = np.stack([np.exp(_along(trials, name)) for name in names], axis=1)
    return rms * waves + MUSCLE_FLOOR_UV * traces.draw(trials.rngs, (2, trials.n_times))


def synthesise_eyes(trials: Trials, blinks: np.ndarray) -> np.ndarray:
    """Return horizontal and vertical EOG in µV, (b, 2, n_times).

    Parameters
    ----------
    trials : Trials
    blinks : ndarray, shape (b, n_times)
        What blinks leave at Fp1 and Fp2, in µV.
    """
    starts = traces.event_times(trials.rngs, trials.traces["ln_saccade_rate"])
    steps = np.zeros(blinks.shape)
    low, high = SACCADE_UV
    for row, rng, own in zip(steps, trials.rngs, starts, strict=True):
        size = rng.uniform(low, high, len(own)) * rng.choice([-1.0, 1.0], len(own))
        index = np.round(own * trials.sfreq).astype(int)
        inside = index < trials.n_times
        np.add.at(row, index[inside], size[inside])
    decay = np.exp(-1 / (SACCADE_S * trials.sfreq))
    horizontal = lfilter([1.0], [1.0, -decay], steps, axis=-1)
    noise = EYE_NOISE_UV * traces.draw(trials.rngs, (2, trials.n_times))
    return np.stack([horizontal, BLINK_GAIN * blinks], axis=1) + noise


def _along(trials: Trials, name: str) -> np.ndarray:
    """Return a planted parameter at the signal's own rate, (b, n_times)."""
    return traces.resample_linear(trials.traces[name], trials.sfreq, trials.n_times)
