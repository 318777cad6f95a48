"""From a corpus on disk to features at the rate of its labels, paper 4, Section 4.2.

A row is a trial: ``x {face, eeg} (n_trials, n_steps, d)`` and ``y (n_trials,
n_steps)``, zero behind ``lengths``. Step i is second i / 4 of the clip; EEG windows
have it in their middle.
"""

from __future__ import annotations

from functools import cache, partial

import numpy as np
import pandas as pd

from emolib import corpora
from emolib.checks import CorpusError
from emolib.containers import Features, Recording, Windows
from emolib.papers.rmmt.faces import features_of, frozen
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
NO_FACE = "steps_without_face"
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
    backbone, kept, removed = cache(partial(frozen, data)), [], []
    for recording in corpus.read(path):
        reason = reason_against(recording, MODALITIES, (), partial(_faults, recording))
        found = reason or _steps(recording, data, backbone)
        if isinstance(found, str):
            removed.append((*ids_of(recording), found))
        else:
            kept.append((recording, found))
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


def _steps(recording: Recording, data: dict, backbone) -> dict[str, np.ndarray] | str:
    """Return each modality's features, (n_steps, d), a step a label, or a reason.

    Beside them, under `NO_FACE`, the steps whose face is a guess.
    """
    n_steps, held = len(recording.traces[TARGET].values), recording.signals
    found = {m: held[m].data for m in MODALITIES if isinstance(held[m], Features)}
    found[NO_FACE] = np.zeros(n_steps, bool)
    if "eeg" not in found:
        found["eeg"] = eeg_steps(recording, n_steps, data["psd"])
    if "face" not in found:
        network = backbone()
        try:
            found["face"], found[NO_FACE] = features_of(
                held["face"], n_steps, STEPS_HZ, network
            )
        except CorpusError as error:
            return f"face: {error}"
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
        (*ids_of(recording), 0.0, len(own) / STEPS_HZ, own.mean(), found[NO_FACE].sum())
        for (recording, found), own in zip(kept, values, strict=True)
    ]
    names = ["subject", "session", "trial", "start_s", "stop_s", TARGET, NO_FACE]
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
