"""Accuracy, F1, AUC, WA and UA of predictions: per fold, per subject."""

from __future__ import annotations

import numpy as np

from emolib.checks import check_option

METRICS = ("accuracy", "f1_macro", "f1_positive", "auc")
"""Of two classes. All higher is better, 0 to 1. F1 is 0 for a class never predicted."""

CLASS_METRICS = ("wa", "ua")
"""Of any number of classes, by the names of speech emotion recognition: WA is accuracy,
UA the mean over classes of the share that is found, each class alike."""

EVERY_METRIC = (*METRICS, *CLASS_METRICS)

COUNT = "n_windows"
"""Column of predictions that are counted: how many windows a row stands for."""


def score_folds(predictions, *, by=("fold", "seed"), metrics=METRICS):
    """Return tidy rows: each fold and seed scored by itself.

    Parameters
    ----------
    predictions : DataFrame
        Columns `by`, y_true and y_pred, classes counted from 0; for the AUC y_score_1,
        the probability of class 1. A row may stand for several windows (`COUNT`).
    by : sequence of str
        Columns that tell one scored set from another; add method, target, … as needed.
    metrics : sequence of str
        Of `EVERY_METRIC`. The AUC of a set of one class is NaN.

    Returns
    -------
    results : DataFrame
        Columns `by`, metric, value; metrics, then n_windows, of each set.
    """
    for metric in metrics:
        check_option("metric", metric, EVERY_METRIC)
    _check_predictions(predictions, metrics)
    groups = predictions.groupby([*by], sort=True)
    place = groups.ngroup().to_numpy()
    counts = class_counts(predictions, place, groups.ngroups)
    values = {m: from_counts(counts, m) for m in metrics if m != "auc"}
    if "auc" in metrics:
        columns = groups[["y_true", "y_score_1"]]
        values["auc"] = columns.apply(lambda part: auc_score(*part.to_numpy().T))
    values["n_windows"] = counts.sum(axis=(1, 2)).astype(float)
    names = [*metrics, "n_windows"]
    wide = groups.size().to_frame().assign(**values)[names]
    return wide.stack().rename_axis([*by, "metric"]).rename("value").reset_index()


def _check_predictions(predictions, metrics) -> None:
    wanted = ["y_true", "y_pred", *(["y_score_1"] if "auc" in metrics else [])]
    missing = [name for name in wanted if name not in predictions]
    if missing:
        raise ValueError(
            f"predictions must have columns {wanted}; got none named {missing}."
        )
    two = bool({*metrics} - {*CLASS_METRICS})
    for name in ("y_true", "y_pred"):
        classes = np.unique(predictions[name])
        if not np.isin(classes, range(2 if two else 1000)).all():
            raise ValueError(
                f"{name} must hold {'0 and 1' if two else 'classes from 0 up'}; got "
                f"{classes.tolist()[:5]}."
            )
    for name in [c for c in predictions if str(c).startswith("y_score_")]:
        n_missing = int(predictions[name].isna().sum())
        if n_missing:
            raise ValueError(
                f"{name} must not be missing; got {n_missing} NaN of "
                f"{len(predictions)} rows. The fit has diverged, or a window was "
                "never predicted."
            )


def subject_scores(predictions, metric: str = "auc", *, parts=("fold", "seed")):
    """Return each subject's score, averaged over folds and seeds.

    Scored per subject and part, then averaged; a part with one class has no AUC and is
    left out of its subject's mean.

    Parameters
    ----------
    predictions : DataFrame
    metric : str
    parts : sequence of str
        Columns that tell one scored set of a subject from another, for example a
        condition besides fold and seed.

    Returns
    -------
    scores : DataFrame
        Columns subject, value, n_parts (those averaged; 0 gives NaN).
    """
    each = score_folds(predictions, by=("subject", *parts), metrics=(metric,))
    values = each[each["metric"] == metric].groupby("subject")["value"]
    return values.agg(value="mean", n_parts="count").reset_index()


def auc_score(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Return the area under the ROC curve; ties count half, NaN for one class."""
    from scipy.stats import rankdata

    positive = np.asarray(y_true) == 1
    n_pos, n_neg = int(positive.sum()), int((~positive).sum())
    if not n_pos or not n_neg:
        return float("nan")
    ranks = rankdata(np.asarray(y_score, float))
    won = ranks[positive].sum() - n_pos * (n_pos + 1) / 2
    return float(won / (n_pos * n_neg))


def class_counts(predictions, groups: np.ndarray, n_groups: int) -> np.ndarray:
    """Return how often each class was answered by each, group by group.

    Parameters
    ----------
    predictions : DataFrame
        Columns y_true, y_pred, and `COUNT` where a row stands for several windows.
    groups : ndarray of int, shape (n_rows,)
        The group of each row.
    n_groups : int

    Returns
    -------
    counts : ndarray, shape (n_groups, n_classes, n_classes)
        The true class first.
    """
    n_classes = int(predictions[["y_true", "y_pred"]].to_numpy().max(initial=1)) + 1
    code = n_classes * np.asarray(groups) + predictions["y_true"].to_numpy()
    code = n_classes * code + predictions["y_pred"].to_numpy()
    weights = predictions[COUNT].to_numpy(float) if COUNT in predictions else None
    counts = np.bincount(code, weights, minlength=n_groups * n_classes**2)
    return counts.reshape(n_groups, n_classes, n_classes)


def from_counts(counts: np.ndarray, metric: str) -> np.ndarray:
    """Return a metric of counts, shape (..., n_classes, n_classes), but the AUC.

    A class that never occurs has no part in UA; NaN where nothing was counted.
    """
    counts = np.asarray(counts, float)
    hits, true = np.einsum("...kk->...k", counts), counts.sum(axis=-1)
    total = true.sum(axis=-1)
    if metric in ("wa", "accuracy"):
        return ratio(hits.sum(axis=-1), total)
    if metric == "ua":
        return ratio(ratio(hits, true, 0.0).sum(axis=-1), (true > 0).sum(axis=-1))
    f1 = ratio(2 * hits, true + counts.sum(axis=-2), 0.0)
    value = f1[..., 1] if metric == "f1_positive" else f1.mean(axis=-1)
    return np.where(total > 0, value, np.nan)


def ratio(over: np.ndarray, under: np.ndarray, empty: float = np.nan) -> np.ndarray:
    """Return `over` / `under`, and `empty` where `under` is 0."""
    return np.where(under > 0, over / np.where(under > 0, under, 1), empty)


def known_mean(values: np.ndarray, axis: int) -> np.ndarray:
    """Return the mean over an axis of what is no NaN; NaN where all is."""
    known = np.isfinite(values)
    return ratio(np.where(known, values, 0.0).sum(axis=axis), known.sum(axis=axis))


def chance_predictions(predictions, prior: float, *, seed: int):
    """Return the same rows answered by a coin that falls as often as `prior`.

    Parameters
    ----------
    predictions : DataFrame
        Of any system; only its test windows and labels are used.
    prior : float
        Share of class 1 among the training windows, never of the test windows.
    seed : int
    """
    drawn = np.random.default_rng(seed).random(len(predictions))
    return predictions.assign(y_pred=(drawn < prior).astype(int), y_score_1=1 - drawn)
