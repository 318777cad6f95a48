"""EEGMAT: 36 people at rest and counting backwards, EEG and ECG; anyone may fetch it.

Reference: Zyma et al. (2019), "EEG During Mental Arithmetic Tasks", PhysioNet. Two EDF
files a person. The labels are workload, not emotion.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emolib.containers import Recording, Signal
from emolib.datasets.edf import read_edf
from emolib.datasets.folders import choose_subjects, find_files
from emolib.datasets.quality import signal_problems

EEG_CH_NAMES = (
    "Fp1", "Fp2", "F3", "F4", "F7", "F8", "T3", "T4", "C3", "C4",
    "T5", "T6", "P3", "P4", "O1", "O2", "Fz", "Cz", "Pz",
)  # fmt: skip
ECG_CH_NAMES = ("ECG",)
SFREQ = 500.0
N_SUBJECTS = 36
N_TRIALS = 2
TRIALS = {"1": "rest", "2": "task"}
WORKLOAD = {"rest": 0.0, "task": 1.0}
TARGETS = ("workload",)
RATING_SCALE = (0, 1)


def find_eegmat(folder: str | Path) -> list[Path]:
    """Return the EDF files of EEGMAT, in the order of subjects.

    Parameters
    ----------
    folder : path
        The folder that holds ``Subject00_1.edf`` …, or its parent.

    Returns
    -------
    paths : list of Path

    Raises
    ------
    FileNotFoundError, CorpusError
        When folder or files are not there; the message says what is there instead.
    """
    return list(_find(folder).values())


def list_subjects(folder: str | Path) -> list[str]:
    """Return the ids of the subjects that have a file, for example ``"Subject02"``."""
    return sorted({f"Subject{number}" for number, _ in _find(folder)})


def read_eegmat(
    folder: str | Path, subjects: list[str] | None = None
) -> Iterator[Recording]:
    """Yield the two trials, ``rest`` and ``task``, of every subject of EEGMAT.

    Expected folder: ``SubjectNN_1.edf`` (rest, about 182 s) and ``SubjectNN_2.edf``
    (serial subtraction, about 62 s). Licence: ODC-By 1.0. Not read: the channel
    ``EEG A2-A1`` and ``subject-info.csv``.

    Parameters
    ----------
    folder : path
        The folder that holds the files, or its parent.
    subjects : list of str
        Ids such as ``"Subject02"``; all when None.

    Yields
    ------
    recording : Recording
        ``eeg``, 19 channels, and ``ecg``, one, both at 500 Hz and in microvolts; no
        baseline. The rating ``workload`` is 0 at rest and 1 at the task. What is
        missing, flat or NaN stands in `problems`.

    Raises
    ------
    FileNotFoundError, CorpusError
        When no file is there, or one is damaged.
    ValueError
        When a subject is not in the folder.
    """
    files = _find(folder)
    available = sorted({f"Subject{number}" for number, _ in files})
    for subject in choose_subjects(available, subjects):
        for number, trial in TRIALS.items():
            path = files.get((subject.removeprefix("Subject"), number))
            yield _read_trial(subject, trial, path)


def _find(folder: str | Path) -> dict[tuple[str, str], Path]:
    """Return (subject number, trial number) -> file."""
    expected = "Subject00_1.edf … Subject35_2.edf"
    return find_files(folder, "eegmat", "EEGMAT", expected)


def _read_trial(subject: str, trial: str, path: Path | None) -> Recording:
    """Return one file as a recording; without a file, one that says so."""
    signals, problems = {}, []
    channels = read_edf(path) if path else {}
    for modality, prefix, ch_names in (
        ("eeg", "EEG ", EEG_CH_NAMES),
        ("ecg", "ECG ", ECG_CH_NAMES),
    ):
        found = {name: channels.get(prefix + name) for name in ch_names}
        signal, trouble = _build_signal(modality, found)
        if path is None:
            trouble = [f"{modality}: the file of this trial is not in the folder."]
        if signal is not None:
            signals[modality] = signal
        problems += trouble
    ratings = {"workload": WORKLOAD[trial]}
    return Recording(
        "eegmat", subject, "1", trial, signals, ratings, problems=tuple(problems)
    )


def _build_signal(modality: str, found: dict) -> tuple[Signal | None, list[str]]:
    """Return one modality of a file (None: cannot be built) and its problems."""
    missing = [name for name, channel in found.items() if channel is None]
    if missing:
        return None, [f"{modality}: the file has no channel {', '.join(missing)}."]
    kinds = {(rate, unit, len(data)) for data, rate, unit in found.values()}
    if len(kinds) > 1:
        return None, [f"{modality}: its channels differ in rate or unit: {kinds}."]
    (rate, unit, _), data = kinds.pop(), np.stack([c[0] for c in found.values()])
    problems = signal_problems(modality, data, tuple(found))
    if rate != SFREQ:
        problems.append(f"{modality}: sampled at {rate:g} Hz; expected {SFREQ:g} Hz.")
    return Signal(data, rate, tuple(found), unit), problems
