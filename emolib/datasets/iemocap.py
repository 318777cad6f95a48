"""IEMOCAP as features of 5531 utterances: audio, face, words; four emotions.

Reference: Busso et al. (2008); features in the layout of MMIN (Zhao et al. 2021), which
IF-MMIN and NMER read too. Three HDF5 files with an array per utterance, and NumPy files
that say which utterances each of ten folds trains, validates and tests on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from emolib.checks import damaged
from emolib.containers import MODALITIES_AVL, Features, Recording
from emolib.datasets.folders import choose_subjects, find_files
from emolib.datasets.hdf5 import FeatureFile
from emolib.datasets.npy import load_npy
from emolib.datasets.steps import features_problems, trim_right

EMOTIONS = ("angry", "happy", "neutral", "sad")
"""Classes 0 to 3, in the order of the publisher's one-hot columns."""
TARGETS = ("emotion",)
RATING_SCALE = (0, 3)
N_SUBJECTS = 10
N_UTTERANCES = 5531
FILES = {"audio": "comparE", "visual": "denseface", "text": "bert_large"}
KINDS = {
    "audio": "ComParE 2016 descriptors, 10 a second, un-normalised",
    "visual": "DenseNet face features",
    "text": "BERT-large tokens",
}
PARTS = {"trn": "train", "val": "val", "tst": "test"}
"""Names of the publisher's files -> names of `Recording.parts`."""

_ID = re.compile(r"(Ses0[1-5])[FM]_\w+_([FM])\w{3}")
_EXPECTED = "A/comparE.h5, V/denseface.h5, L/bert_large.h5 and target/1 … target/10"
_REMEDY = "Copy the whole folder 'target' of the publisher again."


def find_iemocap(folder: str | Path) -> list[Path]:
    """Return the files of IEMOCAP's features: HDF5 first, then labels by fold.

    Parameters
    ----------
    folder : path
        ``IEMOCAP_features_2021`` or its parent.

    Raises
    ------
    FileNotFoundError, CorpusError
        When folder or files are not there; the message says what is missing.
    """
    features, folds = _find(folder)
    stored = _mean_std_file(features)
    labels = [path for files in folds.values() for pair in files for path in pair]
    return [*features.values(), *([stored] if stored.is_file() else []), *labels]


def list_subjects(folder: str | Path) -> list[str]:
    """Return the speakers that have a labelled utterance, for example ``"Ses01F"``."""
    labels, _ = _read_labels(_find(folder)[1])
    return sorted({_speaker(name)[1] for name in labels})


def read_iemocap(
    folder: str | Path, subjects: list[str] | None = None
) -> Iterator[Recording]:
    """Yield every labelled utterance of IEMOCAP, speaker by speaker.

    Expected folder: ``A/comparE.h5``, ``V/denseface.h5``, ``L/bert_large.h5`` with an
    array per utterance, ``target/<fold>/{trn,val,tst}_{label,int2name}.npy``. Licence:
    signed, University of Southern California. Not read: ``comparE_raw.h5``, utterances
    without a label; ``comparE_mean_std.h5`` by `read_mean_std` only.

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
    files, folds = _find(folder)
    labels, parts = _read_labels(folds)
    speakers = {name: _speaker(name) for name in labels}
    chosen = choose_subjects(sorted({who for _, who in speakers.values()}), subjects)
    widths: dict[str, int] = {}
    with ExitStack() as stack:
        opened = {m: stack.enter_context(FeatureFile(files[m])) for m in files}
        for subject in chosen:
            for name in sorted(n for n, (_, who) in speakers.items() if who == subject):
                signals, problems, notes = _read_features(opened, name, widths)
                yield Recording(
                    "iemocap", subject, speakers[name][0], name, signals,
                    {"emotion": float(labels[name])}, problems=tuple(problems),
                    notes=tuple(notes), parts=parts[name],
                )  # fmt: skip


def read_mean_std(folder: str | Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the stored mean and SD of audio over each fold's training steps.

    Parameters
    ----------
    folder : path

    Returns
    -------
    moments : dict of str to (ndarray, ndarray), shapes (n_features,)
        By fold. Where a feature never moves, the publisher stores an SD of 1.

    Raises
    ------
    CorpusError
        When ``comparE_mean_std.h5`` is missing, damaged or lacks a fold.
    """
    features, folds = _find(folder)
    path = _mean_std_file(features)
    if not path.is_file():
        remedy = "Copy it from the publisher, or measure it on the training utterances."
        raise damaged(path, "mean and SD of audio by fold", "no such file", remedy)
    with FeatureFile(path) as stored:
        return {
            fold: tuple(stored.read(f"{fold}/{m}", n_axes=1) for m in ("mean", "std"))
            for fold in folds
        }


def _find(folder: str | Path) -> tuple[dict[str, Path], dict[str, list]]:
    """Return modality -> file, and fold -> (labels, names) of its three parts."""
    found = find_files(folder, "iemocap", "IEMOCAP", _EXPECTED)
    held = {stem.lower(): path for (stem,), path in found.items()}
    for modality, stem in FILES.items():
        if stem.lower() not in held:
            listed = ", ".join(path.name for path in held.values())
            wanted = f"{stem}.h5, the {modality} features"
            remedy = "Copy all of A, V, L and target into one folder."
            raise damaged(Path(folder), wanted, f"only {listed}", remedy)
    files = {m: held[stem.lower()] for m, stem in FILES.items()}
    return files, _find_folds(files["audio"].parent.parent / "target")


def _mean_std_file(features: dict[str, Path]) -> Path:
    return features["audio"].with_name("comparE_mean_std.h5")


def _find_folds(target: Path) -> dict[str, list[tuple[Path, Path]]]:
    """Return fold -> pairs of files; raise when one of them is missing."""
    folders = target.iterdir() if target.is_dir() else ()
    numbers = [int(p.name) for p in folders if re.fullmatch(r"[1-9]\d?", p.name)]
    folds = {
        str(fold): [
            (target / str(fold) / f"{part}_label.npy",
             target / str(fold) / f"{part}_int2name.npy")
            for part in PARTS
        ]
        for fold in range(1, max(numbers, default=1) + 1)
    }  # fmt: skip
    every = [path for pairs in folds.values() for pair in pairs for path in pair]
    missing = [path for path in every if not path.is_file()]
    if missing:
        others = f" (and {len(missing) - 1} more)" * (len(missing) > 1)
        wanted = "labels and names of every fold"
        raise damaged(missing[0], wanted, f"no such file{others}", _REMEDY)
    return folds


def _read_labels(folds: dict[str, list]) -> tuple[dict[str, int], dict[str, dict]]:
    """Return utterance -> class, and utterance -> its part in each fold."""
    labels: dict[str, int] = {}
    parts: dict[str, dict[str, str]] = {}
    for fold, pairs in folds.items():
        for (label_path, name_path), part in zip(pairs, PARTS.values(), strict=True):
            names = _read_names(name_path)
            classes = _read_classes(label_path, len(names))
            for name, label in zip(names, classes, strict=True):
                own = parts.setdefault(name, {})
                if fold in own or labels.setdefault(name, label) != label:
                    twice = "labels" if fold not in own else f"parts of fold {fold}"
                    raise damaged(
                        label_path,
                        "each utterance once in a fold, with one label in all",
                        f"'{name}' with two {twice}",
                        _REMEDY,
                    )
                own[fold] = part
    n_speakers = len({_speaker(name)[1] for name in labels})
    if n_speakers != len(folds):
        raise damaged(
            label_path.parent.parent,
            f"a fold for each of {n_speakers} speakers, who is tested in it",
            f"folds {', '.join(folds)}",
            _REMEDY,
        )
    return labels, parts


def _read_names(path: Path) -> list[str]:
    """Return utterance ids, stored as bytes or text, (N,) or (N, 1)."""
    held = load_npy(path)
    if held.dtype.kind not in "SU" or held.shape not in ((held.size, 1), (held.size,)):
        wanted = "utterance ids of shape (N, 1)"
        raise damaged(path, wanted, f"{held.dtype} of shape {held.shape}", _REMEDY)
    flat = held.reshape(-1)
    names = np.char.decode(flat, "latin1") if held.dtype.kind == "S" else flat
    for name in names:
        if not _ID.fullmatch(name):
            wanted = "ids such as Ses01F_impro01_F000"
            remedy = "Is this another corpus, such as MSP-IMPROV? Give IEMOCAP's."
            raise damaged(path, wanted, repr(str(name))[:80], remedy)
    return [str(name) for name in names]


def _read_classes(path: Path, n: int) -> list[int]:
    """Return classes 0 to 3 of one-hot rows (n, 4)."""
    held = load_npy(path)
    fits = held.shape == (n, len(EMOTIONS)) and held.dtype.kind in "fiub"
    if not fits or not np.isin(held, (0, 1)).all() or (held.sum(axis=1) != 1).any():
        got = f"{held.dtype} of shape {held.shape}"
        wanted = f"one-hot rows of shape ({n}, {len(EMOTIONS)}), as many as names"
        raise damaged(path, wanted, got, _REMEDY)
    return held.argmax(axis=1).tolist()


def _speaker(name: str) -> tuple[str, str]:
    """Return session and speaker of an utterance.

    The letter after the session names the actor whose motion was captured; the letter
    in the last part, who speaks.
    """
    session, voice = _ID.fullmatch(name).groups()
    return session, session + voice


def _read_features(opened: dict, name: str, widths: dict):
    """Return the modalities of one utterance, its problems and its notes."""
    signals, problems, notes = {}, [], []
    for modality in MODALITIES_AVL:
        file = opened[modality]
        if name not in file:
            problems.append(f"{modality}: not in {file.path.name}.")
            continue
        stored = file.read(name)
        width = widths.setdefault(modality, stored.shape[1])
        if stored.shape[1] != width:
            wanted = f"every utterance {width} features wide, as the first"
            got = f"{stored.shape[1]} in '{name}'"
            raise damaged(file.path, wanted, got, "Give files of one release.")
        signals[modality] = Features(trim_right(stored), KINDS[modality])
        problems += features_problems(modality, signals[modality])
        if not signals[modality].n_steps:
            notes.append(f"{modality}: every step is zero; it counts as absent.")
    return signals, problems, notes
