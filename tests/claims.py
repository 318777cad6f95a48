"""Claims of a paper, held against the numbers that it prints."""

import json
from itertools import pairwise, product
from pathlib import Path

import pandas as pd

from emolib.reporting.printed import with_system

PAPERS = Path(__file__).parents[1] / "emolib" / "papers"
PLACE = ("item", "dataset", "target", "system", "condition", "metric")


def table_of(stem, name):
    """Return a file of a paper as text; an empty cell is an empty word."""
    return pd.read_csv(PAPERS / stem / f"{name}.csv", dtype=str, keep_default_na=False)


def comparisons_of(stem):
    """Return what each claim compares, by its id; nothing for some.

    Each system in `better` is said to score above each in `worse`, in every metric and
    column of the items; or each in `falling` above the next. With ``"between":
    "condition"`` the names are conditions, compared within each system.
    """
    table = table_of(stem, "claims").set_index("claim_id")["comparison"]
    return {name: json.loads(text or "{}") for name, text in table.items()}


def pairs_of(comparison, scores):
    """Return every pair of scores that a claim compares; a tie does not hold."""
    cells = with_system(scores)[scores["value"].notna()]
    for column in ("item", "metric", "dataset", "condition"):
        if f"{column}s" in comparison:
            cells = cells[cells[column].isin(comparison[f"{column}s"])]
    named = comparison.get("between", "system")
    place = [column for column in PLACE if column != named]
    sides = [*pairwise(comparison.get("falling", ()))]
    sides += product(comparison.get("better", ()), comparison.get("worse", ()))
    pairs = pd.DataFrame(sides, columns=["better", "worse"])
    for keys, side in (([], "better"), (place, "worse")):
        found = cells.rename(columns={named: side, "value": f"value_{side}"})
        found = found[[*place, side, f"value_{side}"]]
        pairs = pairs.merge(found, on=[*keys, side])
    return pairs.assign(holds=pairs["value_better"] > pairs["value_worse"])


def count(comparison, scores):
    """Return in how many pairs a claim holds: "all 8", "13 of 16"."""
    holds = pairs_of(comparison, scores)["holds"]
    return f"{'all' if holds.all() else f'{holds.sum()} of'} {len(holds)}"
