"""What the papers say, as data: printed results, and sections of their READMEs.

Each paper's room holds ``reported.csv`` (every printed number), ``equations.csv``
(where each equation is implemented, tested and explained), ``claims.csv`` (what it says
in words) and a ``README.md`` (symbols, errata, open choices). The tables hold what is
printed, mistakes included; the README says which they are. `tests/test_papers.py` holds
every file to its columns and ranges.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from emolib.checks import check_option

PAPERS = Path(__file__).parents[1] / "papers"


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
    file = _path(stem, "reported.csv")
    frame = pd.read_csv(file, dtype=str, keep_default_na=False)
    return frame.assign(**{n: pd.to_numeric(frame[n]) for n in ("value", "spread")})


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
    check_option("heading", heading, re.findall(r"(?m)^###? (.+)$", text))
    body = rf"(?ms)^(###?) {re.escape(heading)}$(.*?)(?=^## |^\1 |\Z)"
    section = re.search(body, text)[2].strip()
    entries = re.split(r"(?m)^(?=\d+\. )", section)[1:] if numbers else []
    known = dict(" ".join(entry.split()).split(". ", 1) for entry in entries)
    for number in numbers:
        check_option("number", str(number), tuple(known))
    chosen = (f"**{number}.** {known[str(number)]}" for number in numbers)
    return "\n\n".join(chosen) if numbers else section


def with_system(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with each row's name in the papers: variant, else method."""
    variant = table["variant"]
    return table.assign(system=variant.where(variant != "", table["method"]))


def _path(stem: str, name: str) -> Path:
    """Return the file of a paper."""
    known = sorted(path.parent.name for path in PAPERS.glob("*/reported.csv"))
    check_option("stem", stem, known)
    return PAPERS / stem / name
