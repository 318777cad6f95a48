"""MAHNOB-HCI: 27 people, 20 film clips, EEG, peripheral signals and face video.

Reference: Soleymani et al. (2012). A folder a trial (a session, in the corpus's words)
with ``session.xml``, a BioSemi BDF at 256 Hz and an AVI of the face. The BDF holds
about 30 s before the clip and 30 s after it; two pulses of its Status channel say where
the clip begins and ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from emolib.containers import Recording, Signal, Video
from emolib.datasets.corpus import Corpus, choose_subjects, find_files, walk
from emolib.datasets.deap import EEG_CH_NAMES
from emolib.datasets.edf import edf_signals, joined, triggers, values
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
FELT = {
    "valence": "feltVlnc", "arousal": "feltArsl", "control": "feltCtrl",
    "predictability": "feltPred",
}  # fmt: skip
"""Rating -> its attribute in session.xml."""

_EXPECTED = "a MAHNOB-HCI session.xml"


def find_mahnob(folder: str | Path, corpus: Corpus) -> list[Path]:
    """Return the ``session.xml`` of every folder, in the order of their numbers."""
    find_files(folder, corpus)  # says what is there when nothing is
    paths = [p for p in walk(Path(folder)) if p.name.lower() == "session.xml"]
    return sorted(paths, key=lambda p: (len(p.parent.name), p.parent.name))


def read_mahnob(
    folder: str | Path, subjects: list[str] | None = None
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

    Yields
    ------
    recording : Recording
        The modalities of `MODALITIES` at 256 Hz from the first Status pulse to the
        second, what came before it as baseline, ``face`` a `Video`; ratings valence,
        arousal, control and predictability, 1 to 9. `session` is the folder's number,
        `trial` the clip's name. What is missing, flat or NaN stands in `problems`.

    Raises
    ------
    FileNotFoundError, CorpusError
        When no session is there, or a file of one is damaged.
    ValueError
        When a subject is not in the folder.
    """
    held = {path: _attributes(path) for path in CORPUS.files(folder)}
    felt = {path: own for path, own in held.items() if own["isStim"] == "1"}
    numbers = sorted({int(own["subject"]) for own in felt.values()})
    chosen = choose_subjects([f"P{number}" for number in numbers], subjects)
    for path, own in felt.items():
        if f"P{own['subject']}" in chosen:
            yield _read_session(path, own)


def list_subjects(folder: str | Path) -> list[str]:
    """Return the ids of the subjects with a session that has a felt emotion."""
    held = [_attributes(path) for path in CORPUS.files(folder)]
    return [
        f"P{number}"
        for number in sorted({int(x["subject"]) for x in held if x["isStim"] == "1"})
    ]


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


def _read_session(path: Path, said: Mapping[str, str]) -> Recording:
    """Return the trial of one folder."""
    notes: list[str] = []
    with opened(path, _EXPECTED):
        rated = {name: float(said.get(key, "nan")) for name, key in FELT.items()}
        fps = float(said.get("vidRate", "nan"))
        who = (f"P{said['subject']}", path.parent.name, Path(said["mediaFile"]).stem)
    found, before = dict.fromkeys(MODALITIES, "the folder has no BDF."), {}
    for bdf in sorted(path.parent.glob("Part_*_emotion.bdf"))[:1]:
        with edf_signals(bdf, notes) as signals:
            found, before = _found(signals, notes)
    for avi in sorted(path.parent.glob("P*.avi"))[:1]:
        is_rate = 0 < fps < np.inf
        found["face"] = Video(avi, fps) if is_rate else f"its rate is {fps:g} Hz."
    return build_trial(CORPUS, who, found, rated, baseline=before, notes=notes)


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
