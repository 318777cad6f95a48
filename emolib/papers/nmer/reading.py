"""How utterances are read: a fold's arrays, batches of them, and a model's answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch

from emolib.checks import check_option
from emolib.containers import MODALITIES_AVL, Windows
from emolib.corruptions.conditions import CONDITIONS
from emolib.preprocessing.sequences import (
    FrameStatistics,
    frame_statistics,
    standardise,
)
from emolib.splits import Fold, given_folds
from emolib.store import Outcome
from emolib.training.seeding import seeded
from emolib.training.tensors import slice_of

LABELS = ("class", "at_least_0", "above_0")
"""How a rating becomes a class."""

SAMPLING_SEED = 0
"""Of whatever a model draws in evaluation."""


def fold_of(windows: Windows, settings: Mapping) -> Fold:
    """Return the fold that the settings name, of those that the publisher gives."""
    return given_folds(windows.meta)[str(settings["fold"])]


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
    ratings = np.asarray(ratings)
    if rule != "class":
        ratings = ratings >= 0 if rule == "at_least_0" else ratings > 0
    return ratings.astype(np.int64)


def sequences(windows: Windows, name: str, rows, scales: Mapping):
    """Return one modality of the utterances at `rows`, as long as the longest of them.

    Returns
    -------
    x : ndarray, shape (n, n_steps, n_features)
        z-scored where `scales` has the modality; padding is zero.
    lengths : ndarray of int, shape (n,)
    """
    lengths = np.asarray(windows.lengths[name][rows], np.int64)
    x = np.asarray(windows.x[name][rows, : max(int(lengths.max()), 1)])
    return (standardise(x, lengths, scales[name]) if name in scales else x), lengths


def measure_frames(context, *, fold: int, z_scored: Sequence[str]) -> Outcome:
    """Measure the real training frames of a fold, each modality.

    Paper 3, Section 2.2.3: σ² is their variance after normalisation, mean over
    dimensions. Only training frames are read.

    Returns
    -------
    outcome : Outcome
        Table "frames": modality, variance, power, n_steps, after z-scoring; arrays
        ``<modality>_mean`` and ``<modality>_std``, before it.
    """
    rows = fold_of(context.windows, {"fold": fold}).train
    arrays, found = {}, []
    for name in MODALITIES_AVL:
        x, lengths = sequences(context.windows, name, rows, {})
        measured = frame_statistics(x, lengths)
        arrays |= {f"{name}_mean": measured.mean, f"{name}_std": measured.std}
        if name in z_scored:
            measured = frame_statistics(standardise(x, lengths, measured), lengths)
        found.append((name, measured.variance, measured.power, measured.n_steps))
    columns = ["modality", "variance", "power", "n_steps"]
    table = pd.DataFrame(found, columns=columns)
    return Outcome(tables={"frames": table}, arrays=arrays)


def scales_of(frames, z_scored: Sequence[str]) -> dict[str, FrameStatistics]:
    """Return by what each modality is z-scored, of an entry of `measure_frames`."""
    rows = frames.tables["frames"].set_index("modality").to_dict("index")
    return {
        name: FrameStatistics(
            *(np.asarray(frames.arrays[f"{name}_{part}"]) for part in ("mean", "std")),
            **rows[name],
        )
        for name in z_scored
    }


def unpack(batch: Mapping) -> tuple[dict, dict]:
    """Return the sequences and lengths of a batch, cut to its longest utterance.

    Parameters
    ----------
    batch : mapping
        Rows of `Task.arrays`, as tensors.

    Returns
    -------
    x : dict of modality to Tensor, shape (b, t, d)
    lengths : dict of modality to Tensor of int64, shape (b,)
    """
    lengths = {m: batch[f"{m}_length"] for m in MODALITIES_AVL if m in batch}
    longest = {m: max(int(n.max()), 1) for m, n in lengths.items()}
    return {m: batch[m][:, : longest[m]] for m in lengths}, lengths


def logits_under(model, sides, names, batch_size: int = 256) -> dict[str, torch.Tensor]:
    """Return each condition's logits, (n, n_classes); nothing is computed twice.

    Each modality is encoded once clean and once noisy, since no encoder sees another
    modality. Whatever a model draws in evaluation, every batch has the same draws.

    Parameters
    ----------
    model : Module
        With ``encode(x, lengths)`` and ``read(*features)``.
    sides : (clean, noisy)
        Of `Task.copies`, as tensors on the model's device.
    names : sequence of str
        The conditions.
    """
    found = {name: [] for name in names}
    for start in range(0, len(next(iter(sides[0].values()))), batch_size):
        batch = [slice_of(side, start, start + batch_size) for side in sides]
        for name, logits in _of_batch(model, batch, names).items():
            found[name].append(logits)
    return {name: torch.cat(parts) for name, parts in found.items()}


def _of_batch(model, sides, names) -> dict[str, torch.Tensor]:
    """Return the logits of one batch under each condition."""
    places = [k for k, name in enumerate(MODALITIES_AVL) if name in sides[0]]
    hits = {name: tuple(CONDITIONS[name][k] for k in places) for name in names}
    used = sorted({is_hit for hit in hits.values() for is_hit in hit})
    encoded = {is_hit: model.encode(*unpack(sides[is_hit])) for is_hit in used}
    known = {}
    for hit in dict.fromkeys(hits.values()):
        mixed = [
            torch.stack([part[:, k] for k, part in enumerate(parts)], dim=1)
            for parts in zip(*(encoded[is_hit] for is_hit in hit), strict=True)
        ]
        with seeded(SAMPLING_SEED, mixed[0].device):
            known[hit] = model.read(*mixed).logits
    return {name: known[hit] for name, hit in hits.items()}


def mean_recall(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Return UA: the mean over classes of the share that is found (Section 3.3)."""
    classes = np.unique(y_true)
    return float(np.mean([np.mean(y_pred[y_true == k] == k) for k in classes]))
