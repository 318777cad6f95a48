"""What the papers say, typed a second time."""

import importlib
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emolib.reporting import printed

ROOT = Path(__file__).parents[1]
SCORES = (*printed.PRINTED_CELL[1:], "value")
METRICS = ("accuracy", "f1", "auc")

# One line per printed row, typed from the page column by column: all accuracies, then
# all F1, then all AUC, so that a slip in the table's own order would show.
TABLE_1 = {
    ("TS-TCC", ""): (
        (0.6099, 0.5633, 0.6029), (0.6037, 0.5591, 0.6025), (0.6479, 0.5902, 0.6314)),
    ("TFC", ""): (
        (0.5407, 0.6006, 0.5272), (0.5336, 0.3990, 0.4732), (0.5432, 0.5145, 0.5264)),
    ("SSL-ECG", ""): (
        (0.8546, 0.8256, 0.8205), (0.6743, 0.6649, 0.7194), (0.7423, 0.7657, 0.7714)),
    ("EEG-Conformer", ""): (
        (0.7131, 0.6766, 0.7072), (0.7545, 0.6422, 0.7076), (0.7073, 0.6233, 0.6806)),
    ("ECG-EEG alignment", "w/o align"): (
        (0.8140, 0.7924, 0.8039), (0.8136, 0.7849, 0.8022), (0.8969, 0.8711, 0.8858)),
    ("ECG-EEG alignment", "w/o shuffle"): (
        (0.8237, 0.8431, 0.8786), (0.8237, 0.8371, 0.9489), (0.9035, 0.9188, 0.8777)),
    ("ECG-EEG alignment", "w/o patch-align"): (
        (0.8497, 0.8128, 0.8349), (0.8494, 0.80674, 0.8338), (0.9295, 0.8928, 0.9140)),
    ("ECG-EEG alignment", "w/o seq-align"): (
        (0.8859, 0.8616, 0.8823), (0.8857, 0.8578, 0.8814), (0.9579, 0.9373, 0.9529)),
    ("ECG-EEG alignment", ""): (
        (0.8923, 0.8787, 0.8866), (0.8921, 0.8758, 0.8858), (0.9611, 0.9482, 0.9558)),
}  # fmt: skip
TABLE_2 = {
    ("TS-TCC", ""): ((0.8110, 0.7374), (0.5044, 0.5624), (0.5174, 0.6308)),
    ("TFC", ""): ((0.8101, 0.7254), (0.4475, 0.6128), (0.5377, 0.5281)),
    ("SSL-ECG", ""): ((0.8472, 0.8239), (0.7300, 0.7669), (0.7764, 0.8213)),
    ("EEG-Conformer", ""): ((0.8187, 0.7475), (0.5481, 0.5374), (0.6423, 0.6072)),
    ("ECG-EEG alignment", "w/o align"): ((0.8188, 0.7813), (0.6984, 0.7508), (0.7197, 0.7791)),
    ("ECG-EEG alignment", "w/o shuffle"): ((0.8278, 0.8095), (0.6982, 0.7526), (0.8067, 0.8497)),
    ("ECG-EEG alignment", "w/o patch-align"): ((0.8277, 0.8071), (0.6978, 0.7525), (0.8124, 0.8530)),
    ("ECG-EEG alignment", "w/o seq-align"): ((0.8327, 0.8280), (0.7132, 0.7767), (0.8032, 0.8497)),
    ("ECG-EEG alignment", ""): ((0.8489, 0.8341), (0.7511, 0.8271), (0.8124, 0.8735)),
}
FIG_2 = {
    ("w/o align", "cosine_min"): -0.6261,
    ("w/o align", "cosine_max"): -0.2758,
    ("w/o align", "cosine_mean"): -0.4963,
    ("", "cosine_min"): -0.4661,
    ("", "cosine_max"): 0.2892,
    ("", "cosine_mean"): -0.1802,
    ("", "cosine_mean_gain"): 0.317,
}


@pytest.fixture(scope="module")
def reported():
    return printed.load_reported("ecg_eeg")


@pytest.mark.parametrize(
    "item, dataset, targets, table, n_cells",
    [
        ("Table 1", "dreamer", ("arousal", "valence", "dominance"), TABLE_1, 81),
        ("Table 2", "amigos", ("arousal", "valence"), TABLE_2, 54),
    ],
)
def test_every_table_cell_is_as_printed(
    reported, item, dataset, targets, table, n_cells
):
    rows = reported[reported["item"] == item]
    assert len(rows) == n_cells
    assert set(rows["dataset"]) == {dataset}
    cells = rows.set_index(["method", "variant", "metric", "target"])["value"]
    typed = {
        (*system, metric, target): value
        for system, blocks in table.items()
        for metric, values in zip(METRICS, blocks, strict=True)
        for target, value in zip(targets, values, strict=True)
    }
    assert cells.to_dict() == typed


def test_the_cosines_of_figure_2_are_as_printed(reported):
    rows = reported[reported["item"] == "Fig. 2"]
    assert rows.set_index(["variant", "metric"])["value"].to_dict() == FIG_2


def test_nothing_else_is_reported_and_no_spread_is_printed(reported):
    assert len(reported) == 81 + 54 + 7
    assert reported["spread"].isna().all()
    assert list(reported.columns) == list(printed.REPORTED_COLUMNS)
    assert reported["value"].dtype == float


def test_the_paper_contradicts_itself_where_the_readme_says(reported):
    weigh = {
        row.claim_id: printed.verdict(row.comparison, reported)
        for row in printed.load_claims("ecg_eeg").itertuples()
    }
    assert weigh["beats_baselines"] == "holds in all 60 comparisons"
    assert weigh["alignment_helps"] == "holds in all 15 comparisons"
    assert weigh["beats_variants"] == "holds in 58 of 60 comparisons"
    assert weigh["alignment_matters_most"] == "holds in 42 of 45 comparisons"
    assert weigh["clusters_clearer"] == "no score to compare"
    assert weigh["channels_vary"] == "no score to compare"


def test_a_claim_lists_the_cells_in_which_it_fails(reported):
    table = printed.load_claims("ecg_eeg").set_index("claim_id")
    pairs = printed.compare_claim(table.loc["beats_variants", "comparison"], reported)
    fails = pairs[~pairs["holds"]]
    assert set(
        zip(fails["dataset"], fails["target"], fails["metric"], strict=True)
    ) == {
        ("dreamer", "dominance", "f1"),
        ("amigos", "arousal", "auc"),
    }


def test_no_claim_is_decided_on_a_surrogate(reported):
    comparison = printed.load_claims("ecg_eeg")["comparison"][0]
    ours = reported.assign(source="surrogate")
    assert printed.verdict(comparison, ours) == "not comparable: surrogate"


LOUDER = pd.DataFrame(
    [
        ("Table 1", dataset, "emotion", method, "", condition, "wa", value)
        for dataset, method, values in [
            ("iemocap", "ours", (0.9, 0.7, 0.8)),
            ("mosei", "ours", (0.9, 0.8, 0.7)),
            ("mosei", "MEN", (0.8, 0.8, 0.6)),
        ]
        for condition, value in zip(("clean", "soft", "loud"), values, strict=True)
    ],
    columns=list(SCORES),
)
FALLS = {
    "items": ["Table 1"], "metrics": ["wa"], "between": "condition",
    "falling": ["clean", "soft", "loud"],
}  # fmt: skip


def test_a_series_falls_where_each_score_lies_below_the_one_before():
    pairs = printed.compare_claim(FALLS, LOUDER)
    fails = pairs[~pairs["holds"]]
    assert len(pairs) == 6
    assert set(zip(fails["dataset"], fails["system"], fails["worse"], strict=True)) == {
        ("iemocap", "ours", "loud"), ("mosei", "MEN", "soft"),
    }  # fmt: skip


def test_a_comparison_stays_within_its_conditions_and_datasets():
    claim = {
        "items": ["Table 1"], "metrics": ["wa"], "better": ["ours"], "worse": ["MEN"],
    }  # fmt: skip
    assert printed.verdict(claim, LOUDER) == "holds in 2 of 3 comparisons"
    narrow = {**claim, "conditions": ["clean", "loud"]}
    assert printed.verdict(narrow, LOUDER) == "holds in all 2 comparisons"
    elsewhere = {**claim, "datasets": ["iemocap"]}
    assert printed.verdict(elsewhere, LOUDER) == "no score to compare"


def test_claims_are_short_and_have_a_place():
    table = printed.load_claims("ecg_eeg")
    assert len(table) >= 20
    assert (table["claim"].str.split().str.len() <= 20).all()
    assert table["place"].str.match(r"(Abstract|Section \d)").all()


def test_claims_compare_systems_that_the_tables_print(reported):
    systems = set(reported["method"]) | set(reported["variant"])
    for comparison in printed.load_claims("ecg_eeg")["comparison"]:
        if comparison:
            assert set(comparison["better"]) | set(comparison["worse"]) <= systems
            assert set(comparison["items"]) <= set(reported["item"])


def test_all_four_numbered_equations_are_mapped():
    table = printed.load_equations("ecg_eeg")
    mapped = table["equation"].str.extract(r"^Eq\. \((\d+)\)")[0].dropna()
    assert mapped.tolist() == ["1", "2", "3", "4"]
    assert (table["notebook"].str.match(r"ecg_eeg\.ipynb#\S")).all()


@pytest.mark.parametrize("row", range(12))
def test_each_equation_leads_to_an_object_and_a_test(row):
    table = printed.load_equations("ecg_eeg")
    assert len(table) == 12
    equation, path, node, _ = table.iloc[row]
    module, name = path.rsplit(".", 1)
    assert getattr(importlib.import_module(module), name).__doc__, equation
    file, test = node.split("::")
    text = (ROOT / file).read_text("utf-8")
    assert re.search(rf"def {test}\b", text), f"{file} has no {test}"


@pytest.mark.parametrize("row", range(12))
def test_each_equation_leads_to_a_heading(row):
    stem, heading = printed.load_equations("ecg_eeg")["notebook"][row].split("#", 1)
    notebook = ROOT / "notebooks" / stem
    if not notebook.exists():
        pytest.skip(f"{stem} is not there")
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    text = "".join("".join(c["source"]) + "\n" for c in cells)
    assert re.search(rf"^#+ .*{re.escape(heading)}", text, re.MULTILINE)


def test_the_readme_has_every_section_and_numbers_its_errata():
    text = (ROOT / "emolib/papers/ecg_eeg/README.md").read_text("utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == [
        "The claim", "What the paper does", "Symbols", "Errata", "Open choices",
        "Presets", "Does alignment help?", "What a surrogate can show",
    ]  # fmt: skip
    errata = text.split("## Errata")[1].split("\n## ")[0]
    numbers = [int(n) for n in re.findall(r"^(\d+)\. ", errata, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 14


def test_the_readme_names_every_setting_that_the_paper_leaves_open():
    settings = pytest.importorskip("emolib.papers.ecg_eeg.settings")
    text = (ROOT / "emolib/papers/ecg_eeg/README.md").read_text("utf-8")
    fields = settings.Method.model_fields
    assert [name for name in fields if f"`{name}`" not in text] == []


def _paper(tmp_path, monkeypatch, **files):
    """Return the name of a small paper with the given files."""
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "reported.csv").write_text(",".join(printed.REPORTED_COLUMNS) + "\n")
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    monkeypatch.setattr(printed, "PAPERS", tmp_path)
    return "toy"


def _table(columns, *rows):
    return "\n".join([",".join(columns), *rows]) + "\n"


ROW = "toy,Table 1,dreamer,arousal,ours,,,accuracy,{},"


@pytest.mark.parametrize(
    "rows, message",
    [
        ([ROW.format("80.67")], r"fraction, not per cent; got .*80.67"),
        ([ROW.format("high")], "value must be a number or empty; got .*high"),
        (
            [ROW.format("0.5"), ROW.format("0.6")],
            "must stand once; got toy, Table",
        ),
        ([ROW.format("0.5").replace("toy", "nmer")], "paper must be 'toy'; got"),
        ([ROW.format(" 0.5")], "no space around a value"),
    ],
)
def test_a_slip_in_a_table_is_named(tmp_path, monkeypatch, rows, message):
    text = _table(printed.REPORTED_COLUMNS, *rows)
    stem = _paper(tmp_path, monkeypatch, reported=text)
    with pytest.raises(ValueError, match=message):
        printed.load_reported(stem)


def test_a_printed_dash_is_an_empty_value(tmp_path, monkeypatch):
    text = _table(printed.REPORTED_COLUMNS, ROW.format(""))
    frame = printed.load_reported(_paper(tmp_path, monkeypatch, reported=text))
    assert np.isnan(frame["value"][0])
    assert frame["variant"][0] == ""


def test_a_wrong_header_is_named(tmp_path, monkeypatch):
    stem = _paper(tmp_path, monkeypatch, equations="equation,test\nEq. (1),x\n")
    with pytest.raises(ValueError, match="must have the columns equation, object"):
        printed.load_equations(stem)


def test_an_equation_without_a_test_is_named(tmp_path, monkeypatch):
    text = _table(printed.EQUATION_COLUMNS, "Eq. (1),emolib.x,,a.ipynb#b")
    stem = _paper(tmp_path, monkeypatch, equations=text)
    with pytest.raises(ValueError, match="no cell may be empty"):
        printed.load_equations(stem)


@pytest.mark.parametrize(
    "comparison, message",
    [
        ({"items": ["Table 1"], "metrics": ["f1"], "better": ["a"]}, "must have"),
        ({"itemz": ["Table 1"]}, "Did you mean 'items'"),
        ({"items": ["Table 1"], "metrics": ["wa"], "falling": []}, "have .'falling'"),
        ({**FALLS, "between": "level"}, "between must be one of"),
    ],
)
def test_an_unreadable_comparison_is_named(tmp_path, monkeypatch, comparison, message):
    row = pd.DataFrame(
        [["c", "Abstract", "a", json.dumps(comparison), ""]],
        columns=list(printed.CLAIM_COLUMNS),
    )
    stem = _paper(tmp_path, monkeypatch, claims=row.to_csv(index=False))
    with pytest.raises(ValueError, match=message):
        printed.load_claims(stem)


def test_an_unknown_paper_is_named():
    with pytest.raises(ValueError, match="stem must be one of .*; got 'mmq'"):
        printed.load_reported("mmq")


def test_a_section_of_the_readme_can_be_shown_alone():
    text = printed.load_section("ecg_eeg", "Presets")
    assert text.startswith("Every table") and "##" not in text
    with pytest.raises(ValueError, match="heading must be one of"):
        printed.load_section("ecg_eeg", "Nothing")


def test_a_part_of_a_section_can_be_shown_alone(tmp_path, monkeypatch):
    readme = "# T\n\n## A\n\ntext\n\n### B\n\nb\n\n### C\n\nc\n\n## Errata\n\nSome.\n\n"
    entries = "1. One 2. two\n   more.\n2. Two.\n10. Ten.\n"
    path = tmp_path / "README.md"
    path.write_text(readme + entries, encoding="utf-8")
    monkeypatch.setattr(printed, "_path", lambda stem, name: path)
    assert printed.load_section("x", "A") == "text\n\n### B\n\nb\n\n### C\n\nc"
    assert [printed.load_section("x", name) for name in "BC"] == ["b", "c"]
    assert printed.load_section("x", "Errata", [10, 1]) == (
        "**10.** Ten.\n\n**1.** One 2. two more."
    )
    with pytest.raises(
        ValueError, match="number must be one of '1', '2', '10'; got '3'"
    ):
        printed.load_section("x", "Errata", [3])
