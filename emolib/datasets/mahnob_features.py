"""MAHNOB-HCI's 239 trials with valence by the moment, as features at 4 Hz.

Reference: Soleymani et al. (2016). The public repository
``soheilrayatdoost/ContinuousEmotionDetection`` holds a MATLAB file a trial, without
video or signals; GPL-3, made from recordings under a signed agreement: copy it for
yourself, do not pass it on.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import starmap
from pathlib import Path

import numpy as np

from emolib.containers import Features, Recording, Trace
from emolib.datasets.corpus import Corpus, choose_subjects, find_files
from emolib.datasets.mat import load_mat, matrix
from emolib.datasets.opened import opened
from emolib.datasets.trials import build_trial

KEYS = {
    "eeg": ("eeg_band_feats_full", 128, "power of 4 bands in 32 channels"),
    "face": ("face_feats", 38, "positions of facial landmarks"),
}
"""Modality -> its variable, how many of its first columns are read, what they are."""
TARGET, SFREQ, SCALE = "target", 4.0, 2.0
"""``target`` is twice the valence of the corpus's own label file."""


def read_mahnob_features(
    folder: str | Path, subjects: list[str] | None = None
) -> Iterator[Recording]:
    """Yield every trial, in the order of people and sections.

    Expected files: ``Features/P<p>-features-resamp4hz-trial-<s>.mat``. Not read: the
    selected EEG features, gaze, and the 289 face features its authors do not use.

    Parameters
    ----------
    folder : path
        The repository, its ``data`` or ``data/Features``.
    subjects : list of str
        Ids ``"P1"`` to ``"P30"``; all that are there when None.

    Yields
    ------
    recording : Recording
        `Features` eeg (128) and face (38) at 4 Hz; ``traces["valence"]``, -0.5 to 0.5;
        the rating ``valence`` is that trace's mean. `session` and `trial` are the
        section, even numbers from 2 to 40.

    Raises
    ------
    FileNotFoundError, CorpusError
        When there is no such file, or one is damaged or does not fit together.
    ValueError
        When a subject is not in the folder.
    """
    files = find_files(folder, CORPUS)
    ordered = sorted(files, key=lambda who: tuple(map(int, who)))
    chosen = choose_subjects(_subjects(files), subjects)
    trials = ((files[who], *who) for who in ordered if f"P{who[0]}" in chosen)
    return starmap(_read_file, trials)


def list_subjects(folder: str | Path) -> list[str]:
    """Return the ids of the people who have a file, in the order of their numbers."""
    return _subjects(find_files(folder, CORPUS))


def _subjects(files) -> list[str]:
    return [f"P{number}" for number in sorted({int(person) for person, _ in files})]


def _read_file(path: Path, person: str, section: str) -> Recording:
    """Return the trial of one file."""
    names = [name for name, *_ in KEYS.values()]
    held = load_mat(path, [*names, TARGET])
    with opened(path, "feature tables of a row for each value of target"):
        valence = np.atleast_1d(held[TARGET]).astype(float) / SCALE
        found = {}
        for modality, (name, width, kind) in KEYS.items():
            table = matrix(held[name])
            if len(table) != valence.size or table.shape[1] < width or valence.ndim > 1:
                raise ValueError(f"{name} {table.shape}, target {valence.shape}")
            found[modality] = Features(table[:, :width], kind)
    traces = {"valence": Trace(valence, SFREQ)}
    rated = {"valence": float(valence.mean())}
    who = (f"P{person}", section, section)
    return build_trial(CORPUS, who, found, rated, traces=traces)


CORPUS = Corpus(
    name="mahnob_features",
    title="MAHNOB-HCI (features at 4 Hz)",
    pattern=r"P0*(\d+)-features-resamp4hz-trial-0*(\d+)\.mat",
    expected="Features/P<p>-features-resamp4hz-trial-<s>.mat",
    read=read_mahnob_features,
    list_subjects=list_subjects,
    licence="GPL-3, open; not to be passed on",
    ask="https://github.com/soheilrayatdoost/ContinuousEmotionDetection",
    targets=("valence",),
    rating_scale=(-0.5, 0.5),
    threshold=0.0,
    modalities=tuple(KEYS),
    size="239 trials of 24 people",
    is_open=True,
)
