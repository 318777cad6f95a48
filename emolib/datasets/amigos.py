"""AMIGOS: 40 people, 16 short and 4 long videos, EEG, ECG and GSR.

Reference: Miranda-Correa et al. (2018). One preprocessed MATLAB 5 file per subject, a
cell per video: a matrix of (n_times, 17), time first, whose first 5 s are baseline.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emolib.checks import check_option, damaged
from emolib.containers import Recording, Signal, Trace
from emolib.datasets.folders import choose_subjects, find_files
from emolib.datasets.mat import load_mat
from emolib.datasets.quality import rating_problems, signal_problems
from emolib.datasets.structs import cells, matrix, text

EEG_CH_NAMES = (
    "AF3", "F7", "F3", "FC5", "T7", "P7", "O1",
    "O2", "P8", "T8", "FC6", "F4", "F8", "AF4",
)  # fmt: skip
ECG_CH_NAMES = ("ECG right", "ECG left")
N_COLUMNS = 17
"""14 EEG, 2 ECG, 1 GSR."""
SFREQ = 128.0
BASELINE_S = 5
N_SUBJECTS = 40
N_TRIALS = 20
SHORT_VIDEOS = (
    "4", "5", "9", "10", "13", "18", "19", "20",
    "23", "30", "31", "34", "36", "58", "80", "138",
)  # fmt: skip
LONG_VIDEOS = ("N1", "P1", "B1", "U1")
TARGETS = ("arousal", "valence", "dominance", "liking", "familiarity")
"""The first five self-assessments, in file order: arousal comes first."""
EMOTIONS = (
    "neutral", "disgust", "happiness", "surprise", "anger", "fear", "sadness",
)  # fmt: skip
"""The seven 0/1 self-assessments that follow, in file order."""
RATING_SCALE = (1, 9)

SEGMENT_S = 20.0
"""Length of a segment of the external annotation; the first covers the baseline."""

_COLUMNS = {"eeg": (slice(0, 14), EEG_CH_NAMES), "ecg": (slice(14, 16), ECG_CH_NAMES)}
_NAMES = ("joined_data", "labels_selfassessment", "labels_ext_annotation", "VideoIDs")
_REMEDY = "Check that the file is the publisher's, unchanged."


def find_amigos(folder: str | Path) -> list[Path]:
    """Return the preprocessed files of AMIGOS, in the order of subjects.

    Parameters
    ----------
    folder : path
        ``data_preprocessed``, the publisher's folder around it, or its parent; files
        may lie flat, in a folder each as the archives unpack, or under ``Physiological
        Recordings/Matlab Preprocessed Data``.

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
    """Return the ids of the subjects that have a file, ``"P01"`` and so on."""
    return list(_find(folder))


def read_amigos(
    folder: str | Path, *, subjects: list[str] | None = None, videos: str = "short"
) -> Iterator[Recording]:
    """Yield every trial of AMIGOS, subject by subject, videos in a fixed order.

    Expected folder: ``Data_Preprocessed_P01.mat`` to ``P40.mat``, see `find_amigos`.
    Licence: signed agreement, Queen Mary University of London. Not read: GSR, the seven
    named emotions of the self-assessment, the raw files, the videos.

    Parameters
    ----------
    folder : path
    subjects : list of str
        Ids ``"P01"`` to ``"P40"``; all when None.
    videos : str
        ``"short"`` for the 16 short videos, ``"all"`` for the four long ones too. Cells
        are matched by their video identifier, not by position; a cell without a known
        identifier is always yielded and says so.

    Yields
    ------
    recording : Recording
        ``eeg``, 14 channels, and ``ecg``, 2 channels, both at 128 Hz and in
        microvolts, after the baseline of 5 s; ratings arousal, valence, dominance,
        liking and familiarity, 1 to 9; traces ``external_valence`` and
        ``external_arousal``, -1 to 1, a value per 20 s. Trials are video identifiers.
        What is missing, flat or NaN stands in `problems`, for each modality by itself.

    Raises
    ------
    FileNotFoundError, CorpusError
        When no file is there, or one is damaged or not AMIGOS's.
    ValueError
        When a subject is not in the folder or `videos` is neither word.
    """
    check_option("videos", videos, ("short", "all"))
    files = _find(folder)
    for subject in choose_subjects(list(files), subjects):
        yield from _read_subject(files[subject], subject, videos)


def _find(folder: str | Path) -> dict[str, Path]:
    """Return subject id -> file."""
    expected = "Data_Preprocessed_P01.mat … P40.mat"
    files = find_files(folder, "amigos", "AMIGOS", expected)
    return {f"P{int(number):02d}": path for (number,), path in files.items()}


def _read_subject(path: Path, subject: str, videos: str) -> Iterator[Recording]:
    """Yield the trials of one subject's file."""
    held = load_mat(path, _NAMES)
    columns = {name: cells(held[name]) for name in _NAMES}
    del held
    n_cells = {name: len(column) for name, column in columns.items()}
    if len(set(n_cells.values())) > 1 or not n_cells["joined_data"]:
        raise damaged(path, "as many cells in each variable", f"{n_cells}", _REMEDY)
    names = [text(name) for name in columns["VideoIDs"]]
    for i in _order(names, videos):
        yield _read_trial(subject, i, names, columns)


def _order(names: list[str], videos: str) -> list[int]:
    """Return the cells to read, in the order of `SHORT_VIDEOS` and `LONG_VIDEOS`."""
    known = SHORT_VIDEOS + LONG_VIDEOS
    skipped = () if videos == "all" else LONG_VIDEOS
    wanted = [i for i, name in enumerate(names) if name not in skipped]
    return sorted(
        wanted, key=lambda i: known.index(names[i]) if names[i] in known else len(known)
    )


def _read_trial(subject: str, i: int, names: list[str], columns: dict) -> Recording:
    """Return cell `i` as a recording."""
    data = matrix(columns["joined_data"][i])
    n_baseline = int(BASELINE_S * SFREQ)
    signals, baseline, problems = {}, {}, _name_problems(i, names)
    for modality, (where, ch_names) in _COLUMNS.items():
        if data.shape[1] == N_COLUMNS and len(data) > n_baseline:
            part = data[:, where].T
            signals[modality] = Signal(part[:, n_baseline:], SFREQ, ch_names, "uV")
            baseline[modality] = Signal(part[:, :n_baseline], SFREQ, ch_names, "uV")
            trouble = signal_problems(modality, signals[modality].data, ch_names)
        else:
            trouble = [f"{modality}: {_describe_gap(data, n_baseline)}"]
        problems += trouble
    ratings, trouble = _read_ratings(columns["labels_selfassessment"][i])
    return Recording(
        "amigos", subject, "1", names[i] or f"cell {i + 1:02d}", signals, ratings,
        baseline, _read_traces(columns["labels_ext_annotation"][i]),
        tuple(problems + trouble),
    )  # fmt: skip


def _name_problems(i: int, names: list[str]) -> list[str]:
    """Return what is wrong with the video identifier of cell `i`."""
    name = names[i]
    if not name:
        return [f"video: cell {i + 1} has no video identifier."]
    if name not in SHORT_VIDEOS + LONG_VIDEOS:
        return [f"video: identifier {name!r} is none of AMIGOS's 20."]
    if names.count(name) > 1:
        return [f"video: identifier {name!r} occurs {names.count(name)} times."]
    return []


def _describe_gap(data: np.ndarray, n_baseline: int) -> str:
    """Return why a cell of `joined_data` holds no signal that can be used."""
    if not data.size:
        return "no signal was recorded."
    if data.shape[1] != N_COLUMNS:
        return f"expected shape (n_times, {N_COLUMNS}); got {data.shape}."
    return f"{len(data)} time points, none after the baseline of {n_baseline}."


def _read_ratings(cell) -> tuple[dict[str, float], list[str]]:
    """Return the self-assessment by name, and its problems."""
    values = matrix(cell).ravel()[: len(TARGETS)]
    if len(values) < len(TARGETS):
        return {}, ["ratings: no self-assessment was recorded."]
    ratings = dict(zip(TARGETS, map(float, values), strict=True))
    problems = rating_problems(ratings, RATING_SCALE)
    return {k: v for k, v in ratings.items() if np.isfinite(v)}, problems


def _read_traces(cell) -> dict[str, Trace]:
    """Return the external annotation: columns segment, valence, arousal."""
    values = matrix(cell)
    if not len(values) or values.shape[1] != 3:
        return {}
    return {
        name: Trace(values[:, column].copy(), 1 / SEGMENT_S, -float(BASELINE_S))
        for name, column in (("external_valence", 1), ("external_arousal", 2))
    }
