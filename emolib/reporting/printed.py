"""What the papers say, as data: printed results, equations and claims.

Each paper's room holds ``reported.csv`` (every printed number), ``equations.csv``
(where each equation is implemented, tested and explained), ``claims.csv`` (what it says
in words) and a ``README.md`` (symbols, errata, open choices). The tables hold what is
printed, mistakes included; the README says which they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import pairwise, product
from pathlib import Path

import pandas as pd

from emolib.checks import check_keys, check_option

PAPERS = Path(__file__).parents[1] / "papers"
REPORTED_COLUMNS = (
    "paper", "item", "dataset", "target", "method", "variant", "condition", "metric",
    "value", "spread",
)  # fmt: skip
PRINTED_CELL = list(REPORTED_COLUMNS[:-2])
EQUATION_COLUMNS = ("equation", "object", "test", "notebook")
CLAIM_COLUMNS = ("claim_id", "place", "claim", "comparison", "note")
COMPARISON_KEYS = (
    "items", "metrics", "datasets", "conditions", "between", "better", "worse",
    "falling",
)  # fmt: skip
NAMED = ("system", "condition")
"""What a comparison may name: systems under one condition, or conditions of one."""

PLACE = ("item", "dataset", "target", "system", "condition", "metric")


def load_reported(stem: str) -> pd.DataFrame:
    """Return every number a paper prints, one row each.

    Parameters
    ----------
    stem : str
        The paper, for example ``"ecg_eeg"``.

    Returns
    -------
    reported : DataFrame
        Columns `REPORTED_COLUMNS`. `value` and `spread` are floats, fractions as
        printed; a printed dash is NaN, and so is a spread that is not given. The others
        are text, empty where they do not apply. `method` is the table's name of a
        system, `variant` names an ablation of the paper's own.
    """
    path, frame = _read(stem, "reported.csv", REPORTED_COLUMNS)
    _need(path, frame, frame["paper"] == stem, f"paper must be {stem!r}")
    _need(path, frame, ~frame.duplicated(PRINTED_CELL), "a cell must stand once")
    for column in ("value", "spread"):
        number = pd.to_numeric(frame[column], errors="coerce")
        is_right = number.notna() | (frame[column] == "")
        _need(path, frame, is_right, f"{column} must be a number or empty")
        is_count = frame["metric"].str.startswith("n_")
        is_right = ~(number.abs() > 1) | is_count
        _need(path, frame, is_right, f"{column} must be a fraction, not per cent")
        frame[column] = number
    return frame


def load_equations(stem: str) -> pd.DataFrame:
    """Return where each equation of a paper lives, one row each.

    Returns
    -------
    equations : DataFrame
        Columns `EQUATION_COLUMNS`: the equation or unnumbered part, the dotted path of
        the object that implements it, the test that checks it, and the notebook with
        the heading that explains it (``"ecg_eeg.ipynb#heading"``).
    """
    path, frame = _read(stem, "equations.csv", EQUATION_COLUMNS)
    _need(path, frame, (frame != "").all(axis=1), "no cell may be empty")
    return frame


def load_claims(stem: str) -> pd.DataFrame:
    """Return what a paper claims in words, one row each.

    Returns
    -------
    claims : DataFrame
        Columns `CLAIM_COLUMNS`. `comparison` is empty where nothing can be compared,
        else a dictionary with lists `items`, `metrics`, `better` and `worse`: each
        system in `better` is said to score above each in `worse`, in every metric and
        in every column of the items. In place of those two, `falling` is a list of
        which each is said to score above the next. A system is named by its variant,
        else by its method; with ``"between": "condition"`` the names are conditions,
        compared within each system. Lists `datasets` and `conditions` narrow the
        columns.
    """
    path, frame = _read(stem, "claims.csv", CLAIM_COLUMNS)
    filled = (frame[["claim_id", "place", "claim"]] != "").all(axis=1)
    _need(path, frame, filled, "id, place and claim must not be empty")
    comparisons = [json.loads(text or "{}") for text in frame["comparison"]]
    for comparison in filter(None, comparisons):
        _check_comparison(path, comparison)
    return frame.assign(comparison=pd.Series(comparisons, dtype=object))


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
    if not numbers:
        return section
    entries = re.split(r"(?m)^(?=\d+\. )", section)[1:]
    known = dict(" ".join(entry.split()).split(". ", 1) for entry in entries)
    for number in numbers:
        check_option("number", str(number), tuple(known))
    return "\n\n".join(f"**{number}.** {known[str(number)]}" for number in numbers)


def compare_claim(comparison: dict, scores: pd.DataFrame) -> pd.DataFrame:
    """Return every pair of scores that a claim compares.

    Parameters
    ----------
    comparison : dict
        As `load_claims` gives it.
    scores : DataFrame
        One value a cell, with the columns of `load_reported` up to `value`: what a
        paper prints, or means of a run. Pairs of which one is missing are left out.

    Returns
    -------
    pairs : DataFrame
        Columns item, dataset, target, metric and condition, or system where conditions
        are compared; better, worse, value_better, value_worse and `holds`: True where
        the first score lies above the second; a tie does not.
    """
    system = scores["variant"].where(scores["variant"] != "", scores["method"])
    cells = scores.assign(system=system)[scores["value"].notna()]
    for column in ("item", "metric", "dataset", "condition"):
        if f"{column}s" in comparison:
            cells = cells[cells[column].isin(comparison[f"{column}s"])]
    named = comparison.get("between", "system")
    place = [column for column in PLACE if column != named]
    sides = list(pairwise(comparison.get("falling", ())))
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
    pairs = compare_claim(comparison, scores) if comparison else ()
    if not len(pairs):
        return "no score to compare"
    holds, n = int(pairs["holds"].sum()), len(pairs)
    return f"holds in {f'all {n}' if holds == n else f'{holds} of {n}'} comparisons"


def _path(stem: str, name: str) -> Path:
    """Return the file of a paper."""
    known = sorted(path.parent.name for path in PAPERS.glob("*/reported.csv"))
    check_option("stem", stem, known)
    return PAPERS / stem / name


def _read(stem: str, name: str, columns: tuple[str, ...]) -> tuple[Path, pd.DataFrame]:
    """Return a table of text with exactly the given columns, and where it stands."""
    path = _path(stem, name)
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    if tuple(frame.columns) != columns:
        raise ValueError(
            f"{name} of {stem} must have the columns {', '.join(columns)}; got "
            f"{', '.join(frame.columns)}."
        )
    bare = frame.apply(lambda column: column == column.str.strip()).all(axis=1)
    _need(path, frame, bare, "there must be no space around a value")
    return path, frame


def _need(path: Path, frame: pd.DataFrame, is_right: pd.Series, must: str) -> None:
    """Raise ValueError that shows the first row which is not as it must be."""
    if not is_right.all():
        row = ", ".join(map(str, frame[~is_right].iloc[0]))
        raise ValueError(f"{path.parent.name}/{path.name}: {must}; got {row}.")


def _check_comparison(path: Path, comparison: dict) -> None:
    """Raise ValueError unless a claim's comparison can be made."""
    check_keys(f"{path.name}: key of comparison", comparison, COMPARISON_KEYS)
    sides = ["falling"] if "falling" in comparison else ["better", "worse"]
    missing = [k for k in ("items", "metrics", *sides) if not comparison.get(k)]
    if missing:
        raise ValueError(f"{path.name}: comparison must have {missing}.")
    check_option("between", comparison.get("between", "system"), NAMED)
