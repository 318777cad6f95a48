"""CMU-MOSEI and CMU-MOSI as features of utterances, in the packages people pass on.

Reference: Bagher Zadeh et al. (2018); Zadeh et al. (2016). A package is a pickle of
train, valid and test. They differ in features, one cannot stand for another, and they
are told by what they hold, whatever the file is called:

| package | labels | ids |
|---|---|---|
| senti (MulT, MultiBench) | ``labels`` (N, 1, 1) | (N, 3): video, start, end |
| raw (MultiBench) | ``labels`` (N, 1, 7), of MOSI (N, 1, 1) | ``video[index]`` |
| MMSA, aligned or not | ``regression_labels`` (N,) | ``video$_$clip`` |
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emolib.containers import MODALITIES_AVL, Features, Recording
from emolib.datasets.corpus import Corpus, choose_subjects, find_files, walk
from emolib.datasets.opened import opened, wrong
from emolib.datasets.pickles import load_pickle
from emolib.datasets.trials import build_trial

KEYS = {"audio": "audio", "visual": "vision", "text": "text"}
"""Modality -> its key in a package."""
PARTS = {"train": "train", "valid": "val", "test": "test"}
"""Names of the package's splits -> names of `Recording.parts`."""
ID_PATTERNS = {
    "the senti package (MulT, MultiBench)": r"(.+)\[.+,.+\]",
    "the raw package (MultiBench)": r"(.+)\[\d+\]",
    "the raw package of MOSI (MultiBench)": r"(.+)\[\d+\]",
    "MMSA's aligned package": r"(.+)\$_\$.+",
    "MMSA's unaligned package": r"(.+)\$_\$.+",
}
"""Kind of package -> what its ids look like; the first group is the video."""
SENTI, RAW, RAW_MOSI, ALIGNED, UNALIGNED = ID_PATTERNS

_MOSI_SIZE, _MOSI_WIDTHS = 2199, [5, 20]
"""Utterances of all of MOSI; widths of audio and vision that only MOSI's have."""
_NO_WORDS = "text: every step is zero; MultiBench leaves it out too."
_ONE = "Give one of the packages unchanged, each in a folder of its own."


@dataclass(frozen=True)
class Split:
    """One split of a package; its arrays fit together.

    Parameters
    ----------
    kind : str
        Of `ID_PATTERNS`.
    x : dict of modality to ndarray, shape (n, n_steps, n_features)
        With its padding.
    sentiment : ndarray, shape (n,)
    ids : list of (video, utterance)
    lengths : dict of modality to ndarray, shape (n,)
        Where the package stores them.
    zero : dict of modality to ndarray of bool, shape (n, n_steps)
        Where a step is zero throughout.
    """

    kind: str
    x: dict[str, np.ndarray]
    sentiment: np.ndarray
    ids: list[tuple[str, str]]
    lengths: dict[str, np.ndarray]
    zero: dict[str, np.ndarray]


def read_mosei(
    folder: str | Path, subjects: list[str] | None = None
) -> Iterator[Recording]:
    """Yield every utterance of CMU-MOSEI, split by split.

    Expected file: one of ``mosei_senti_data.pkl`` (as used by MulT and MultiBench),
    ``mosei_raw.pkl`` (MultiBench), ``aligned_50.pkl``, ``unaligned_50.pkl`` (MMSA).
    Licence: research terms of Carnegie Mellon University. Not read: the six emotions,
    words, `text_bert`.

    Parameters
    ----------
    folder : path
    subjects : list of str
        Videos; all when None. A video's speaker is its subject.

    Yields
    ------
    recording : Recording
        `Features` audio, visual and text of real steps only; the rating ``sentiment``,
        -3 to 3; its part in fold ``"1"``. An utterance without words has a problem;
        minus infinity in audio becomes 0, in `notes`.

    Raises
    ------
    FileNotFoundError, CorpusError
        When the file is missing, damaged, hostile or another package, or widths differ
        between splits.
    ValueError
        When a video is not there.
    """
    yield from _read(MOSEI, folder, subjects)


def read_mosi(
    folder: str | Path, subjects: list[str] | None = None
) -> Iterator[Recording]:
    """Yield every utterance of CMU-MOSI, split by split.

    Expected file: ``mosi_data.pkl``, ``mosi_raw.pkl``, or MMSA's ``aligned_50.pkl`` or
    ``unaligned_50.pkl`` in a folder of MOSI. Everything else is as in `read_mosei`.
    """
    yield from _read(MOSI, folder, subjects)


def _find(folder: str | Path, corpus: Corpus) -> list[Path]:
    """Return the one package of a corpus in `folder`.

    A package in a folder named after the other corpus is not taken: MMSA's have the
    same file names.
    """
    find_files(folder, corpus, alike=True)
    folder, other = Path(folder), MOSI if corpus is MOSEI else MOSEI
    if folder.is_file():
        return [folder]
    named = re.compile(corpus.pattern, re.IGNORECASE)
    found = [p.relative_to(folder) for p in walk(folder) if named.fullmatch(p.name)]
    mine = [path for path in found if other.name not in str(path.parent).lower()]
    if len(mine) != 1:
        got = f"{len(mine)} (of {len(found)}: {', '.join(map(str, found))})"
        remedy = "They hold different features: give the path of the one to read."
        raise wrong(folder, f"one package of {corpus.title}", got, remedy)
    return [folder / mine[0]]


def _read(corpus: Corpus, folder, subjects) -> Iterator[Recording]:
    """Yield the utterances of a package."""
    (path,) = corpus.files(folder)
    splits = _open_package(path, corpus)
    videos = {video for split in splits.values() for video, _ in split.ids}
    chosen = set(choose_subjects(sorted(videos), subjects))
    sides = {m: _padded_side([own.zero[m] for own in splits.values()]) for m in KEYS}
    seen: Counter = Counter()
    for part, split in splits.items():
        n_real = {m: _real_lengths(split, m, sides[m]) for m in KEYS}
        for row, (video, trial) in enumerate(split.ids):
            seen[trial] += 1
            if video not in chosen:
                continue
            notes, name = [], trial
            found = {
                m: _features(split, m, row, sides[m], n_real[m][row], notes)
                for m in MODALITIES_AVL
            }
            if seen[trial] > 1:
                name = f"{trial} ({seen[trial]})"
                notes.append(f"id: '{trial}' occurs {seen[trial]} times so far.")
            rating = {"sentiment": float(split.sentiment[row])}
            odd = [] if found["text"].n_steps else [_NO_WORDS]
            more = {"notes": notes, "parts": {"1": PARTS[part]}}
            yield build_trial(corpus, (video, "1", name), found, rating, odd, **more)


def _padded_side(zero: list[np.ndarray]) -> str:
    """Return where sequences are padded: on the side with more all-zero ends."""
    left = sum(int((z[:, 0] & ~z[:, -1]).sum()) for z in zero)
    right = sum(int((z[:, -1] & ~z[:, 0]).sum()) for z in zero)
    if left == right == 0:
        return "none"
    return "left" if left > right else "right"


def _real_lengths(split: Split, modality: str, side: str) -> np.ndarray:
    """Return the number of real steps of each sequence: as stored, else by its zeros.

    All-zero steps elsewhere than at the padded end are real, unless there is no other.
    """
    zero = split.zero[modality]
    length = np.full(len(zero), zero.shape[1])
    if modality in split.lengths:
        length = np.clip(split.lengths[modality], 0, zero.shape[1])
    elif side != "none":
        length -= np.argmin(zero if side == "left" else zero[:, ::-1], axis=1)
    return np.where(zero.all(axis=1), 0, length)


def _features(
    split: Split, modality: str, row: int, side: str, n_real: int, notes: list[str]
) -> Features:
    """Return one modality of an utterance, without its padding."""
    padded = split.x[modality][row]
    data = padded[len(padded) - n_real :] if side == "left" else padded[:n_real]
    low = np.isneginf(data)
    if modality == "audio" and low.any():  # the logarithm of a silent pitch
        notes.append(f"audio: {np.count_nonzero(low)} values were -inf and are 0 now.")
        data = np.where(low, data.dtype.type(0), data)
    stored = split.lengths[modality][row] if modality in split.lengths else n_real
    if not 0 <= stored <= len(padded):
        notes.append(f"{modality}: a length of {stored} was stored.")
    if not n_real and modality != "text":
        notes.append(f"{modality}: every step is zero; it counts as absent.")
    where = "not padded" if side == "none" else f"padded on the {side}"
    return Features(data, f"of {split.kind}, {where}")


# ----------------------------------------------------- the contents of a package


def _open_package(path: Path, corpus: Corpus) -> dict[str, Split]:
    """Return the splits of a package after checking that they fit together."""
    held = load_pickle(path)
    wanted = f"a package of {corpus.title}"
    with opened(path, f"{wanted}: train, valid and test of arrays"):
        splits = {part: _read_split(held[part]) for part in PARTS}
    kinds = {
        part: (own.kind, *(x.shape[2] for x in own.x.values()))
        for part, own in splits.items()
    }
    if len(set(kinds.values())) > 1:
        raise wrong(path, f"{wanted}, of one kind", f"a mixture: {kinds}", _ONE)
    kind, *widths = kinds["train"]
    n = sum(len(own.ids) for own in splits.values())
    is_mosi = kind == RAW_MOSI or widths[:2] == _MOSI_WIDTHS
    is_mosei = not is_mosi and (kind == RAW or n > _MOSI_SIZE)
    if is_mosi if corpus is MOSEI else is_mosei:
        got = f"the other corpus's: {kind}, {n} utterances, {widths} wide"
        raise wrong(path, wanted, got, "Name the other of 'mosei' and 'mosi'.")
    return splits


def _read_split(held: dict) -> Split:
    """Return one split; raise when its arrays are missing or do not fit together."""
    labels = held["regression_labels" if "regression_labels" in held else "labels"]
    x = {modality: held[key] for modality, key in KEYS.items()}
    kind, rows = _kind(held, labels.size // len(labels)), _as_list(held["id"])
    lengths = {
        modality: np.array([int(n) for n in _as_list(held[f"{key}_lengths"])])
        for modality, key in KEYS.items()
        if f"{key}_lengths" in held
    }
    for name, array in {"labels": labels, **x}.items():
        if array.dtype.kind not in "fiu" or not array.size:
            raise ValueError(f"{name} of {array.dtype}, shape {array.shape}")
    arrays = {"id": rows, "labels": labels, **x}
    arrays |= {f"lengths of {modality}": own for modality, own in lengths.items()}
    sizes = {name: len(array) for name, array in arrays.items()}
    if len(set(sizes.values())) > 1:
        raise ValueError(f"different numbers of utterances: {sizes}")
    zero = {modality: ~np.any(array, axis=2) for modality, array in x.items()}
    sentiment = labels.reshape(len(labels), -1)[:, 0]
    ids = [_read_id(kind, row) for row in rows]
    return Split(kind, x, sentiment, ids, lengths, zero)


def _kind(held: dict, n_labels: int) -> str:
    """Return the kind of package that a split is of, by its keys and shapes."""
    if "regression_labels" in held and n_labels == 1:
        return UNALIGNED if "audio_lengths" in held else ALIGNED
    n_ids = np.shape(held["id"])[1:] if isinstance(held["id"], np.ndarray) else ()
    known = {(1, (3,)): SENTI, (7, ()): RAW, (1, ()): RAW_MOSI}
    if (n_labels, n_ids) not in known:
        raise ValueError(f"{n_labels} labels beside ids of shape {('N', *n_ids)}")
    return known[n_labels, n_ids]


def _as_list(held) -> list:
    return held.tolist() if isinstance(held, np.ndarray) else list(held)


def _read_id(kind: str, row) -> tuple[str, str]:
    """Return video and utterance of one id."""
    cells = row if isinstance(row, list | tuple) else [row]
    texts = [c.decode("latin1") if isinstance(c, bytes) else c for c in cells]
    if not all(isinstance(text, str | int | float) for text in texts):
        raise ValueError("an id that is no text")
    whole = "{}[{},{}]".format(*texts) if kind == SENTI else " ".join(map(str, texts))
    match = re.fullmatch(ID_PATTERNS[kind], whole)
    if not match or not whole.isprintable():
        raise ValueError(f"an id of {kind} that is not {ID_PATTERNS[kind]}: {whole}")
    return match[1], whole


def _facts(name: str, title: str, size: str, read) -> Corpus:
    """Return what the two corpora have in common, and in what they differ."""
    files = f"{name}_senti_data" if name == "mosei" else "mosi_data"
    return Corpus(
        name=name,
        title=title,
        pattern=rf"({files}(?:_noalign)?|{name}_raw|(?:un)?aligned_50)\.pkl",
        expected=f"{files}.pkl, {name}_raw.pkl, aligned_50.pkl or unaligned_50.pkl",
        read=read,
        find=_find,
        licence="research terms of Carnegie Mellon University",
        ask="http://multicomp.cs.cmu.edu/resources/",
        targets=("sentiment",),
        rating_scale=(-3, 3),
        threshold=0.0,
        modalities=MODALITIES_AVL,
        size=size,
        classes=("negative", "positive"),
        ties="high",
    )


MOSEI = _facts(
    "mosei", "CMU-MOSEI (features)", "22856 utterances of 3228 videos", read_mosei
)
MOSI = _facts("mosi", "CMU-MOSI (features)", "2199 utterances of 93 videos", read_mosi)
