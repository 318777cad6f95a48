"""MAHNOB-HCI's 239 trials whose valence was rated by the moment, with film and EEG.

Reference: Soleymani et al. (2016). The corpus's folder and, anywhere in it, the public
file of labels. Label 0, the film's first frame and the first Status pulse of the BDF
are the clip's second 0; the BDF begins half a minute earlier.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from emolib.checks import CorpusError
from emolib.containers import Recording, Video
from emolib.datasets import mahnob
from emolib.datasets.corpus import find_files, one_each, walk

TARGET, LABELS = "valence", mahnob.LABELS
CROPS_FPS = 64.0
"""Of the public pipeline's faces, cut out beforehand: 16 for each label."""
MOST_APART = 0.01
"""By how much a film's own rate may differ from the one in session.xml."""


def read_mahnob_continuous(
    folder: str | Path, subjects: list[str] | None = None
) -> Iterator[Recording]:
    """Yield every rated trial, in the order of people and sections.

    Parameters
    ----------
    folder : path
        The publisher's folder with ``lable_continous_Mahnob.mat`` in it. Faces that
        were cut out before, ``P<p>-T<s>/video.npy`` of uint8 (n, 48, 48, 3) at 64 a
        second, stand in for the films where they are.
    subjects : list of str
        Ids ``"P1"`` to ``"P30"``; all that are there when None.

    Yields
    ------
    recording : Recording
        As `emolib.datasets.mahnob.read_mahnob`; ``traces["valence"]``, -0.5 to 0.5 at
        4 Hz from the clip's second 0, its mean the only rating, and ``face`` a `Video`
        of which nothing is decoded here. A film that is missing, shorter than its
        labels or of another rate than session.xml says stands in `problems`.
    """
    CORPUS.files(folder)
    crops = one_each(walk(Path(folder)), "video.npy", lambda path: path.parent.name)
    trials = mahnob.read_mahnob(folder, subjects, rated=True)
    return map(partial(_with_film, crops), trials)


def _with_film(crops: Mapping, recording: Recording) -> Recording:
    """Return a recording whose film is held against its labels."""
    section = int(recording.session) % mahnob.N_SECTIONS
    cut = crops.get(f"{recording.subject}-T{section}")
    film = Video(cut, CROPS_FPS) if cut else recording.signals.get("face")
    trace = recording.traces[TARGET]
    words = _film_problem(film, len(trace.values) / trace.sfreq)
    signals = {**recording.signals, **({} if film is None else {"face": film})}
    told = [f"face: {words}"] * bool(words)
    felt = tuple(p for p in recording.problems if p.split(":")[0] not in mahnob.FELT)
    return replace(
        recording, corpus=CORPUS.name, signals=signals, problems=(*felt, *told),
        ratings={TARGET: float(trace.values.mean())},
    )  # fmt: skip


def _film_problem(film: Video | None, labels_s: float) -> str:
    """Return what is wrong with a film, or nothing."""
    if film is None:
        return "the folder has no AVI."
    try:
        fps, film_s = film.measured()
    except CorpusError as error:
        return str(error)
    if not abs(fps / film.fps - 1) <= MOST_APART:
        return f"{fps:g} frames a second in the film, {film.fps:g} in session.xml."
    if film_s < labels_s:
        return f"{labels_s:g} s of labels outlast {film_s:.4g} s of film."
    return ""


CORPUS = replace(
    mahnob.CORPUS,
    name="mahnob_continuous",
    title="MAHNOB-HCI (valence by the moment)",
    pattern=re.escape(LABELS),
    expected=f"Sessions/<number>/ of MAHNOB-HCI and, with them, {LABELS}",
    read=read_mahnob_continuous,
    find=lambda folder, corpus: [
        *find_files(folder, corpus).values(),
        *mahnob.CORPUS.files(folder),
    ],  # fmt: skip
    list_subjects=lambda folder: mahnob.list_subjects(folder, rated=True),
    targets=(TARGET,),
    rating_scale=(-0.5, 0.5),
    threshold=0.0,
    modalities=("eeg", "face"),
    size="239 trials of 24 people",
)
