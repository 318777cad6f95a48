"""EEGMAT: 36 people at rest and counting backwards, EEG and ECG; anyone may fetch it.

Reference: Zyma et al. (2019), "EEG During Mental Arithmetic Tasks", PhysioNet. Two EDF
files a person. The labels are workload, not emotion.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import product, starmap
from pathlib import Path

from emolib.containers import Recording, Signal
from emolib.datasets.corpus import Corpus, choose_subjects, find_files
from emolib.datasets.edf import edf_signals, joined, values
from emolib.datasets.trials import build_trial

CH_NAMES = {
    "eeg": tuple("Fp1 Fp2 F3 F4 F7 F8 T3 T4 C3 C4 T5 T6 P3 P4 O1 O2 Fz Cz Pz".split()),
    "ecg": ("ECG",),
}
SFREQ = 500.0
TRIALS = {"1": ("rest", 0.0), "2": ("task", 1.0)}
"""Number in a file's name -> trial and workload."""


def list_subjects(folder: str | Path) -> list[str]:
    """Return the ids of the subjects that have a file, for example ``"Subject02"``."""
    return sorted({f"Subject{number}" for number, _ in find_files(folder, CORPUS)})


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
    files = find_files(folder, CORPUS)
    chosen = choose_subjects(list_subjects(folder), subjects)
    return starmap(partial(_read_trial, files), product(chosen, TRIALS))


def _read_trial(files: Mapping, subject: str, number: str) -> Recording:
    """Return one trial of one person."""
    trial, workload = TRIALS[number]
    notes: list[str] = []
    found = dict.fromkeys(CH_NAMES, "the file of this trial is not there.")
    if path := files.get((subject.removeprefix("Subject"), number)):
        with edf_signals(path, notes) as signals:
            channels = {name: values(own) for name, own in signals.items()}
        found = {name: _signal(name, channels, notes) for name in CH_NAMES}
    who, ratings = (subject, "1", trial), {"workload": workload}
    return build_trial(CORPUS, who, found, ratings, notes=notes)


def _signal(modality: str, channels: dict, notes: list[str]) -> Signal | str:
    """Return one modality of a file, or why it cannot be built."""
    names, prefix = CH_NAMES[modality], f"{modality.upper()} "
    missing = [name for name in names if prefix + name not in channels]
    if missing:
        return f"the file has no channel {', '.join(missing)}."
    held = {name: channels[prefix + name] for name in names}
    return joined(modality, held, SFREQ, "uV", notes)


CORPUS = Corpus(
    name="eegmat",
    title="EEGMAT",
    pattern=r"Subject(\d\d)_([12])\.edf",
    expected="Subject00_1.edf … Subject35_2.edf",
    read=read_eegmat,
    list_subjects=list_subjects,
    licence="ODC-By 1.0, open",
    ask="https://physionet.org/content/eegmat/1.0.0/",
    targets=("workload",),
    rating_scale=(0, 1),
    threshold=0.5,
    modalities=("eeg", "ecg"),
    size="36 people, rest and task each",
    is_open=True,
    is_fetched=True,
)
