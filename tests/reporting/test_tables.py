"""A paper's numbers beside a run's: which cell holds what, and how it is printed."""

import numpy as np
import pandas as pd
import pytest

from emolib.reporting import compare_table, to_markdown

PLACE = {
    "item": "Table 1", "dataset": "dreamer", "target": "arousal", "condition": "",
}  # fmt: skip
PRINTED = pd.DataFrame(
    [
        ("Aligned", "", "auc", 0.80),
        ("Aligned", "", "n_windows", 5531.0),
        ("Aligned", "w/o align", "auc", 0.75),
        ("TS-TCC", "", "auc", None),
    ],
    columns=["method", "variant", "metric", "value"],
).assign(paper="toy", **PLACE)
LABELS = {**PLACE, "method": "Aligned", "variant": "", "protocol": "by_subject"}


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
    assert table.attrs["cells"] == "1 of 3 printed cells were run"  # one is a dash


@pytest.mark.parametrize(
    ("source", "values", "note", "said"),
    [
        ("surrogate", (0.6, 0.7, 0.8), "", "not comparable: surrogate"),
        ("open", (0.6, 0.7, 0.8), "", "not comparable: open"),
        ("unknown source", (0.6, 0.7), "", "not comparable: unknown source"),
        ("licensed", (0.70, 0.78, 0.82, 0.86, 0.88), "inside the interval", "were run"),
        ("licensed", (0.6, 0.61, 0.62, 0.61, 0.6), "outside the interval", "were run"),
    ],
)
def test_licensed_data_alone_are_held_against_the_paper(source, values, note, said):
    table = compare(run(values, source=source))
    assert only(table)["note"].endswith(note)
    assert to_markdown(table).splitlines()[-1].endswith(said)
    assert "not comparable" not in to_markdown(table, footer="SURROGATE")  # said once


def test_no_mean_spans_two_kinds_of_data_or_two_splits():
    table = compare(run(), run(source="licensed"), run((0.9, 0.9), protocol="by_trial"))
    assert sorted(table["this_run"].round(2)) == [0.7, 0.7, 0.9]
    blocks = [line for line in to_markdown(table).splitlines() if line[:2] == "**"]
    assert blocks == [
        "**by_subject · surrogate**", "**by_subject · licensed**",
        "**by_trial · surrogate**",
    ]  # fmt: skip


def test_under_five_folds_there_is_no_interval():
    for n_folds in (4, 5):
        cell = to_markdown(compare(run(np.linspace(0.6, 0.8, n_folds)))).splitlines()[4]
        assert ("[" in cell) == (n_folds == 5) and " ± " in cell


def test_a_cell_that_lost_a_unit_has_no_mean_and_says_why():
    lost = {**LABELS, "fold": 3, "reason": "loss is not finite"}
    table = compare(run(), run(variant="w/o align"), failures=[lost])
    cells = table.set_index("variant")
    assert np.isnan(cells.loc["", "this_run"]) and np.isnan(cells.loc["", "low"])
    assert cells.loc["", "note"] == "a unit failed: loss is not finite"
    assert cells.loc["w/o align", "this_run"] == pytest.approx(0.7)
    text = to_markdown(table.replace("loss is", "loss <b>\n# is", regex=True))
    assert "0.800 / —" in text
    assert "Aligned, a unit failed: loss &lt;b&gt; # is not finite" in text


def test_a_cell_of_which_no_unit_came_stands_in_its_row():
    lost = {**LABELS, "method": "TS-TCC", "reason": "out of memory"}
    table = compare(run(), failures=[lost])
    row = table[table["method"] == "TS-TCC"].to_dict("records")[0]
    assert row["note"] == "a unit failed: out of memory" and row["metric"] == "auc"
    alone = compare(run().iloc[:0], failures=[lost])  # every unit of the run failed
    assert set(alone["note"]) == {"a unit failed: out of memory"}


def grid(lines):
    rows = [
        [c.strip() for c in x.strip("|").split("|")] for x in lines if x[0:1] == "|"
    ]
    return [row for row in rows if row[0][:2] != ":-"]


def test_a_page_has_the_papers_layout():
    results = [
        run(), run(method="TS-TCC", values=(0.5, 0.5, 0.5)),
        run(variant="w/o align", values=(0.9, 0.9, 0.9)),
        run(metric="n_windows", values=(5000.0,)),
        run(method="ceiling", values=(0.99, 0.99, 0.99)),
    ]  # fmt: skip
    order = {"system": ["TS-TCC", "w/o align"], "metric": ["n_windows", "auc"]}
    names = {"auc": "AUC", "n_windows": "windows", "dreamer": "DREAMER"}
    table = compare(*results, order=order, names=names, references=["ceiling"])
    caption, *lines = to_markdown(table, footer="the end").splitlines()
    assert caption == (
        "Table 1 · DREAMER · arousal · by_subject · folds × seeds: 1 × 1, 3 × 1 · "
        "paper / this run"
    )
    head, *cells = grid(lines)
    assert head == ["system", "windows", "AUC ↑"]
    assert [row[0] for row in cells] == [
        "TS-TCC", "w/o align", "Aligned", "*for reference*", "ceiling",
    ]  # fmt: skip
    assert cells[2][1] == "5531 / 5000" and cells[2][2].startswith("0.800 / 0.700 ± ")
    assert cells[1][2].startswith("0.750 / **0.900**") and "**" not in cells[4][2]
    assert lines[-2:] == ["3 of 3 printed cells were run  ", "the end"]


def test_targets_stand_in_the_columns_and_what_else_varies_in_blocks():
    each = [
        run(target=target, condition=f"{noise} {level}")
        for target in ("arousal", "valence")
        for noise in ("gaussian", "impulse")
        for level in ("-10 dB", "-40 dB")
    ]
    words = r"(?P<noise>\w+) (?P<level>.*)"
    layout = {"columns": ["target", "level", "metric"], "words": words}
    caption, *lines = to_markdown(compare(*each, **layout)).splitlines()
    blocks = [line for line in lines if line[:2] == "**"]
    assert blocks == ["**gaussian**", "**impulse**"] and "arousal" not in caption
    head, row, again, other = grid(lines)
    assert head == again == ["system", *(
        f"{target} {level} auc ↑"
        for target in ("arousal", "valence") for level in ("-10 dB", "-40 dB")
    )]  # fmt: skip
    assert row == other == ["Aligned", *["0.700 ± 0.100"] * 4]  # none is printed


@pytest.mark.parametrize(("metric", "is_best"), [("auc", True), ("unmatched", False)])
def test_a_metric_without_a_direction_has_no_arrow_and_no_best(metric, is_best):
    rivals = [run(metric=metric), run((0.1, 0.2, 0.3), metric=metric, method="TS-TCC")]
    page = to_markdown(compare(*rivals))
    assert [sign in page for sign in ("↑", "**0.700**")] == [is_best, is_best]
    assert page.count("**") == 2 * is_best


def test_a_table_without_a_cell_and_a_plain_frame_are_printed_too():
    text = to_markdown(compare(run(), item="Table 9"), footer="end")
    assert text.startswith("No cell of this table was run") and "end" in text
    plain = to_markdown(pd.DataFrame({"a": [1.23456, None], "b": ["x|y", ""]}))
    assert "| 1.235 | x\\|y |" in plain and "| —     | —" in plain


def test_words_are_printed_as_they_are_and_are_no_markup():
    ids = ["01", "NA", "1e5", "nan", "True"]
    plain = to_markdown(pd.DataFrame({"<id>": ids, "said": ["<b>\na & b", *ids[1:]]}))
    head, first, *rest = grid(plain.splitlines())
    assert head[0] == "&lt;id&gt;" and first == ["01", "&lt;b&gt; a &amp; b"]
    assert [row[0] for row in rest] == ids[1:]
    page = to_markdown(compare(*(run(method=name) for name in ids)))
    assert [row[0] for row in grid(page.splitlines())[1:]] == ids
