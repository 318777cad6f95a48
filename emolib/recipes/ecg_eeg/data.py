"""From a corpus on disk to the windows of paper 2, Section 2.1."""

from __future__ import annotations

from dataclasses import replace

from emolib.preprocessing.filtering import bandpass, resample
from emolib.preprocessing.scaling import zscore
from emolib.preprocessing.windowing import cut_windows

from emolib import corpora
from emolib.checks import CorpusError

MODALITIES = ("eeg", "ecg")
RATES = {"eegmat": {"eeg": 128.0, "ecg": 256.0}}
"""Rates in Hz to which a corpus is resampled; the others keep their own."""


def folder(data: dict) -> corpora.CorpusFolder:
    """Return where the corpus of these data settings lies, written if it must be."""
    return corpora.locate(data["corpus"], data=data["data"], **data["surrogate"])


def input_digest(data: dict) -> str:
    """Return the digest of what `prepare` reads from disk."""
    return folder(data).digest


def recordings(data: dict):
    """Yield the corpus's trials, filtered and resampled, unusable ones included."""
    corpus = corpora.CORPORA[data["corpus"]]
    options = {"videos": data["videos"]} if data["corpus"] == "amigos" else {}
    for recording in corpus.read(folder(data).path, **options):
        yield _condition(recording, data)


def _condition(recording, data):
    """Return the recording with its EEG band-passed and its rates as `RATES` says."""
    signals = dict(recording.signals)
    rates = RATES.get(data["corpus"], {})
    if recording.problems:
        return recording
    if data["eeg_band"] and "eeg" in signals:
        low, high = data["eeg_band"]
        signals["eeg"] = bandpass(signals["eeg"], l_freq=low, h_freq=high)
    for name, rate in rates.items():
        if name in signals:
            signals[name] = resample(signals[name], sfreq=rate)
    return replace(recording, signals=signals)


def cut(data: dict):
    """Return the unscaled windows and the table of trials that had to be left out."""
    return cut_windows(
        recordings(data),
        window_s=data["window_s"],
        target=data["first_target"],
        modalities=MODALITIES,
        last_s=data["last_s"] or None,
    )


def prepare(data: dict):
    """Return the windows that every system of paper 2 is trained and tested on.

    Paper 2, Section 2.1: unusable data removed, 10 s windows without overlap, z-score
    per subject and channel. With ``zscore_scope="train"`` the scaling waits for the
    fold (`scaled`).
    """
    windows, removed = cut(data)
    if not len(windows):
        raise CorpusError(
            f"{data['corpus']}: expected at least one usable trial; got none. "
            f"Removed: {removed['reason'].unique().tolist()}. Run `emolib corpora "
            f"check {data['corpus']} FOLDER`."
        )
    if data["zscore_scope"] == "train":
        return windows
    return zscore(windows, scope=data["zscore_scope"])


def scaled(windows, fold, scope: str):
    """Return the windows scaled by the training windows' statistics, if so asked."""
    if scope == "train":
        return zscore(windows, scope="train", train=fold.train)
    return windows
