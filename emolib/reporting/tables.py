"""The paper's numbers beside this run's, a row a printed cell, and how they are read.

Numbers are kept as fractions in a tidy frame. They are printed in the paper's layout:
its rows, its columns, "paper / this run" in a cell, references below a rule, a block
for each split or kind of noise, what is constant in the caption.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from re import compile as pattern

import pandas as pd

from emolib.metrics import summarise
from emolib.metrics.scores import EVERY_METRIC
from emolib.reporting.printed import with_system

CELL = ["item", "dataset", "target", "method", "variant", "condition", "metric"]
KIND = ["protocol", "source"]
COMPARED = [
    *CELL, "paper", "this_run", "sd", "n_folds", "n_seeds", *KIND, "low", "high",
    "note",
]  # fmt: skip
PLACE = ["item", "dataset", "target", "condition", *KIND]
"""Where systems are compared. Of a page: in the caption, in the heads or in blocks."""

DASH = "—"


def compare_table(
    results: pd.DataFrame,
    reported: pd.DataFrame,
    *,
    item: str,
    failures: Iterable[Mapping] = (),
    rows: Sequence[str] = ("system",),
    columns: Sequence[str] = ("metric",),
    words: str = "(?P<condition>.*)",
    order: Mapping[str, Sequence[str]] | None = None,
    names: Mapping[str, str] | None = None,
    references: Sequence[str] = (),
    predictions: pd.DataFrame | Callable | None = None,
    parts: Sequence[str] = ("fold", "seed"),
) -> pd.DataFrame:
    """Return the cells of a paper's table that were tried, one row a cell.

    Parameters
    ----------
    results : DataFrame
        Tidy results, a row per fold and seed.
    reported : DataFrame
        From `load_reported`.
    item : str
        For example ``"Table 1"``.
    failures : iterable of mapping
        Cells that lost a unit: their labels and the `reason`. Such a cell has no mean,
        its note says why.
    rows, columns : sequence of str
        What names a row and a column of the printed page; `system` is the variant,
        else the method.
    words : str
        A regular expression whose named groups are what a condition says, for example
        a level of noise: each may name a row or a column.
    order : mapping of column to sequence of str
        Order of its values; others follow as the paper and the run have them.
    names : mapping of str to str
        How a value is printed.
    references : sequence of str
        Rows that stand below a rule and are never the best.
    predictions, parts
        What `results` were scored from, see `emolib.metrics.summarise`.

    Returns
    -------
    table : DataFrame
        Columns `COMPARED`. ``attrs`` hold the layout and, as ``cells``, how many of the
        printed cells were run.
    """
    paper, run = (frame[frame["item"] == item] for frame in (reported, results))
    run = _with_lost(run, failures, paper["metric"])
    paper = paper[[*CELL, "value"]].rename(columns={"value": "paper"})
    table = _summarised(run, predictions, parts).merge(paper, on=CELL, how="left")
    table = with_system(table)
    table["note"] = [_note(row) for row in table.to_dict("records")]
    known = _orders(with_system(pd.concat([paper, run])), words, order or {})
    by = ["dataset", "target", *KIND, "system", "condition", "metric"]
    table = in_order(table, by, known)[COMPARED].reset_index(drop=True)
    layout = {"rows": [*rows], "columns": [*columns], "references": [*references]}
    layout |= {"names": dict(names or {}), "order": known, "words": words}
    n_run = len(table.dropna(subset="paper").drop_duplicates(CELL))
    n_printed = paper["paper"].count()  # a dash is none
    cells = f"{n_run} of {n_printed} printed cells were run" if n_printed else ""
    table.attrs = {"layout": layout, "cells": cells}
    return table


def in_order(table: pd.DataFrame, by: Sequence[str], order: Mapping) -> pd.DataFrame:
    """Return a table sorted by some columns, each in an order of its own."""
    ranks = {c: {v: i for i, v in enumerate(dict.fromkeys(order[c]))} for c in by}
    return table.sort_values(by, key=lambda c: c.map(ranks[c.name]), kind="stable")


def _orders(seen: pd.DataFrame, words: str, given: Mapping) -> dict[str, list]:
    """Return the order of every column's values: as given, then as they are seen."""
    known = {c: [*given.get(c, ()), *seen[c].dropna().unique()] for c in seen}
    told = _told(in_order(seen, ["condition"], known), words)
    return known | {c: [*told[c].unique()] for c in pattern(words).groupindex}


def _told(frame: pd.DataFrame, words: str) -> pd.DataFrame:
    """Return a frame with what its conditions say in columns of their own."""
    return frame.assign(**frame["condition"].astype(str).str.extract(words).fillna(""))


def _with_lost(run: pd.DataFrame, failures: Iterable[Mapping], printed) -> pd.DataFrame:
    """Return results with a row without value in each cell that lost a unit."""
    metrics = (run["metric"] if len(run) else printed).unique()
    sources = run.groupby("dataset")["source"].first()
    lost = [
        {**failure, "metric": m, "source": sources.get(failure["dataset"], "")}
        for failure in failures
        for m in metrics
    ]
    columns = [*run.columns, "reason"]
    return pd.concat([run, pd.DataFrame(lost, columns=columns)]).fillna({"reason": ""})


def _summarised(run: pd.DataFrame, predictions, parts) -> pd.DataFrame:
    """Return mean, spread, interval and counts of each cell; none where one is lost."""
    groups = [*CELL, *KIND]
    counts = run.groupby(groups, as_index=False).agg(
        n_folds=("fold", "nunique"), n_seeds=("seed", "nunique"),
        reason=("reason", "max"),
    )  # fmt: skip
    numbers = ["this_run", "sd", "low", "high"]
    if run.empty:
        return counts.assign(**dict.fromkeys(numbers, 0.0))
    found = summarise(run, groups, predictions=predictions, parts=parts)
    found = found.rename(columns={"mean": "this_run"})[[*groups, *numbers]]
    table = found.merge(counts, on=groups)
    return table.assign(**table[numbers].where(table["reason"] == ""))


def _note(row: Mapping) -> str:
    """Return why a cell has no number, or what licensed data say of the paper's."""
    if row["reason"]:
        return f"a unit failed: {row['reason']}"
    if row["source"] != "licensed" or pd.isna([row["low"], row["paper"]]).any():
        return ""
    inside = row["low"] <= row["paper"] <= row["high"]
    return f"the paper's number lies {'inside' if inside else 'outside'} the interval"


def to_markdown(table: pd.DataFrame, *, footer: str = "") -> str:
    """Return a frame as a Markdown table, one of `compare_table` in its layout.

    Parameters
    ----------
    table : DataFrame
        Missing values become a dash.
    footer : str
        Printed below; without one, that numbers of no licensed data compare with none.
    """
    below = [table.attrs.get("cells", "")]
    if table.empty:
        page = "No cell of this table was run at this tier. TIER=full runs it."
    elif "layout" not in table.attrs:
        page = _printed(table)
    else:
        frame = with_system(table)
        page = _page(frame, **table.attrs["layout"])
        lost = frame[frame["note"].str.contains("failed: ")]
        below += dict.fromkeys((lost["system"] + ", " + lost["note"]).map(_word))
        kinds = ", ".join(sorted({*frame["source"]} - {"licensed", ""}))
        footer = footer or (f"not comparable: {kinds}" if kinds else "")
    lines = [f"{line}  " for line in (*below, footer) if line]
    return "\n".join([page, "", *lines]).rstrip() + "\n"


def _page(frame, rows, columns, references, names, order, words) -> str:
    """Return a compared table in the paper's layout: a caption, then its blocks."""
    frame = _told(frame, words)
    labels = dict.fromkeys([*PLACE[:3], *pattern(words).groupindex, *KIND, *columns])
    constant = [c for c in labels if frame[c].nunique() == 1 and c != "metric"]
    heads = [c for c in columns if c not in constant]
    apart = [c for c in labels if c not in (*constant, *rows, *columns)]
    below = frame[["system", "method"]].isin(references).any(axis=1)
    best = _best(frame, below, columns)
    beside = frame["paper"].notna().any()
    records = zip(frame.to_dict("records"), best, strict=True)
    cells = [_cell(row, is_best, beside) for row, is_best in records]
    said = frame[heads].map(lambda value: names.get(value, value))
    arrow = frame["metric"].isin(EVERY_METRIC).map({True: " ↑", False: ""})
    head = said.agg(" ".join, axis=1) + arrow
    frame = frame.assign(below=below, cell=cells, head=head)
    order = {**order, "below": [False, True]}
    shared = frame[constant].drop(columns="source", errors="ignore").iloc[0]
    pages = [_caption(frame, [names.get(value, value) for value in shared])]
    for values, block in frame.groupby(apart, sort=False) if apart else [((), frame)]:
        title = " · ".join(names.get(value, value) for value in values if value)
        pages += [f"**{title}**"] * bool(title)
        pages.append(_block(block, rows, heads, order, names))
    return "\n\n".join(pages)


def _best(frame: pd.DataFrame, below: pd.Series, columns: Sequence[str]) -> pd.Series:
    """Tell which cells are the best of their place, where a metric has a direction."""
    rivals = frame["this_run"].where(~below & frame["metric"].isin(EVERY_METRIC))
    same = {*PLACE, *columns, "metric"} - {"system"}
    groups = rivals.groupby([frame[c] for c in sorted(same)])
    return rivals.eq(groups.transform("max")) & groups.transform("count").gt(1)


def _block(block, rows, heads, order, names) -> str:
    """Return one block: a line a row of the paper's, references below a rule."""
    wide = block.pivot(index=rows, columns="head", values="cell")
    heads = in_order(block, heads, order)["head"].unique()
    lines = in_order(block, ["below", *rows], order)[["below", *rows]]
    lines = lines.drop_duplicates().join(wide[heads], on=rows)
    is_below = lines.pop("below")
    lines[rows] = lines[rows].map(lambda value: names.get(value, value))
    lines = lines.fillna(DASH)
    parts = [lines[~is_below], lines[is_below]]
    if is_below.nunique() > 1:
        parts.insert(1, pd.DataFrame([{rows[0]: "*for reference*"}]))
    return _printed(pd.concat(parts).fillna(" "))


def _caption(frame: pd.DataFrame, constant: Sequence[str]) -> str:
    """Return what is the same in all cells, and what a cell holds."""
    known = frame.dropna(subset="n_folds")
    counts = sorted(set(zip(known["n_folds"], known["n_seeds"], strict=True)))
    sizes = ", ".join(f"{n_folds:.0f} × {n_seeds:.0f}" for n_folds, n_seeds in counts)
    words = [*constant, f"folds × seeds: {sizes}"]
    words += ["paper / this run"] if frame["paper"].notna().any() else []
    return " · ".join(filter(None, words))


def _cell(row: Mapping, is_best: bool, beside: bool) -> str:
    """Return what a cell prints: mean ± SD and interval, behind the paper's number."""
    digits = ".0f" if row["metric"].startswith("n_") else ".3f"
    numbers = [row[name] for name in ("this_run", "sd", "low", "high", "paper")]
    run, sd, low, high, paper = (_word(number, digits) for number in numbers)
    run = f"**{run}**" if is_best else run
    run += f" ± {sd}" if sd != DASH else ""
    run += f" [{low}, {high}]" if low != DASH else ""
    return f"{paper} / {run}" if beside else run


def _printed(frame: pd.DataFrame) -> str:
    """Return a frame as Markdown, every word as it is: "01", "NA", "<b>"."""
    words = frame.map(_word).rename(columns=_word)
    return words.to_markdown(index=False, disable_numparse=True)


def _word(value, digits: str = ".3f") -> str:
    """Return one value as printed; a dash for none."""
    if value is None or value != value or value == "":
        return DASH
    if isinstance(value, float):
        return format(value, digits)
    text = escape(" ".join(str(value).split()), quote=False)
    return text.replace("|", "\\|")
