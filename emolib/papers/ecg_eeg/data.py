"""From a corpus on disk to the windows of paper 2, Section 2.1."""

from __future__ import annotations

from dataclasses import replace

from emolib import corpora
from emolib.papers.ecg_eeg.planted import planted_windows
from emolib.preprocessing.filtering import bandpass_recordings, resample
from emolib.preprocessing.scaling import zscore
from emolib.preprocessing.windowing import cut_windows

MODALITIES = ("eeg", "ecg")
RATES = {"eegmat": {"eeg": 128.0, "ecg": 256.0}}
"""Rates in Hz to which a corpus is resampled; the others keep their own."""


def folder(data: dict) -> corpora.CorpusFolder:
    """Return where the corpus of these data settings lies, written if it must be."""
    return corpora.locate(data["corpus"], data=data["data"], **data["surrogate"])


def input_digest(data: dict) -> str:
    """Return the digest of what `prepare` reads from disk; nothing is written."""
    if "planted" in data:
        return "nothing is read from disk"
    found = corpora.identify(data["corpus"], data=data["data"], **data["surrogate"])
    return found.digest


def truth_folder(data: dict):
    """Return the folder with a surrogate's latents, for its ceiling alone."""
    return corpora.truth_folder(folder(data).path)


def recordings(data: dict):
    """Yield the corpus's trials, filtered and resampled, unusable ones included."""
    corpus = corpora.CORPORA[data["corpus"]]
    options = {"videos": data["videos"]} if data["corpus"] == "amigos" else {}
    trials = corpus.read(folder(data).path, **options)
    if data["eeg_band"]:
        low, high = data["eeg_band"]
        trials = bandpass_recordings(trials, "eeg", l_freq=low, h_freq=high)
    rates = RATES.get(data["corpus"], {})
    return (_resampled(trial, rates) for trial in trials)


def _resampled(recording, rates: dict):
    """Return the recording with the named modalities at the given rates in Hz."""
    signals = dict(recording.signals)
    for name in signals.keys() & rates.keys():
        old = signals[name]
        data = resample(old.data, old.sfreq, rates[name])
        signals[name] = replace(old, data=data, sfreq=rates[name])
    return replace(recording, signals=signals)


def cut(data: dict):
    """Return the unscaled windows and the table of trials that had to be left out."""
    return cut_windows(
        recordings(data),
        window_s=data["window_s"],
        target=data["targets"],
        modalities=MODALITIES,
        last_s=data["last_s"] or None,
    )


def prepare(data: dict):
    """Return the windows that every system of paper 2 is trained and tested on.

    Paper 2, Section 2.1: unusable data removed, 10 s windows without overlap, z-score
    per subject and channel. With ``zscore_scope="train"`` the scaling waits for the
    fold (`scaled`). Data settings with ``planted`` name a quantity instead of a corpus.
    """
    if "planted" in data:
        return planted_windows(data["planted"], data["n"], data["seed"])
    windows, removed = cut(data)
    windows = replace(windows, removed=removed)
    if data["zscore_scope"] == "train":
        return windows
    return zscore(windows, scope=data["zscore_scope"])


def scaled(windows, fold, scope: str):
    """Return the windows scaled by the training windows' statistics, if so asked."""
    if scope == "train":
        return zscore(windows, scope="train", train=fold.train)
    return windows
