"""A study: the finished units of one run of a paper, and what is read off them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from emolib.metrics import paired_differences, pooled_difference
from emolib.metrics.summaries import MIN_SUBJECTS
from emolib.units.study import Recipe as Paper
from emolib.units.study import Study, in_running_order

__all__ = ["Paper", "Study", "compare", "in_running_order"]

DIFFERENCE = ("mean", "low", "high", "n", "interval")


def compare(
    study: Study,
    label: str,
    pairs: Sequence[tuple],
    *,
    metric: str = "auc",
    by: Sequence[str] = (),
    table: str = "predictions",
    parts: Sequence[str] = ("fold", "seed"),
    pooled: bool = False,
    per_subject: bool = False,
    **labels,
) -> pd.DataFrame:
    """Return a minus b for pairs of one label's values, paired by subject.

    Two systems: ``compare(study, "system", [("NMER", "MEN")], by=["db"])``; two levels
    of noise: ``compare(study, "db", [(-40.0, -10.0)], by=["system"])``.

    Parameters
    ----------
    study : Study
    label : str
        The label in which a and b differ.
    pairs : sequence of (a, b)
    metric : one of `emolib.metrics.EVERY_METRIC`
    by : sequence of str
        Labels; each combination of their values that was run is compared by itself.
    table : str
        The stored table that holds the predictions.
    parts : sequence of str
        Columns that tell one scored set of a subject from another.
    pooled : bool
        From 20 subjects up score the windows of all subjects together, for corpora
        whose subjects have few windows each (`emolib.metrics.pooled_difference`).
    per_subject : bool
        Return a row per subject instead, as a figure draws them.
    **labels
        What all compared units share, for example ``dataset="mosei"``.

    Returns
    -------
    differences : DataFrame
        Columns a, b, those of `by`, mean (above 0: a scores higher), low, high (95 %
        interval), n (subjects), interval (how it was made); or a, b, those of `by`,
        subject, difference. Pairs that were not both run are left out.
    """
    rows = []
    combinations = dict.fromkeys(
        tuple(unit.labels[name] for name in by) for unit, _ in study.select(**labels)
    )
    for values in combinations:
        cell = {**labels, **dict(zip(by, values, strict=True))}
        for a, b in pairs:
            sides = [study.table(table, **{**cell, label: side}) for side in (a, b)]
            if any(side.empty for side in sides):
                continue
            found = _differences(*sides, metric, parts, pooled, per_subject)
            rows += [(a, b, *values, *row) for row in found]
    names = ("subject", "difference") if per_subject else DIFFERENCE
    return pd.DataFrame(rows, columns=["a", "b", *by, *names])


def _differences(a, b, metric: str, parts, pooled: bool, per_subject: bool) -> list:
    """Return one row of `DIFFERENCE`, or a row per subject."""
    n = a["subject"].nunique()
    if pooled and n >= MIN_SUBJECTS and not per_subject:
        values = pooled_difference(a, b, metric, parts=parts)
        return [(*values, n, "subject bootstrap")]
    paired = paired_differences(a, b, metric, parts=parts)
    if per_subject:
        return list(paired.per_subject[["subject", "difference"]].itertuples(False))
    return [tuple(getattr(paired, name) for name in DIFFERENCE)]
