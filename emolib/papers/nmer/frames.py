"""A fold's utterances as arrays, and what its real training frames look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from emolib.containers import MODALITIES_AVL, Windows
from emolib.preprocessing.sequences import (
    FrameStatistics,
    frame_statistics,
    standardise,
)
from emolib.splits import Fold, given_folds
from emolib.store import Outcome

FRAME_KEYS = ("fold", "z_scored")
"""What the statistics of a fold's training frames depend on."""


def pick(settings, keys: Sequence[str]) -> dict:
    """Return the part of `settings` that a stage reads."""
    return {key: settings[key] for key in keys}


def fold_of(windows: Windows, settings) -> Fold:
    """Return the fold that the settings name, of those that the publisher gives."""
    return given_folds(windows.meta)[str(settings["fold"])]


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


def scales_of(entry, z_scored: Sequence[str]) -> dict[str, FrameStatistics]:
    """Return mean and SD by which each modality is z-scored, of `measure_frames`."""
    table = entry.tables["frames"].set_index("modality")
    return {
        name: FrameStatistics(
            np.asarray(entry.arrays[f"{name}_mean"]),
            np.asarray(entry.arrays[f"{name}_std"]),
            *(float(table.loc[name, key]) for key in ("variance", "power")),
            int(table.loc[name, "n_steps"]),
        )
        for name in z_scored
    }


def sequences(
    windows: Windows, name: str, rows: np.ndarray, scales: Mapping
) -> tuple[np.ndarray, np.ndarray]:
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
