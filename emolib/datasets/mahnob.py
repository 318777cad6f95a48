"""MAHNOB-HCI: 27 people, 20 film clips, EEG, peripheral signals and face video.

Reference: Soleymani et al. (2012). A folder a trial (a session, in the corpus's words)
with ``session.xml``, a BioSemi BDF at 256 Hz and an AVI of the face. The BDF holds
about 30 s before the clip and 30 s after it; two pulses of its Status channel say where
the clip begins and ends. Soleymani et al. (2016) had 239 trials' valence rated by the
moment; their file, spelt as it is, may lie anywhere in the corpus's folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import starmap
from pathlib import Path

import numpy as np

from emolib.checks import CorpusError
from emolib.containers import Recording, Signal, Trace, Video
from emolib.datasets.corpus import Corpus, choose_subjects, find_files, one_each, walk
from emolib.datasets.deap import EEG_CH_NAMES
from emolib.datasets.edf import edf_signals, joined, triggers, values
from emolib.datasets.mat import cells, load_mat
from emolib.datasets.opened import opened, wrong
from emolib.datasets.trials import build_trial

MODALITIES = {
    "eeg": (EEG_CH_NAMES, "uV"),
    "ecg": (("EXG1", "EXG2", "EXG3"), "uV"),
    "gsr": (("GSR1",), "ohm"),
    "resp": (("Resp",), "uV"),
    "temperature": (("Temp",), "degC"),
}
"""Modality -> its channels and unit. EXG1 to EXG3: right and left chest, abdomen."""
SFREQ = 256.0
MAX_XML = 2**20
"""Bytes that a session.xml may have; the publisher's have a few thousand."""
N_SECTIONS = 130
"""Folder numbers count sections: (person - 1) x 130 + section."""
LABELS, LABELS_HZ = "lable_continous_Mahnob.mat", 4.0
"""The ratings by the moment, and their rate; value 0 is the clip's second 0."""
FELT = {
    "valence": "feltVlnc", "arousal": "feltArsl", "control": "feltCtrl",
    "predictability": "feltPred",
}  # fmt: skip
"""Rating -> its attribute in session.xml."""

_EXPECTED = "a MAHNOB-HCI session.xml"


def find_mahnob(folder: str | Path, corpus: Corpus) -> list[Path]:
    """Return the ``session.xml`` of every folder, in the order of their numbers."""
    find_files(folder, corpus, alike=True)  # says what is there when nothing is
    paths = one_each(
        walk(Path(folder)), "session.xml", lambda path: path.parent.name.lstrip("0")
    )
    return sorted(paths.values(), key=lambda p: (len(p.parent.name), p.parent.name))


def read_mahnob(
    folder: str | Path, subjects: list[str] | None = None, *, rated: bool = False
) -> Iterator[Recording]:
    """Yield every trial with a felt emotion, in the order of the sessions' numbers.

    Expected folder: ``Sessions/<number>/session.xml``, ``Part_<p>_S_Trial<t>_emotion
    .bdf`` and ``P<p>-Rec1-… .avi``. Licence: a signed agreement (mahnob-db.eu). Not
    read: neutral clips and tagging sessions, gaze, audio, body and colour cameras.

    Parameters
    ----------
    folder : path
        The publisher's folder, its parent, or ``Sessions``.
    subjects : list of str
        Ids ``"P1"`` to ``"P30"``; all that are there when None.
    rated : bool
        Only the trials whose valence was rated by the moment.

    Yields
    ------
    recording : Recording
        The modalities of `MODALITIES` at 256 Hz from the first Status pulse to the
        second, what came before it as baseline, ``face`` a `Video`; ratings valence,
        arousal, control and predictability, 1 to 9. `session` is the folder's number,
        `trial` the clip's name. What is missing, flat or NaN stands in `problems`.
        ``traces["valence"]``, -0.5 to 0.5, where the 239 trials' file is there.

    Raises
    ------
    FileNotFoundError, CorpusError
        When no session is there, or a file of one is damaged.
    ValueError
        When a subject is not in the folder.
    """
    felt, traces = _felt(folder), _traces_in(folder)
    if rated:
        felt = {path: own for path, own in felt.items() if path.parent.name in traces}
    chosen = choose_subjects(_ids(felt), subjects)
    sessions = (
        (path, own, traces.get(path.parent.name))
        for path, own in felt.items()
        if not own or f"P{own['subject']}" in chosen  # damaged: it may be anybody's
    )
    return starmap(_read_session, sessions)


def _felt(folder: str | Path) -> dict[Path, dict]:
    """Return what each session.xml of a felt emotion says; nothing if it is damaged."""
    held: dict[Path, dict] = {path: {} for path in CORPUS.files(folder)}
    for path in held:
        with suppress(CorpusError):  # its session raises it
            held[path] = _attributes(path)
    return {path: own for path, own in held.items() if own.get("isStim", "1") == "1"}


def _traces_in(folder: str | Path) -> dict[str, Trace]:
    """Return the valence by the moment in a folder, by number of session."""
    paths = one_each(walk(Path(folder)), LABELS).values()
    return read_traces(*paths) if paths else {}


def _ids(felt: Mapping[Path, Mapping]) -> list[str]:
    numbers = {int(own["subject"]) for own in felt.values() if own}
    return [f"P{number}" for number in sorted(numbers)]


def read_traces(path: str | Path) -> dict[str, Trace]:
    """Return the valence of ``lable_continous_Mahnob.mat`` by number of session.

    Five people rated what they saw of each face, here their mean, at 4 Hz.

    Raises CorpusError when the file is damaged, or its lists do not fit together.
    """
    held = load_mat(path, ("trials_included", "labels"))
    trials, labels = np.atleast_2d(held["trials_included"]), cells(held["labels"])
    with opened(path, "a trial (person, section) for each of the labels"):
        if trials.shape != (len(labels), 2):
            raise ValueError(f"trials of shape {trials.shape}, {len(labels)} labels")
        numbers = (trials.astype(int) - [1, 0]) @ [N_SECTIONS, 1]
        return {
            str(number): Trace(np.atleast_1d(values).astype(float), LABELS_HZ)
            for number, values in zip(numbers, labels, strict=True)
        }


def list_subjects(folder: str | Path, *, rated: bool = False) -> list[str]:
    """Return the ids of those with a felt emotion, or one rated by the moment."""
    traces = _traces_in(folder) if rated else {}
    felt = _felt(folder).items()
    return _ids({p: own for p, own in felt if not rated or p.parent.name in traces})


def _attributes(path: Path) -> dict[str, str]:
    """Return what a session.xml says, and under ``subject`` who it is about."""
    from defusedxml.ElementTree import parse

    with opened(path, _EXPECTED, b"<") as path:
        if path.stat().st_size > MAX_XML:
            raise wrong(path, f"at most {MAX_XML} bytes", str(path.stat().st_size))
        root = parse(path, forbid_dtd=True).getroot()
        if root.tag != "session" or (person := root.find("subject")) is None:
            raise wrong(path, "<session> with a <subject>", f"<{root.tag[:40]}>")
        return {"isStim": "0", **root.attrib, "subject": str(int(person.attrib["id"]))}


def _read_session(
    path: Path, said: Mapping[str, str], trace: Trace | None
) -> Recording:
    """Return the trial of one folder."""
    notes: list[str] = []
    said = said or _attributes(path)
    with opened(path, _EXPECTED):
        rated = {name: float(said.get(key, "nan")) for name, key in FELT.items()}
        fps = float(said.get("vidRate", "nan"))
        who = (f"P{said['subject']}", path.parent.name, Path(said["mediaFile"]).stem)
    found, before = dict.fromkeys(MODALITIES, "the folder has no BDF."), {}
    for bdf in one_each(walk(path.parent), CORPUS.pattern, lambda _: "").values():
        with edf_signals(bdf, notes) as signals:
            found, before = _found(signals, notes)
    for avi in [p for p in sorted(path.parent.glob("P*.avi")) if p.is_file()][:1]:
        is_rate = 0 < fps < np.inf
        found["face"] = Video(avi, fps) if is_rate else f"its rate is {fps:g} Hz."
    traces = {} if trace is None else {"valence": trace}
    return build_trial(
        CORPUS, who, found, rated, baseline=before, notes=notes, traces=traces
    )


def _found(signals: Mapping, notes: list[str]) -> tuple[dict, dict]:
    """Return every modality during the clip and before it, or why there is none."""
    pulses = _pulses(signals)
    if isinstance(pulses, str):
        return dict.fromkeys(MODALITIES, pulses), {}
    start, stop = pulses
    return tuple(
        {name: _modality(signals, name, span, notes) for name in MODALITIES}
        for span in ((start, stop), (0.0, start))
    )


def _pulses(signals: Mapping) -> tuple[float, float] | str:
    """Return the seconds of the first and last Status pulse, or what is wrong."""
    if "Status" not in signals:
        return "the BDF has no channel Status, which says where the clip begins."
    codes = triggers(signals["Status"])
    is_pulse = codes != np.bincount(codes).argmax()
    starts = np.flatnonzero(np.diff(is_pulse.astype(int)) == 1) + 1
    if len(starts) < 2:
        return f"the BDF's Status has {len(starts)} pulses; expected 2."
    rate = float(signals["Status"].sampling_frequency)
    return starts[0] / rate, starts[-1] / rate


def _modality(signals, modality: str, span_s: tuple, notes: list) -> Signal | str:
    names, unit = MODALITIES[modality]
    if missing := [name for name in names if name not in signals]:
        return f"the BDF has no channel {', '.join(missing)}."
    held = {name: values(signals[name], span_s) for name in names}
    return joined(modality, held, SFREQ, unit, notes)


CORPUS = Corpus(
    name="mahnob",
    title="MAHNOB-HCI",
    pattern=r"Part_(\d+)_S_Trial(\d+)_emotion\.bdf",
    expected="Sessions/<number>/ with session.xml and Part_<p>_S_Trial<t>_emotion.bdf",
    read=read_mahnob,
    find=find_mahnob,
    list_subjects=list_subjects,
    licence="signed agreement, for research",
    ask="https://mahnob-db.eu/hci-tagging/",
    targets=tuple(FELT),
    rating_scale=(1, 9),
    threshold=5.0,
    modalities=(*MODALITIES, "face"),
    size="27 people, 20 film clips each",
)
