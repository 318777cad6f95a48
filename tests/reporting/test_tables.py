"""A paper's numbers beside a run's: which cell holds what, and how it is printed."""

import numpy as np
import pandas as pd
import pytest

from emolib.reporting import compare_table, to_markdown

PRINTED = pd.DataFrame(
    [
        ("toy", "Table 1", "dreamer", "arousal", method, variant, "", metric, value)
        for method, variant, metric, value in [
            ("Aligned", "", "auc", 0.80),
            ("Aligned", "", "n_windows", 5531.0),
            ("Aligned", "w/o align", "auc", 0.75),
            ("TS-TCC", "", "auc", None),
        ]
    ],
    columns=["paper", "item", "dataset", "target", "method", "variant", "condition",
             "metric", "value"],
)  # fmt: skip
LABELS = {
    "item": "Table 1", "dataset": "dreamer", "target": "arousal", "method": "Aligned",
    "variant": "", "condition": "", "protocol": "by_subject",
}  # fmt: skip


def run(values=(0.6, 0.7, 0.8), *, source="surrogate", metric="auc", **labels):
    rows = [
        {"paper": "toy", "source": source, **LABELS, **labels, "fold": fold, "seed": 0,
         "metric": metric, "value": value}
        for fold, value in enumerate(values)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def compare(*results, **options):
    return compare_table(pd.concat(results), PRINTED, **{"item": "Table 1", **options})


def only(table):
    (row,) = table.to_dict("records")
    return row


def test_a_row_is_a_printed_cell_with_the_papers_number_and_this_runs():
    table = compare(run())
    assert list(table) == [
        "item", "dataset", "target", "method", "variant", "condition", "metric",
        "paper", "this_run", "sd", "n_folds", "n_seeds", "protocol", "source", "low",
        "high", "note",
    ]  # fmt: skip
    row = only(table)
    assert (row["paper"], row["n_folds"], row["n_seeds"]) == (0.80, 3, 1)
    assert row["this_run"] == pytest.approx(0.7) and row["sd"] == pytest.approx(0.1)
    assert table.attrs["cells"] == "1 of 4 printed cells were run"


@pytest.mark.parametrize(
    ("source", "values", "note"),
    [
        ("surrogate", (0.6, 0.7, 0.8), "not comparable: surrogate"),
        ("open", (0.6, 0.7, 0.8), "not comparable: open"),
        ("licensed", (0.70, 0.78, 0.82, 0.86, 0.88), "inside the interval"),
        ("licensed", (0.60, 0.61, 0.62, 0.61, 0.60), "outside the interval"),
    ],
)
def test_licensed_data_alone_are_held_against_the_paper(source, values, note):
    assert only(compare(run(values, source=source)))["note"].endswith(note)


def test_no_mean_spans_two_kinds_of_data_or_two_splits():
    table = compare(run(), run(source="licensed"), run((0.9, 0.9), protocol="by_trial"))
    assert sorted(table["this_run"].round(2)) == [0.7, 0.7, 0.9]
    text = to_markdown(table)
    assert "| protocol" in text and "| source" in text


def test_all_printed_cells_make_a_ledger():
    table = compare(run(), show="all", item=None)
    assert len(table) == 4
    missing = table[table["this_run"].isna()]
    assert set(missing["note"]) == {"not run at this tier"}
    with pytest.raises(ValueError, match="show must be one of 'run', 'all'"):
        compare(run(), show="some")


def test_a_cell_that_lost_a_unit_has_no_mean_and_says_why():
    lost = {**LABELS, "fold": 3, "reason": "loss is not finite"}
    table = compare(run(), run(variant="w/o align"), failures=[lost])
    cells = table.set_index("variant")
    assert np.isnan(cells.loc["", "this_run"]) and np.isnan(cells.loc["", "low"])
    assert cells.loc["", "note"] == "a unit failed: loss is not finite"
    assert cells.loc["w/o align", "this_run"] == pytest.approx(0.7)
    text = to_markdown(table)
    assert "0.800 / —" in text and "Aligned, a unit failed: loss is not finite" in text


def test_a_cell_of_which_no_unit_came_stands_in_its_row():
    lost = {**LABELS, "method": "TS-TCC", "reason": "out of memory"}
    table = compare(run(), failures=[lost])
    row = table[table["method"] == "TS-TCC"].to_dict("records")[0]
    assert row["note"] == "a unit failed: out of memory" and row["metric"] == "auc"
    alone = compare(run().iloc[:0], failures=[lost])  # every unit of the run failed
    assert set(alone["note"]) == {"a unit failed: out of memory"}


def test_a_page_has_the_papers_layout():
    results = [
        run(), run(method="TS-TCC", values=(0.5, 0.5, 0.5)),
        run(variant="w/o align", values=(0.9, 0.9, 0.9)),
        run(metric="n_windows", values=(5000.0,)),
        run(method="ceiling", values=(0.99, 0.99, 0.99)),
    ]  # fmt: skip
    order = {"system": ["TS-TCC", "w/o align"], "metric": ["n_windows", "auc"]}
    names = {"auc": "AUC", "n_windows": "windows"}
    table = compare(*results, order=order, names=names, references=["ceiling"])
    caption, _, header, _, *lines = to_markdown(table, footer="the end").splitlines()
    assert caption == (
        "Table 1 · dreamer · arousal · by_subject · folds × seeds: 1 × 1, 3 × 1 · "
        "paper / this run"
    )
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines[:5]]
    assert [c.strip() for c in header.strip("|").split("|")] == [
        "system", "windows", "AUC",
    ]  # fmt: skip
    assert [row[0] for row in cells] == [
        "TS-TCC", "w/o align", "Aligned", "*for reference*", "ceiling",
    ]  # fmt: skip
    assert cells[2][1] == "5531 / 5000" and cells[2][2].startswith("0.800 / 0.700 ± ")
    assert cells[1][2].startswith("0.750 / **0.900**") and "**" not in cells[4][2]
    assert lines[-2:] == ["3 of 4 printed cells were run  ", "the end"]


def test_what_varies_is_a_column_and_a_condition_may_name_one():
    results = [run(condition=c) for c in ("-10 dB", "-20 dB")]
    page = to_markdown(compare(*results, columns=["condition", "metric"]))
    assert "| system   | -10 dB auc" in page and "-20 dB auc" in page
    assert "/" not in page.splitlines()[4]  # the paper prints none of these cells
    assert "| condition   | system" in to_markdown(compare(*results))


def test_a_table_without_a_cell_and_a_plain_frame_are_printed_too():
    text = to_markdown(compare(run(), item="Table 9"), footer="end")
    assert text.startswith("No cell of this table was run") and "end" in text
    plain = to_markdown(pd.DataFrame({"a": [1.23456, None], "b": ["x|y", ""]}))
    assert "| 1.235 | x\\|y |" in plain and "| —     | —" in plain
