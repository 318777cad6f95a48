"""From a corpus on disk to features at the rate of its labels, paper 4, Section 4.2.

A row is a trial: ``x {face, eeg} (n_trials, n_steps, d)`` and ``y (n_trials,
n_steps)``, zero behind ``lengths``. Step i is second i / 4 of the clip; EEG windows
have it in their middle.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from emolib import corpora
from emolib.containers import Features, Recording, Windows
from emolib.papers.rmmt.settings import BANDS
from emolib.papers.rmmt.training import STEPS_HZ
from emolib.preprocessing.filtering import average_reference, bandpass
from emolib.preprocessing.spectral import relative_band_power
from emolib.preprocessing.usable import (
    check_unique,
    ids_of,
    reason_against,
    removed_table,
)

TARGET, MODALITIES = "valence", ("face", "eeg")
EEG_BAND = (0.3, 45.0)
"""The source's filter in Hz; Section 4.2 names the average reference alone."""
WINDOW_S = 2.0
LONGEST_GAP_S = 1.0
"""By how much the labels may outlast the EEG."""


def folder(data: dict) -> corpora.CorpusFolder:
    """Return where the corpus of these data settings lies, written if it must be."""
    return corpora.locate(data["corpus"], data=data["data"], **data["surrogate"])


def input_digest(data: dict) -> str:
    """Return the digest of what `prepare` reads from disk; nothing is written."""
    found = corpora.identify(data["corpus"], data=data["data"], **data["surrogate"])
    return found.digest


def prepare(data: dict) -> Windows:
    """Return the features that every system of paper 4 is trained and tested on."""
    path, corpus = folder(data).path, corpora.CORPORA[data["corpus"]]
    kept, removed = [], []
    for recording in corpus.read(path):
        reason = reason_against(recording, MODALITIES, (), partial(_faults, recording))
        if reason:
            removed.append((*ids_of(recording), reason))
        else:
            kept.append((recording, _steps(recording, data)))
    return _joined(kept, removed_table(removed, len(kept), "trial"))


def _faults(recording: Recording) -> list[str]:
    """Return why a trial without a problem of its own cannot be used."""
    if TARGET not in recording.traces:
        return [f"{TARGET}: not rated by the moment"]
    trace, eeg = recording.traces[TARGET], recording.signals["eeg"]
    if isinstance(eeg, Features):
        return []
    labels_s = len(trace.values) / trace.sfreq
    if labels_s > eeg.duration_s + LONGEST_GAP_S:
        return [
            f"{TARGET}: {labels_s:g} s of labels outlast {eeg.duration_s:g} s of EEG"
        ]
    return []


def _steps(recording: Recording, data: dict) -> dict[str, np.ndarray]:
    """Return each modality's features, (n_steps, d), a step a label."""
    n_steps, found = len(recording.traces[TARGET].values), {}
    for name in MODALITIES:
        held = recording.signals[name]
        if isinstance(held, Features):
            found[name] = held.data
        elif name == "eeg":
            found[name] = eeg_steps(recording, n_steps, data["psd"])
        else:
            raise ValueError(
                "face must be features a step; got a video, which nothing here reads "
                "yet. Use the corpus mahnob_features."
            )
    return found


def eeg_steps(recording: Recording, n_steps: int, psd: str) -> np.ndarray:
    """Return the shares of six bands around each label, (n_steps, 192), band by band.

    Paper 4, Sections 3.2 and 4.2. What was recorded before the clip is filtered with it
    and lends half a window; behind the clip's end the signal is mirrored.
    """
    eeg, half_s = recording.signals["eeg"], WINDOW_S / 2
    before, half = recording.baseline.get("eeg"), round(half_s * eeg.sfreq)
    parts = [part.data for part in (before, eeg) if part is not None]
    clean = bandpass(np.concatenate(parts, axis=1), *EEG_BAND, eeg.sfreq)
    n_clip = eeg.data.shape[1]
    n_before = min(half, clean.shape[1] - n_clip)
    used = average_reference(clean[:, clean.shape[1] - n_clip - n_before :])
    n_after = max(half, round((n_steps / STEPS_HZ + half_s) * eeg.sfreq) - n_clip)
    padded = np.pad(used, ((0, 0), (half - n_before, n_after)), mode="reflect")
    share = relative_band_power(
        padded, sfreq=eeg.sfreq, bands=BANDS, window_s=WINDOW_S, hop_s=1 / STEPS_HZ,
        reading=psd,
    )  # fmt: skip
    return share[:n_steps].reshape(n_steps, -1)


def _joined(kept: list[tuple], removed: pd.DataFrame) -> Windows:
    """Return all trials, padded to the longest."""
    values = [recording.traces[TARGET].values for recording, _ in kept]
    lengths = np.array([len(own) for own in values])
    rows = [
        (*ids_of(recording), 0.0, len(own) / STEPS_HZ, own.mean())
        for (recording, _), own in zip(kept, values, strict=True)
    ]
    names = ["subject", "session", "trial", "start_s", "stop_s", TARGET]
    meta = pd.DataFrame(rows, columns=names)
    check_unique(meta)
    n = lengths.max()
    return Windows(
        {name: _padded([found[name] for _, found in kept], n) for name in MODALITIES},
        _padded([own[:, None] for own in values], n)[..., 0],
        meta,
        np.ones((len(kept), len(MODALITIES)), bool),
        sfreq=dict.fromkeys(MODALITIES, STEPS_HZ),
        lengths=dict.fromkeys(MODALITIES, lengths),
        step_index=np.tile(np.arange(n), (len(kept), 1)),
        removed=removed,
    )


def _padded(parts: list[np.ndarray], n: int) -> np.ndarray:
    """Return (len(parts), n, d): each part, zero behind its end."""
    found = np.zeros((len(parts), n, parts[0].shape[1]), np.float32)
    for row, part in zip(found, parts, strict=True):
        row[: len(part)] = part
    return found
