"""Two systems by paired per-subject differences; one system against chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from emolib.checks import check_option
from emolib.metrics.scores import (
    CLASS_METRICS,
    n_classes_of,
    score_one,
    subject_scores,
)
from emolib.metrics.summaries import (
    MIN_SUBJECTS,
    bootstrap_draws,
    quantile_interval,
    t_interval,
)


@dataclass(frozen=True)
class PairedDifference:
    """How much better system a is than system b, subject by subject.

    Parameters
    ----------
    mean, sd : float
        Of a minus b over subjects (SD with ddof 1).
    low, high : float
        95 % interval of the mean.
    n : int
        Subjects compared.
    n_left_out : int
        Subjects without a score, because their labels are of one class.
    interval : str
        "t over subjects", or "subject bootstrap" from 20 subjects up.
    per_subject : DataFrame
        Columns subject, a, b, difference.
    """

    mean: float
    sd: float
    low: float
    high: float
    n: int
    n_left_out: int
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
    both = subject_scores(a, metric, parts=parts).merge(
        subject_scores(b, metric, parts=parts), on="subject", suffixes=("_a", "_b")
    )
    both = both.rename(columns={"value_a": "a", "value_b": "b"})[["subject", "a", "b"]]
    scored = both.dropna().reset_index(drop=True)
    scored["difference"] = scored["a"] - scored["b"]
    values = scored["difference"].to_numpy()
    low, high, interval = _interval_of_mean(values, n_draws, seed)
    return PairedDifference(
        mean=float(values.mean()) if len(values) else float("nan"),
        sd=float(values.std(ddof=1)) if len(values) > 1 else float("nan"),
        low=low,
        high=high,
        n=len(values),
        n_left_out=len(both) - len(scored),
        interval=interval,
        per_subject=scored,
    )


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
    values = [
        np.mean([score_one(part, metric) for _, part in side.groupby([*parts])])
        for side in (a, b)
    ]
    options = {"metric": metric, "parts": parts, "n_draws": n_draws, "seed": seed}
    draws = bootstrap_draws(a, **options) - bootstrap_draws(b, **options)
    return float(values[0] - values[1]), *quantile_interval(draws)


def _interval_of_mean(values, n_draws, seed) -> tuple[float, float, str]:
    if len(values) < MIN_SUBJECTS:
        return *t_interval(values), "t over subjects"
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(values), size=(n_draws, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), (0.025, 0.975))
    return float(low), float(high), "subject bootstrap"


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
    options = {"parts": parts, "n_draws": n_draws, "seed": seed}
    observed, null = permutation_null(predictions, metric, **options)
    if not np.isfinite(observed):
        return float("nan")
    return float((1 + np.sum(null >= observed - 1e-12)) / (1 + len(null)))


def permutation_null(
    predictions,
    metric: str = "auc",
    *,
    parts: Sequence[str] = ("fold", "seed"),
    n_draws: int = 10_000,
    seed: int = 0,
) -> tuple[float, np.ndarray]:
    """Return the part-averaged score, and its values under permuted trial labels.

    Returns
    -------
    observed : float
    null : ndarray, shape (n_draws,)
    """
    check_option("metric", metric, ("auc", *CLASS_METRICS))
    trials, labels, subjects = _trials(predictions)
    score = _scorer(predictions, metric, trials, len(labels), [*parts])
    rng = np.random.default_rng(seed)
    null = []
    for start in range(0, n_draws, 1000):
        n = min(1000, n_draws - start)
        drawn = np.empty((n, len(labels)), int)
        for subject in np.unique(subjects):
            mine = np.flatnonzero(subjects == subject)
            order = rng.random((n, len(mine))).argsort(axis=1)
            drawn[:, mine] = labels[mine][order]
        null.append(score(drawn))
    return float(score(labels[None])[0]), np.concatenate(null)


def _scorer(predictions, metric: str, trials, n_trials: int, parts: list[str]):
    """Return the function from labels (n_draws, n_trials) to mean scores (n_draws,)."""
    if metric == "auc":
        ranks, n_windows = _rank_sums(predictions, trials, n_trials, parts)
        return lambda labels: _mean_auc(labels.astype(float), ranks, n_windows)
    answers = _answers(predictions, trials, n_trials, parts)
    return lambda labels: _mean_of_classes(labels, answers, metric)


def _answers(predictions, trials, n_trials: int, parts: list[str]) -> np.ndarray:
    """Return how often each trial was answered by each class, in each part.

    Shape (n_classes, n_trials, n_parts).
    """
    part = predictions.groupby(parts, sort=True).ngroup().to_numpy()
    answers = np.zeros((n_classes_of(predictions), n_trials, part.max() + 1))
    np.add.at(answers, (predictions["y_pred"].to_numpy(), trials, part), 1.0)
    return answers


def _mean_of_classes(labels, answers, metric: str) -> np.ndarray:
    """Return WA or UA of each row of labels (n_draws, n_trials), mean over parts."""
    n_windows = answers.sum(axis=0)
    is_class = [(labels == k).astype(float) for k in range(len(answers))]
    hits = np.stack([mine @ answers[k] for k, mine in enumerate(is_class)])
    there = np.stack([mine @ n_windows for mine in is_class])  # (k, draws, parts)
    if metric == "wa":
        return (hits.sum(axis=0) / there.sum(axis=0)).mean(axis=1)
    recalls = np.where(there > 0, hits / np.where(there > 0, there, 1), 0.0)
    return (recalls.sum(axis=0) / (there > 0).sum(axis=0)).mean(axis=1)


def _trials(predictions):
    """Return the trial code of each row; label and subject code of each trial."""
    keys = ["subject", "session", "trial"] if "session" in predictions else [
        "subject", "trial",
    ]  # fmt: skip
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


def _rank_sums(predictions, trials, n_trials, parts):
    """Return rank sums and window counts, shape (n_trials, n_parts)."""
    from scipy.stats import rankdata

    scores = predictions["y_score_1"].to_numpy(float)
    ranks, n_windows = [], []
    for rows in predictions.groupby(parts, sort=True).indices.values():
        rank = rankdata(scores[rows])
        ranks.append(np.bincount(trials[rows], rank, n_trials))
        n_windows.append(np.bincount(trials[rows], minlength=n_trials).astype(float))
    return np.stack(ranks, axis=1), np.stack(n_windows, axis=1)


def _mean_auc(labels, ranks, n_windows) -> np.ndarray:
    """Return the mean AUC over folds of each row of labels (n_draws, n_trials)."""
    n_pos = labels @ n_windows
    n_neg = n_windows.sum(axis=0) - n_pos
    pairs = n_pos * n_neg
    won = labels @ ranks - n_pos * (n_pos + 1) / 2
    scored = pairs > 0
    auc = np.where(scored, won / np.where(scored, pairs, 1), 0.0)
    n_scored = scored.sum(axis=1)
    mean = auc.sum(axis=1) / np.maximum(n_scored, 1)
    return np.where(n_scored > 0, mean, np.nan)


def holm(p_values):
    """Return Holm-adjusted p-values, in the form they came in.

    Parameters
    ----------
    p_values : mapping of name to float, or sequence of float
        NaN is passed through and not counted.
    """
    if isinstance(p_values, Mapping):
        return dict(zip(p_values, holm(list(p_values.values())).tolist(), strict=True))
    p = np.asarray(p_values, float)
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    factors = len(known) - np.arange(len(known))
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * p[order]), 1.0)
    return adjusted
