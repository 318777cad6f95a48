"""Hold a claim against a table of scores: the paper's own, or ours."""

from __future__ import annotations

import pandas as pd

SCORE_COLUMNS = ("item", "dataset", "target", "method", "variant", "metric", "value")
NOT_COMPARABLE = "not comparable: surrogate"
_PLACE = ["item", "dataset", "target", "metric"]


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
        Columns item, dataset, target, metric, better, worse, value_better, value_worse
        and `holds`: True where the first score lies above the second; a tie does not.
    """
    missing = [c for c in SCORE_COLUMNS if c not in scores]
    if missing:
        raise ValueError(
            f"scores must have the columns {', '.join(SCORE_COLUMNS)}; {missing} are "
            "missing."
        )
    system = scores["variant"].where(scores["variant"] != "", scores["method"])
    chosen = scores["item"].isin(comparison["items"])
    chosen &= scores["metric"].isin(comparison["metrics"]) & scores["value"].notna()
    cells = scores.assign(system=system)[chosen]
    sides = [
        cells.loc[cells["system"].isin(comparison[side]), [*_PLACE, "system", "value"]]
        .rename(columns={"system": side, "value": f"value_{side}"})
        for side in ("better", "worse")
    ]  # fmt: skip
    pairs = sides[0].merge(sides[1], on=_PLACE)
    order = [*_PLACE, "better", "worse", "value_better", "value_worse"]
    return pairs[order].assign(holds=pairs["value_better"] > pairs["value_worse"])


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
