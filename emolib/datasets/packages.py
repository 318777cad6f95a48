"""The packages in which CMU-MOSEI and CMU-MOSI are passed on, told by what they hold.

| package | labels | ids |
|---|---|---|
| senti (MulT, MultiBench) | ``labels`` (N, 1, 1) | (N, 3): video, start, end |
| raw (MultiBench) | ``labels`` (N, 1, 7), of MOSI (N, 1, 1) | ``video[index]`` |
| MMSA, aligned or not | ``regression_labels`` (N,) | ``video$_$clip`` |

Widths are taken from the arrays; they must agree between the splits of one file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emolib.checks import CorpusError, damaged
from emolib.datasets.folders import FILE_NAMES, find_files, walk
from emolib.datasets.pickles import load_pickle

SPLITS = ("train", "valid", "test")
KEYS = {"audio": "audio", "visual": "vision", "text": "text"}
"""Modality -> its key in a package."""
TITLES = {"mosei": "CMU-MOSEI", "mosi": "CMU-MOSI"}
_FILES = {
    "mosei": "mosei_senti_data.pkl, mosei_raw.pkl, aligned_50.pkl or unaligned_50.pkl",
    "mosi": "mosi_data.pkl, mosi_raw.pkl, aligned_50.pkl or unaligned_50.pkl",
}
_MOSI_SIZE, _MOSI_WIDTHS = 2199, (5, 20)
"""Utterances of all of MOSI; widths of audio and vision that only MOSI's have."""
_UNCHANGED = "Give one of the packages unchanged, each in a folder of its own."


@dataclass(frozen=True)
class Kind:
    """A kind of package, named as in messages."""

    name: str
    holds: str


SENTI = Kind("the senti package (MulT, MultiBench)", "labels (N, 1, 1), id (N, 3)")
RAW = Kind("the raw package (MultiBench)", "labels (N, 1, 7), id 'video[index]'")
RAW_MOSI = Kind("the raw package (MultiBench)", "labels (N, 1, 1), id 'video[index]'")
ALIGNED = Kind("MMSA's aligned package", "regression_labels (N,), id 'video$_$clip'")
UNALIGNED = Kind("MMSA's unaligned package", f"{ALIGNED.holds}, audio_lengths")


@dataclass(frozen=True)
class Package:
    """One package, checked: what stands in it fits together.

    Parameters
    ----------
    kind : Kind
    x : mapping of split to mapping of modality to ndarray (n, n_steps, n_features)
        With its padding.
    sentiment : mapping of split to ndarray, shape (n,)
    ids : mapping of split to list of (video, utterance)
    lengths : mapping of split to mapping of modality to ndarray, shape (n,)
        Where the package stores them.
    """

    kind: Kind
    x: Mapping[str, Mapping[str, np.ndarray]]
    sentiment: Mapping[str, np.ndarray]
    ids: Mapping[str, list[tuple[str, str]]]
    lengths: Mapping[str, Mapping[str, np.ndarray]]

    def n_steps(self, split: str, modality: str) -> int:
        """Return how many steps, padding included, the sequences have."""
        return self.x[split][modality].shape[1]


def find_package(folder: str | Path, corpus: str) -> Path:
    """Return the one package of a corpus in `folder`.

    Parameters
    ----------
    folder : path
        A folder with one package, its parent, or the file itself. A package in a folder
        named after the other corpus is not taken: MMSA's have the same file names.
    corpus : {'mosei', 'mosi'}

    Raises
    ------
    FileNotFoundError
        When `folder` is not there.
    CorpusError
        When it holds no package, or several.
    """
    find_files(folder, corpus, TITLES[corpus], _FILES[corpus])
    folder = Path(folder)
    if folder.is_file():
        return folder
    other = "mosi" if corpus == "mosei" else "mosei"
    named = re.compile(FILE_NAMES[corpus], re.IGNORECASE)
    found = [path for path in walk(folder) if named.fullmatch(path.name)]
    inside = {path: path.relative_to(folder).parts[:-1] for path in found}
    mine = [p for p, parts in inside.items() if other not in "/".join(parts).lower()]
    if len(mine) == 1:
        return mine[0]
    if mine:
        listed = ", ".join(str(path.relative_to(folder)) for path in mine)
        wanted = f"one package of {TITLES[corpus]}"
        remedy = "They hold different features: give the path of the one to read."
        raise damaged(folder, wanted, f"{len(mine)}: {listed}", remedy)
    wanted = f"{TITLES[corpus]}: {_FILES[corpus]}"
    got = f"packages of {TITLES[other]} only"
    raise damaged(folder, wanted, got, "Check folder and corpus name.")


def open_package(path: Path, corpus: str) -> Package:
    """Return the contents of a package after checking that they fit together.

    Parameters
    ----------
    path : Path
    corpus : {'mosei', 'mosi'}

    Raises
    ------
    CorpusError
        When it is no package, another corpus's, mixed of several, or its arrays do not
        fit together; the message names what was found.
    """
    held = load_pickle(path)
    if not isinstance(held, dict) or not all(
        isinstance(held.get(split), dict) for split in SPLITS
    ):
        got = _listed(held) if isinstance(held, dict) else type(held).__name__
        raise damaged(path, f"a dictionary of {', '.join(SPLITS)}", got, _UNCHANGED)
    kind = _kind_of_all(path, held)
    _check_corpus(path, held, kind, corpus)
    package = Package(
        kind,
        {s: {m: held[s][KEYS[m]] for m in KEYS} for s in SPLITS},
        {s: _sentiment(held[s]) for s in SPLITS},
        {s: _read_ids(path, s, held[s]["id"], kind) for s in SPLITS},
        {s: _read_lengths(path, s, held[s]) for s in SPLITS},
    )
    _check_sizes(path, package)
    return package


def _kind_of_all(path: Path, held: dict) -> Kind:
    """Return the kind of package that all splits are of."""
    kinds = {split: _recognise(path, split, held[split]) for split in SPLITS}
    if len(set(kinds.values())) > 1:
        got = "; ".join(f"{s} of {k.name} ({k.holds})" for s, k in kinds.items())
        raise damaged(path, "one package", f"a mixture: {got}", _UNCHANGED)
    return kinds["train"]


def _recognise(path: Path, split: str, held: dict) -> Kind:
    """Return the kind of package that a split is of, by its keys and shapes."""
    missing = [key for key in (*KEYS.values(), "id") if key not in held]
    wanted = f"a package with {', '.join(KEYS.values())}, id and labels in '{split}'"
    if missing or not {"labels", "regression_labels"} & held.keys():
        raise damaged(path, wanted, f"only {_listed(held)}", _UNCHANGED)
    for key in KEYS.values():
        array = held[key]
        if not isinstance(array, np.ndarray) or array.ndim != 3 or not array.size:
            raise _odd_array(path, split, key, array, "an array (N, steps, features)")
        if array.dtype.kind not in "fiu":
            raise _odd_array(path, split, key, array, "an array of numbers")
    if "regression_labels" in held:
        if _n_columns(path, split, held["regression_labels"]) != 1:
            labels = held["regression_labels"]
            raise _odd_array(path, split, "regression_labels", labels, "of shape (N,)")
        return UNALIGNED if "audio_lengths" in held else ALIGNED
    n_labels = _n_columns(path, split, held["labels"])
    n_ids = np.shape(held["id"])[1:] if isinstance(held["id"], np.ndarray) else ()
    known = {(1, (3,)): SENTI, (7, ()): RAW, (1, ()): RAW_MOSI}
    if (n_labels, n_ids) not in known:
        got = f"labels {held['labels'].shape} with id {('N', *n_ids)}"
        wanted = f"{SENTI.name} ({SENTI.holds}) or {RAW.name} ({RAW.holds})"
        raise damaged(path, wanted, f"a mixture in '{split}': {got}", _UNCHANGED)
    return known[n_labels, n_ids]


def _listed(held: dict) -> str:
    """Return the keys of a dictionary, as far as they are text."""
    names = (key if isinstance(key, str) else type(key).__name__ for key in held)
    return ", ".join(map(repr, sorted(names)))[:200] or "nothing"


def _odd_array(path, split, key, array, wanted) -> CorpusError:
    shape, kind = getattr(array, "shape", None), getattr(array, "dtype", None)
    got = f"{type(array).__name__} of shape {shape}, {kind}"
    return damaged(path, f"'{key}' of '{split}' to be {wanted}", got, _UNCHANGED)


def _n_columns(path: Path, split: str, labels) -> int:
    """Return how many labels an utterance has."""
    is_array = isinstance(labels, np.ndarray) and labels.dtype.kind in "fiu"
    if not is_array or not labels.ndim or not len(labels):
        raise _odd_array(path, split, "labels", labels, "an array (N, 1, labels)")
    return labels.size // len(labels)


def _check_corpus(path: Path, held: dict, kind: Kind, corpus: str) -> None:
    """Raise when a package of one corpus was given for the other."""
    widths = tuple(held["train"][KEYS[m]].shape[2] for m in ("audio", "visual"))
    n = sum(len(held[split]["text"]) for split in SPLITS)
    is_mosi = kind is RAW_MOSI or widths == _MOSI_WIDTHS
    is_mosei = kind is RAW or n > _MOSI_SIZE
    if is_mosi if corpus == "mosei" else is_mosei and widths != _MOSI_WIDTHS:
        other = "mosi" if corpus == "mosei" else "mosei"
        got = f"{TITLES[other]}'s: {kind.name}, {n} utterances, audio and vision "
        got += f"{widths[0]} and {widths[1]} wide"
        remedy = f"Name the corpus {other!r}, or give the file of {TITLES[corpus]}."
        raise damaged(path, f"a package of {TITLES[corpus]}", got, remedy)


def _sentiment(held: dict) -> np.ndarray:
    """Return the sentiment of each utterance, (n,): the first of its labels."""
    labels = np.asarray(held.get("regression_labels", held.get("labels")), float)
    return labels.reshape(len(labels), -1)[:, 0]


def _read_ids(path: Path, split: str, held, kind: Kind) -> list[tuple[str, str]]:
    """Return video and utterance of each id of a split."""
    rows = held.tolist() if isinstance(held, np.ndarray) else held
    if not isinstance(rows, list | tuple):
        raise _odd_array(path, split, "id", held, "a list or an array of ids")
    return [_read_id(path, split, row, kind) for row in rows]


def _read_id(path: Path, split: str, row, kind: Kind) -> tuple[str, str]:
    """Return video and utterance of one id."""
    cells = [_text(cell) for cell in (row if isinstance(row, list | tuple) else [row])]
    if kind is SENTI and len(cells) == 3 and all(cells):
        return cells[0], f"{cells[0]}[{cells[1]},{cells[2]}]"
    whole = cells[0] if len(cells) == 1 else ""
    pattern = r"(.+)\[\d+\]" if kind in (RAW, RAW_MOSI) else r"(.+)\$_\$.+"
    match = re.fullmatch(pattern, whole)
    if not match or kind is SENTI:
        wanted = f"ids of {kind.name} ({kind.holds})"
        raise damaged(path, wanted, f"{cells!r} in '{split}'"[:200], _UNCHANGED)
    return match[1], whole


def _text(cell) -> str:
    """Return a printable text of an id's part, or nothing."""
    if isinstance(cell, bytes):
        cell = cell.decode("latin1")
    if isinstance(cell, int) and cell.bit_length() > 64:  # Python may not print it
        return ""
    text = str(cell) if isinstance(cell, str | int | float) else ""
    return text if text.isprintable() else ""


def _read_lengths(path: Path, split: str, held: dict) -> dict[str, np.ndarray]:
    """Return modality -> stored lengths (n,), where there are any."""
    lengths = {}
    for modality, key in KEYS.items():
        stored = held.get(f"{key}_lengths")
        if stored is None:
            continue
        rows = stored.tolist() if isinstance(stored, np.ndarray) else stored
        is_list = isinstance(rows, list | tuple)
        if not is_list or not all(isinstance(n, int | np.integer) for n in rows):
            wanted = "a list of whole numbers"
            raise _odd_array(path, split, f"{key}_lengths", stored, wanted)
        lengths[modality] = np.array([min(max(n, -1), 2**31) for n in rows], int)
    return lengths


def _check_sizes(path: Path, package: Package) -> None:
    """Raise unless every split has one N throughout, and all splits the same widths."""
    for split in SPLITS:
        held = {**package.x[split], "labels": package.sentiment[split],
                "id": package.ids[split]}  # fmt: skip
        held |= {f"{m}_lengths": v for m, v in package.lengths[split].items()}
        sizes = {KEYS.get(name, name): len(values) for name, values in held.items()}
        if len(set(sizes.values())) > 1:
            wanted = f"as many rows of each kind in '{split}'"
            raise damaged(path, wanted, f"{sizes}", _UNCHANGED)
    for modality, key in KEYS.items():
        widths = {split: package.x[split][modality].shape[2] for split in SPLITS}
        if len(set(widths.values())) > 1:
            wanted = f"'{key}' equally wide in {', '.join(SPLITS)}"
            got = (
                f"{', '.join(map(str, widths.values()))} features ({package.kind.name})"
            )
            raise damaged(path, wanted, got, _UNCHANGED)
