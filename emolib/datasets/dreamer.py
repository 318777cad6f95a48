"""DREAMER: 23 people, 18 film clips, EEG (Emotiv) and ECG (Shimmer).

Reference: Katsigiannis and Ramzan (2018). One file, ``DREAMER.mat`` (MATLAB 5): a
struct whose field ``Data`` holds a struct per person, each with the baselines and
stimuli of both modalities as cells of (n_times, n_chans) matrices, time first.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emolib.containers import Recording, Signal
from emolib.datasets.corpus import Corpus, choose_subjects
from emolib.datasets.mat import cells, load_mat, matrix
from emolib.datasets.opened import opened, wrong
from emolib.datasets.trials import build_trial

EEG_CH_NAMES = tuple("AF3 F7 F3 FC5 T7 P7 O1 O2 P8 T8 FC6 F4 F8 AF4".split())
ECG_CH_NAMES = ("ECG1", "ECG2")
EEG_SFREQ = 128.0
ECG_SFREQ = 256.0
BASELINE_S = 61
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

_MODALITIES = {
    "eeg": (EEG_CH_NAMES, EEG_SFREQ, "uV"),
    "ecg": (ECG_CH_NAMES, ECG_SFREQ, "counts"),
}
_EXPECTED = "DREAMER.mat 1.0.2"


def find_dreamer(folder: str | Path) -> Path:
    """Return the path of ``DREAMER.mat``: in `folder`, below it, or `folder` itself."""
    return CORPUS.files(folder)[0]


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
    path = find_dreamer(folder)
    people = {f"s{i + 1:02d}": person for i, person in enumerate(_load(path))}
    chosen = choose_subjects(list(people), subjects)
    people = {subject: people[subject] for subject in chosen}
    for subject in chosen:
        # pop, so that a person's signals are freed before the next one's are used
        with opened(path, _EXPECTED):
            yield from _read_subject(subject, people.pop(subject))


def _load(path: Path) -> list[dict]:
    """Return a struct per person, after checking the file's own facts."""
    with opened(path, _EXPECTED):
        root = load_mat(path, ["DREAMER"])["DREAMER"]
        if not isinstance(root, dict):
            raise wrong(path, "a struct DREAMER", f"a {type(root).__name__}")
        for name, (_, sfreq, _) in _MODALITIES.items():
            rate = root[f"{name.upper()}_SamplingRate"]
            if rate != sfreq:
                raise wrong(path, f"{name} at {sfreq:g} Hz", f"{rate} Hz")
        electrodes = tuple(map(str, cells(root["EEG_Electrodes"])))
        if electrodes != EEG_CH_NAMES:
            raise wrong(path, f"the electrodes {EEG_CH_NAMES}", f"{electrodes}")
        if not (people := cells(root["Data"])):
            raise wrong(path, "a cell per person in Data", "none")
        return people


def _read_subject(subject: str, person: dict) -> Iterator[Recording]:
    """Yield the trials of one person's struct."""
    scores = [np.ravel(person[f"Score{t.title()}"]) for t in CORPUS.targets]
    worn = {name: person.get(name.upper()) for name in _MODALITIES}
    stimuli, before = (
        {
            m: cells(own[part]) if isinstance(own, dict) else []
            for m, own in worn.items()
        }
        for part in ("stimuli", "baseline")
    )
    for i in range(max(map(len, [*scores, *stimuli.values()]))):
        rated = [float(own[i]) if i < len(own) else np.nan for own in scores]
        ratings = dict(zip(CORPUS.targets, rated, strict=True))
        found, baseline = (
            {name: _signal(name, own, i) for name, own in cells_of.items()}
            for cells_of in (stimuli, before)
        )
        who, odd = (subject, "1", f"{i + 1:02d}"), _length_problems(found)
        yield build_trial(CORPUS, who, found, ratings, odd, baseline=baseline)


def _signal(modality: str, held: list, i: int) -> Signal | str:
    """Return trial `i` of one modality, or why there is none."""
    ch_names, sfreq, unit = _MODALITIES[modality]
    data = matrix(held[i]) if i < len(held) else np.empty((0, 0))
    if not data.size:
        return "no signal was recorded."
    if data.shape[1] != len(ch_names):
        wanted = f"(n_times, {len(ch_names)})"
        return f"expected a matrix of shape {wanted}; got {data.shape}."
    return Signal(data.T, sfreq, ch_names, unit)


def _length_problems(found: dict) -> list[str]:
    """Return a sentence when ECG does not have twice the rows of EEG."""
    if not all(isinstance(held, Signal) for held in found.values()):
        return []
    n_eeg, n_ecg = (found[name].data.shape[1] for name in ("eeg", "ecg"))
    if abs(n_ecg - 2 * n_eeg) <= 2:
        return []
    return [f"ecg: {n_ecg} time points beside {n_eeg} of eeg; expected {2 * n_eeg}."]


CORPUS = Corpus(
    name="dreamer",
    title="DREAMER",
    pattern=r"DREAMER\.mat",
    expected="DREAMER.mat",
    read=read_dreamer,
    licence="on request, for research",
    ask="https://zenodo.org/records/546113",
    targets=("valence", "arousal", "dominance"),
    rating_scale=(1, 5),
    threshold=3.0,
    modalities=("eeg", "ecg"),
    size="23 people, 18 film clips each",
)
