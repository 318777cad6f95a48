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
    """Return Predictions of one fold and seed from probabilities.

    Parameters
    ----------
    meta : DataFrame
        Of all windows.
    rows : ndarray of int, shape (n,)
        The tested windows; kept as column window.
    y_true : ndarray of int, shape (n,)
    scores : ndarray, shape (n,) or (n, n_classes)
        Of class 1, which is the answer above one half; or of every class, of which the
        highest is the answer, of equals the first.
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
    if scores.ndim not in (1, 2) or len(scores) != len(rows):
        raise ValueError(
            f"scores must have shape ({len(rows)},) or ({len(rows)}, n_classes); got "
            f"{scores.shape}. Give one row per window."
        )
    two = scores.ndim == 1
    answers = scores > 0.5 if two else scores.argmax(axis=1)
    named = {1: scores} if two else dict(enumerate(scores.T))
    table = meta.iloc[rows].reset_index(drop=True).assign(window=np.asarray(rows))
    table = table[list(PREDICTION_IDS)].assign(
        fold=fold, seed=seed, **columns, y_true=np.asarray(y_true).astype(int),
        y_pred=answers.astype(int), **{f"y_score_{k}": v for k, v in named.items()},
    )  # fmt: skip
    return table.sort_values(list(PREDICTION_IDS), ignore_index=True)
