"""DREAMER: 23 people, 18 film clips, EEG (Emotiv) and ECG (Shimmer).

Reference: Katsigiannis and Ramzan (2018). One file, ``DREAMER.mat`` (MATLAB 5): a
struct whose field ``Data`` holds a struct per person, each with the baselines and
stimuli of both modalities as cells of (n_times, n_chans) matrices, time first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from emolib.checks import damaged
from emolib.containers import Recording, Signal
from emolib.datasets.folders import choose_subjects, find_files
from emolib.datasets.mat import load_mat
from emolib.datasets.quality import rating_problems, signal_problems
from emolib.datasets.structs import cells, get_field, matrix, text, unwrap

EEG_CH_NAMES = (
    "AF3", "F7", "F3", "FC5", "T7", "P7", "O1",
    "O2", "P8", "T8", "FC6", "F4", "F8", "AF4",
)  # fmt: skip
ECG_CH_NAMES = ("ECG1", "ECG2")
EEG_SFREQ = 128.0
ECG_SFREQ = 256.0
BASELINE_S = 61
N_SUBJECTS = 23
N_TRIALS = 18
TARGETS = ("valence", "arousal", "dominance")
RATING_SCALE = (1, 5)

TARGET_EMOTIONS = (
    "calmness", "surprise", "amusement", "fear", "excitement", "disgust",
    "happiness", "anger", "sadness", "disgust", "calmness", "amusement",
    "happiness", "anger", "fear", "excitement", "sadness", "surprise",
)  # fmt: skip
"""The emotion each clip was chosen for, in file order."""

MEAN_RATINGS = {
    "valence": (
        3.17, 3.04, 4.57, 2.04, 3.22, 2.70, 4.52, 1.35, 1.39,
        2.17, 3.96, 3.96, 4.39, 2.35, 2.48, 3.65, 1.52, 2.65,
    ),
    "arousal": (
        2.26, 3.00, 3.83, 4.26, 3.70, 3.83, 3.17, 3.96, 3.00,
        3.30, 1.96, 2.61, 3.70, 2.22, 3.09, 3.35, 3.00, 3.91,
    ),
}  # fmt: skip
"""Published mean rating of each clip, in file order."""

_SCORES = {
    "valence": "ScoreValence",
    "arousal": "ScoreArousal",
    "dominance": "ScoreDominance",
}
_MODALITIES = {
    "eeg": ("EEG", EEG_CH_NAMES, EEG_SFREQ, "uV"),
    "ecg": ("ECG", ECG_CH_NAMES, ECG_SFREQ, "counts"),
}
_REMEDY = "Check that the file is DREAMER.mat 1.0.2, unchanged."


def find_dreamer(folder: str | Path) -> Path:
    """Return the path of ``DREAMER.mat``.

    Parameters
    ----------
    folder : path
        The folder that holds the file, its parent, or the file itself.

    Returns
    -------
    path : Path

    Raises
    ------
    FileNotFoundError, CorpusError
        When folder or file is not there; the message says what is there instead.
    """
    return next(iter(find_files(folder, "dreamer", "DREAMER", "DREAMER.mat").values()))


def read_dreamer(
    folder: str | Path, *, subjects: list[str] | None = None
) -> Iterator[Recording]:
    """Yield every trial of DREAMER, subject by subject, in the order of the clips.

    Expected folder: ``DREAMER.mat``, version 1.0.2. Licence: on request from the
    University of the West of Scotland, Zenodo record 546113. Not read: age and gender.

    Parameters
    ----------
    folder : path
        The folder that holds the file, its parent, or the file itself.
    subjects : list of str
        Ids ``"s01"`` to ``"s23"``; all when None.

    Yields
    ------
    recording : Recording
        ``eeg``, 14 channels at 128 Hz, raw Emotiv microvolts with an offset near 4200;
        ``ecg``, 2 channels at 256 Hz, raw Shimmer counts; baselines of 61 s; ratings
        valence, arousal and dominance, 1 to 5. Trials are ``"01"`` to ``"18"``. What
        is missing, flat or NaN stands in `problems`.

    Raises
    ------
    FileNotFoundError, CorpusError
        When the file is missing, damaged or not DREAMER's.
    ValueError
        When a subject is not in the file.
    """
    path, people = _load(folder)
    names = _subject_names(people)
    chosen = choose_subjects(names, subjects)
    people = dict(zip(names, people, strict=True))
    for subject in list(people):
        if subject not in chosen:
            del people[subject]
    for subject in chosen:
        # pop, so that a person's signals are freed before the next one's are used
        yield from _read_subject(path, subject, people.pop(subject))


def list_subjects(folder: str | Path) -> list[str]:
    """Return the ids of the subjects in the file; this loads it."""
    return _subject_names(_load(folder)[1])


def _subject_names(people: Sequence) -> list[str]:
    """Return ``s01``, ``s02``, … in file order."""
    return [f"s{i + 1:02d}" for i in range(len(people))]


def _load(folder: str | Path) -> tuple[Path, list]:
    """Return the path and a struct per person, after checking the file's own facts."""
    path = find_dreamer(folder)
    root = load_mat(path, ["DREAMER"])["DREAMER"]
    for name, expected in (("EEG", EEG_SFREQ), ("ECG", ECG_SFREQ)):
        rate = get_field(path, root, f"{name}_SamplingRate", "DREAMER")
        if text(rate) != f"{expected:g}":
            raise damaged(
                path, f"{name} at {expected:g} Hz", f"{text(rate)} Hz", _REMEDY
            )
    electrodes = tuple(map(text, cells(_held(path, root, "EEG_Electrodes"))))
    if electrodes != EEG_CH_NAMES:
        raise damaged(path, f"the electrodes {EEG_CH_NAMES}", f"{electrodes}", _REMEDY)
    people = cells(_held(path, root, "Data"))
    if not people:
        raise damaged(path, "a cell per person in Data", "none", _REMEDY)
    return path, people


def _held(path: Path, root, name: str):
    """Return a field of the top struct."""
    return get_field(path, root, name, "DREAMER")


def _read_subject(path: Path, subject: str, person) -> Iterator[Recording]:
    """Yield the trials of one person's struct."""
    where = f"participant {subject}"
    parts = {
        modality: {
            part: cells(
                get_field(path, get_field(path, person, name, where), part, where)
            )
            for part in ("stimuli", "baseline")
        }
        for modality, (name, *_) in _MODALITIES.items()
        if _has(person, name)
    }
    scores = {
        target: matrix(get_field(path, person, name, where)).ravel()
        for target, name in _SCORES.items()
    }
    n_trials = max(
        [len(held["stimuli"]) for held in parts.values()]
        + [len(values) for values in scores.values()]
    )
    for i in range(n_trials):
        yield _read_trial(subject, i, parts, scores)


def _has(person, name: str) -> bool:
    """Return True when the person's struct has the modality at all."""
    held = unwrap(person)
    return name in (getattr(held.dtype, "names", None) or ()) and held[name].size > 0


def _read_trial(subject: str, i: int, parts: dict, scores: dict) -> Recording:
    """Return trial `i` of one person."""
    signals, baseline, problems = {}, {}, []
    for modality, (_, ch_names, sfreq, unit) in _MODALITIES.items():
        held = parts.get(modality, {"stimuli": [], "baseline": []})
        for part, into in (("stimuli", signals), ("baseline", baseline)):
            data = matrix(held[part][i]) if i < len(held[part]) else np.empty((0, 0))
            if data.shape[1] == len(ch_names) and len(data):
                into[modality] = Signal(data.T, sfreq, ch_names, unit)
        problems += _modality_problems(modality, held["stimuli"], i, signals)
    problems += _length_problems(signals)
    ratings = {
        target: float(values[i]) if i < len(values) else float("nan")
        for target, values in scores.items()
    }
    problems += rating_problems(ratings, RATING_SCALE)
    ratings = {name: value for name, value in ratings.items() if np.isfinite(value)}
    return Recording(
        "dreamer", subject, "1", f"{i + 1:02d}", signals, ratings, baseline,
        problems=tuple(problems),
    )  # fmt: skip


def _modality_problems(modality: str, held: list, i: int, signals: dict) -> list[str]:
    """Return what is wrong with one modality of trial `i`."""
    if modality in signals:
        signal = signals[modality]
        return signal_problems(modality, signal.data, signal.ch_names)
    if i < len(held) and matrix(held[i]).size:
        n_chans = len(_MODALITIES[modality][1])
        return [
            f"{modality}: expected a matrix of shape (n_times, {n_chans}); got "
            f"{matrix(held[i]).shape}."
        ]
    return [f"{modality}: no signal was recorded."]


def _length_problems(signals: dict) -> list[str]:
    """Return a sentence when ECG does not have twice the rows of EEG."""
    if len(signals) < 2:
        return []
    n_eeg, n_ecg = (signals[name].data.shape[1] for name in ("eeg", "ecg"))
    if abs(n_ecg - 2 * n_eeg) <= 2:
        return []
    return [f"ecg: {n_ecg} time points beside {n_eeg} of eeg; expected {2 * n_eeg}."]
