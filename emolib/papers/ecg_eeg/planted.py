"""Windows with one planted quantity, for the encoders' learning curves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from emolib.containers import Windows
from emolib.preprocessing.scaling import zscore
from emolib.surrogates.waveforms import power_windows, rate_windows

QUANTITIES = {"heart rate": "ecg", "alpha power": "eeg"}
UNITS = {"heart rate": "bpm", "alpha power": "dB"}
CHANNELS = {"heart rate": [0], "alpha power": [6, 7]}
"""The first ECG lead; O1 and O2 of the 14 EEG channels, where the planted alpha is
seen. The others would cost a training step up to seven times as long."""


def planted_windows(quantity: str, n: int, seed: int) -> Windows:
    """Return windows that differ in one quantity, drawn uniformly.

    Parameters
    ----------
    quantity : {'heart rate', 'alpha power'}
        In bpm, or in dB of source power.
    n, seed : int
    """
    modality = QUANTITIES[quantity]
    if quantity == "heart rate":
        x, y = rate_windows(n, seed=seed)
    else:
        x, y = power_windows(n, seed=seed)
    x = np.ascontiguousarray(x[:, CHANNELS[quantity]])
    ids = np.arange(n).astype(str)
    meta = pd.DataFrame(
        {"subject": ids, "session": "1", "trial": "1", "start_s": 0.0, "stop_s": 10.0}
    )
    rate = {"ecg": 256.0, "eeg": 128.0}[modality]
    windows = Windows(
        x={modality: x},
        y=y,
        meta=meta,
        present=np.ones((n, 1), bool),
        sfreq={modality: rate},
        ch_names={modality: tuple(f"{modality}{i}" for i in range(x.shape[1]))},
    )
    return zscore(windows, scope="pooled")
