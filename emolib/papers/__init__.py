"""What the papers say, as data: printed results, equations and claims.

Each paper has a folder with ``reported.csv`` (every printed number), ``equations.csv``
(where each equation is implemented, tested and explained), ``claims.csv`` (what it says
in words) and a ``README.md`` (symbols, errata, open choices). The tables hold what is
printed, mistakes included; the README says which they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from emolib.checks import check_keys, check_option
from emolib.papers.claims import NAMED

REPORTED_COLUMNS = (
    "paper", "item", "dataset", "target", "method", "variant", "condition", "metric",
    "value", "spread",
)  # fmt: skip
EQUATION_COLUMNS = ("equation", "object", "test", "notebook")
CLAIM_COLUMNS = ("claim_id", "place", "claim", "comparison", "note")
COMPARISON_KEYS = (
    "items", "metrics", "datasets", "conditions", "between", "better", "worse",
    "falling",
)  # fmt: skip
RANGES = {
    "accuracy": (0, 1), "f1": (0, 1), "auc": (0, 1), "cosine_min": (-1, 1),
    "cosine_max": (-1, 1), "cosine_mean": (-1, 1), "cosine_mean_gain": (-2, 2),
    "wa": (0, 1), "ua": (0, 1), "n_windows": (1, float("inf")),
    "n_noise_steps": (1, float("inf")),
}  # fmt: skip
"""Metrics whose printed values must lie in a range: a slip of the comma shows."""


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
        system, ``"ours"`` for the paper's own; `variant` names an ablation of it.
    """
    path = _path(stem, "reported.csv")
    frame = _read(path, REPORTED_COLUMNS)
    for column in ("value", "spread"):
        frame[column] = _numbers(path, frame[column])
    wrong = sorted(set(frame["paper"]) - {stem})
    if wrong:
        raise ValueError(f"{path.name}: paper must be {stem!r}; got {wrong}.")
    _check_unique(path, frame, list(REPORTED_COLUMNS[:-2]))
    _check_ranges(path, frame)
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
    path = _path(stem, "equations.csv")
    frame = _read(path, EQUATION_COLUMNS)
    _check_unique(path, frame, ["equation", "object"])
    _check_filled(path, frame, EQUATION_COLUMNS)
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
    path = _path(stem, "claims.csv")
    frame = _read(path, CLAIM_COLUMNS)
    _check_unique(path, frame, ["claim_id"])
    _check_filled(path, frame, ("claim_id", "place", "claim"))
    frame["comparison"] = pd.Series(
        [_comparison(path, text) for text in frame["comparison"]], dtype=object
    )
    return frame


def load_section(stem: str, heading: str, numbers: Sequence[int] = ()) -> str:
    """Return one section of a paper's README as Markdown, without its heading.

    Parameters
    ----------
    stem : str
    heading : str
        Of a section of the second or third level, for example ``"Open choices"``.
    numbers : sequence of int
        Keep only these entries of a numbered list, for example some of the errata.
    """
    text = "\n" + _path(stem, "README.md").read_text("utf-8")
    sections = {}
    for level in ("\n## ", "\n### "):
        parts = [part.split("\n## ")[0] for part in text.split(level)[1:]]
        sections |= dict(f"{part}\n".split("\n", 1) for part in parts)
    check_option("heading", heading, tuple(sections))
    section = sections[heading].strip()
    return _entries(section, numbers) if numbers else section


def _entries(section: str, numbers: Sequence[int]) -> str:
    """Return some entries of a numbered list, a paragraph each.

    Their numbers are bold: a Markdown list would count them anew.
    """
    parts = re.split(r"(?m)^(?=\d+\. )", section)[1:]
    known = dict(part.split(". ", 1) for part in parts)
    for number in numbers:
        check_option("number", str(number), tuple(known))
    words = {number: " ".join(known[str(number)].split()) for number in numbers}
    return "\n\n".join(f"**{number}.** {text}" for number, text in words.items())


def papers() -> tuple[str, ...]:
    """Return the stems of the papers that have a folder here."""
    here = Path(__file__).parent
    return tuple(sorted(p.parent.name for p in here.glob("*/reported.csv")))


def _path(stem: str, name: str) -> Path:
    """Return the file of a paper."""
    check_option("stem", stem, papers())
    return Path(__file__).parent / stem / name


def _read(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return a table of text with exactly the given columns."""
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    if tuple(frame.columns) != columns:
        raise ValueError(
            f"{path.name} must have the columns {', '.join(columns)}; got "
            f"{', '.join(frame.columns)}."
        )
    padded = [c for c in columns if (frame[c] != frame[c].str.strip()).any()]
    if padded:
        raise ValueError(
            f"{path.name} must hold no spaces around a value; got some in {padded}."
        )
    return frame


def _numbers(path: Path, column: pd.Series) -> pd.Series:
    """Return a column of text as floats; an empty cell is NaN."""
    numbers = pd.to_numeric(column.where(column != ""), errors="coerce")
    wrong = column[(column != "") & numbers.isna()].tolist()
    if wrong:
        raise ValueError(
            f"{path.name}: {column.name} must be a number or empty; got {wrong}."
        )
    return numbers.astype(float)


def _check_unique(path: Path, frame: pd.DataFrame, columns: list[str]) -> None:
    """Raise ValueError when two rows say the same thing."""
    twice = frame[frame.duplicated(columns)]
    if len(twice):
        row = ", ".join(filter(None, twice.iloc[0][columns]))
        raise ValueError(f"{path.name} must hold each row once; got twice: {row}.")


def _check_filled(path: Path, frame: pd.DataFrame, columns) -> None:
    """Raise ValueError when a cell of `columns` is empty."""
    empty = [c for c in columns if (frame[c] == "").any()]
    if empty:
        raise ValueError(f"{path.name} must have no empty cell in {empty}.")


def _check_ranges(path: Path, frame: pd.DataFrame) -> None:
    """Raise ValueError when a value cannot be what its metric says."""
    for metric, (low, high) in RANGES.items():
        values = frame.loc[frame["metric"] == metric, "value"].dropna()
        wrong = values[(values < low) | (values > high)].tolist()
        if wrong:
            raise ValueError(
                f"{path.name}: {metric} must be in [{low}, {high}]; got {wrong}. "
                "Values are fractions, not per cent."
            )


def _comparison(path: Path, text: str) -> dict:
    """Return a claim's comparison, empty when there is none."""
    if not text:
        return {}
    comparison = json.loads(text)
    check_keys(f"{path.name}: key of comparison", comparison, COMPARISON_KEYS)
    sides = ["falling"] if "falling" in comparison else ["better", "worse"]
    missing = [k for k in ("items", "metrics", *sides) if not comparison.get(k)]
    if missing:
        raise ValueError(f"{path.name}: comparison must have {missing}; got {text}.")
    check_option("between", comparison.get("between", "system"), NAMED)
    return comparison
