"""Stress-Predict: 35 people with a sensor on the wrist, stress tasks and rest; open.

Reference: Iqbal et al. (2022), Sensors 22(21):8135. A folder a person: pulse wave,
skin conductance, temperature and the beats found in the pulse wave, each with the Unix
second it starts at. Beats are missing where the wrist moved. The labels are the task,
not an emotion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from emolib.containers import Recording, Signal, Trace
from emolib.datasets.corpus import Corpus, choose_subjects, find_files, one_each, walk
from emolib.datasets.opened import opened, wrong
from emolib.datasets.trials import build_trial

MODALITIES = {
    "ppg": ("BVP", 64.0, "counts"),
    "gsr": ("EDA", 4.0, "uS"),
    "temperature": ("TEMP", 4.0, "degC"),
}
"""Modality -> its file, rate in Hz and unit."""
BEATS_SFREQ = 4.0
PHASES = Path(__file__).with_name("stress_predict_tasks.csv")
"""Phases of all 35 people (subject, phase, stress, start_utc, stop_utc), made from the
authors' time log; its hours after noon run 1, 2, 3 …, and local time was UTC."""

_UNRATED = ("consent", "questionnaire")
_PATTERN = r"(BVP|EDA|TEMP|IBI)\.csv"


def find_stress_predict(folder: str | Path, corpus: Corpus) -> list[Path]:
    """Return the sensor files of every person's folder, sorted."""
    find_files(folder, corpus, alike=True)  # says what is there when nothing is
    people = (p for p in walk(Path(folder)) if re.fullmatch(r"S\d\d", p.parent.name))
    return sorted(one_each(people, _PATTERN, lambda path: path.parts[-2:]).values())


def list_subjects(folder: str | Path) -> list[str]:
    """Return the ids of the people who have a folder, for example ``"S02"``."""
    return sorted({path.parent.name for path in CORPUS.files(folder)})


def read_stress_predict(
    folder: str | Path, subjects: list[str] | None = None
) -> Iterator[Recording]:
    """Yield every phase of Stress-Predict that is stress or rest, person by person.

    Expected folder: ``SNN/BVP.csv``, ``EDA.csv``, ``TEMP.csv``, ``IBI.csv``. Licence:
    MIT. Not read: acceleration, ``HR.csv``, button presses; consent and questionnaire.

    Parameters
    ----------
    folder : path
        The folder that holds the people's folders, or its parent.
    subjects : list of str
        Ids such as ``"S02"``; all when None.

    Yields
    ------
    recording : Recording
        ``ppg`` at 64 Hz, ``gsr`` in microsiemens and ``temperature`` in °C at 4 Hz; the
        trace ``heart_rate`` in beats a minute at 4 Hz, NaN where no beat was found; the
        rating ``stress``, 0 or 1. Trials are phases, ``"baseline"`` to ``"relax_4"``.
        What is missing, flat or NaN stands in `problems`.

    Raises
    ------
    FileNotFoundError, CorpusError
        When no file is there, or one is damaged.
    ValueError
        When a person is not in the folder.
    """
    files = {(p.parent.name, p.stem): p for p in CORPUS.files(folder)}
    phases = pd.read_csv(PHASES).sort_values(["subject", "start_utc"])
    phases = phases[~phases["phase"].isin(_UNRATED)]
    chosen = choose_subjects(list_subjects(folder), subjects)
    return chain.from_iterable(
        _read_person(subject, files, phases[phases["subject"] == subject])
        for subject in chosen
    )


def _read_person(
    subject: str, files: Mapping, phases: pd.DataFrame
) -> Iterator[Recording]:
    """Yield one person's phases."""
    held = {
        name: _read(files[subject, file], sfreq)
        for name, (file, sfreq, _) in MODALITIES.items()
        if (subject, file) in files
    }
    beats = _beats(files.get((subject, "IBI")))
    for phase in phases.to_dict("records"):
        yield _phase(subject, phase, held, beats)


def _read(path: Path, sfreq: float) -> tuple[float, np.ndarray]:
    """Return the Unix second that a file starts at, and its values."""
    with opened(path, f"a start, {sfreq:g} Hz and a value a line", b""):
        start, rate, *data = np.loadtxt(path, ndmin=1)
        if rate != sfreq:
            raise wrong(path, f"{sfreq:g} Hz in line 2", f"{rate:g} Hz")
        if not np.isfinite(start):
            raise wrong(path, "a Unix second in line 1", f"{start:g}")
        return start, np.asarray(data)


def _beats(path: Path | None) -> np.ndarray:
    """Return the Unix seconds of beats and their intervals, shape (n, 2)."""
    if path is None:
        return np.empty((0, 2))
    with opened(path, "a start, then a time and an interval a line", b""):
        head, *rows = path.read_text().splitlines()
        beats = np.array([row.split(",") for row in rows], float).reshape(-1, 2)
        beats += [float(head.partition(",")[0]), 0.0]
        if not (np.isfinite(beats).all() and (beats[:, 1] > 0).all()):
            raise ValueError("a beat at no time, or after none")
        return beats


def _phase(subject: str, phase: Mapping, held: Mapping, beats: np.ndarray) -> Recording:
    """Return one phase of one person."""
    start, stop = phase["start_utc"], phase["stop_utc"]
    found = {name: _cut(name, held.get(name), start, stop) for name in MODALITIES}
    traces = {"heart_rate": Trace(_heart_rate(beats, start, stop), BEATS_SFREQ)}
    who, rating = (subject, "1", phase["phase"]), {"stress": float(phase["stress"])}
    return build_trial(CORPUS, who, found, rating, traces=traces)


def _cut(modality: str, own: tuple | None, start: float, stop: float) -> Signal | str:
    """Return one modality of one phase, or why there is none."""
    file, sfreq, unit = MODALITIES[modality]
    if own is None:
        return f"{file}.csv is not there."
    first = round((start - own[0]) * sfreq)
    last = first + round((stop - start) * sfreq)
    if first < 0 or last > len(own[1]):
        return "the sensor was not worn for the whole phase."
    return Signal(own[1][None, first:last], sfreq, (file,), unit)


def _heart_rate(beats: np.ndarray, start: float, stop: float) -> np.ndarray:
    """Return beats a minute at 4 Hz: that of the interval a time point lies in."""
    times = start + np.arange(round((stop - start) * BEATS_SFREQ)) / BEATS_SFREQ
    rate = np.full(len(times), np.nan)
    for end, interval in beats:
        rate[(times > end - interval) & (times <= end)] = 60.0 / interval
    return rate


CORPUS = Corpus(
    name="stress_predict",
    title="Stress-Predict",
    pattern=_PATTERN,
    expected="S02/BVP.csv, EDA.csv, TEMP.csv, IBI.csv …",
    read=read_stress_predict,
    find=find_stress_predict,
    list_subjects=list_subjects,
    licence="MIT, open",
    ask="https://github.com/italha-d/Stress-Predict-Dataset",
    targets=("stress",),
    rating_scale=(0, 1),
    threshold=0.5,
    modalities=tuple(MODALITIES),
    size="35 people, eight phases each",
    classes=("rest", "stress"),
    is_open=True,
    is_fetched=True,
)
