"""Tables that set the paper's numbers beside ours, and their Markdown.

Numbers are kept as fractions in a tidy frame; how they are printed is decided when the
frame becomes Markdown. A difference is printed on licensed data alone: a surrogate's
number cannot be compared with the paper's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from emolib.reporting.failed_cells import CELL, with_failures

COMPARED = (
    "item", "row", "column", "dataset", "target", "method", "variant", "condition",
    "metric", "protocol", "source", "paper", "paper_spread", "ours", "sd", "low",
    "high", "delta", "n_folds", "n_seeds", "note",
)  # fmt: skip


def compare_table(
    results,
    reported,
    *,
    item: str | None = None,
    failures: Iterable[Mapping] = (),
    rows: Sequence[str] = ("method", "variant"),
    show: str = "run",
    by: Sequence[str] = ("protocol", "source"),
    predictions=None,
    parts: Sequence[str] = ("fold", "seed"),
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
    predictions : DataFrame or callable
        What `results` were scored from, with the columns that name a cell, or a
        function that finds it (`emolib.metrics.summarise`): from 20 subjects up the
        interval then comes from drawing subjects again.
    parts : sequence of str
        Columns of `predictions` that tell one scored set of a cell from another.

    Returns
    -------
    table : DataFrame
        Columns `COMPARED`; `delta` is ours minus the paper's, for licensed data only.
        ``attrs["cells"]`` says how many of the printed cells were run.
    """
    from emolib.checks import check_option

    check_option("show", show, ("run", "all"))
    paper = _cells(reported, item)
    ours = _cells(results, item, extra=by)
    table = _beside(_summarised(ours, by, predictions, parts), paper)
    n_printed = len(paper)
    was_run = table["source"].notna() & table["is_printed"]
    n_run = len(table[was_run].drop_duplicates(list(CELL)))
    table = with_failures(table, failures, item)
    table["note"] = [_note(row) for row in table.to_dict("records")]
    licensed = table["source"].eq("licensed")
    table["delta"] = (table["ours"] - table["paper_value"]).where(licensed)
    tried = table["source"].notna() | table["n_failed"].gt(0)
    table = table if show == "all" else table[tried]
    table = _in_order(_named(table, rows), paper, ours)
    table.attrs["cells"] = f"{n_run} of {n_printed} cells" + (
        "; the rest: TIER=full" if n_run < n_printed else ""
    )
    return table


def _cells(frame, item: str | None, extra: Sequence[str] = ()):
    """Return the rows of an item with empty words where a cell has no name."""
    frame = frame.copy()
    for column in (*CELL, *extra):
        given = frame[column] if column in frame.columns else ""
        frame[column] = given
        frame[column] = frame[column].astype(object).fillna("").astype(str)
    return frame if item is None else frame[frame["item"] == item]


def _summarised(ours, by: Sequence[str], predictions, parts):
    """Return mean, spread and interval of each of our cells."""
    import pandas as pd

    groups = [*CELL, *by]
    names = ["ours", "sd", "low", "high", "n_folds", "n_seeds", "n_units"]
    if ours.empty:
        return pd.DataFrame(columns=[*groups, *names])
    from emolib.metrics import summarise

    found = summarise(ours, groups, predictions=predictions, parts=parts)
    found = found.rename(columns={"mean": "ours"})
    counts = ours.groupby(groups, as_index=False).agg(
        n_folds=("fold", "nunique"),
        n_seeds=("seed", "nunique"),
        n_units=("value", "size"),
    )
    found = found.drop(columns=[c for c in ("n_folds", "n_seeds") if c in found])
    return found.merge(counts, on=groups)[[*groups, *names]]


def _beside(ours, paper):
    """Return our cells and the paper's in one frame, joined where they are the same."""
    table = ours.merge(paper, on=list(CELL), how="outer", indicator=True)
    table = table.rename(columns={"value": "paper_value", "spread": "paper_spread"})
    for column in ("paper_value", "paper_spread"):
        if column not in table:
            table[column] = float("nan")
    return table.assign(is_printed=table.pop("_merge") != "left_only")


def _note(row: Mapping) -> str:
    """Return why a cell has no number of ours, or why it is not compared."""
    if row["n_failed"]:
        n_came = 0 if row["n_folds"] != row["n_folds"] else int(row["n_units"])
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
