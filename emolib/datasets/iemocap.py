"""IEMOCAP as features of 5531 utterances: audio, face, words; four emotions.

Reference: Busso et al. (2008); features in the layout of MMIN (Zhao et al. 2021), which
IF-MMIN and NMER read too. Three HDF5 files with an array per utterance, and NumPy files
that say which utterances each of ten folds trains, validates and tests on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emolib.containers import MODALITIES_AVL, Features, Recording
from emolib.datasets.arrays import feature_file, load_npy, read_array
from emolib.datasets.corpus import Corpus, choose_subjects, find_files
from emolib.datasets.opened import opened, wrong
from emolib.datasets.trials import build_trial

EMOTIONS = ("angry", "happy", "neutral", "sad")
"""Classes 0 to 3, in the order of the publisher's one-hot columns."""
FILES = {
    "audio": ("A/comparE.h5", "ComParE 2016 descriptors, 10 a second, un-normalised"),
    "visual": ("V/denseface.h5", "DenseNet face features"),
    "text": ("L/bert_large.h5", "BERT-large tokens"),
}
"""Modality -> its file, and what its features are."""
PARTS = {"trn": "train", "val": "val", "tst": "test"}
"""Names of the publisher's files -> names of `Recording.parts`."""

_ID = re.compile(r"(Ses0[1-5])[FM]_\w+_([FM])\w{3}")
_WHOLE = "Copy all of A, V, L and target of the publisher into one folder."


def _find(folder: str | Path, corpus: Corpus) -> list[Path]:
    """Return all files: HDF5 first, then ids and labels of each part of each fold."""
    first, *_ = find_files(folder, corpus).values()
    root = first.parent.parent
    numbers = [p.name for p in root.glob("target/*") if re.fullmatch(r"\d\d?", p.name)]
    wanted = [root / name for name, _ in FILES.values()] + [
        root / f"target/{fold}/{part}_{kind}.npy"
        for fold in range(1, max(map(int, numbers), default=1) + 1)
        for part in PARTS
        for kind in ("int2name", "label")
    ]
    if missing := [path for path in wanted if not path.is_file()]:
        got = f"no such file ({len(missing)} are missing)"
        raise wrong(missing[0], corpus.expected, got, _WHOLE)
    return wanted


def read_iemocap(
    folder: str | Path, subjects: list[str] | None = None
) -> Iterator[Recording]:
    """Yield every labelled utterance of IEMOCAP, speaker by speaker.

    Expected folder: ``A/comparE.h5``, ``V/denseface.h5``, ``L/bert_large.h5`` with an
    array per utterance, ``target/<fold>/{trn,val,tst}_{label,int2name}.npy``. Licence:
    signed, University of Southern California. Not read: ``comparE_raw.h5``,
    ``comparE_mean_std.h5``, utterances without a label.

    Parameters
    ----------
    folder : path
    subjects : list of str
        Speakers such as ``"Ses01F"``; all when None.

    Yields
    ------
    recording : Recording
        `Features` audio (130 wide in the publisher's files), visual (342) and text
        (1024), without the all-zero steps at their end; the rating ``emotion``, 0 to 3
        as in `EMOTIONS`; the part in each fold. `trial` is the utterance, `session`
        its session.

    Raises
    ------
    FileNotFoundError, CorpusError
        When a file is missing or damaged, an utterance has two labels or two parts in a
        fold, or widths differ within a file.
    ValueError
        When a speaker is not there.
    """
    files = CORPUS.files(folder)
    labels, parts = _read_labels(files[len(FILES) :])
    speakers = {name: _speaker(name) for name in labels}
    chosen = choose_subjects(sorted(set(speakers.values())), subjects)
    widths: dict[str, int] = {}
    audio, visual, text = map(feature_file, files[:3])
    with audio as a, visual as v, text as t:
        held = {"audio": a, "visual": v, "text": t}
        for subject in chosen:
            for name in sorted(n for n, who in speakers.items() if who == subject):
                notes: list[str] = []
                found = _read_features(held, name, widths, notes)
                who, rating = (subject, subject[:5], name), {"emotion": labels[name]}
                more = {"notes": notes, "parts": parts[name]}
                yield build_trial(CORPUS, who, found, rating, **more)


def _read_labels(files: list[Path]) -> tuple[dict, dict]:
    """Return utterance -> class, and utterance -> its part in each fold."""
    labels: dict[str, float] = {}
    parts: dict[str, dict[str, str]] = {}
    for names, path in zip(files[::2], files[1::2], strict=True):
        fold, part = path.parent.name, PARTS[path.name[:3]]
        with opened(path, "one-hot rows of shape (N, 4), one for each id"):
            for name, label in _read_part(names, path):
                own = parts.setdefault(name, {})
                if fold in own or labels.setdefault(name, label) != label:
                    raise ValueError(f"'{name}' ({names.name}) twice, or two labels")
                own[fold] = part
    n_speakers, n_folds = len({_speaker(name) for name in labels}), int(fold)
    if n_speakers != n_folds:
        wanted = f"a fold for each of {n_speakers} speakers, who is tested in it"
        raise wrong(path.parent.parent, wanted, f"{n_folds} folds", _WHOLE)
    return labels, parts


def _read_part(names: Path, path: Path) -> Iterator[tuple[str, float]]:
    """Yield ids and classes 0 to 3."""
    with opened(names, "ids such as Ses01F_a_F000"):
        ids = _ids(load_npy(names))
    one_hot = load_npy(path)
    if one_hot.shape != (len(ids), len(EMOTIONS)):
        raise ValueError(f"{one_hot.shape} beside {len(ids)} ids of {names.name}")
    if not np.isin(one_hot, (0, 1)).all() or (one_hot.sum(axis=1) != 1).any():
        raise ValueError("rows that are not one-hot")
    yield from zip(ids, map(float, one_hot.argmax(axis=1)), strict=True)


def _ids(stored: np.ndarray) -> list[str]:
    """Return ids as text; stored as bytes or text, (N,) or (N, 1)."""
    if stored.shape not in ((stored.size, 1), (stored.size,)):
        raise ValueError(f"shape {stored.shape}")
    names = [
        name.decode("latin1") if isinstance(name, bytes) else name
        for name in stored.reshape(-1).tolist()
    ]
    if odd := [name for name in names if not _ID.fullmatch(str(name))]:
        raise ValueError(f"the id {odd[0]!r}; another corpus, such as MSP-IMPROV?")
    return names


def _speaker(name: str) -> str:
    """Return the speaker of an utterance, session first.

    The letter after the session names the actor whose motion was captured; the letter
    in the last part, who speaks.
    """
    return "".join(_ID.fullmatch(name).groups())


def _read_features(held: dict, name: str, widths: dict, notes: list[str]) -> dict:
    """Return the modalities of one utterance, without the all-zero steps at the end."""
    found: dict[str, Features | str] = {}
    for modality in MODALITIES_AVL:
        file = held[modality]
        if name not in file:
            found[modality] = f"not in {file.path.name}."
            continue
        stored = read_array(file, name)
        width = widths.setdefault(modality, stored.shape[1])
        if stored.shape[1] != width:
            wanted = f"every utterance {width} features wide, as the first"
            raise wrong(file.path, wanted, f"{stored.shape[1]} in '{name}'")
        real = np.flatnonzero((stored != 0).any(axis=1))
        stop = real[-1] + 1 if len(real) else 0
        found[modality] = Features(stored[:stop], FILES[modality][1])
        if not len(real):
            notes.append(f"{modality}: every step is zero; it counts as absent.")
    return found


CORPUS = Corpus(
    name="iemocap",
    title="IEMOCAP (features)",
    pattern=r"(comparE|denseface|bert_large)\.h5",
    expected="A/comparE.h5, V/denseface.h5, L/bert_large.h5 and target/1 … target/10",
    read=read_iemocap,
    find=_find,
    licence="signed release form, for research",
    ask="https://sail.usc.edu/iemocap/",
    targets=("emotion",),
    rating_scale=(0, 3),
    threshold=None,
    modalities=MODALITIES_AVL,
    size="5531 utterances of 10 speakers",
    classes=EMOTIONS,
)
