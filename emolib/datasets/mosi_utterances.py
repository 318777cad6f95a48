"""CMU-MOSI as one vector per utterance and modality; anyone may have it.

Reference: Zadeh et al. (2016); features of Poria et al. (2017), "Context-Dependent
Sentiment Analysis in User-Generated Videos", DeCLaRe Lab, MIT licence. Text is a vector
of 100, audio of 73, video of 100; each is read as a sequence of one step.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emolib.checks import damaged
from emolib.containers import Features, Recording
from emolib.datasets.folders import choose_subjects, find_files
from emolib.datasets.npy import load_npz
from emolib.datasets.steps import features_problems

TARGETS = ("sentiment",)
RATING_SCALE = (0, 1)
N_SUBJECTS, N_UTTERANCES = 93, 2199
KEYS = {"audio": "audio", "visual": "video", "text": "text"}
"""Modality -> beginning of its key; ``_train`` or ``_test`` follows."""
PARTS = ("train", "test")
_REMEDY = "Check that the file is as emolib/datasets/README.md describes it."


def find_mosi_utterances(folder: str | Path) -> Path:
    """Return ``mosi_utterance_features.npz`` in `folder`, or `folder` if it is that.

    Raises
    ------
    FileNotFoundError, CorpusError
        When folder or file are not there; the message says what is there instead.
    """
    expected = "mosi_utterance_features.npz"
    found = find_files(folder, "mosi_utterances", "MOSI utterances", expected)
    return next(iter(found.values()))


def list_subjects(folder: str | Path) -> list[str]:
    """Return the videos, of a speaker each."""
    names = [f"video_id_{part}" for part in PARTS]
    held = load_npz(find_mosi_utterances(folder), names)
    return sorted({str(video) for name in names for video in held[name]})


def read_mosi_utterances(
    folder: str | Path, subjects: list[str] | None = None
) -> Iterator[Recording]:
    """Yield every utterance, those for training first.

    Expected file: ``mosi_utterance_features.npz``; licence: MIT. Not read: ``row_*``,
    the place in the publisher's files.

    Parameters
    ----------
    folder : path
    subjects : list of str
        Videos such as ``"03bSnISJMiM"``; all when None.

    Yields
    ------
    recording : Recording
        `Features` audio (73), visual (100) and text (100) of one step; the rating
        ``sentiment``, 1 for positive and 0 for negative; its part in fold ``"1"``,
        which has no validation part.

    Raises
    ------
    FileNotFoundError, CorpusError
        When the file is missing or damaged, or its arrays do not fit together.
    ValueError
        When a video is not there.
    """
    path = find_mosi_utterances(folder)
    starts = [*KEYS.values(), "label", "utt_id", "video_id"]
    held = load_npz(path, [f"{start}_{part}" for part in PARTS for start in starts])
    _check(path, held, starts)
    videos = {str(video) for part in PARTS for video in held[f"video_id_{part}"]}
    chosen = set(choose_subjects(sorted(videos), subjects))
    for part in PARTS:
        for row, video in enumerate(map(str, held[f"video_id_{part}"])):
            if video in chosen:
                yield _read_row(held, part, row, video)


def _check(path: Path, held: dict[str, np.ndarray], starts: list[str]) -> None:
    """Raise unless rows and widths agree and labels are 0 and 1."""
    for part in PARTS:
        sizes = {start: held[f"{start}_{part}"].shape[:1] for start in starts}
        if len(set(sizes.values())) > 1:
            raise damaged(path, f"as many rows of each in {part}", f"{sizes}", _REMEDY)
        labels = held[f"label_{part}"]
        if labels.ndim != 1 or not np.isin(labels, (0, 1)).all():
            got = f"{np.unique(labels)[:5]}"
            raise damaged(path, f"label_{part} of 0 and 1", got, _REMEDY)
        for start in ("utt_id", "video_id"):
            ids = held[f"{start}_{part}"]
            if ids.dtype.kind != "U" or not all(str(i).isprintable() for i in ids.flat):
                raise damaged(path, f"{start}_{part} of text", f"{ids.dtype}", _REMEDY)
    for start in KEYS.values():
        arrays = [held[f"{start}_{part}"] for part in PARTS]
        shapes = [array.shape for array in arrays]
        if (
            any(a.ndim != 2 or a.dtype.kind not in "fiu" for a in arrays)
            or len({shape[1] for shape in shapes}) > 1
        ):
            wanted = f"{start} equally wide in {' and '.join(PARTS)}"
            raise damaged(path, wanted, f"shapes {shapes}", _REMEDY)


def _read_row(held: dict, part: str, row: int, video: str) -> Recording:
    signals, problems = {}, []
    for modality, start in KEYS.items():
        step = held[f"{start}_{part}"][row : row + 1]
        signals[modality] = Features(step, "one vector per utterance")
        problems += features_problems(modality, signals[modality])
    return Recording(
        "mosi_utterances", video, "1", str(held[f"utt_id_{part}"][row]), signals,
        {"sentiment": float(held[f"label_{part}"][row])}, problems=tuple(problems),
        parts={"1": part},
    )  # fmt: skip
