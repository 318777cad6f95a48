"""From a trial to the features of its windows, modality by modality.

Xu et al. 2025 (paper 1), Section 2.2. EEG: differential entropy and power density in
five bands, fused once they are scaled (`fused`). The other modalities: what each of
five sub-bands of their own does in a window, level and slope, and the heart's rate
around it. ``as_printed`` gives them the EEG's bands too, as the paper's sentence does.
"""

from __future__ import annotations

from collections.abc import Mapping

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
from emolib.preprocessing.spectral import (
    band_density,
    differential_entropy,
    mutual_cross_attention,
)

BANDS = {
    "theta": (4, 7), "slow alpha": (8, 10), "alpha": (8, 13), "beta": (14, 29),
    "gamma": (30, 45),
}  # fmt: skip
"""Hz. The paper swaps alpha and slow alpha against its source (README, erratum 1)."""

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
FUSED = ("entropy", "density")


def features_of(
    recording: Recording, modality: str, *, window_s: float, as_printed: bool = False,
    form: str = "nats", variance: str = "spectrum",
) -> dict[str, np.ndarray]:  # fmt: skip
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

    Returns
    -------
    features : dict of str to ndarray, n_windows first
        ``entropy`` and ``density`` (n_windows, n_chans, 5), which `fused` joins; or
        ``own`` (n_windows, n_features).
    """
    signal = recording.signals[modality]
    if modality == "eeg" or as_printed:
        return _spectral(signal, modality, window_s, form=form, variance=variance)
    own = _slow(signal, modality, window_s)
    rate = _rate(signal, modality, len(own), window_s)
    return {"own": np.column_stack([own.reshape(len(own), -1), *rate])}


def _spectral(signal: Signal, modality: str, window_s: float, **options) -> dict:
    """Return entropy and density in `BANDS`, a window at a time."""
    data = signal.data
    if modality != "eeg":
        data = bandpass(data, 4.0, 45.0, signal.sfreq)
    length = round(window_s * signal.sfreq)
    n_windows = data.shape[1] // length
    x = data[:, : n_windows * length].reshape(len(data), n_windows, length)
    given = dict(sfreq=signal.sfreq, bands=BANDS)
    x = np.ascontiguousarray(x.swapaxes(0, 1))
    return {
        "entropy": differential_entropy(x, **given, **options),
        "density": 10 * np.log10(band_density(x, **given)),
    }


def _slow(signal: Signal, modality: str, window_s: float) -> np.ndarray:
    """Return what the modality's sub-bands do, (n_windows, n_chans, 22)."""
    sfreq = SLOW_SFREQ.get(modality, signal.sfreq)
    data = resample(signal.data, signal.sfreq, sfreq)
    bands = SUB_BANDS[modality]
    return subband_features(data, sfreq=sfreq, bands=bands, window_s=window_s)


def _rate(signal: Signal, modality: str, n_windows: int, window_s: float) -> list:
    """Return the heart's rate around each window, where the modality has one."""
    if modality not in ("ecg", "ppg"):
        return []
    spans = stretches(n_windows, window_s, RATE_REACH_S, signal.duration_s)
    if modality == "ppg":
        return [pulse_rate(signal.data[0], spans, signal.sfreq)]
    beats = r_peaks(signal.data, signal.sfreq) / signal.sfreq
    return [rate_of_beats(beats, spans)]


def fused(scaled: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return entropy and density of scaled features joined, (n_windows, n_features).

    Channels are tokens, bands their features, window by window, so that no window sees
    another; the source attends over a whole trial.
    """
    joined = mutual_cross_attention(*(scaled[name] for name in FUSED))
    return joined.reshape(len(joined), -1)
