"""Mean, spread and 95 % interval over folds or subjects."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from emolib.metrics.scores import (
    CLASS_METRICS,
    EVERY_METRIC,
    class_counts,
    from_class_counts,
    from_confusion,
    n_classes_of,
)

MIN_SUBJECTS = 20
"""From so many subjects up an interval comes from resampling subjects."""

OVER_FOLDS = "t over folds"
OVER_SUBJECTS = "subject bootstrap"


def t_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """Return the t interval of the mean of `values`; NaN where there are fewer than 2.

    NaN values are left out.
    """
    from scipy.stats import t

    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return float("nan"), float("nan")
    half = t.ppf((1 + level) / 2, len(values) - 1)
    half *= values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean() - half), float(values.mean() + half)


def summarise(
    results,
    by: Sequence[str] = ("metric",),
    *,
    predictions=None,
    parts: Sequence[str] = ("fold", "seed"),
    n_draws: int = 2000,
    seed: int = 0,
):
    """Return mean, SD and 95 % interval of each group of results.

    Seeds are averaged within a fold first: folds are the unit, or subjects where
    `predictions` are given and the group has 20 subjects or more.

    Parameters
    ----------
    results : DataFrame
        Rows of `score_folds`: fold, seed, metric, value, and the columns of `by`.
    by : sequence of str
        Columns that make a group; "metric" is added where it is left out.
    predictions : DataFrame or callable
        The predictions behind `results`, with the columns of `by` but metric, for the
        subject bootstrap; or a function from a group's columns, a dictionary, to its
        predictions or None.
    parts : sequence of str
        Columns of `predictions` that tell one scored set of a group from another.
    n_draws, seed : int
        Of the bootstrap.

    Returns
    -------
    summary : DataFrame
        Columns `by`, metric, mean, sd (ddof 1, over folds; over seeds where there is
        one fold), n (folds that count), low, high, interval ("t over folds" or "subject
        bootstrap"), n_subjects.
    """
    import pandas as pd

    keys = [name for name in by if name != "metric"]
    behind_of, rows = _finder(predictions, keys), []
    for key, part in results.groupby([*keys, "metric"], sort=True):
        per_fold = part.groupby("fold")["value"].mean().dropna()
        row = dict(zip([*keys, "metric"], key, strict=True))
        behind = behind_of({name: row[name] for name in keys})
        row |= {"mean": per_fold.mean(), "sd": _spread(part), "n": len(per_fold)}
        rows.append(row | _interval(per_fold, behind, key[-1], parts, n_draws, seed))
    return pd.DataFrame(rows)


def _spread(part) -> float:
    """Return the SD over folds, or over the seeds of a split that is given."""
    each = "fold" if part["fold"].nunique() > 1 else "seed"
    return part.groupby(each)["value"].mean().dropna().std()


def _finder(predictions, keys: list[str]):
    """Return the function from a group to the predictions behind it, or to None."""
    if predictions is None or callable(predictions):
        return predictions or (lambda group: None)
    if not keys:
        return lambda group: predictions
    groups = dict(list(predictions.groupby(keys)))
    return lambda group: groups.get(tuple(group.values()))


def _interval(per_fold, predictions, metric, parts, n_draws, seed) -> dict:
    n_subjects = np.nan if predictions is None else predictions["subject"].nunique()
    if n_subjects >= MIN_SUBJECTS and metric in EVERY_METRIC:
        low, high = bootstrap_interval(
            predictions, metric=metric, parts=parts, n_draws=n_draws, seed=seed
        )
        name = OVER_SUBJECTS
    else:
        (low, high), name = t_interval(per_fold), OVER_FOLDS
    return {"low": low, "high": high, "interval": name, "n_subjects": n_subjects}


def bootstrap_interval(
    predictions,
    *,
    metric: str = "auc",
    parts: Sequence[str] = ("fold", "seed"),
    n_draws: int = 2000,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the 95 % interval of the part-averaged metric when subjects are redrawn.

    Parameters
    ----------
    predictions, metric, parts, n_draws, seed
        See `bootstrap_draws`.
    """
    draws = bootstrap_draws(
        predictions, metric=metric, parts=parts, n_draws=n_draws, seed=seed
    )
    return quantile_interval(draws)


def quantile_interval(draws: np.ndarray) -> tuple[float, float]:
    """Return the 2.5 and 97.5 % quantiles of draws; NaN where none is finite."""
    draws = draws[np.isfinite(draws)]
    if not len(draws):
        return float("nan"), float("nan")
    low, high = np.quantile(draws, (0.025, 0.975))
    return float(low), float(high)


def bootstrap_draws(
    predictions,
    *,
    metric: str = "auc",
    parts: Sequence[str] = ("fold", "seed"),
    n_draws: int = 2000,
    seed: int = 0,
) -> np.ndarray:
    """Return the part-averaged metric for each drawing of subjects, (n_draws,).

    Subjects are drawn with replacement, with all their windows; each part is scored
    again and the mean taken. Nothing is retrained. Two systems tested on the same
    subjects have the same drawings, so that their draws can be subtracted.

    Parameters
    ----------
    predictions : DataFrame
    metric : one of `EVERY_METRIC`
    parts : sequence of str
        Columns that tell one scored set from another.
    n_draws, seed : int
    """
    subjects = np.unique(predictions["subject"].to_numpy(str))
    counts = _drawings(len(subjects), n_draws, seed)
    total, n_scored = np.zeros(n_draws), np.zeros(n_draws)
    for _, part in predictions.groupby([*parts], sort=True):
        values = _redrawn(part, subjects, counts, metric)
        scored = np.isfinite(values)
        total += np.where(scored, values, 0)
        n_scored += scored
    return np.where(n_scored > 0, total / np.maximum(n_scored, 1), np.nan)


@lru_cache(maxsize=4)
def _drawings(n_subjects: int, n_draws: int, seed: int) -> np.ndarray:
    """Return how often each subject is drawn, shape (n_draws, n_subjects)."""
    rng = np.random.default_rng(seed)
    shares = np.full(n_subjects, 1 / n_subjects)
    return rng.multinomial(n_subjects, shares, size=n_draws).astype(float)


def _redrawn(part, subjects, counts, metric) -> np.ndarray:
    """Return the metric of one part for each draw; counts (n_draws, n_subjects)."""
    code = np.searchsorted(subjects, part["subject"].to_numpy(str))
    y_true = part["y_true"].to_numpy()
    if metric != "auc":
        k = n_classes_of(part) if metric in CLASS_METRICS else 2
        table = class_counts(part, code, len(subjects), k).reshape(len(subjects), -1)
        drawn = counts @ table.astype(float)
        if metric in CLASS_METRICS:
            return from_class_counts(drawn.reshape(-1, k, k), metric)
        return from_confusion(drawn, metric)
    won, n_pos, n_neg = _wins(code, y_true == 1, part["y_score_1"].to_numpy(float),
                              len(subjects))  # fmt: skip
    pairs = (counts @ n_pos) * (counts @ n_neg)
    scored = np.einsum("ds,sk,dk->d", counts, won, counts, optimize=True)
    return np.where(pairs > 0, scored / np.where(pairs > 0, pairs, 1), np.nan)


def _wins(code, positive, score, n_subjects):
    """Return how often a positive window of one subject beats a negative of another.

    Shape (n_subjects, n_subjects), ties half; and both classes' counts per subject.
    """
    negatives, negative_code = score[~positive], code[~positive]
    below = np.zeros((positive.sum(), n_subjects))
    for subject in np.unique(negative_code):
        theirs = np.sort(negatives[negative_code == subject])
        left = np.searchsorted(theirs, score[positive], "left")
        right = np.searchsorted(theirs, score[positive], "right")
        below[:, subject] = (left + right) / 2
    won = np.zeros((n_subjects, n_subjects))
    np.add.at(won, code[positive], below)
    n_pos = np.bincount(code[positive], minlength=n_subjects).astype(float)
    n_neg = np.bincount(negative_code, minlength=n_subjects).astype(float)
    return won, n_pos, n_neg
