import math

import pandas as pd
import pytest

from emolib.reporting.markdown import to_markdown
from emolib.reporting.tables import COMPARED, compare_table

PRINTED = pd.DataFrame(
    [
        ("ecg_eeg", "Table 1", "dreamer", "arousal", m, v, "", metric, value, spread)
        for m, v, metric, value, spread in [
            ("ours", "", "auc", 0.80, 0.02),
            ("ours", "", "f1_macro", 0.70, None),
            ("ours", "w/o align", "auc", 0.75, None),
            ("TS-TCC", "", "auc", None, None),
        ]
    ],
    columns=[
        "paper", "item", "dataset", "target", "method", "variant", "condition",
        "metric", "value", "spread",
    ],
)  # fmt: skip


def ours(source="surrogate", method="ours", values=(0.6, 0.7, 0.8), **more):
    return pd.DataFrame(
        [
            {
                "paper": "ecg_eeg", "item": "Table 1", "dataset": "dreamer",
                "source": source, "target": "arousal", "protocol": "by_subject",
                "method": method, "variant": "", "condition": "", "fold": fold,
                "seed": 0, "metric": "auc", "value": value, **more,
            }
            for fold, value in enumerate(values)
        ]
    )  # fmt: skip


def test_a_cell_has_mean_spread_interval_and_counts():
    table = compare_table(ours(), PRINTED, item="Table 1")
    assert list(table.columns) == list(COMPARED)
    (row,) = table.to_dict("records")
    assert row["ours"] == pytest.approx(0.7) and row["sd"] == pytest.approx(0.1)
    assert row["low"] < 0.6 and row["high"] > 0.8  # t over three folds is wide
    assert (row["n_folds"], row["n_seeds"]) == (3, 1)
    assert (row["paper"], row["paper_spread"]) == (0.80, 0.02)
    assert table.attrs["cells"] == "1 of 4 cells; the rest: TIER=full"


def test_a_surrogate_is_never_compared_with_the_paper():
    (row,) = compare_table(ours(), PRINTED).to_dict("records")
    assert math.isnan(row["delta"]) and row["note"] == "not comparable: surrogate"


def test_licensed_data_are_compared_with_the_paper():
    (row,) = compare_table(ours("licensed"), PRINTED).to_dict("records")
    assert row["delta"] == pytest.approx(-0.1) and row["note"] == ""


def test_no_mean_spans_two_kinds_of_data_or_two_splits():
    both = pd.concat([
        ours(), ours("licensed"), ours(protocol="by_trial", values=(0.9, 0.9)),
    ])  # fmt: skip
    table = compare_table(both, PRINTED)
    assert len(table) == 3
    assert sorted(table["ours"].round(2)) == [0.7, 0.7, 0.9]


def test_every_printed_cell_is_shown_on_demand_with_a_reason():
    table = compare_table(ours(), PRINTED, show="all")
    assert len(table) == 4
    missing = table[table["ours"].isna()]
    assert set(missing["note"]) == {"not run at this tier"}


def test_a_cell_that_lost_a_unit_has_no_mean_and_says_why():
    failure = {
        "dataset": "dreamer", "target": "arousal", "method": "ours", "fold": 3,
        "reason": "loss is not finite",
    }  # fmt: skip
    table = compare_table(ours(), PRINTED, failures=[failure])
    (row,) = table.to_dict("records")
    assert math.isnan(row["ours"])
    assert row["note"] == "3 of 4 units; 1 failed: loss is not finite"
    assert "| — |" in to_markdown(table)


def test_the_plain_row_that_failed_costs_its_variants_nothing():
    failure = {"method": "ours", "variant": "", "reason": "loss is not finite"}
    both = pd.concat([ours(), ours(variant="w/o align")])
    table = compare_table(both, PRINTED, failures=[failure])
    notes = table[table["ours"].isna()].set_index("variant")["note"].to_dict()
    assert notes[""].endswith("loss is not finite") and "w/o align" not in notes
    whole = compare_table(both, PRINTED, failures=[{**failure, "variant": "w/o align"}])
    assert list(whole[whole["ours"].isna()]["variant"]) == ["w/o align"]


def test_a_cell_whose_units_all_failed_is_shown_with_the_reason():
    failure = {
        "item": "Table 1", "dataset": "dreamer", "target": "arousal",
        "method": "TS-TCC", "protocol": "by_subject", "metric": "auc",
        "reason": "out of memory",
    }  # fmt: skip
    table = compare_table(ours(), PRINTED, failures=[failure])
    row = table[table["method"] == "TS-TCC"].to_dict("records")[0]
    assert row["note"] == "0 of 1 units; 1 failed: out of memory"


def test_rows_the_paper_does_not_have_come_with_a_dash():
    table = compare_table(pd.concat([ours(), ours(method="chance")]), PRINTED)
    assert list(table["method"]) == ["ours", "chance"]
    assert "| chance | dreamer · arousal · auc ↑ | — | 0.700" in to_markdown(table)


def test_the_best_of_our_rows_is_bold_and_a_reference_never():
    rows = pd.concat([
        ours(), ours(method="TS-TCC", values=(0.5, 0.5)),
        ours(method="ceiling", values=(0.99, 0.99)),
    ])  # fmt: skip
    text = to_markdown(compare_table(rows, PRINTED))
    assert text.count("**") == 2 and "**0.700 ± 0.100" in text


def test_open_data_have_a_column_of_their_own():
    text = to_markdown(compare_table(ours("open", dataset="eegmat"), PRINTED))
    header, _, row = text.splitlines()[:3]
    assert header.split(" | ")[3:5] == ["ours", "ours (open data)"]
    assert row.split(" | ")[3:5] == ["—", "0.700 ± 0.100 [0.452, 0.948]"]


def test_fractions_are_printed_in_per_cent_on_demand():
    text = to_markdown(compare_table(ours("licensed"), PRINTED), percent=True)
    assert "80.0 ± 2.0 | 70.0 ± 10.0" in text and "-10.0" in text


def test_a_table_without_a_cell_says_so():
    text = to_markdown(compare_table(ours(), PRINTED, item="Table 9"), footer="end")
    assert text.startswith("No cell of this table was run") and "end" in text


def test_show_is_one_of_two_words():
    with pytest.raises(ValueError, match="show must be one of 'run', 'all'"):
        compare_table(ours(), PRINTED, show="some")


def test_the_markdown_comes_from_the_csv(tmp_path):
    table = compare_table(ours(), PRINTED)
    table.to_csv(tmp_path / "t.csv", index=False)
    again = pd.read_csv(tmp_path / "t.csv")
    again.attrs = table.attrs
    assert to_markdown(again) == to_markdown(table)
