"""Compared tables as they are read: a row a system, the paper's number beside ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

DASH = "—"


def page_of(
    compared,
    *,
    rows: Sequence[str],
    columns: Sequence[str] = ("metric",),
    names: Mapping[str, str] | None = None,
    two_lines: bool = False,
):
    """Return a compared table as it is read.

    Parameters
    ----------
    compared : DataFrame
        From `compare_table`; a column system is made where there is none: the variant,
        else the method.
    rows : sequence of str
        Columns that name a row.
    columns : sequence of str
        Columns whose values name a column of the page, in the order in which they
        come.
    names : mapping of str to str
        How a value of `columns` is printed; itself without.
    two_lines : bool
        Below each row of ours stands the paper's, as in wide tables. Else each column
        of ours stands beside the paper's.

    Returns
    -------
    page : DataFrame
        Words only; columns and lines without any number are left out.
    """
    import pandas as pd

    if compared.empty:
        return compared
    frame = with_system(compared).assign(
        column=[_words(r, columns, names or {}) for r in compared.to_dict("records")],
        ours_=[number_of(r) for r in compared.to_dict("records")],
        paper_=[
            number(value, metric)
            for value, metric in zip(compared["paper"], compared["metric"], strict=True)
        ],
    )
    order = frame[[*rows]].drop_duplicates()
    titles = list(dict.fromkeys(frame["column"]))
    sides = {
        whose: frame.pivot(index=[*rows], columns="column", values=f"{whose}_")
        for whose in ("paper", "ours")
    }
    if two_lines:
        return _lines(order, sides, titles, [*rows])
    wide = {f"{t}, {whose}": side[t] for t in titles for whose, side in sides.items()}
    page = order.merge(pd.DataFrame(wide).reset_index(), on=[*rows])
    empty = [c for c in page if set(page[c]) <= {DASH, ""}]
    return page.drop(columns=empty)


def _lines(order, sides, titles, rows):
    """Return two lines a row, ours and the paper's, without lines that are empty."""
    import pandas as pd

    parts = [
        order.merge(side[titles].reset_index(), on=rows).assign(whose=whose)
        for whose, side in sides.items()
    ]
    page = pd.concat(parts).fillna(DASH)
    page["place"] = (
        page[rows]
        .apply(tuple, axis=1)
        .map({key: i for i, key in enumerate(order.itertuples(index=False, name=None))})
    )
    page = page.sort_values(["place", "whose"], kind="stable")
    full = (page[titles] != DASH).any(axis=1)
    return page.loc[full, [*rows, "whose", *titles]].reset_index(drop=True)


def number_of(row: Mapping) -> str:
    """Return our mean with its SD and interval, or what stands in their place."""
    keys = ("ours", "sd", "low", "high")
    mean, sd, low, high = (number(row[k], row["metric"]) for k in keys)
    if mean == DASH or is_count(row["metric"]):
        return mean
    spread = f" ± {sd}" if sd != DASH else ""
    return mean + spread + (f" [{low}, {high}]" if low != DASH else "")


def number(value, metric: str) -> str:
    """Return a fraction with three decimals, a count without, a dash for nothing."""
    if value is None or value != value:
        return DASH
    return f"{value:.0f}" if is_count(metric) else f"{value:.3f}"


def is_count(metric: str) -> bool:
    """Tell whether a metric counts things: its name starts with ``n_``."""
    return str(metric).startswith("n_")


def system_of(frame):
    """Return each row's name as the papers' tables have it: variant, else method."""
    return frame["variant"].where(frame["variant"] != "", frame["method"])


def with_system(compared):
    """Return a compared table with a column system."""
    return (
        compared
        if "system" in compared
        else compared.assign(system=system_of(compared))
    )


def in_order(compared, ranks: Mapping[str, Sequence[str]], by: Sequence[str]):
    """Return a compared table sorted by some columns, each in an order of its own.

    Parameters
    ----------
    compared : DataFrame
        From `compare_table`; its notes are kept.
    ranks : mapping of column to sequence of str
        Order of the values of a column ("system" among them); a value that is not
        there comes last. Other columns are sorted by their values.
    by : sequence of str
        Columns to sort by.
    """
    import pandas as pd

    frame, keys = with_system(compared), {}
    for column in by:
        values = frame[column].fillna("").astype(str)
        known = ranks.get(column) or sorted(set(values))
        place = {value: i for i, value in enumerate(known)}
        keys[column] = values.map(place).fillna(len(place))
    index = pd.DataFrame(keys).sort_values(list(by), kind="stable").index
    ordered = compared.loc[index].reset_index(drop=True)
    ordered.attrs.update(compared.attrs)
    return ordered


def _words(row: Mapping, columns: Sequence[str], names: Mapping[str, str]) -> str:
    """Return what a column of the page is called."""
    values = [str(row[c]) for c in columns]
    return " ".join(names.get(v, v) for v in values if v)
