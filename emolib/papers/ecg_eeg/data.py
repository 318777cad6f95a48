"""From a corpus on disk to the windows of paper 2, Section 2.1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from emolib import corpora
from emolib.containers import Windows
from emolib.preprocessing.filtering import bandpass_recordings, resample
from emolib.preprocessing.scaling import zscore
from emolib.preprocessing.windowing import cut_windows
from emolib.surrogates.dreamer import power_windows, rate_windows

MODALITIES = ("eeg", "ecg")
EEG_BAND = {"l_freq": 0.5, "h_freq": 45.0}
"""In Hz, not stated: slow drifts would rule the scaling."""
RATES = {"eegmat": {"eeg": 128.0, "ecg": 256.0}}
"""Rates in Hz to which a corpus is resampled; the others keep their own."""
NO_HEARTBEAT = [("eegmat", "Subject02", "rest")]
"""Recordings whose ECG holds none (beats alike .36; .9 and more in other subjects): it
would tell rest from task by an artefact, so the trial is left out, and listed."""

QUANTITIES = {
    "heart rate": ("ecg", [0], rate_windows),
    "alpha power": ("eeg", [6, 7], power_windows),
}
"""What is planted, in which modality and channels: the first lead of the ECG; O1 and O2
of the EEG, where alpha is seen. More would cost a training step seven times as long."""


def folder(data: dict) -> corpora.CorpusFolder:
    """Return where the corpus of these data settings lies, written if it must be."""
    return corpora.locate(data["corpus"], data=data["data"], **data["surrogate"])


def input_digest(data: dict) -> str:
    """Return the digest of what `prepare` reads from disk; nothing is written."""
    if "planted" in data:
        return "nothing is read from disk"
    knobs = data["surrogate"]
    return corpora.identify(data["corpus"], data=data["data"], **knobs).digest


def recordings(data: dict):
    """Yield the corpus's trials, filtered and resampled, unusable ones included."""
    corpus = corpora.CORPORA[data["corpus"]]
    options = {"videos": data["videos"]} if data["corpus"] == "amigos" else {}
    trials = corpus.read(folder(data).path, **options)
    if data["eeg_filter"]:
        trials = bandpass_recordings(trials, "eeg", **EEG_BAND)
    rates = RATES.get(data["corpus"], {})
    return (_mended(trial, rates) for trial in trials)


def _mended(recording, rates: dict):
    """Return the recording at the given rates in Hz, a missing heartbeat named."""
    signals, problems = dict(recording.signals), recording.problems
    for name in signals.keys() & rates.keys():
        old = signals[name]
        data = resample(old.data, old.sfreq, rates[name])
        signals[name] = replace(old, data=data, sfreq=rates[name])
    if (recording.corpus, recording.subject, recording.trial) in NO_HEARTBEAT:
        problems = (*problems, "ecg: holds no heartbeat")
    return replace(recording, signals=signals, problems=problems)


def prepare(data: dict) -> Windows:
    """Return the windows that every system of paper 2 is trained and tested on.

    Paper 2, Section 2.1: unusable data removed, 10 s windows without overlap, z-score
    per subject and channel. With ``zscore_scope="train"`` the scaling waits for the
    fold (`Task.of`). Settings with ``planted`` name a quantity instead of a corpus.
    """
    if "planted" in data:
        return _planted(data["planted"], data["n"], data["seed"])
    windows, removed = cut_windows(
        recordings(data),
        window_s=data["window_s"],
        target=data["targets"],
        modalities=MODALITIES,
        last_s=data["last_s"] or None,
    )
    windows, scope = replace(windows, removed=removed), data["zscore_scope"]
    return windows if scope == "train" else zscore(windows, scope=scope)


def _planted(quantity: str, n: int, seed: int) -> Windows:
    """Return windows that differ in one quantity, drawn uniformly: bpm, or dB."""
    modality, channels, draw = QUANTITIES[quantity]
    x, y = draw(n, seed=seed)
    x = {modality: np.ascontiguousarray(x[:, channels])}
    meta = pd.DataFrame({"subject": np.arange(n).astype(str)})
    return zscore(Windows(x, y, meta, np.ones((n, 1), bool)), scope="pooled")
