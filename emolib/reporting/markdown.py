"""Frames as Markdown: how numbers, gaps, the best and the footer are printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from emolib.reporting.marks import SURROGATE
from emolib.reporting.pages import is_count
from emolib.reporting.tables import COMPARED

LOWER_IS_BETTER = ("rmse", "mae", "mse")
REFERENCES = ("chance", "majority", "ceiling", "prior")
DASH = "—"


def footer(run, sources: Sequence[str], corpora: Sequence[Mapping], results) -> str:
    """Return a table's last line: data, tier, settings and the mark."""
    names = {d["name"]: d["source"] for d in corpora}
    if not names and "dataset" in results.columns:
        pairs = results[["dataset", "source"]].dropna().astype(str)
        names = dict(sorted(set(pairs.itertuples(index=False, name=None))))
    data = ", ".join(f"{name} ({kind})" for name, kind in names.items()) or "none"
    mark = f" · **{SURROGATE}**" if "surrogate" in sources else ""
    return f"Data: {data} · tier: {run.tier} · settings: {run.digest}{mark}"


def to_markdown(table, *, footer: str = "", percent: bool | None = None) -> str:
    """Return a frame as a Markdown table.

    Parameters
    ----------
    table : DataFrame
        From `compare_table` or any other; missing values become a dash.
    footer : str
        Printed below, after the count of cells.
    percent : bool
        True prints fractions in per cent with one decimal, as MMQ-Net does.
    """
    percent = table.attrs.get("percent", False) if percent is None else percent
    is_compared = set(COMPARED) <= set(table.columns)
    shown = _shown(table, percent) if is_compared else table.map(_cell)
    lines = [_line(shown.columns), _line(["---"] * len(shown.columns))]
    lines += [_line(row) for row in shown.itertuples(index=False, name=None)]
    if table.empty:
        lines = ["No cell of this table was run at this tier. TIER=full runs it."]
    last = [table.attrs.get("cells"), table.attrs.get("note"), footer]
    return "\n".join([*lines, "", *(f"{w}  " for w in last if w)]).rstrip() + "\n"


def _line(cells: Iterable) -> str:
    """Return one line of a Markdown table."""
    return "| " + " | ".join(str(c).replace("|", "\\|") for c in cells) + " |"


def _cell(value) -> str:
    """Return one value of a plain table."""
    if value is None or value != value or value == "":
        return DASH
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _shown(table, percent: bool):
    """Return a compared table as it is printed: words only."""
    import pandas as pd

    best = _best(table)
    rows = []
    for i, row in enumerate(table.to_dict("records")):
        number = _ours(row, percent)
        row_shown = {
            "row": _text(row["row"]),
            "column": f"{_text(row['column'])} {_arrow(row['metric'])}",
            "paper": _paper(row, percent),
            "ours": f"**{number}**" if best[i] else number,
            "Δ": _number(row["delta"], percent, sign=True),
            "folds × seeds": _counts(row),
            "split": _text(row["protocol"]),
            "note": _text(row["note"], ""),
        }
        if row["source"] == "open":
            row_shown["ours (open data)"], row_shown["ours"] = row_shown["ours"], DASH
        rows.append(row_shown)
    shown = pd.DataFrame(rows).fillna(DASH)
    if "ours (open data)" in shown:
        shown.insert(4, "ours (open data)", shown.pop("ours (open data)"))
    return shown


def _best(table) -> list[bool]:
    """Return which of our rows is the best of one column under one split."""
    ours = table["ours"].astype(float)
    sign = table["metric"].map(lambda m: -1.0 if _falls(m) else 1.0)
    rivals = ~table["method"].astype(str).str.startswith(REFERENCES) & ours.notna()
    score = (ours * sign).where(rivals)
    groups = [table[c].fillna("") for c in ("item", "column", "protocol", "source")]
    top = score.groupby(groups).transform("max")
    several = score.groupby(groups).transform("count") > 1
    return (score.eq(top) & several).tolist()


def _falls(metric: str) -> bool:
    """Tell whether a metric is better when lower."""
    metric = str(metric)
    return metric in LOWER_IS_BETTER or metric.endswith(("_loss", "_error"))


def _arrow(metric: str) -> str:
    """Return the direction in which a metric is better."""
    return "↓" if _falls(metric) else "↑"


def _number(value, percent: bool, *, sign: bool = False) -> str:
    """Return a fraction as printed: three decimals, or one in per cent."""
    if value is None or value != value or value == "":
        return DASH
    value = float(value) * (100 if percent else 1)
    return f"{value:{'+' if sign else ''}.{1 if percent else 3}f}"


def _ours(row: Mapping, percent: bool) -> str:
    """Return our mean, its spread and its interval."""
    mean = _number(row["ours"], percent)
    if mean == DASH:
        return DASH
    if is_count(row["metric"]):
        return f"{row['ours']:.0f}"
    sd, low, high = (_number(row[k], percent) for k in ("sd", "low", "high"))
    spread = f" ± {sd}" if sd != DASH else ""
    return mean + spread + (f" [{low}, {high}]" if low != DASH else "")


def _paper(row: Mapping, percent: bool) -> str:
    """Return the paper's number and its printed spread."""
    value, spread = (_number(row[k], percent) for k in ("paper", "paper_spread"))
    if value != DASH and is_count(row["metric"]):
        return f"{row['paper']:.0f}"
    return value if DASH in (value, spread) else f"{value} ± {spread}"


def _counts(row: Mapping) -> str:
    """Return how many folds and seeds a mean is over."""
    if row["n_folds"] != row["n_folds"] or row["n_folds"] in ("", None):
        return DASH
    return f"{int(row['n_folds'])} × {int(row['n_seeds'])}"


def _text(value, empty: str = DASH) -> str:
    """Return a word, or a dash for none."""
    return empty if value is None or value != value or value == "" else str(value)
