"""Predictions: one row per tested window, or per tested window and condition."""

from __future__ import annotations

import numpy as np

from emolib.containers import PREDICTION_IDS


def predictions_of(
    meta,
    rows: np.ndarray,
    *,
    y_true: np.ndarray,
    scores: np.ndarray,
    fold: int,
    seed: int,
    **columns,
):
    """Return Predictions of one fold and seed from the probability of every class.

    Parameters
    ----------
    meta : DataFrame
        Of all windows.
    rows : ndarray of int, shape (n,)
        The tested windows; kept as column window.
    y_true : ndarray of int, shape (n,)
    scores : ndarray, shape (n, n_classes)
        The answer is the class with the highest; of equals the first.
    fold, seed : int
    **columns
        More columns, for example the condition under which the windows were read.

    Returns
    -------
    predictions : DataFrame
        Columns of `PREDICTION_IDS`, fold, seed, `columns`, y_true, y_pred and
        ``y_score_<class>``; sorted by ids.
    """
    scores = np.asarray(scores, float)
    if scores.ndim != 2 or len(scores) != len(rows):
        raise ValueError(
            f"scores must have shape ({len(rows)}, n_classes); got {scores.shape}. "
            "Give one row per window and one column per class."
        )
    table = meta.iloc[rows].reset_index(drop=True).assign(window=np.asarray(rows))
    table = table[list(PREDICTION_IDS)].assign(
        fold=fold, seed=seed, **columns, y_true=np.asarray(y_true).astype(int),
        y_pred=scores.argmax(axis=1),
        **{f"y_score_{k}": scores[:, k] for k in range(scores.shape[1])},
    )  # fmt: skip
    return table.sort_values(list(PREDICTION_IDS), ignore_index=True)
