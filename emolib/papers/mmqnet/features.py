"""From a trial to the features of its windows, modality by modality.

Xu et al. 2025 (paper 1), Section 2.2. EEG: differential entropy and power density in
five bands, a pair that is fused once it is scaled. The other modalities: what each of
five sub-bands of their own does in a window, level and slope, and the heart's rate
around it. ``as_printed`` gives them the EEG's bands too, as the paper's sentence does.
"""

from __future__ import annotations

import numpy as np

from emolib.containers import Recording, Signal
from emolib.preprocessing.cardiac import r_peaks
from emolib.preprocessing.filtering import bandpass, resample
from emolib.preprocessing.slow import (
    pulse_rate,
    rate_of_beats,
    stretches,
    subband_features,
)
from emolib.preprocessing.spectral import band_density, differential_entropy

BANDS = {
    "theta": (4, 7), "slow alpha": (8, 10), "alpha": (8, 13), "beta": (14, 29),
    "gamma": (30, 45),
}  # fmt: skip
"""Hz. The paper calls 8-10 alpha and 8-13 slow alpha (README, erratum 1)."""
DE_BANDS = {
    "theta": (4, 8), "slow alpha": (8, 10), "alpha": (8, 12), "beta": (12, 30),
    "gamma": (30, 45),
}  # fmt: skip
"""Hz. The edges that the likely source of Section 2.2 has for differential entropy."""

SUB_BANDS = {
    "eog": {"drift": (None, 0.3), "slow": (0.3, 1), "saccade": (1, 4), "blink": (4, 8),
            "fast": (8, 15)},
    "emg": {"a": (20, 28), "b": (28, 36), "c": (36, 44), "d": (44, 52), "e": (52, 60)},
    "ecg": {"drift": (None, 0.5), "t": (0.5, 5), "qrs": (5, 15), "edge": (15, 25),
            "muscle": (25, 45)},
    "gsr": {"tonic": (None, 0.05), "slow": (0.05, 0.15), "response": (0.15, 0.4),
            "onset": (0.4, 0.8), "fast": (0.8, 1.5)},
    "resp": {"drift": (None, 0.1), "slow": (0.1, 0.2), "breath": (0.2, 0.35),
             "quick": (0.35, 0.6), "shape": (0.6, 1.5)},
    "ppg": {"drift": (None, 0.1), "breath": (0.1, 0.5), "pulse": (0.5, 2),
            "wave": (2, 4), "notch": (4, 8)},
    "temperature": {"trend": (None, 0.03), "slow": (0.03, 0.1), "breath": (0.1, 0.3),
                    "quick": (0.3, 0.8), "noise": (0.8, 1.5)},
}  # fmt: skip
"""Five sub-bands of each peripheral modality, Hz; not stated, after their rhythms."""
SLOW_SFREQ = {"gsr": 4.0, "temperature": 4.0, "resp": 16.0, "ppg": 32.0}
"""Hz to which slow signals are brought before they are filtered."""
RATE_REACH_S = 10.0
"""Around a window, for the heart's rate."""


def features_of(
    recording: Recording, modality: str, *, window_s: float, as_printed: bool = False,
    form: str = "nats", variance: str = "spectrum", de_bands: str = "psd",
) -> np.ndarray:  # fmt: skip
    """Return the features of one modality in every window of a trial.

    Parameters
    ----------
    recording : Recording
    modality : str
    window_s : float
        2 in the paper.
    as_printed : bool
        Filter every modality from 4 to 45 Hz and take the EEG's features of it.
    form, variance : str
        As in `differential_entropy`.
    de_bands : {'psd', 'source'}
        The bands of the entropy: those of the density, or `DE_BANDS`.

    Returns
    -------
    features : ndarray, n_windows first
        (n_windows, 2, n_chans, 5), entropy and log density; or (n_windows, n_features)
        of a modality's own, NaN in a window around which no beat was found.
    """
    signal = recording.signals[modality]
    if modality == "eeg" or as_printed:
        bands = {"psd": BANDS, "source": DE_BANDS}[de_bands]
        how = dict(form=form, variance=variance)
        return _spectral(signal, modality, window_s, bands, **how)
    own = _slow(signal, modality, window_s)
    rate = _rate(recording, modality, len(own), window_s)
    return np.column_stack([own.reshape(len(own), -1), *rate])


def _spectral(signal: Signal, modality: str, window_s: float, bands, **how):
    """Return entropy and log density, (n_windows, 2, n_chans, n_bands)."""
    data = signal.data
    if modality != "eeg":
        data = bandpass(data, 4.0, 45.0, signal.sfreq)
    length = round(window_s * signal.sfreq)
    n_windows = data.shape[1] // length
    x = data[:, : n_windows * length].reshape(len(data), n_windows, length)
    x = np.ascontiguousarray(x.swapaxes(0, 1))
    entropy = differential_entropy(x, sfreq=signal.sfreq, bands=bands, **how)
    density = np.log(band_density(x, sfreq=signal.sfreq, bands=BANDS))
    return np.stack([entropy, density], axis=1)


def _slow(signal: Signal, modality: str, window_s: float) -> np.ndarray:
    """Return what the modality's sub-bands do, (n_windows, n_chans, 22)."""
    sfreq = SLOW_SFREQ.get(modality, signal.sfreq)
    data = resample(signal.data, signal.sfreq, sfreq)
    bands = SUB_BANDS[modality]
    return subband_features(data, sfreq=sfreq, bands=bands, window_s=window_s)


def _rate(recording: Recording, modality: str, n_windows: int, window_s: float):
    """Return the heart's rate around each window, where the modality has one.

    A wrist sensor says itself where it found beats; where it found none, nor do we.
    """
    if modality not in ("ecg", "ppg"):
        return []
    signal = recording.signals[modality]
    spans = stretches(n_windows, window_s, RATE_REACH_S, signal.duration_s)
    if trace := recording.traces.get("heart_rate"):
        edges = np.round(spans * trace.sfreq).astype(int)
        parts = [trace.values[first:last] for first, last in edges]
        seen = [part[np.isfinite(part)] for part in parts]
        return [np.array([own.mean() if len(own) else np.nan for own in seen])]
    if modality == "ppg":
        return [pulse_rate(signal.data[0], spans, signal.sfreq)]
    beats = r_peaks(signal.data, signal.sfreq) / signal.sfreq
    return [rate_of_beats(beats, spans)]
