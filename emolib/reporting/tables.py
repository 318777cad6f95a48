"""Tables that set the paper's numbers beside ours, and their Markdown.

Numbers are kept as fractions in a tidy frame; how they are printed is decided when the
frame becomes Markdown. A difference is printed on licensed data alone: a surrogate's
number cannot be compared with the paper's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from emolib.reporting.marks import SURROGATE

CELL = (
    "paper", "item", "dataset", "target", "method", "variant", "condition", "metric",
)  # fmt: skip
"""The columns that name one printed cell, in reported.csv and in results."""

COMPARED = (
    "item", "row", "column", "dataset", "target", "method", "variant", "condition",
    "metric", "protocol", "source", "paper", "paper_spread", "ours", "sd", "low",
    "high", "delta", "n_folds", "n_seeds", "note",
)  # fmt: skip

LOWER_IS_BETTER = ("rmse", "mae", "mse")
REFERENCES = ("chance", "majority", "ceiling", "prior")
DASH = "—"


def compare_table(
    results,
    reported,
    *,
    item: str | None = None,
    failures: Iterable[Mapping] = (),
    rows: Sequence[str] = ("method", "variant"),
    show: str = "run",
    by: Sequence[str] = ("protocol", "source"),
):
    """Return a paper's cells beside ours, one row a cell.

    Parameters
    ----------
    results : DataFrame
        Tidy results, a row per fold and seed.
    reported : DataFrame
        `emolib.papers.load_reported`.
    item : str
        For example ``"Table 1"``; all items without it.
    failures : iterable of mapping
        Units that gave no result: their labels and a `reason`. A cell that lost a fold
        has no mean; its note says how many came and why the others did not.
    rows : sequence of str
        Columns that name a table row; the others name its columns.
    show : str
        ``"run"``: the cells that were run. ``"all"``: every printed cell too.
    by : sequence of str
        Columns that keep our rows apart.

    Returns
    -------
    table : DataFrame
        Columns `COMPARED`; `delta` is ours minus the paper's, for licensed data only.
        ``attrs["cells"]`` says how many of the printed cells were run.
    """
    import pandas as pd

    from emolib.checks import check_option

    check_option("show", show, ("run", "all"))
    paper = _cells(reported, item)
    ours = _cells(results, item, extra=by)
    table = _summarised(ours, by).merge(paper, on=list(CELL), how="outer")
    table = _with_failures(table, failures)
    was_run = table["source"].notna()
    n_printed = len(paper)
    n_run = len(
        table[was_run & table["is_printed"].notna()].drop_duplicates(list(CELL))
    )
    table["note"] = [_note(row) for row in table.to_dict("records")]
    licensed = table["source"].eq("licensed")
    table["delta"] = (table["ours"] - table["paper_value"]).where(licensed)
    table = table if show == "all" else table[was_run]
    table = _in_order(_named(table, rows), paper, ours)
    table.attrs["cells"] = f"{n_run} of {n_printed} cells" + (
        "; the rest: TIER=full" if n_run < n_printed else ""
    )
    return pd.DataFrame(table)


def _cells(frame, item: str | None, extra: Sequence[str] = ()):
    """Return the rows of an item with empty words where a cell has no name."""
    frame = frame.copy()
    for column in (*CELL, *extra):
        given = frame[column] if column in frame.columns else ""
        frame[column] = given
        frame[column] = frame[column].fillna("").astype(str)
    return frame if item is None else frame[frame["item"] == item]


def _summarised(ours, by: Sequence[str]):
    """Return mean, spread and interval of each of our cells."""
    import pandas as pd

    groups = [*CELL, *by]
    names = ["ours", "sd", "low", "high", "n_folds", "n_seeds"]
    if ours.empty:
        return pd.DataFrame(columns=[*groups, *names])
    from emolib.metrics import summarise

    found = summarise(ours, groups).rename(columns={"mean": "ours"})
    counts = ours.groupby(groups, as_index=False).agg(
        n_folds=("fold", "nunique"), n_seeds=("seed", "nunique")
    )
    found = found.drop(columns=[c for c in ("n_folds", "n_seeds") if c in found])
    return found.merge(counts, on=groups)[[*groups, *names]]


def _with_failures(table, failures: Iterable[Mapping]):
    """Return the table without a mean for cells that lost units, and their notes."""
    table = table.rename(columns={"value": "paper_value", "spread": "paper_spread"})
    for column in ("paper_value", "paper_spread"):
        if column not in table:
            table[column] = float("nan")
    table["is_printed"] = table.get("is_printed", table["paper_value"].notna()).where(
        lambda column: column.astype(bool)
    )
    table["n_failed"], table["reason"] = 0, ""
    for failure in failures:
        names = [c for c in (*CELL, "protocol") if failure.get(c) not in (None, "")]
        hit = (table[names].astype(str) == [str(failure[n]) for n in names]).all(axis=1)
        hit &= table["source"].notna()
        table.loc[hit, "n_failed"] += 1
        table.loc[hit, "reason"] = str(failure.get("reason", "unknown"))
    lost = table["n_failed"] > 0
    table.loc[lost, ["ours", "sd", "low", "high"]] = float("nan")
    return table


def _note(row: Mapping) -> str:
    """Return why a cell has no number of ours, or why it is not compared."""
    if row["n_failed"]:
        n_came = int(row["n_folds"] * max(row["n_seeds"], 1))
        n_all = n_came + row["n_failed"]
        return f"{n_came} of {n_all} units; {row['n_failed']} failed: {row['reason']}"
    if not isinstance(row["source"], str):
        return "not run at this tier"
    if row["ours"] != row["ours"]:
        return "not defined"
    if row["source"] == "surrogate":
        return "not comparable: surrogate"
    return "not comparable: open data" if row["source"] == "open" else ""


def _named(table, rows: Sequence[str]):
    """Return the table with what its row and its column are called."""
    columns = [c for c in ("dataset", "target", "condition", "metric") if c not in rows]
    table = table.rename(columns={"paper": "stem", "paper_value": "paper"})
    for c in COMPARED:
        if c not in table:
            table[c] = ""
    table["row"] = [_words(r, rows) for r in table.to_dict("records")]
    table["column"] = [_words(r, columns) for r in table.to_dict("records")]
    return table


def _words(row: Mapping, names: Sequence[str]) -> str:
    """Return what a cell's row or column is called."""
    return " · ".join(str(row[n]) for n in names if row[n] not in ("", None))


def _in_order(table, paper, ours):
    """Return the rows in the paper's order, ours that it lacks after them."""
    import pandas as pd

    def rank(column: str) -> dict:
        seen = pd.concat([paper[column], ours[column]]).drop_duplicates()
        return {value: i for i, value in enumerate(seen)}

    keys = ["item", "dataset", "target", "condition", "method", "variant", "metric"]
    order = pd.DataFrame({k: table[k].map(rank(k)) for k in keys})
    order["protocol"] = table["protocol"].fillna("").astype(str)
    index = order.sort_values([*keys, "protocol"], kind="stable").index
    return table.loc[index, list(COMPARED)].reset_index(drop=True)


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
    sd, low, high = (_number(row[k], percent) for k in ("sd", "low", "high"))
    spread = f" ± {sd}" if sd != DASH else ""
    return mean + spread + (f" [{low}, {high}]" if low != DASH else "")


def _paper(row: Mapping, percent: bool) -> str:
    """Return the paper's number and its printed spread."""
    value, spread = (_number(row[k], percent) for k in ("paper", "paper_spread"))
    return value if DASH in (value, spread) else f"{value} ± {spread}"


def _counts(row: Mapping) -> str:
    """Return how many folds and seeds a mean is over."""
    if row["n_folds"] != row["n_folds"] or row["n_folds"] in ("", None):
        return DASH
    return f"{int(row['n_folds'])} × {int(row['n_seeds'])}"


def _text(value, empty: str = DASH) -> str:
    """Return a word, or a dash for none."""
    return empty if value is None or value != value or value == "" else str(value)
