"""Band powers and heart features of every window, for the plain readers."""

from __future__ import annotations

import numpy as np

from emolib.preprocessing.cardiac import heart_rate_features
from emolib.preprocessing.spectral import band_power
from emolib.store import Outcome

BANDS = {
    "theta": (4.0, 8.0),
    "alpha": (8.0, 13.0),
    "beta": (14.0, 30.0),
    "gamma": (30.0, 45.0),
}
"""Band edges in Hz: the usual ones; the paper extracts no features."""


def features(context) -> Outcome:
    """Return log band powers of the EEG and heart features of the ECG.

    They are computed window by window and scaled within each subject, which reads no
    label; one table serves every fold.
    """
    windows = context.windows
    power = band_power(windows.x["eeg"], sfreq=windows.sfreq["eeg"], bands=BANDS)
    heart = heart_rate_features(windows.x["ecg"], sfreq=windows.sfreq["ecg"])
    subjects = windows.meta["subject"].to_numpy()
    eeg = np.log(power).reshape(len(windows), -1)
    return Outcome(
        arrays={
            "eeg": _within_subject(eeg, subjects),
            "ecg": _within_subject(np.asarray(heart, dtype=float), subjects),
        }
    )


def _within_subject(table: np.ndarray, subjects: np.ndarray) -> np.ndarray:
    """Return each column as z-scores within each subject; a gap counts as the mean."""
    scaled = np.empty_like(table)
    for subject in np.unique(subjects):
        rows = subjects == subject
        centred = table[rows] - np.nanmean(table[rows], axis=0)
        spread = np.nanstd(table[rows], axis=0)
        scaled[rows] = centred / np.where(spread > 0, spread, 1.0)
    return np.nan_to_num(scaled, nan=0.0)


def chosen(context, modalities) -> np.ndarray:
    """Return the features of the named modalities, shape (n_windows, n_features)."""
    entry = context.stage(features)
    return np.concatenate([entry.arrays[name] for name in modalities], axis=1)
