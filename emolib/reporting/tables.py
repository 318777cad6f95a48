"""The paper's numbers beside this run's, a row a printed cell, and how they are read.

Numbers are kept as fractions in a tidy frame. They are printed in the paper's layout:
its rows, its columns, "paper / this run" in a cell, references below a rule, what is
constant in the caption.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import pandas as pd

from emolib.checks import check_option
from emolib.metrics import summarise
from emolib.reporting.printed import with_system

CELL = ["item", "dataset", "target", "method", "variant", "condition", "metric"]
KIND = ["protocol", "source"]
COMPARED = [
    *CELL, "paper", "this_run", "sd", "n_folds", "n_seeds", *KIND, "low", "high",
    "note",
]  # fmt: skip
LABELS = ["item", "dataset", "target", "condition", *KIND]
"""What stands in the caption where it is constant, else in a column of its own."""

DASH = "—"


def compare_table(
    results: pd.DataFrame,
    reported: pd.DataFrame,
    *,
    item: str | None = None,
    failures: Iterable[Mapping] = (),
    show: str = "run",
    rows: Sequence[str] = ("system",),
    columns: Sequence[str] = ("metric",),
    order: Mapping[str, Sequence[str]] | None = None,
    names: Mapping[str, str] | None = None,
    references: Sequence[str] = (),
    predictions: pd.DataFrame | Callable | None = None,
    parts: Sequence[str] = ("fold", "seed"),
) -> pd.DataFrame:
    """Return a paper's cells beside this run's, one row a cell.

    Parameters
    ----------
    results : DataFrame
        Tidy results, a row per fold and seed.
    reported : DataFrame
        From `load_reported`.
    item : str
        For example ``"Table 1"``; all items without it.
    failures : iterable of mapping
        Cells that lost a unit: their labels and the `reason`. Such a cell has no mean,
        its note says why.
    show : str
        ``"run"``: the cells that were tried. ``"all"``: every printed cell too, which
        makes a ledger.
    rows, columns : sequence of str
        What names a row and a column of the printed page; `system` is the variant,
        else the method.
    order : mapping of column to sequence of str
        Order of its values; others follow as the paper and the run have them.
    names : mapping of str to str
        How a value of `columns` is printed.
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
    check_option("show", show, ("run", "all"))
    paper, run = (f[f["item"].eq(item) | (item is None)] for f in (reported, results))
    run = _with_lost(run, failures, paper["metric"])
    paper = paper[[*CELL, "value"]].rename(columns={"value": "paper"})
    table = _summarised(run, predictions, parts).merge(paper, on=CELL, how="outer")
    table = with_system(table.fillna({"reason": "", **dict.fromkeys(KIND, "")}))
    tried = table["n_folds"].notna()
    n_run = len(table[tried & table["paper"].notna()].drop_duplicates(CELL))
    cells = f"{n_run} of {len(paper)} printed cells were run"
    table["note"] = [_note(row) for row in table.to_dict("records")]
    seen = with_system(pd.concat([paper, run]))[["system", *CELL, *KIND]]
    known = {c: [*(order or {}).get(c, ()), *seen[c].dropna().unique()] for c in seen}
    by = dict.fromkeys(["item", "dataset", "target", *KIND, *rows, *columns])
    table = in_order(table if show == "all" else table[tried], [*by], known)
    table = table[COMPARED].reset_index(drop=True)
    layout = {"rows": [*rows], "columns": [*columns], "references": [*references]}
    layout |= {"names": dict(names or {}), "order": known}
    table.attrs = {"layout": layout, "cells": cells}
    return table


def in_order(table: pd.DataFrame, by: list[str], order: Mapping) -> pd.DataFrame:
    """Return a table sorted by some columns, each in an order of its own."""
    ranks = {c: {v: i for i, v in enumerate(dict.fromkeys(order[c]))} for c in by}
    return table.sort_values(by, key=lambda c: c.map(ranks[c.name]), kind="stable")


def _with_lost(run: pd.DataFrame, failures: Iterable[Mapping], printed) -> pd.DataFrame:
    """Return results with a row without value in each cell that lost a unit."""
    metrics = (run["metric"] if len(run) else printed).unique()
    sources = run.groupby("dataset")["source"].first()
    blank = dict.fromkeys([*CELL, "protocol"], "")
    lost = [
        {**blank, **failure, "metric": m, "source": sources.get(failure["dataset"], "")}
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
    """Return why a cell has no number, or what its number says about the paper's."""
    if row["reason"]:
        return f"a unit failed: {row['reason']}"
    if row["source"] != "licensed":
        kind = f"not comparable: {row['source']}"
        return kind if row["source"] else "not run at this tier"
    if pd.isna([row["low"], row["paper"]]).any():
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
        Printed below.
    """
    below = [table.attrs.get("cells", "")]
    if table.empty:
        page = "No cell of this table was run at this tier. TIER=full runs it."
    elif "layout" not in table.attrs:
        page = table.map(_word).to_markdown(index=False, disable_numparse=True)
    else:
        frame = with_system(table)
        page = _page(frame, **table.attrs["layout"])
        lost = frame[frame["note"].str.contains("failed: ")]
        below += dict.fromkeys(lost["system"] + ", " + lost["note"])
    lines = [f"{line}  " for line in (*below, footer) if line]
    return "\n".join([page, "", *lines]).rstrip() + "\n"


def _page(frame: pd.DataFrame, rows, columns, references, names, order) -> str:
    """Return a compared table in the paper's layout, with its caption."""
    varying = [c for c in LABELS if frame[c].nunique() > 1]
    rows = [*(c for c in varying if c not in (*rows, *columns)), *rows]
    columns = [c for c in columns if c == "metric" or c in varying]
    records, beside = frame.to_dict("records"), frame["paper"].notna().any()
    frame["column"] = [
        " ".join(names.get(r[c], r[c]) for c in columns) for r in records
    ]
    below = frame[rows].isin(references).any(axis=1)
    rivals = frame["this_run"].where(~below)
    groups = rivals.groupby([frame[c] for c in ("column", *varying)])
    best = rivals.eq(groups.transform("max")) & groups.transform("count").gt(1)
    records = zip(frame.to_dict("records"), best, strict=True)
    cells = [_cell(row, beside, is_best) for row, is_best in records]
    titles = in_order(frame, columns, order)["column"].unique()
    wide = frame.assign(cell=cells).pivot(index=rows, columns="column", values="cell")
    named = frame.assign(below=below)[[*rows, "below"]].drop_duplicates()
    page = named.sort_values("below", kind="stable").join(wide[titles], on=rows)
    lines = page.drop(columns="below").fillna(DASH).to_dict("records")
    if 0 < named["below"].sum() < len(named):
        lines.insert((~named["below"]).sum(), {rows[0]: "*for reference*"})
    printed = pd.DataFrame(lines).fillna("").to_markdown(index=False)
    return f"{_caption(frame, varying, beside)}\n\n{printed}"


def _caption(frame: pd.DataFrame, varying: list[str], beside: bool) -> str:
    """Return what is the same in all cells, and what a cell holds."""
    words = [str(frame[c].iloc[0]) for c in LABELS[:-1] if c not in varying]
    known = frame.dropna(subset="n_folds")
    counts = sorted(set(zip(known["n_folds"], known["n_seeds"], strict=True)))
    sizes = ", ".join(f"{n_folds:.0f} × {n_seeds:.0f}" for n_folds, n_seeds in counts)
    words += [f"folds × seeds: {sizes}", "paper / this run" if beside else ""]
    return " · ".join(word for word in words if word)


def _cell(row: Mapping, beside: bool, is_best: bool) -> str:
    """Return what a cell prints: mean ± SD and interval, behind the paper's number."""
    digits = ".0f" if row["metric"].startswith("n_") else ".3f"
    numbers = [row[name] for name in ("this_run", "sd", "low", "high", "paper")]
    run, sd, low, high, paper = (_word(number, digits) for number in numbers)
    run = f"**{run}**" if is_best else run
    run += f" ± {sd}" if sd != DASH else ""
    run += f" [{low}, {high}]" if low != DASH else ""
    return f"{paper} / {run}" if beside else run


def _word(value, digits: str = ".3f") -> str:
    """Return one value as printed; a dash for none."""
    if value is None or value != value or value == "":
        return DASH
    number = isinstance(value, float)
    return format(value, digits) if number else str(value).replace("|", "\\|")
