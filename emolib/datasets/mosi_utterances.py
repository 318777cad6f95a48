"""CMU-MOSI as one vector per utterance and modality; anyone may have it.

Reference: Zadeh et al. (2016); features of Poria et al. (2017), "Context-Dependent
Sentiment Analysis in User-Generated Videos", DeCLaRe Lab, MIT licence. Text is a vector
of 100, audio of 73, video of 100; each is read as a sequence of one step.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emolib.containers import MODALITIES_AVL, Features, Recording
from emolib.datasets.arrays import load_npz
from emolib.datasets.corpus import Corpus, choose_subjects
from emolib.datasets.opened import opened
from emolib.datasets.trials import build_trial

KEYS = {"audio": "audio", "visual": "video", "text": "text"}
"""Modality -> beginning of its key; ``_train`` or ``_test`` follows."""
IDS = ("utt_id", "video_id")
PARTS = ("train", "test")
KIND = "one vector per utterance"


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
    (path,) = CORPUS.files(folder)
    starts = (*KEYS.values(), "label", *IDS)
    held = load_npz(path, [f"{start}_{part}" for part in PARTS for start in starts])
    with opened(path, "arrays of as many rows and columns each, and printable ids"):
        parts = {p: {start: held[f"{start}_{p}"] for start in starts} for p in PARTS}
        for own in parts.values():
            _check(own, parts["train"])
    videos = {str(video) for own in parts.values() for video in own["video_id"]}
    chosen = set(choose_subjects(sorted(videos), subjects))
    for part, own in parts.items():
        for row, video in enumerate(map(str, own["video_id"])):
            if video in chosen:
                who = (video, "1", str(own["utt_id"][row]))
                found = {m: Features(own[key][[row]], KIND) for m, key in KEYS.items()}
                rating = {"sentiment": float(own["label"][row])}
                yield build_trial(CORPUS, who, found, rating, parts={"1": part})


def _check(own: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    """Raise unless the arrays of one part fit together, and to those of another."""
    for start, array in own.items():
        odd = array.shape != (len(own["label"]), *other[start].shape[1:])
        if odd or array.dtype.kind not in ("U" if start in IDS else "fiu"):
            raise ValueError(f"{start} of {array.dtype}, shape {array.shape}")
        if start in IDS and not all(str(i).isprintable() for i in array):
            raise ValueError(f"{start} with letters that cannot be printed")


CORPUS = Corpus(
    name="mosi_utterances",
    title="CMU-MOSI (a vector per utterance)",
    pattern=r"mosi_utterance_features\.npz",
    expected="mosi_utterance_features.npz",
    read=read_mosi_utterances,
    licence="MIT, open",
    ask="https://github.com/soujanyaporia/multimodal-sentiment-analysis",
    targets=("sentiment",),
    rating_scale=(0, 1),
    threshold=None,
    modalities=MODALITIES_AVL,
    size="2199 utterances of 93 videos",
    classes=("negative", "positive"),
    is_open=True,
)
