"""Accuracy, F1 and AUC of predictions: overall, per fold, per subject."""

from __future__ import annotations

import numpy as np

from emolib.checks import check_option
from emolib.containers import PREDICTION_COLUMNS

METRICS = ("accuracy", "f1_macro", "f1_positive", "auc")
"""Of two classes. All higher is better, 0 to 1. F1 is 0 for a class never predicted."""

CLASS_METRICS = ("wa", "ua")
"""Of any number of classes, by the names of speech emotion recognition: WA is accuracy,
UA the mean over classes of the share that is found, each class alike."""

EVERY_METRIC = (*METRICS, *CLASS_METRICS)


def predictions_frame(
    meta,
    rows: np.ndarray,
    *,
    y_true: np.ndarray,
    y_score_1: np.ndarray,
    fold: int,
    seed: int,
    y_pred: np.ndarray | None = None,
):
    """Return Predictions: one row per test window.

    Parameters
    ----------
    meta : DataFrame
        Of all windows.
    rows : ndarray of int, shape (n_test,)
        The test windows; kept as column window.
    y_true, y_score_1, y_pred : ndarray, shape (n_test,)
        Labels, probabilities of class 1, predicted labels (None: score > 0.5).
    fold, seed : int
    """
    import pandas as pd

    y_score_1 = np.asarray(y_score_1, float)
    predicted = y_score_1 > 0.5 if y_pred is None else np.asarray(y_pred)
    test = meta.iloc[rows]
    session = test["session"].to_numpy(str) if "session" in test else "1"
    columns = {
        "window": np.asarray(rows),
        "subject": test["subject"].to_numpy(str),
        "session": session,
        "trial": test["trial"].to_numpy(str),
        "start_s": test["start_s"].to_numpy(float),
        "fold": fold,
        "seed": seed,
        "y_true": np.asarray(y_true).astype(int),
        "y_pred": predicted.astype(int),
        "y_score_1": y_score_1,
    }
    return pd.DataFrame(columns)[list(PREDICTION_COLUMNS)]


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


def confusion(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Return counts of true negatives, false positives, false negatives, true pos."""
    code = 2 * (np.asarray(y_true) == 1) + (np.asarray(y_pred) == 1)
    return np.bincount(code, minlength=4)


def from_confusion(counts: np.ndarray, metric: str) -> np.ndarray:
    """Return a metric of counts, shape (..., 4); NaN where nothing was counted."""
    counts = np.asarray(counts, float)
    tn, fp, fn, tp = np.moveaxis(counts, -1, 0)
    total = counts.sum(axis=-1)
    if metric == "accuracy":
        return _ratio(tn + tp, total, np.nan)
    positive = _ratio(2 * tp, 2 * tp + fp + fn, 0.0)
    negative = _ratio(2 * tn, 2 * tn + fp + fn, 0.0)
    value = positive if metric == "f1_positive" else (positive + negative) / 2
    return np.where(total > 0, value, np.nan)


def _ratio(over: np.ndarray, under: np.ndarray, empty: float) -> np.ndarray:
    safe = np.where(under > 0, under, 1)
    return np.where(under > 0, over / safe, empty)


COUNT = "n_windows"
"""Column of predictions that are counted: how many windows a row stands for."""


def class_counts(
    predictions, groups: np.ndarray, n_groups: int, n_classes: int
) -> np.ndarray:
    """Return how often each class was answered by each, group by group.

    Parameters
    ----------
    predictions : DataFrame
        Columns y_true, y_pred, and `COUNT` where a row stands for several windows.
    groups : ndarray of int, shape (n_rows,)
        The group of each row.
    n_groups, n_classes : int

    Returns
    -------
    counts : ndarray, shape (n_groups, n_classes, n_classes)
        The true class first.
    """
    code = n_classes * np.asarray(groups) + predictions["y_true"].to_numpy()
    code = n_classes * code + predictions["y_pred"].to_numpy()
    weights = predictions[COUNT].to_numpy(float) if COUNT in predictions else None
    counts = np.bincount(code, weights, minlength=n_groups * n_classes**2)
    return counts.reshape(n_groups, n_classes, n_classes)


def from_class_counts(counts: np.ndarray, metric: str) -> np.ndarray:
    """Return WA or UA of counts, shape (..., n_classes, n_classes).

    A class that never occurs has no part in UA; NaN where nothing was counted.
    """
    counts = np.asarray(counts, float)
    hits, found = np.einsum("...kk->...k", counts), counts.sum(axis=-1)
    if metric == "wa":
        return _ratio(hits.sum(axis=-1), found.sum(axis=-1), np.nan)
    occurs = (found > 0).sum(axis=-1)
    return _ratio(_ratio(hits, found, 0.0).sum(axis=-1), occurs, np.nan)


def n_classes_of(predictions) -> int:
    """Return one more than the largest class that is true or answered."""
    return int(predictions[["y_true", "y_pred"]].to_numpy().max(initial=0)) + 1


def score_one(predictions, metric: str) -> float:
    """Return one metric of the rows given, taken together."""
    check_option("metric", metric, EVERY_METRIC)
    y_true, y_pred = predictions["y_true"], predictions["y_pred"]
    if metric == "auc":
        return auc_score(y_true, predictions["y_score_1"])
    if metric in CLASS_METRICS:
        everyone = np.zeros(len(predictions), int)
        counts = class_counts(predictions, everyone, 1, n_classes_of(predictions))
        return float(from_class_counts(counts[0], metric))
    return float(from_confusion(confusion(y_true, y_pred), metric))


def score_classification(predictions, metrics=METRICS):
    """Return the metrics of the predictions of one fold and seed.

    Parameters
    ----------
    predictions : DataFrame
        Columns y_true, y_pred and y_score_1, the probability of class 1. For
        `CLASS_METRICS` any number of classes, counted from 0, and no scores; a row may
        stand for several windows (`COUNT`).
    metrics : sequence of str

    Returns
    -------
    scores : DataFrame
        Columns metric, value: accuracy, f1_macro (mean of both classes' F1),
        f1_positive (F1 of class 1), auc (NaN where y_true holds one class), or wa and
        ua; then n_windows.
    """
    import pandas as pd

    _check_predictions(predictions, binary=bool({*metrics} - {*CLASS_METRICS}))
    values = {metric: score_one(predictions, metric) for metric in metrics}
    values["n_windows"] = float(len(predictions))
    return pd.DataFrame({"metric": list(values), "value": list(values.values())})


def _check_predictions(predictions, *, binary: bool) -> None:
    scores = ("y_score_1",) if binary else ()
    wanted = ("y_true", "y_pred", *scores)
    missing = [name for name in wanted if name not in predictions]
    if missing:
        raise ValueError(
            f"predictions must have columns {list(wanted)}; got none named {missing}."
        )
    for name in ("y_true", "y_pred"):
        classes = predictions[name]
        right = classes.isin((0, 1)) if binary else classes.isin(range(1000))
        if not right.all():
            raise ValueError(
                f"{name} must hold {'0 and 1' if binary else 'classes from 0 up'}; got "
                f"{sorted(classes.unique().tolist())[:5]}."
            )
    for name in [c for c in predictions if str(c).startswith("y_score_")]:
        n_missing = int(predictions[name].isna().sum())
        if n_missing:
            raise ValueError(
                f"{name} must not be missing; got {n_missing} NaN of "
                f"{len(predictions)} rows. The fit has diverged, or a window was "
                "never predicted."
            )


def score_folds(predictions, *, by=("fold", "seed"), metrics=METRICS):
    """Return tidy rows: each fold and seed scored by itself.

    Parameters
    ----------
    predictions : DataFrame
    by : sequence of str
        Columns that tell one scored set from another; add method, target, … as needed.
    metrics : sequence of str
        See `score_classification`.

    Returns
    -------
    results : DataFrame
        Columns `by`, metric, value.
    """
    import pandas as pd

    by = list(by)
    if {*metrics} <= {*CLASS_METRICS} and len(predictions):
        return _counted(predictions, by, metrics)
    parts = []
    for key, part in predictions.groupby(by, sort=True):
        scores = score_classification(part, metrics)
        for place, (name, value) in enumerate(zip(by, key, strict=True)):
            scores.insert(place, name, value)
        parts.append(scores)
    return pd.concat(parts, ignore_index=True)


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
    check_option("metric", metric, EVERY_METRIC)
    groups = predictions.groupby(["subject", *parts], sort=True)
    per_subject = _each(groups, predictions, metric).groupby("subject")
    return (
        per_subject.mean()
        .rename("value")
        .to_frame()
        .assign(n_parts=per_subject.count())
        .reset_index()
    )


def _each(groups, predictions, metric: str):
    """Return one metric of each group of predictions, as a series."""
    columns = [c for c in ("y_true", "y_pred", "y_score_1") if c in predictions]
    if metric not in CLASS_METRICS:
        return groups[columns].apply(lambda part: score_one(part, metric))
    sizes = groups.size()
    values = from_class_counts(_group_counts(groups, predictions), metric)
    return type(sizes)(values, index=sizes.index)


def _counted(predictions, by: list[str], metrics):
    """Return `score_folds` for metrics that need no more than counts of classes."""
    _check_predictions(predictions, binary=False)
    groups = predictions.groupby(by, sort=True)
    counts = _group_counts(groups, predictions)
    wide = (
        groups.size()
        .to_frame("size")
        .assign(
            **{metric: from_class_counts(counts, metric) for metric in metrics},
            n_windows=counts.sum(axis=(1, 2)).astype(float),
        )
    )
    long = wide[[*metrics, "n_windows"]].stack()
    return long.rename_axis([*by, "metric"]).rename("value").reset_index()


def _group_counts(groups, predictions) -> np.ndarray:
    """Return `class_counts` of the groups of a groupby."""
    place = groups.ngroup().to_numpy()
    n_classes = n_classes_of(predictions)
    return class_counts(predictions, place, place.max(initial=-1) + 1, n_classes)


def majority_predictions(predictions, prior):
    """Return the same rows answered with the class most frequent in training.

    Parameters
    ----------
    predictions : DataFrame
        Of any system; only its test windows and labels are used.
    prior : float or mapping of fold to float
        Share of class 1 among the training windows, never of the test windows.
    """
    share = _prior_of(predictions, prior)
    return predictions.assign(y_pred=(share > 0.5).astype(int), y_score_1=share)


def chance_predictions(predictions, prior, *, seed: int):
    """Return the same rows answered by a coin that falls as often as `prior`.

    Parameters
    ----------
    predictions, prior
        See `majority_predictions`.
    seed : int
    """
    share = _prior_of(predictions, prior)
    rng = np.random.default_rng(seed)
    drawn = rng.random(len(predictions))
    return predictions.assign(y_pred=(drawn < share).astype(int), y_score_1=1 - drawn)


def _prior_of(predictions, prior) -> np.ndarray:
    if hasattr(prior, "get"):
        return predictions["fold"].map(prior).to_numpy(float)
    return np.full(len(predictions), float(prior))
