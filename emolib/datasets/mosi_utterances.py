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
from emolib.datasets.opened import opened, wrong
from emolib.datasets.trials import build_trial

KEYS = {"audio": "audio", "visual": "video", "text": "text"}
"""Modality -> beginning of its key; ``_train`` or ``_test`` follows."""
IDS = ("utt_id", "video_id")
PARTS = ("train", "test")


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
    with opened(path, "arrays that fit together"):
        _check(path, held)
    videos = {str(video) for part in PARTS for video in held[f"video_id_{part}"]}
    chosen = set(choose_subjects(sorted(videos), subjects))
    for part in PARTS:
        own = {start: held[f"{start}_{part}"] for start in starts}
        for row, video in enumerate(map(str, own["video_id"])):
            if video in chosen:
                found = {
                    modality: Features(own[key][row][None], "one vector per utterance")
                    for modality, key in KEYS.items()
                }
                yield build_trial(
                    CORPUS,
                    found,
                    {"sentiment": float(own["label"][row])},
                    subject=video,
                    trial=str(own["utt_id"][row]),
                    parts={"1": part},
                )


def _check(path: Path, held: dict[str, np.ndarray]) -> None:
    """Raise unless rows and widths agree, labels are 0 and 1 and ids can be printed."""
    for name, array in held.items():
        start, _, part = name.rpartition("_")
        n, shape = len(held[f"label_{part}"]), array.shape
        if start in IDS:
            fits = shape == (n,) and array.dtype.kind == "U"
            fits = fits and all(str(i).isprintable() for i in array)
            wanted = f"{name} of text"
        elif start == "label":
            fits = shape == (n,) and np.isin(array, (0, 1)).all()
            wanted = f"{name} of 0 and 1"
        else:
            width = held[f"{start}_train"].shape[-1:]
            fits = shape == (n, *width) and array.dtype.kind in "fiu"
            wanted = f"{name} of numbers, as many rows as labels, equally wide in parts"
        if not fits:
            raise wrong(path, wanted, f"{array.dtype} of shape {shape}")


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
