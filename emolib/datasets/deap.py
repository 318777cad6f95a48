"""DEAP: 32 people, 40 music videos of a minute, EEG and eight peripheral channels.

Reference: Koelstra et al. (2012). Two versions of the same trials: the publisher's
preprocessed ``sNN.dat`` (a pickle a person, 128 Hz, 4-45 Hz, cleaned of eye movements)
and what was recorded, ``sNN.bdf`` (BioSemi, 512 Hz), from two sites whose electrodes
stand in different orders and whose skin conductance has different units.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from emolib.checks import check_option
from emolib.containers import Recording, Signal
from emolib.datasets.corpus import Corpus, choose_subjects, find_files, one_each, walk
from emolib.datasets.edf import edf_signals, joined, triggers, values
from emolib.datasets.opened import opened, wrong
from emolib.datasets.pickles import load_pickle
from emolib.datasets.trials import build_trial

EEG_CH_NAMES = tuple(
    "Fp1 AF3 F3 F7 FC5 FC1 C3 T7 CP5 CP1 P3 P7 PO3 O1 Oz Pz Fp2 AF4 Fz F4 F8 FC6 FC2 "
    "Cz C4 T8 CP6 CP2 P4 P8 PO4 O2".split()
)
"""Geneva's order, that of the preprocessed files of all 32 people."""
MODALITIES = {
    "eeg": (EEG_CH_NAMES, "uV"),
    "eog": (("hEOG", "vEOG"), "uV"),
    "emg": (("zEMG", "tEMG"), "uV"),
    "gsr": (("GSR",), "ohm"),
    "resp": (("Resp",), "counts"),
    "ppg": (("Plet",), "counts"),
    "temperature": (("Temp",), "degC"),
}
"""Modality -> its channels, in the order of the preprocessed files, and its unit."""
N_TRIALS, SFREQ, RAW_SFREQ = 40, 128.0, 512.0
BASELINE_S, VIDEO_S = 3, 60
N_TWENTE = 22
"""The first 22 people sat in Twente, where skin conductance was noted in nS."""
STATUS_VIDEO = 4
"""Trigger at the start of a video."""

_PAIRS = {
    "hEOG": ("EXG1", "EXG2"), "vEOG": ("EXG3", "EXG4"), "zEMG": ("EXG5", "EXG6"),
    "tEMG": ("EXG7", "EXG8"),
}  # fmt: skip
_RATINGS_CSV = "participant_ratings.csv"
_EXPECTED = "DEAP's data (40, 40, 8064) and labels (40, 4)"


def read_deap(
    folder: str | Path, subjects: list[str] | None = None, *, source: str = "dat"
) -> Iterator[Recording]:
    """Yield every trial of DEAP, subject by subject, in the order of the videos.

    Expected folder: ``data_preprocessed_python/s01.dat`` to ``s32.dat``; for
    ``source="raw"`` ``data_original/s01.bdf`` to ``s32.bdf`` and
    ``participant_ratings.csv``. Licence: a signed agreement with Queen Mary University
    of London. Not read: face videos, questionnaires, familiarity.

    Parameters
    ----------
    folder : path
        The publisher's folder, its parent, or the one that holds the files.
    subjects : list of str
        Ids ``"s01"`` to ``"s32"``; all that are there when None.
    source : str
        ``"dat"``, preprocessed, or ``"raw"``, as recorded.

    Yields
    ------
    recording : Recording
        The modalities of `MODALITIES`, at 128 Hz, or raw at 512 Hz, with the 3 s before
        the video as baseline; ratings valence, arousal, dominance and liking, 1 to 9.
        Trials are ``"01"`` to ``"40"``, by video. Skin resistance is in ohm for both
        sites. What is missing, flat or NaN stands in `problems`.

    Raises
    ------
    FileNotFoundError, CorpusError
        When no file is there, or one is damaged or not DEAP's.
    ValueError
        When a subject is not in the folder, or `source` is neither.
    """
    check_option("source", source, ("dat", "raw"))
    files = {
        f"s{number}": path
        for (number, ending), path in find_files(folder, CORPUS).items()
        if ending.lower() == {"dat": "dat", "raw": "bdf"}[source]
    }
    chosen = choose_subjects(list(files), subjects)
    rated = _ratings(folder) if source == "raw" else None
    people = ((subject, files[subject]) for subject in chosen)
    return chain.from_iterable(
        _recorded(*who, *rated) if rated else _preprocessed(*who) for who in people
    )


def list_subjects(folder: str | Path) -> list[str]:
    """Return the ids of the subjects that have a file, for example ``"s01"``."""
    return sorted({f"s{number}" for number, _ in find_files(folder, CORPUS)})


# ------------------------------------------------------------- as preprocessed


def _preprocessed(subject: str, path: Path) -> Iterator[Recording]:
    """Yield the trials of one pickle: (trial, channel, time), baseline first."""
    data, labels = _arrays(path)
    edges = np.cumsum([len(names) for names, _ in MODALITIES.values()])[:-1]
    n_before = round(BASELINE_S * SFREQ)
    for k in range(len(data)):
        parts = dict(zip(MODALITIES, np.split(data[k], edges), strict=True))
        found, before = (
            {
                name: Signal(own[:, cut], SFREQ, *MODALITIES[name])
                for name, own in parts.items()
            }
            for cut in (slice(n_before, None), slice(n_before))
        )
        ratings = dict(zip(CORPUS.targets, map(float, labels[k]), strict=True))
        who = (subject, "1", f"{k + 1:02d}")
        yield build_trial(CORPUS, who, found, ratings, baseline=before)


def _arrays(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return data and labels of a pickle, after checking what they must be."""
    held = load_pickle(path)
    with opened(path, _EXPECTED):
        data, labels = (np.asarray(held[name]) for name in ("data", "labels"))
        n_chans = sum(len(names) for names, _ in MODALITIES.values())
        n_times = round((BASELINE_S + VIDEO_S) * SFREQ)
        is_whole = data.shape[1:] == (n_chans, n_times) and data.dtype.kind == "f"
        if not is_whole or labels.shape != (len(data), len(CORPUS.targets)):
            raise wrong(path, _EXPECTED, f"{data.shape} and {labels.shape}")
        return data, labels


# ----------------------------------------------------------------- as recorded


def _ratings(folder: str | Path) -> tuple[Path, pd.DataFrame]:
    """Return the publisher's table of ratings; it says who saw which video when."""
    paths = [*one_each(walk(Path(folder)), _RATINGS_CSV).values()]
    if not paths:
        raise FileNotFoundError(
            f"DEAP as recorded needs {_RATINGS_CSV} in '{folder}', which says in which "
            "order each person saw the videos; got none. Put it there, or read the "
            'preprocessed files with source="dat".'
        )
    with opened(paths[0], f"DEAP's {_RATINGS_CSV}"):
        columns = ["Participant_id", "Trial", "Experiment_id"]
        ratings = [target.title() for target in CORPUS.targets]
        table = pd.read_csv(paths[0])[[*columns, *ratings]]
        kinds = dict.fromkeys(columns, int) | dict.fromkeys(ratings, float)
        table = table.astype(kinds)
        if not (table := table.set_index(columns).sort_index()).index.is_unique:
            raise ValueError("two rows of one person and trial")
        return paths[0], table


def _recorded(
    subject: str, path: Path, listed: Path, rated: pd.DataFrame
) -> Iterator[Recording]:
    """Yield the trials of one BDF, a minute each from the start of its video."""
    number, notes = int(subject[1:]), []
    with opened(listed, f"rows of participant {number}"):
        mine = rated.loc[number].reset_index()
    with edf_signals(path, notes) as signals:
        starts = _starts(path, signals, len(mine), listed.name)
        held = dict(zip(mine["Trial"], starts, strict=True))
        for row in mine.sort_values("Experiment_id").to_dict("records"):
            start = held[row["Trial"]]
            found, before = (
                _found(signals, span, notes, is_twente=number <= N_TWENTE)
                for span in ((start, start + VIDEO_S), (start - BASELINE_S, start))
            )
            ratings = {name: float(row[name.title()]) for name in CORPUS.targets}
            who = (subject, "1", f"{row['Experiment_id']:02d}")
            yield build_trial(CORPUS, who, found, ratings, baseline=before, notes=notes)


def _starts(path: Path, signals: Mapping, n_trials: int, listed: str) -> np.ndarray:
    """Return the second at which each video starts, in the order of showing.

    The trigger channel is the 48th; only some files call it Status, and some keep a
    constant above its low eight bits.
    """
    is_shown = triggers(list(signals.values())[47]) & 0xFF == STATUS_VIDEO
    shown = np.flatnonzero(is_shown[1:] & ~is_shown[:-1])
    if len(shown) != n_trials:
        wanted = f"{n_trials} starts of a video (trigger {STATUS_VIDEO})"
        raise wrong(path, wanted, f"{len(shown)}", f"Compare it with {listed}.")
    return (shown + 1) / RAW_SFREQ


def _found(signals: Mapping, span_s: tuple, notes: list, *, is_twente: bool) -> dict:
    """Return every modality of one span of a recording, or why it is not there."""
    return {
        name: _modality(signals, name, span_s, notes, is_twente) for name in MODALITIES
    }


def _modality(signals, modality, span_s, notes, is_twente: bool) -> Signal | str:
    names, unit = MODALITIES[modality]
    labels = {name: _PAIRS.get(name, (name,)) for name in names}
    labels = {n: ("GSR1",) if n == "GSR" else own for n, own in labels.items()}
    asked = [label for own in labels.values() for label in own]
    if missing := [label for label in asked if label not in signals]:
        return f"the file has no channel {', '.join(missing)}."
    held = {name: _lead(signals, own, span_s) for name, own in labels.items()}
    found = joined(modality, held, RAW_SFREQ, unit, notes)
    if unit == "ohm" and is_twente and isinstance(found, Signal):
        with np.errstate(divide="ignore"):
            found = replace(found, data=1e9 / found.data)
    return found


def _lead(signals: Mapping, labels: tuple[str, ...], span_s: tuple) -> tuple:
    """Return what `values` does of one channel, or of one less another."""
    (data, *first), *rest = [values(signals[label], span_s) for label in labels]
    for other, *second in rest:
        if second != first:
            raise ValueError(f"{labels} differ in rate or unit: {first}, {second}")
        data = data - other
    return data, *first


CORPUS = Corpus(
    name="deap",
    title="DEAP",
    pattern=r"s(\d\d)\.(dat|bdf)",
    expected="s01.dat … s32.dat",
    read=read_deap,
    list_subjects=list_subjects,
    licence="signed agreement, for research",
    ask="https://www.eecs.qmul.ac.uk/mmv/datasets/deap/",
    targets=("valence", "arousal", "dominance", "liking"),
    rating_scale=(1, 9),
    threshold=5.0,
    modalities=tuple(MODALITIES),
    size="32 people, 40 music videos each",
)
