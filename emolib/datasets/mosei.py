"""CMU-MOSEI and CMU-MOSI as features of utterances, in the packages people pass on.

Reference: Bagher Zadeh et al. (2018); Zadeh et al. (2016). The packages are pickles of
train, valid and test; they differ in features and in what they hold, and one cannot
stand for another. See `emolib.datasets.packages` for how they are told apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emolib.containers import MODALITIES_AVL, Features, Recording
from emolib.datasets.folders import choose_subjects
from emolib.datasets.packages import SPLITS, Package, find_package, open_package
from emolib.datasets.quality import rating_problems
from emolib.datasets.steps import (
    features_problems,
    find_zero_steps,
    padded_side,
    real_bounds,
)

TARGETS = ("sentiment",)
RATING_SCALE = (-3, 3)
N_VIDEOS = {"mosei": 3228, "mosi": 93}
N_UTTERANCES = {"mosei": 22856, "mosi": 2199}
PART = {"train": "train", "valid": "val", "test": "test"}
"""Names of the package's splits -> names of `Recording.parts`."""


def find_mosei(folder: str | Path) -> Path:
    """Return the package of CMU-MOSEI in `folder`.

    Parameters
    ----------
    folder : path
        A folder, its parent, or the file itself.

    Raises
    ------
    FileNotFoundError, CorpusError
        When folder or file is not there, or there are several packages.
    """
    return find_package(folder, "mosei")


def find_mosi(folder: str | Path) -> Path:
    """Return the package of CMU-MOSI in `folder`; as `find_mosei`."""
    return find_package(folder, "mosi")


def list_mosei_videos(folder: str | Path) -> list[str]:
    """Return the videos of CMU-MOSEI that have an utterance. Reads the whole file."""
    return _videos(open_package(find_mosei(folder), "mosei"))


def list_mosi_videos(folder: str | Path) -> list[str]:
    """Return the videos of CMU-MOSI that have an utterance. Reads the whole file."""
    return _videos(open_package(find_mosi(folder), "mosi"))


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
    yield from _read(open_package(find_mosei(folder), "mosei"), "mosei", subjects)


def read_mosi(
    folder: str | Path, subjects: list[str] | None = None
) -> Iterator[Recording]:
    """Yield every utterance of CMU-MOSI, split by split.

    Expected file: ``mosi_data.pkl``, ``mosi_raw.pkl``, or MMSA's ``aligned_50.pkl`` or
    ``unaligned_50.pkl`` in a folder of MOSI. Everything else is as in `read_mosei`.
    """
    yield from _read(open_package(find_mosi(folder), "mosi"), "mosi", subjects)


def _videos(package: Package) -> list[str]:
    return sorted({video for split in SPLITS for video, _ in package.ids[split]})


def _read(package: Package, corpus: str, subjects) -> Iterator[Recording]:
    chosen = set(choose_subjects(_videos(package), subjects))
    sides, zero = _padding(package)
    seen: Counter = Counter()
    for split in SPLITS:
        bounds = {
            m: _bounds(package, split, m, zero[m][split], sides[m])
            for m in MODALITIES_AVL
        }
        for row, (video, trial) in enumerate(package.ids[split]):
            seen[trial] += 1
            if video in chosen:
                signals, problems, notes = _features(package, split, row, bounds)
                rating = {"sentiment": float(package.sentiment[split][row])}
                problems += rating_problems(rating, RATING_SCALE)
                name = trial
                if seen[trial] > 1:
                    name = f"{trial} ({seen[trial]})"
                    notes.append(f"id: '{trial}' occurs {seen[trial]} times so far.")
                yield Recording(
                    corpus, video, "1", name, signals,
                    {k: v for k, v in rating.items() if np.isfinite(v)},
                    problems=tuple(problems), notes=tuple(notes),
                    parts={"1": PART[split]},
                )  # fmt: skip


def _padding(package: Package) -> tuple[dict[str, str], dict]:
    """Return modality -> padded side, and modality -> split -> all-zero steps."""
    zero = {
        m: {s: find_zero_steps(package.x[s][m]) for s in SPLITS} for m in MODALITIES_AVL
    }
    return {m: padded_side(list(held.values())) for m, held in zero.items()}, zero


@dataclass(frozen=True)
class _Bounds:
    """First real step, the one after the last, the length stored; where padding is."""

    side: str
    start: np.ndarray
    stop: np.ndarray
    stored: np.ndarray | None


def _bounds(package: Package, split: str, modality: str, zero, side: str) -> _Bounds:
    """Return where each sequence is real: by stored lengths, else by its zeros."""
    stored = package.lengths[split].get(modality)
    if stored is None:
        return _Bounds(side, *real_bounds(zero, side), None)
    n_steps = zero.shape[1]
    length = np.where(zero.all(axis=1), 0, np.clip(stored, 0, n_steps))
    start = n_steps - length if side == "left" else np.zeros_like(length)
    return _Bounds(side, start, start + length, stored)


def _features(package: Package, split: str, row: int, bounds: dict):
    """Return the modalities of one utterance, its problems and its notes."""
    signals, problems, notes = {}, [], []
    for modality in MODALITIES_AVL:
        own = bounds[modality]
        data = package.x[split][modality][row, own.start[row] : own.stop[row]]
        if modality == "audio":
            data = _without_minus_infinity(data, notes)
        if own.stored is not None and not 0 <= own.stored[row] <= package.n_steps(
            split, modality
        ):
            notes.append(f"{modality}: a length of {own.stored[row]} was stored.")
        padded = {"none": "not padded"}.get(own.side, f"padded on the {own.side}")
        signals[modality] = Features(data, f"of {package.kind.name}, {padded}")
        problems += features_problems(modality, signals[modality])
        if not len(data) and modality == "text":
            problems.append("text: every step is zero; MultiBench leaves it out too.")
        elif not len(data):
            notes.append(f"{modality}: every step is zero; it counts as absent.")
    return signals, problems, notes


def _without_minus_infinity(data: np.ndarray, notes: list[str]) -> np.ndarray:
    """Return audio with 0 for minus infinity, the logarithm of a silent pitch."""
    low = np.isneginf(data)
    if not low.any():
        return data
    notes.append(f"audio: {np.count_nonzero(low)} values were -inf and are 0 now.")
    return np.where(low, data.dtype.type(0), data)
