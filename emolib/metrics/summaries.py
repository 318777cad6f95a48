"""Mean, spread and 95 % interval over folds or subjects."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

from emolib.metrics.scores import (
    EVERY_METRIC,
    class_counts,
    from_counts,
    known_mean,
    ratio,
)

MIN_SUBJECTS = 20
"""From so many subjects up an interval comes from resampling subjects."""

MIN_UNITS = 5
"""Of fewer folds or subjects no t interval is told: mean and SD stand alone."""

OVER_FOLDS = "t over folds"
OVER_SUBJECTS = "subject bootstrap"
UNGROUPED = "random_windows"
"""The protocol whose folds share trials, so that no t interval over them holds."""


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
    `predictions` are given and the group has 20 subjects or more. Fewer than five
    folds, or folds of windows drawn at random (column `protocol`), have no interval.

    Parameters
    ----------
    results : DataFrame
        Rows of `score_folds`: fold, seed, metric, value, and the columns of `by`.
    by : sequence of str
        Columns that make a group; "metric" is added where it is left out.
    predictions : DataFrame or callable
        The predictions behind `results`, with the columns of `by` but metric, for the
        subject bootstrap; or a function from a group's columns, a dictionary with
        metric, to its predictions or None.
    parts : sequence of str
        Columns of `predictions` that tell one scored set of a group from another.
    n_draws, seed : int
        Of the bootstrap.

    Returns
    -------
    summary : DataFrame
        Columns `by`, metric, mean, sd (ddof 1, over folds; over seeds where there is
        one fold), n (folds that count), low, high (within the metric's range), interval
        ("t over folds", "subject bootstrap", or "" where there is none), n_subjects.
    """
    keys = [name for name in by if name != "metric"]
    behind_of, rows = _finder(predictions, keys), []
    options = {"parts": parts, "n_draws": n_draws, "seed": seed}
    for key, part in results.groupby([*keys, "metric"], sort=True):
        per_fold = part.groupby("fold")["value"].mean().dropna()
        row = dict(zip([*keys, "metric"], key, strict=True))
        behind = behind_of({name: row[name] for name in (*keys, "metric")})
        row |= {"mean": per_fold.mean(), "sd": _spread(part), "n": len(per_fold)}
        if UNGROUPED in {*part.get("protocol", ())}:
            per_fold = per_fold[:0]
        rows.append(row | _interval(per_fold, behind, row["metric"], options))
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
    return lambda group: groups.get(tuple(group[name] for name in keys))


def _interval(per_fold, predictions, metric: str, options: dict) -> dict:
    n_subjects = np.nan if predictions is None else predictions["subject"].nunique()
    if n_subjects >= MIN_SUBJECTS and metric in EVERY_METRIC:
        draws = bootstrap_draws(predictions, metric=metric, **options)
        (low, high), name = quantile_interval(draws), OVER_SUBJECTS
    else:
        bounds = (0, 1) if metric in EVERY_METRIC else (-np.inf, np.inf)
        low, high = t_interval(per_fold, bounds)
        name = OVER_FOLDS if np.isfinite(low) else ""
    return {"low": low, "high": high, "interval": name, "n_subjects": n_subjects}


def t_interval(values, bounds: tuple[float, float]) -> tuple[float, float]:
    """Return the 95 % t interval of the mean, cut to `bounds`; NaN of fewer than 5."""
    from scipy.stats import t

    values = np.asarray(values, float)
    if len(values) < MIN_UNITS:
        return float("nan"), float("nan")
    error = values.std(ddof=1) / np.sqrt(len(values))
    half = t.ppf(0.975, len(values) - 1) * error
    low, high = np.clip((values.mean() - half, values.mean() + half), *bounds)
    return float(low), float(high)


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
    times = _drawings(len(subjects), n_draws, seed)
    redrawn = _redrawn_auc if metric == "auc" else _redrawn_counts
    values = []
    for _, part in predictions.groupby([*parts], sort=True):
        code = np.searchsorted(subjects, part["subject"].to_numpy(str))
        values.append(redrawn(part, code, times, metric))
    return known_mean(np.stack(values), axis=0)


@lru_cache(maxsize=4)
def _drawings(n_subjects: int, n_draws: int, seed: int) -> np.ndarray:
    """Return how often each subject is drawn, shape (n_draws, n_subjects)."""
    rng = np.random.default_rng(seed)
    shares = np.full(n_subjects, 1 / n_subjects)
    return rng.multinomial(n_subjects, shares, size=n_draws).astype(float)


def _redrawn_counts(part, code, times, metric: str) -> np.ndarray:
    """Return a metric of classes of one part for each draw; times (n_draws, n)."""
    counts = class_counts(part, code, times.shape[1])  # (n, k, k)
    drawn = times @ counts.reshape(len(counts), -1).astype(float)
    return from_counts(drawn.reshape(-1, *counts.shape[1:]), metric)


def _redrawn_auc(part, code, times, metric: str) -> np.ndarray:
    """Return the AUC of one part for each draw; times (n_draws, n)."""
    rank = np.unique(part["y_score_1"], return_inverse=True)[1]
    positive = part["y_true"].to_numpy() == 1
    drawn = []
    for side in (positive, ~positive):
        table = np.zeros((times.shape[1], rank.max() + 1))
        np.add.at(table, (code[side], rank[side]), 1.0)
        drawn.append(times @ table)  # windows with each score, (n_draws, n_scores)
    pos, neg = drawn
    won = (pos * (neg.cumsum(axis=1) - neg / 2)).sum(axis=1)  # ties count half
    return ratio(won, pos.sum(axis=1) * neg.sum(axis=1))
