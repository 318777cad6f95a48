"""Two systems by paired per-subject differences; one system against chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emolib.checks import check_option
from emolib.metrics.scores import (
    CLASS_METRICS,
    known_mean,
    ratio,
    score_folds,
    subject_scores,
)
from emolib.metrics.summaries import (
    MIN_SUBJECTS,
    OVER_SUBJECTS,
    bootstrap_draws,
    quantile_interval,
    t_interval,
)


@dataclass(frozen=True)
class PairedDifference:
    """How much better system a is than system b, subject by subject.

    Parameters
    ----------
    mean, low, high : float
        Of a minus b over subjects, and its 95 % interval.
    n : int
        Subjects compared; one whose labels are of one class has no AUC and is left out.
    interval : str
        "t over subjects" from 5 subjects up, "subject bootstrap" from 20, else "".
    per_subject : DataFrame
        Columns subject, a, b, difference.
    """

    mean: float
    low: float
    high: float
    n: int
    interval: str
    per_subject: object


def paired_differences(
    a,
    b,
    metric: str = "auc",
    *,
    parts: Sequence[str] = ("fold", "seed"),
    n_draws: int = 10_000,
    seed: int = 0,
) -> PairedDifference:
    """Return the per-subject differences of two systems' predictions, a minus b.

    A subject's score is its mean over folds and seeds (`subject_scores`).

    Parameters
    ----------
    a, b : DataFrame
        Predictions of the same test windows.
    metric : one of `emolib.metrics.EVERY_METRIC`
    parts : sequence of str
        Columns that tell one scored set of a subject from another.
    n_draws, seed : int
        Of the bootstrap.
    """
    _check_same_windows(a, b)
    each = [subject_scores(side, metric, parts=parts) for side in (a, b)]
    both = each[0].merge(each[1], on="subject", suffixes=("_a", "_b"))
    both = both.rename(columns={"value_a": "a", "value_b": "b"})[["subject", "a", "b"]]
    both = both.dropna().reset_index(drop=True)
    both["difference"] = both["a"] - both["b"]
    values = both["difference"].to_numpy()
    low, high, interval = _interval_of_mean(values, n_draws, seed)
    mean = float(values.mean()) if len(values) else float("nan")
    return PairedDifference(mean, low, high, len(values), interval, both)


def _interval_of_mean(values, n_draws, seed) -> tuple[float, float, str]:
    if len(values) < MIN_SUBJECTS:
        low, high = t_interval(values, (-1, 1))
        return low, high, "t over subjects" if np.isfinite(low) else ""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(values), size=(n_draws, len(values)))
    return *quantile_interval(values[drawn].mean(axis=1)), OVER_SUBJECTS


def pooled_difference(
    a,
    b,
    metric: str,
    *,
    parts: Sequence[str] = ("fold", "seed"),
    n_draws: int = 2000,
    seed: int = 0,
) -> tuple[float, float, float]:
    """Return a's score minus b's and its 95 % interval when subjects are redrawn.

    For corpora with many subjects of few windows each (the videos of MOSEI), where a
    subject by itself has no score worth the name: windows of all subjects are scored
    together, for every drawing of subjects.

    Parameters
    ----------
    a, b : DataFrame
        Predictions of the same test windows.
    metric, parts, n_draws, seed
        See `bootstrap_draws`.

    Returns
    -------
    difference, low, high : float
    """
    _check_same_windows(a, b)
    options = {"metric": metric, "parts": parts, "n_draws": n_draws, "seed": seed}
    values, draws = [], []
    for side in (a, b):
        each = score_folds(side, by=parts, metrics=(metric,))
        values.append(each.loc[each["metric"] == metric, "value"].mean())
        draws.append(bootstrap_draws(side, **options))
    interval = quantile_interval(draws[0] - draws[1])
    return float(values[0] - values[1]), *interval


def _check_same_windows(a, b) -> None:
    """Raise unless both systems were tested on the same windows."""
    keys = ["subject", "trial", "start_s"]
    left, right = (
        frame[keys].drop_duplicates().sort_values(keys).reset_index(drop=True)
        for frame in (a, b)
    )
    if not left.equals(right):
        raise ValueError(
            f"a and b must be predictions of the same windows; got {len(left)} and "
            f"{len(right)} windows that differ. Compare systems of one protocol, data "
            "and folds."
        )


def permutation_test(
    predictions,
    metric: str = "auc",
    *,
    parts: Sequence[str] = ("fold", "seed"),
    n_draws: int = 10_000,
    seed: int = 0,
) -> float:
    """Return the p-value of the part-averaged score against no relation to the labels.

    Labels of whole trials are permuted within each subject, so that a subject's own
    bias and the likeness of one trial's windows are part of chance. One-sided; nothing
    is retrained. Never below ``1 / (n_draws + 1)``.

    Parameters
    ----------
    predictions : DataFrame
        One label per trial.
    metric : {'auc', 'wa', 'ua'}
    parts : sequence of str
        Columns that tell one scored set from another.
    n_draws, seed : int
    """
    observed, null = permutation_null(predictions, metric, parts, n_draws, seed)
    if not np.isfinite(observed):
        return float("nan")
    return float((1 + np.sum(null >= observed - 1e-12)) / (1 + len(null)))


def permutation_null(predictions, metric, parts, n_draws, seed):
    """Return the part-averaged score, and its values under permuted trial labels.

    Arguments are those of `permutation_test`.

    Returns
    -------
    observed : float
    null : ndarray, shape (n_draws,)
    """
    check_option("metric", metric, ("auc", *CLASS_METRICS))
    trials, labels, subjects = _trials(predictions)
    part = predictions.groupby([*parts], sort=True).ngroup().to_numpy()
    scorer = _auc_scorer if metric == "auc" else _class_scorer
    score = scorer(predictions, trials, part, metric)
    rng = np.random.default_rng(seed)
    null = []
    for start in range(0, n_draws, 1000):
        drawn = np.empty((min(1000, n_draws - start), len(labels)), int)
        for subject in np.unique(subjects):
            mine = np.flatnonzero(subjects == subject)
            order = rng.random((len(drawn), len(mine))).argsort(axis=1)
            drawn[:, mine] = labels[mine][order]
        null.append(score(drawn))
    return float(score(labels[None])[0]), np.concatenate(null)


def _trials(predictions):
    """Return the trial code of each row; label and subject code of each trial."""
    keys = [k for k in ("subject", "session", "trial") if k in predictions]
    groups = predictions.groupby(keys, sort=True)
    if (groups["y_true"].nunique() > 1).any():
        raise ValueError(
            "predictions must have one y_true per trial; got trials with both. Labels "
            "that change within a trial cannot be permuted as whole trials."
        )
    labels = groups["y_true"].first()
    names = labels.index.get_level_values("subject")
    subjects = np.unique(names, return_inverse=True)[1]
    return groups.ngroup().to_numpy(), labels.to_numpy(), subjects


def _auc_scorer(predictions, trials, part, metric: str):
    """Return the function from labels (n_draws, n_trials) to mean AUC (n_draws,)."""
    rank = predictions["y_score_1"].groupby(part).rank().to_numpy()
    ranks, n_windows = _totals(rank, trials, part), _totals(1.0, trials, part)

    def score(labels):
        n_pos = labels @ n_windows
        pairs = n_pos * (n_windows.sum(axis=0) - n_pos)
        won = labels @ ranks - n_pos * (n_pos + 1) / 2
        return known_mean(ratio(won, pairs), axis=1)

    return score


def _class_scorer(predictions, trials, part, metric: str):
    """Return the function from labels (n_draws, n_trials) to mean WA or UA."""
    y_pred = predictions["y_pred"].to_numpy()
    n_classes = 1 + max(y_pred.max(), predictions["y_true"].max())
    n_windows = _totals(1.0, trials, part)
    answers = [_totals(1.0 * (y_pred == k), trials, part) for k in range(n_classes)]

    def score(labels):
        is_class = [(labels == k).astype(float) for k in range(n_classes)]
        hits = np.stack([mine @ answers[k] for k, mine in enumerate(is_class)])
        there = np.stack([mine @ n_windows for mine in is_class])  # (k, draws, parts)
        if metric == "wa":
            return ratio(hits.sum(axis=0), there.sum(axis=0)).mean(axis=1)
        recalls = ratio(hits, there, 0.0)
        return (recalls.sum(axis=0) / (there > 0).sum(axis=0)).mean(axis=1)

    return score


def _totals(weights, trials, part) -> np.ndarray:
    """Return the sum of weights of each trial's windows, (n_trials, n_parts)."""
    totals = np.zeros((trials.max() + 1, part.max() + 1))
    np.add.at(totals, (trials, part), weights)
    return totals


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Return Holm-adjusted p-values; NaN is passed through and not counted."""
    p = np.asarray(p_values, float)
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    factors = len(known) - np.arange(len(known))
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * p[order]), 1.0)
    return adjusted
