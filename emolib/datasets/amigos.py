"""AMIGOS: 40 people, 16 short and 4 long videos, EEG, ECG and GSR.

Reference: Miranda-Correa et al. (2018). One preprocessed MATLAB 5 file per subject, a
cell per video: a matrix of (n_times, 17), time first, whose first 5 s are baseline.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, starmap
from pathlib import Path

import numpy as np

from emolib.checks import check_option
from emolib.containers import Recording, Signal
from emolib.datasets.corpus import Corpus, choose_subjects, find_files
from emolib.datasets.mat import cells, load_mat, matrix
from emolib.datasets.opened import opened
from emolib.datasets.trials import build_trial

EEG_CH_NAMES = tuple("AF3 F7 F3 FC5 T7 P7 O1 O2 P8 T8 FC6 F4 F8 AF4".split())
ECG_CH_NAMES = ("ECG right", "ECG left")
N_COLUMNS = 17
"""14 EEG, 2 ECG, 1 GSR."""
SFREQ = 128.0
BASELINE_S = 5
SHORT_VIDEOS = tuple("4 5 9 10 13 18 19 20 23 30 31 34 36 58 80 138".split())
LONG_VIDEOS = ("N1", "P1", "B1", "U1")
TARGETS = ("arousal", "valence", "dominance", "liking", "familiarity")
"""The first five self-assessments, in file order: arousal comes first."""
EMOTIONS = tuple("neutral disgust happiness surprise anger fear sadness".split())
"""The seven 0/1 self-assessments that follow, in file order."""
SEGMENT_S = 20.0
"""Length of a segment of the external annotation; the first covers the baseline."""

_COLUMNS = {"eeg": (slice(0, 14), EEG_CH_NAMES), "ecg": (slice(14, 16), ECG_CH_NAMES)}
_VARIABLES = ("VideoIDs", "joined_data", "labels_selfassessment")


def list_subjects(folder: str | Path) -> list[str]:
    """Return the ids of the subjects that have a file, ``"P01"`` and so on."""
    return list(_find(folder))


def read_amigos(
    folder: str | Path, *, subjects: list[str] | None = None, videos: str = "short"
) -> Iterator[Recording]:
    """Yield every trial of AMIGOS, subject by subject, videos in a fixed order.

    Expected folder: ``Data_Preprocessed_P01.mat`` to ``P40.mat``, flat, in a folder
    each as the archives unpack, or under ``Physiological Recordings/Matlab Preprocessed
    Data``. Licence: signed agreement, Queen Mary University of London. Not read: GSR,
    the seven named emotions of the self-assessment, the external annotation, the raw
    files, the videos.

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
        liking and familiarity, 1 to 9. Trials are video identifiers. What is missing,
        flat or NaN stands in `problems`, for each modality by itself.

    Raises
    ------
    FileNotFoundError, CorpusError
        When no file is there, or one is damaged or not AMIGOS's.
    ValueError
        When a subject is not in the folder or `videos` is neither word.
    """
    check_option("videos", videos, ("short", "all"))
    files = _find(folder)
    chosen = choose_subjects(list(files), subjects)
    people = ((files[subject], subject, videos) for subject in chosen)
    return chain.from_iterable(starmap(_read_subject, people))


def _find(folder: str | Path) -> dict[str, Path]:
    """Return subject id -> file."""
    files = find_files(folder, CORPUS)
    return {f"P{int(number):02d}": path for (number,), path in files.items()}


def _read_subject(path: Path, subject: str, videos: str) -> Iterator[Recording]:
    """Yield the trials of one subject's file, videos in the order of their lists."""
    with opened(path, "a preprocessed file of AMIGOS"):
        held = load_mat(path, _VARIABLES)
        names, *columns = [cells(held.pop(name)) for name in _VARIABLES]
        names = [name.strip() if isinstance(name, str) else "" for name in names]
        known = SHORT_VIDEOS + LONG_VIDEOS
        place = {name: i for i, name in enumerate(known)}
        trials = list(zip(names, *columns, strict=True))
        rank = [place.get(name, len(known)) for name in names]
        for i in sorted(range(len(names)), key=rank.__getitem__):
            if videos == "all" or names[i] not in LONG_VIDEOS:
                yield _read_trial(subject, i, names, *trials[i][1:])


def _read_trial(subject: str, i: int, names: list[str], joined, answers) -> Recording:
    """Return cell `i` as a recording."""
    data, ratings = matrix(joined), np.ravel(answers)[: len(TARGETS)]
    found, baseline, n_before = {}, {}, int(BASELINE_S * SFREQ)
    for modality, (columns, ch_names) in _COLUMNS.items():
        found[modality] = _gap(data, n_before)
        if not found[modality]:
            part = data[:, columns].T
            found[modality] = Signal(part[:, n_before:], SFREQ, ch_names, "uV")
            baseline[modality] = Signal(part[:, :n_before], SFREQ, ch_names, "uV")
    if len(ratings) < len(TARGETS):
        found["ratings"], ratings = "no self-assessment was recorded.", ()
    ratings = {
        name: float(value) for name, value in zip(TARGETS, ratings, strict=False)
    }
    who = (subject, "1", names[i] or f"cell {i + 1:02d}")
    odd = _name_problems(i, names)
    return build_trial(CORPUS, who, found, ratings, odd, baseline=baseline)


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


def _gap(data: np.ndarray, n_before: int) -> str:
    """Return why a cell of `joined_data` holds no signal that can be used, if so."""
    if not data.size:
        return "no signal was recorded."
    if data.shape[1] != N_COLUMNS:
        return f"expected shape (n_times, {N_COLUMNS}); got {data.shape}."
    if len(data) <= n_before:
        return f"{len(data)} time points, none after the baseline of {n_before}."
    return ""


CORPUS = Corpus(
    name="amigos",
    title="AMIGOS",
    pattern=r"Data_Preprocessed_P0*(\d+)\.mat",
    expected="Data_Preprocessed_P01.mat … P40.mat",
    read=read_amigos,
    list_subjects=list_subjects,
    licence="signed end-user agreement, for research",
    ask="https://www.eecs.qmul.ac.uk/mmv/datasets/amigos/",
    targets=TARGETS,
    rating_scale=(1, 9),
    threshold=5.0,
    modalities=("eeg", "ecg"),
    size="40 people, 16 short videos each (4 long on request)",
)
