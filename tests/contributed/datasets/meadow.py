"""Reader of MEADOW, a toy corpus for tests: ``Meadow_P01.mat``, one file a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from emolib.datasets.folders import choose_subjects, find_files
from emolib.datasets.quality import rating_problems, signal_problems

from emolib.containers import Recording, Signal
from emolib.datasets.mat import load_mat

TARGETS = ("calm",)
RATING_SCALE = (1.0, 9.0)
N_SUBJECTS, N_TRIALS = 8, 6
CH_NAMES = {"eeg": ("Fz", "Cz", "Pz", "Oz"), "ecg": ("I", "II")}
SFREQ = {"eeg": 128.0, "ecg": 256.0}
UNITS = {"eeg": "uV", "ecg": "mV"}


def find_meadow(folder: str | Path) -> list[Path]:
    """Return the data files."""
    return list(_find(folder).values())


def list_subjects(folder: str | Path) -> list[str]:
    """Return the ids of the persons that are there."""
    return [f"P{number}" for (number,) in _find(folder)]


def read_meadow(folder: str | Path, *, subjects=None) -> Iterator[Recording]:
    """Yield every trial, person by person."""
    files = dict(zip(list_subjects(folder), find_meadow(folder), strict=True))
    for subject in choose_subjects(list(files), subjects):
        held = load_mat(files[subject], ("eeg", "ecg", "calm"))
        for i, calm in enumerate(np.ravel(held["calm"])):
            yield _read_trial(subject, i, held, float(calm))


def _find(folder) -> dict:
    """Return the parts of each file's name, and its path."""
    return find_files(folder, "meadow", "MEADOW", "Meadow_P01.mat …")


def _read_trial(subject: str, i: int, held: dict, calm: float) -> Recording:
    """Return one trial."""
    signals, problems = {}, rating_problems({"calm": calm}, RATING_SCALE)
    for name, ch_names in CH_NAMES.items():
        data = np.asarray(held[name][i], float)
        signals[name] = Signal(data, SFREQ[name], ch_names, UNITS[name])
        problems += signal_problems(name, data, ch_names)
    return Recording(
        corpus="meadow",
        subject=subject,
        session="1",
        trial=f"{i + 1:02d}",
        signals=signals,
        ratings={"calm": calm},
        problems=tuple(problems),
    )
