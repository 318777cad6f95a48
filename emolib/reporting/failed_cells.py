"""Cells that lost units: they have no mean, and say why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

CELL = (
    "paper", "item", "dataset", "target", "method", "variant", "condition", "metric",
)  # fmt: skip
"""The columns that name one printed cell, in reported.csv and in results."""


def with_failures(table, failures: Iterable[Mapping], item: str | None = None):
    """Return a table in which the cells of failed units have no mean.

    A failure belongs to every cell that agrees with its labels; its method is the
    label `method`, else the name of its system. Where no cell agrees, because no unit
    of it gave a result, a row is added.

    Parameters
    ----------
    table : DataFrame
        Columns `CELL`, protocol, source and the numbers.
    failures : iterable of mapping
        Labels and `reason`.
    item : str
        The item of the table, for added rows.

    Returns
    -------
    table : DataFrame
        With `n_failed` and `reason`.
    """
    import pandas as pd

    table = table.assign(n_failed=0, reason="")
    for failure in failures:
        labels = _labels(failure)
        hit = _agree(table, labels) & table["source"].notna()
        if not hit.any():
            printed = {k: v for k, v in labels.items() if k != "protocol"}
            hit = _agree(table, printed) & table["source"].isna()
        if not hit.any():
            row = {"paper": "", "item": item or "", **labels, "n_failed": 0}
            added = pd.DataFrame(
                [{**dict.fromkeys(CELL, ""), **row, "is_printed": False}]
            )
            table = pd.concat([table, added], ignore_index=True)
            hit = table.index == len(table) - 1
        table.loc[hit, "n_failed"] += 1
        table.loc[hit, "reason"] = str(failure.get("reason", "unknown"))
    lost = table["n_failed"] > 0
    numbers = ["ours", "sd", "low", "high"]
    return table.assign(**{n: table[n].astype(float).mask(lost) for n in numbers})


def _labels(failure: Mapping) -> dict[str, str]:
    """Return the labels by which a failed unit is found among the cells.

    An empty label says nothing, but for `variant`, where it names the plain row.
    """
    given = {"method": failure.get("system"), **failure}
    labels = {n: str(given[n]) for n in (*CELL, "protocol") if given.get(n)}
    return {**labels, "variant": ""} if given.get("variant") == "" else labels


def _agree(table, labels: Mapping[str, str]):
    """Return which rows have these labels."""
    return (table[list(labels)].astype(str) == list(labels.values())).all(axis=1)
