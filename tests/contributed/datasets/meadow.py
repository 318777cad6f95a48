"""Reader of MEADOW, a toy corpus for tests: ``Meadow_P01.mat``, one file a person."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emolib.containers import Recording, Signal
from emolib.datasets.corpus import Corpus, choose_subjects, find_files
from emolib.datasets.mat import load_mat
from emolib.datasets.opened import opened
from emolib.datasets.trials import build_trial

MODALITIES = {
    "eeg": (("Fz", "Cz", "Pz", "Oz"), 128.0, "uV"),
    "ecg": (("I", "II"), 256.0, "mV"),
}


def list_subjects(folder: str | Path) -> list[str]:
    """Return the ids of the persons that are there."""
    return [f"P{number}" for (number,) in find_files(folder, CORPUS)]


def read_meadow(folder: str | Path, *, subjects=None) -> Iterator[Recording]:
    """Yield every trial, person by person."""
    files = {
        f"P{number}": path for (number,), path in find_files(folder, CORPUS).items()
    }
    for subject in choose_subjects(list(files), subjects):
        with opened(files[subject], "a MEADOW file"):
            held = load_mat(files[subject], ["eeg", "ecg", "calm"])
            for i, calm in enumerate(np.ravel(held["calm"])):
                found = {
                    name: Signal(np.asarray(held[name][i], float), sfreq, names, unit)
                    for name, (names, sfreq, unit) in MODALITIES.items()
                }
                ratings = {"calm": float(calm)}
                who = (subject, "1", f"{i + 1:02d}")
                yield build_trial(CORPUS, who, found, ratings)


CORPUS = Corpus(
    name="meadow",
    title="MEADOW",
    pattern=r"Meadow_P(\d+)\.mat",
    expected="Meadow_P01.mat …",
    read=read_meadow,
    list_subjects=list_subjects,
    licence="made up",
    ask="nobody",
    targets=("calm",),
    rating_scale=(1.0, 9.0),
    threshold=5.0,
    modalities=("eeg", "ecg"),
    size="8 people, 6 trials each",
)
