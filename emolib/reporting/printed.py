"""What the papers say, as data: printed results, equations and claims.

Each paper's room holds ``reported.csv`` (every printed number), ``equations.csv``
(where each equation is implemented, tested and explained), ``claims.csv`` (what it says
in words) and a ``README.md`` (symbols, errata, open choices). The tables hold what is
printed, mistakes included; the README says which they are. `tests/test_papers.py` holds
every file to its columns and ranges.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import pairwise, product
from pathlib import Path

import pandas as pd

from emolib.checks import check_option

PAPERS = Path(__file__).parents[1] / "papers"
PLACE = ("item", "dataset", "target", "system", "condition", "metric")
"""What names a printed number; `system` is the variant, else the method."""


def load_reported(stem: str) -> pd.DataFrame:
    """Return every number a paper prints, one row each.

    Parameters
    ----------
    stem : str
        The paper, for example ``"ecg_eeg"``.

    Returns
    -------
    reported : DataFrame
        Columns paper, item, dataset, target, method, variant, condition, metric, value,
        spread. `value` and `spread` are floats, fractions as printed; a printed dash is
        NaN, and so is a spread that is not given. The others are text, empty where they
        do not apply. `variant` names an ablation of `method`, the paper's own.
    """
    frame = _read(stem, "reported.csv")
    return frame.assign(**{n: pd.to_numeric(frame[n]) for n in ("value", "spread")})


def load_equations(stem: str) -> pd.DataFrame:
    """Return where each equation of a paper lives, one row each.

    Returns
    -------
    equations : DataFrame
        Columns equation (or unnumbered part), object (the dotted path of what
        implements it), test, and notebook with the heading that explains it
        (``"ecg_eeg.ipynb#heading"``).
    """
    return _read(stem, "equations.csv")


def load_claims(stem: str) -> pd.DataFrame:
    """Return what a paper claims in words, one row each.

    Returns
    -------
    claims : DataFrame
        Columns claim_id, place, claim, comparison, note. `comparison` is empty where
        nothing can be compared, else a dictionary with lists `items`, `metrics`,
        `better` and `worse`: each system in `better` is said to score above each in
        `worse`, in every metric and in every column of the items. In place of those
        two, `falling` is a list of which each is said to score above the next. With
        ``"between": "condition"`` the names are conditions, compared within each
        system. Lists `datasets` and `conditions` narrow the columns.
    """
    frame = _read(stem, "claims.csv")
    found = [json.loads(text or "{}") for text in frame["comparison"]]
    return frame.assign(comparison=pd.Series(found, dtype=object))


def load_section(stem: str, heading: str, numbers: Sequence[int] = ()) -> str:
    """Return one section of a paper's README as Markdown, without its heading.

    Parameters
    ----------
    stem : str
    heading : str
        Of a section of the second or third level, for example ``"Open choices"``.
    numbers : sequence of int
        Keep only these entries of a numbered list, for example some of the errata. They
        are bold, because a Markdown list would count them anew.
    """
    text = _path(stem, "README.md").read_text("utf-8")
    sections = {}
    for level in ("##", "###"):
        parts = re.split(rf"(?m)^{level} ", text)[1:]
        ended = (re.split(r"(?m)^## ", part)[0] for part in parts)
        sections |= dict(f"{part}\n".split("\n", 1) for part in ended)
    check_option("heading", heading, tuple(sections))
    section = sections[heading].strip()
    entries = re.split(r"(?m)^(?=\d+\. )", section)[1:] if numbers else []
    known = dict(" ".join(entry.split()).split(". ", 1) for entry in entries)
    for number in numbers:
        check_option("number", str(number), tuple(known))
    chosen = (f"**{number}.** {known[str(number)]}" for number in numbers)
    return "\n\n".join(chosen) if numbers else section


def compare_claim(comparison: dict, scores: pd.DataFrame) -> pd.DataFrame:
    """Return every pair of scores that a claim compares.

    Parameters
    ----------
    comparison : dict
        As `load_claims` gives it.
    scores : DataFrame
        One value a cell, with the columns of `load_reported`: what a paper prints, or
        means of a run. Pairs of which one is missing are left out.

    Returns
    -------
    pairs : DataFrame
        Columns item, dataset, target, metric and condition, or system where conditions
        are compared; better, worse, value_better, value_worse and `holds`: True where
        the first score lies above the second; a tie does not.
    """
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


def verdict(comparison: dict, scores: pd.DataFrame) -> str:
    """Return in a few words whether a claim holds in `scores`.

    Scores made on a surrogate corpus (column `source`) get no verdict: what holds there
    says nothing about people.
    """
    if "source" in scores and (scores["source"] == "surrogate").any():
        return "not comparable: surrogate"
    pairs = compare_claim(comparison, scores)
    if not comparison or pairs.empty:
        return "no score to compare"
    holds, n = int(pairs["holds"].sum()), len(pairs)
    return f"holds in {f'all {n}' if holds == n else f'{holds} of {n}'} comparisons"


def with_system(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with each row's name in the papers: variant, else method."""
    variant = table["variant"]
    return table.assign(system=variant.where(variant != "", table["method"]))


def _path(stem: str, name: str) -> Path:
    """Return the file of a paper."""
    known = sorted(path.parent.name for path in PAPERS.glob("*/reported.csv"))
    check_option("stem", stem, known)
    return PAPERS / stem / name


def _read(stem: str, name: str) -> pd.DataFrame:
    """Return a table of text; an empty cell is an empty word."""
    return pd.read_csv(_path(stem, name), dtype=str, keep_default_na=False)
