"""One fold of one corpus: what every system of paper 3 is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from emolib.checks import check_option
from emolib.containers import MODALITIES_AVL, Windows
from emolib.papers.nmer.corruption import Corruption
from emolib.papers.nmer.frames import (
    FRAME_KEYS,
    fold_of,
    measure_frames,
    pick,
    scales_of,
    sequences,
)
from emolib.preprocessing.sequences import FrameStatistics
from emolib.splits import Fold
from emolib.training.predictions import predictions_of
from emolib.training.seeding import derive_seed

TASK_KEYS = ("fold", "labels", "n_classes", "z_scored", "seed")
"""What every unit reads, and every stage that trains."""

N_TRAIN = {"iemocap": 4446, "mosei": 16265}
"""Training utterances of the paper's corpora (Table 1): what its epochs count."""

LABELS = ("class", "at_least_0", "above_0")
"""How a rating becomes a class."""


def labels_of(ratings: np.ndarray, rule: str) -> np.ndarray:
    """Return the class of each rating.

    Parameters
    ----------
    ratings : ndarray, shape (n,)
    rule : str
        'class': the rating is the class. 'at_least_0': a sentiment of 0 is positive,
        as Table 1 counts (paper 3, Section 3.1). 'above_0': it is negative, as the
        loader of the features has it.
    """
    check_option("labels", rule, LABELS)
    if rule == "class":
        return np.asarray(ratings).astype(np.int64)
    positive = ratings >= 0 if rule == "at_least_0" else ratings > 0
    return np.asarray(positive).astype(np.int64)


@dataclass(frozen=True)
class Task:
    """Utterances, fold and labels of one unit.

    Parameters
    ----------
    corpus : str
    windows : Windows
    fold : Fold
    y : ndarray of int, shape (n,)
    n_classes : int
    seed : int
    variances : dict of modality to float
        σ² over the fold's real training frames, after z-scoring.
    scales : dict of modality to FrameStatistics
        Of the modalities that are z-scored.
    """

    corpus: str
    windows: Windows
    fold: Fold
    y: np.ndarray
    n_classes: int
    seed: int
    variances: Mapping[str, float]
    scales: Mapping[str, FrameStatistics]

    @classmethod
    def of(cls, settings, context) -> Task:
        """Return the task that a unit's or a stage's settings name (`TASK_KEYS`)."""
        windows = context.windows
        frames = context.stage(measure_frames, **pick(settings, FRAME_KEYS))
        table = frames.tables["frames"].set_index("modality")
        return cls(
            corpus=context.data["corpus"],
            windows=windows,
            fold=fold_of(windows, settings),
            y=labels_of(np.asarray(windows.y), settings["labels"]),
            n_classes=settings["n_classes"],
            seed=settings["seed"],
            variances=table["variance"].to_dict(),
            scales=scales_of(frames, settings["z_scored"]),
        )

    @property
    def widths(self) -> dict[str, int]:
        """Number of features of each modality: what a model is built with."""
        return {name: self.windows.x[name].shape[2] for name in MODALITIES_AVL}

    def arrays(
        self, index: np.ndarray, modalities: Sequence[str] = MODALITIES_AVL
    ) -> dict[str, np.ndarray]:
        """Return clean utterances: x, ``<modality>_length`` and y of those at `index`.

        x is (n, n_steps, n_features), as long as the longest of them, z-scored by the
        fold's training frames where the corpus is.
        """
        arrays = {"y": self.y[index].astype(np.int64)}
        for name in modalities:
            x, lengths = sequences(self.windows, name, index, self.scales)
            arrays |= {name: x, f"{name}_length": lengths}
        return arrays

    def corruption(self, settings) -> Corruption:
        """Return the noise that the settings name (`CORRUPTION_KEYS`)."""
        return Corruption.of(settings, self.variances)

    def epochs(self, n_epochs: int, settings) -> int:
        """Return the epochs of a stage whose recipe has `n_epochs`.

        With ``as_many_updates``, an epoch of fewer utterances than the paper's corpus
        has counts in proportion, so that weights are updated as often; a corpus that
        the paper does not have counts as CMU-MOSEI.
        """
        if not settings["as_many_updates"]:
            return n_epochs
        n_train = N_TRAIN.get(self.corpus, N_TRAIN["mosei"])
        return round(n_epochs * max(1.0, n_train / len(self.fold.train)))

    def seed_of(self, stage: str) -> int:
        """Return the seed of one stage: stages share no random numbers."""
        return derive_seed(self.seed, stage)

    def predictions(self, index: np.ndarray, scores: np.ndarray, **columns):
        """Return Predictions from the probability of each class, (n, n_classes)."""
        return predictions_of(
            self.windows.meta, index, y_true=self.y[index], scores=scores,
            fold=self.fold.fold, seed=self.seed, **columns,
        )  # fmt: skip
