"""RMSE, PCC and CCC of a rating that moves with time: per fold, and per trial.

The two conventions must not be mixed. Per fold, all steps of a fold's test trials are
scored as one sequence, so that differences between trials count. Per trial, each is
scored by itself and trials are averaged. On the same answers the PCC of the first may
be twice that of the second.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

TRACE_METRICS = ("rmse", "pcc", "ccc")
"""RMSE: lower is better, 0 is perfect. PCC and CCC: higher, -1 to 1."""

PER_TRIAL = tuple(f"{metric}_per_trial" for metric in TRACE_METRICS)

TRIAL = ("subject", "session", "trial")


def trace_scores(x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Return RMSE, PCC and CCC of one sequence of answers.

    Paper 4, Eq. (22), (23) and (18), with equal divisors.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Answers, and what was rated.

    Returns
    -------
    scores : dict of str to float
        The PCC of a constant is NaN, its CCC is 0.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    gap, covariance = x.mean() - y.mean(), np.mean((x - x.mean()) * (y - y.mean()))
    spread, under = x.std() * y.std(), x.var() + y.var() + gap**2
    return {
        "rmse": float(np.sqrt(np.mean((x - y) ** 2))),  # Eq. (22)
        "pcc": float(covariance / spread) if spread > 1e-12 else np.nan,  # Eq. (23)
        "ccc": float(2 * covariance / under) if under > 0 else np.nan,  # Eq. (18)
    }


def score_traces(predictions, *, by: Sequence[str] = ("fold", "seed")):
    """Return tidy rows: each fold and seed scored in both conventions.

    Paper 4, Section 4.4, Eq. (18), (22) and (23).

    Parameters
    ----------
    predictions : DataFrame
        A row a step: `TRIAL`, `by`, y_true and y_pred.
    by : sequence of str
        Columns that tell one scored set from another; add method, target, … as needed.

    Returns
    -------
    results : DataFrame
        Columns `by`, metric (`TRACE_METRICS`, `PER_TRIAL`, n_steps, n_trials), value.
        A trial without a PCC, the answers or the ratings being constant, is left out
        of that mean.
    """
    import pandas as pd

    rows = []
    for key, part in predictions.groupby([*by], sort=True):
        found = trace_scores(part["y_pred"], part["y_true"])
        trials = [
            trace_scores(trial["y_pred"], trial["y_true"])
            for _, trial in part.groupby([*TRIAL], sort=True)
        ]
        means = pd.DataFrame(trials).mean().add_suffix("_per_trial").to_dict()
        counts = {"n_steps": float(len(part)), "n_trials": float(len(trials))}
        named = {**found, **means, **counts}
        known = dict(zip(by, key, strict=True))
        rows += [{**known, "metric": name, "value": v} for name, v in named.items()]
    return pd.DataFrame(rows, columns=[*by, "metric", "value"])
