"""Compared tables as they are read."""

import pandas as pd
import pytest

from emolib.reporting.pages import in_order, page_of
from emolib.reporting.tables import compare_table

CELL = {"paper": "nmer", "item": "Table 2", "dataset": "iemocap", "target": "emotion"}


def row(method, condition, value, variant="", **more):
    return {**CELL, "method": method, "variant": variant, "condition": condition,
            "metric": "wa", "value": value, **more}  # fmt: skip


@pytest.fixture
def compared():
    printed = [row("MEN", "-10 dB", 0.7), row("ours", "-10 dB", 0.75),
               row("ours", "-20 dB", 0.7)]  # fmt: skip
    mine = [
        row(method, condition, value + 0.02 * fold, protocol="given", fold=fold, seed=0,
            source="surrogate", variant=variant)
        for method, variant, condition, value in (
            ("ours", "", "-10 dB", 0.5), ("ours", "", "-20 dB", 0.4),
            ("MEN", "", "-10 dB", 0.3), ("ours", "w/o VAE", "-20 dB", 0.35),
        )
        for fold in (1, 2)
    ]  # fmt: skip
    return compare_table(pd.DataFrame(mine), pd.DataFrame(printed).assign(spread=None))


def test_a_column_of_ours_stands_beside_the_papers(compared):
    page = page_of(compared, rows=("system",), columns=("condition",))
    assert list(page.columns) == [
        "system", "-10 dB, paper", "-10 dB, ours", "-20 dB, paper", "-20 dB, ours",
    ]  # fmt: skip
    ours = page.set_index("system").loc["ours"]
    assert ours["-10 dB, paper"] == "0.750"
    assert ours["-10 dB, ours"].startswith("0.530 ± 0.014 [")


def test_a_line_of_ours_stands_above_the_papers_where_there_is_one(compared):
    page = page_of(compared, rows=("system",), columns=("condition", "metric"),
                   names={"wa": "WA"}, two_lines=True)  # fmt: skip
    assert list(page.columns) == ["system", "whose", "-10 dB WA", "-20 dB WA"]
    lines = list(zip(page["system"], page["whose"], strict=True))
    assert sorted(lines) == [
        ("MEN", "ours"), ("MEN", "paper"), ("ours", "ours"), ("ours", "paper"),
        ("w/o VAE", "ours"),
    ]  # fmt: skip
    assert page.set_index(["system", "whose"]).loc[("MEN", "ours"), "-20 dB WA"] == "—"


def test_rows_come_in_the_order_asked_for_and_keep_their_note(compared):
    ranks = {"system": ["MEN", "w/o VAE", "ours"], "condition": ["-20 dB", "-10 dB"]}
    ordered = in_order(compared, ranks, ["system", "condition"])
    assert list(zip(ordered["method"], ordered["condition"], strict=True)) == [
        ("MEN", "-10 dB"), ("ours", "-20 dB"), ("ours", "-20 dB"), ("ours", "-10 dB"),
    ]  # fmt: skip
    assert ordered.attrs == compared.attrs != {}


def test_counts_are_printed_whole(compared):
    counts = compared.assign(metric="n_windows", ours=1234.0, paper=5531.0)
    page = page_of(counts.iloc[:1], rows=("system",), columns=("condition",))
    assert page.iloc[0].tolist()[1:] == ["5531", "1234"]
