"""Hold a claim against a table of scores: the paper's own, or ours."""

from __future__ import annotations

import pandas as pd

SCORE_COLUMNS = (
    "item", "dataset", "target", "method", "variant", "condition", "metric", "value",
)  # fmt: skip
NOT_COMPARABLE = "not comparable: surrogate"
NAMED = ("system", "condition")
"""What a comparison may name: systems under one condition, or conditions of one."""

_PLACE = ("item", "dataset", "target", "system", "condition", "metric")


def compare(comparison: dict, scores: pd.DataFrame) -> pd.DataFrame:
    """Return every pair of scores that a claim compares.

    Parameters
    ----------
    comparison : dict
        As `emolib.papers.load_claims` gives it.
    scores : DataFrame
        Columns `SCORE_COLUMNS`, one value per cell: what `load_reported` returns, or
        means of ours. Pairs of which one score is missing are left out.

    Returns
    -------
    pairs : DataFrame
        Columns item, dataset, target, metric and condition, or system where conditions
        are compared; better, worse, value_better, value_worse and `holds`: True where
        the first score lies above the second; a tie does not.
    """
    missing = [c for c in SCORE_COLUMNS if c not in scores]
    if missing:
        raise ValueError(
            f"scores must have the columns {', '.join(SCORE_COLUMNS)}; {missing} are "
            "missing."
        )
    named = comparison.get("between", "system")
    place = [column for column in _PLACE if column != named]
    cells = _chosen(comparison, scores)[[*place, named, "value"]]
    better, worse = (
        cells.rename(columns={named: side, "value": f"value_{side}"})
        for side in ("better", "worse")
    )
    sides = pd.DataFrame(_sides(comparison), columns=["better", "worse"])
    pairs = sides.merge(better, on="better").merge(worse, on=[*place, "worse"])
    order = [*place, "better", "worse", "value_better", "value_worse"]
    return pairs[order].assign(holds=pairs["value_better"] > pairs["value_worse"])


def _chosen(comparison: dict, scores: pd.DataFrame) -> pd.DataFrame:
    """Return the scores that a comparison speaks of, each with its system."""
    system = scores["variant"].where(scores["variant"] != "", scores["method"])
    cells = scores.assign(system=system)[scores["value"].notna()]
    for column in ("item", "metric", "dataset", "condition"):
        wanted = comparison.get(f"{column}s")
        cells = cells if wanted is None else cells[cells[column].isin(wanted)]
    return cells


def _sides(comparison: dict) -> list[tuple[str, str]]:
    """Return the pairs of names, the one said to score higher first."""
    if "falling" in comparison:
        names = comparison["falling"]
        return list(zip(names, names[1:], strict=False))
    return [(b, w) for b in comparison["better"] for w in comparison["worse"]]


def verdict(comparison: dict, scores: pd.DataFrame) -> str:
    """Return in a few words whether a claim holds in `scores`.

    Scores made on a surrogate corpus (column `source`) get no verdict: what holds there
    says nothing about people.
    """
    if not comparison:
        return "no score to compare"
    if "source" in scores and (scores["source"] == "surrogate").any():
        return NOT_COMPARABLE
    pairs = compare(comparison, scores)
    if pairs.empty:
        return "no score to compare"
    holds = int(pairs["holds"].sum())
    if holds == len(pairs):
        return f"holds in all {holds} comparisons"
    return f"holds in {holds} of {len(pairs)} comparisons"
