"""What the papers say, as data: every file of every paper, and what is read off it."""

import csv
import importlib
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from claims import PLACE, comparisons_of, count, pairs_of, table_of

from emolib.reporting import load_reported, load_section, printed
from emolib.reporting.printed import with_system

ROOT = Path(__file__).parents[1]
PAPERS = ROOT / "emolib" / "papers"
STEMS = sorted(path.parent.name for path in PAPERS.glob("*/reported.csv"))
COLUMNS = {
    "reported": "paper item dataset target method variant condition metric value "
    "spread",
    "equations": "equation object test notebook",
    "claims": "claim_id place claim comparison note",
}
KEYS = {"items", "metrics", "datasets", "conditions", "between", "better", "worse",
        "falling"}  # fmt: skip
EQUATIONS = [
    pytest.param(stem, row, id=f"{stem}-{row.equation}")
    for stem in STEMS
    for row in table_of(stem, "equations").itertuples()
]

LOSSES = [f"Section 2.4, {name}" for name in ("L_inv", "L_cls", "total")]
MAPPED = {
    "mmqnet": (8, []), "ecg_eeg": (4, []),
    "nmer": (7, ["Algorithm 1", "Algorithm 2", *LOSSES]), "rmmt": (26, []),
}  # fmt: skip
COUNTS = {
    "mmqnet": {
        "beats_all": "all 140", "advantage_grows": "9 of 16",
        "missing_hampers": "122 of 128", "l_r_is_critical": "all 4",
        "l_i_helps": "all 4", "mask_keeps_missing_out": None,
    },
    "ecg_eeg": {
        "beats_baselines": "all 60", "alignment_helps": "all 15",
        "beats_variants": "58 of 60", "alignment_matters_most": "42 of 45",
        "clusters_clearer": None, "channels_vary": None,
    },
    "rmmt": {
        "beats_all": "all 16", "fusion_is_optimal": "all 4", "kd_helps": "all 2",
        "rsmt_beats_single": "2 of 3", "alpha_1_is_best": "all 9",
        "alpha_above_1_decreases": "8 of 10", "loso_over_single": "all 8",
    },
}  # fmt: skip
"""In how many printed pairs a claim holds; nothing where it compares no numbers."""
VERDICTS = "Where the claims hold in the paper's own numbers"

each_paper = pytest.mark.parametrize("stem", STEMS)


# ---------------------------------------------------------------- the files


@each_paper
@pytest.mark.parametrize("name", COLUMNS)
def test_a_file_has_its_columns_no_stray_space_and_no_row_twice(stem, name):
    frame = table_of(stem, name)
    assert list(frame) == COLUMNS[name].split()
    assert (frame == frame.map(str.strip)).all(axis=None)
    keys = {"reported": [*frame][:-2], "equations": [*frame][:2], "claims": "claim_id"}
    assert not frame.duplicated(keys[name]).any()
    filled = {"reported": ["metric"], "equations": [*frame], "claims": [*frame][:3]}
    assert (frame[filled[name]] != "").all(axis=None)


@each_paper
def test_printed_numbers_are_fractions_and_counts_are_counts(stem):
    reported = load_reported(stem)
    assert set(reported["paper"]) == {stem}
    counts = reported["metric"].str.startswith("n_")
    assert (reported.loc[counts, "value"] >= 1).all()
    scores = reported.loc[~counts, "value"].dropna()
    assert scores.between(-1, 1).all(), "fractions, not per cent"
    kinds = reported.loc[scores.index, "metric"]
    assert scores[~kinds.str.startswith("cosine")].between(0, 1).all()


@pytest.mark.parametrize(("stem", "row"), EQUATIONS)
def test_each_equation_leads_to_an_object_a_test_and_a_heading(stem, row):
    module, _, name = row.object.rpartition(".")
    assert getattr(importlib.import_module(module), name).__doc__
    file, _, test = row.test.partition("::")
    assert re.search(rf"def {test}\b", (ROOT / file).read_text("utf-8")), row.test
    notebook, _, heading = row.notebook.partition("#")
    assert notebook.startswith(stem)
    cells = json.loads((ROOT / "notebooks" / notebook).read_text("utf-8"))["cells"]
    text = "".join("".join(cell["source"]) + "\n" for cell in cells)
    assert heading and re.search(rf"(?m)^#+ .*{re.escape(heading)}", text), row.notebook


@each_paper
def test_claims_are_short_and_compare_what_the_paper_prints(stem):
    reported, claims = load_reported(stem), table_of(stem, "claims")
    assert len(claims) >= 20
    assert (claims["claim"].str.split().str.len() <= 20).all()
    assert claims["place"].str.match(r"(Abstract|Section \d|Table \d)").all()
    names = {
        "system": set(reported["method"]) | set(reported["variant"]),
        "condition": set(reported["condition"]),
    }
    for comparison in filter(None, comparisons_of(stem).values()):
        sides = ["falling"] if "falling" in comparison else ["better", "worse"]
        assert set(comparison) <= KEYS and all(comparison[side] for side in sides)
        named = {name for side in sides for name in comparison[side]}
        assert named <= names[comparison.get("between", "system")]
        assert set(comparison["items"]) <= set(reported["item"])
        assert set(comparison["metrics"]) <= set(reported["metric"])
        assert set(comparison.get("conditions", ())) <= names["condition"]


@each_paper
def test_a_readme_has_its_sections_numbers_its_errata_and_names_every_setting(stem):
    text = (PAPERS / stem / "README.md").read_text("utf-8")
    headings = re.findall(r"(?m)^## (.+)$", text)
    for heading in ("The claim", "Symbols", "Errata", "Open choices", "Presets"):
        assert heading in headings
    errata = load_section(stem, "Errata")
    numbers = [int(n) for n in re.findall(r"(?m)^(\d+)\. ", errata)]
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= 14
    settings = importlib.import_module(f"emolib.papers.{stem}.settings")
    unnamed = [n for n in settings.Method.model_fields if f"`{n}`" not in text]
    assert not unnamed, f"README.md of {stem} does not explain {unnamed}"
    switches = {key for change in settings.PRESETS.values() for key in change}
    assert all(f"`{key}`" in text for key in switches)


# ---------------------------------------------------------------- typed a second time


def typed(path):
    """Return {place: numbers} of a table typed from the page, row by row as printed.

    The head of a column says what is the same in all of it, as "metric=auc;
    target=valence"; `{clean}` in it is the row's own. A cell holds a value and, where
    it is printed, its spread; a printed dash is "nan".
    """
    cells = {}
    for row in csv.DictReader(path.read_text("utf-8").splitlines()):
        for head in (head for head, text in row.items() if "=" in head and text):
            same = dict(part.split("=") for part in head.format(**row).split("; "))
            cell = {**row, **same}
            numbers = [float(text) for text in row[head].split()]
            cells[tuple(cell.get(name, "") for name in PLACE)] = [*numbers, np.nan][:2]
    return cells


@pytest.mark.parametrize("stem", MAPPED)
def test_every_printed_number_is_as_typed_a_second_time_and_there_is_no_other(stem):
    cells = {}
    for path in (ROOT / "tests" / "printed").glob(f"{stem}_*.csv"):
        cells |= typed(path)
    reported = with_system(load_reported(stem)).set_index([*PLACE])
    expected = pd.DataFrame([*cells.values()], pd.Index(cells), ["value", "spread"])
    found = reported[["value", "spread"]].rename_axis([None] * len(PLACE))
    tables = (frame.sort_index() for frame in (found, expected))
    pd.testing.assert_frame_equal(*tables, check_exact=True)


@pytest.mark.parametrize("stem", MAPPED)
def test_every_equation_algorithm_and_loss_is_mapped(stem):
    n, others = MAPPED[stem]
    names = table_of(stem, "equations")["equation"]
    numbered = [name for name in names if name.startswith("Eq. (")]
    assert numbered == [f"Eq. ({k})" for k in range(1, n + 1)]
    assert set(others) <= set(names)


def test_every_claim_of_paper_3_stands_in_its_readme_with_its_verdict():
    section = load_section("nmer", VERDICTS)
    reported = with_system(load_reported("nmer"))
    compared = {name: c for name, c in comparisons_of("nmer").items() if c}
    assert len(compared) == 13
    for name, comparison in compared.items():
        words = count(comparison, reported)
        assert re.search(rf"`{name}`.*\| {words} \|", section), name


@pytest.mark.parametrize("stem", COUNTS)
def test_a_paper_contradicts_itself_where_its_readme_says(stem):
    claims, reported = comparisons_of(stem), load_reported(stem)
    counts = {n: count(c, reported) if c else None for n, c in claims.items()}
    assert counts.items() >= COUNTS[stem].items()


def test_gains_of_paper_1_are_those_over_the_next_best():
    reported = load_reported("mmqnet")
    rows = reported[reported["item"].isin(["Table 1", "Table 2"])]
    for _, cell in rows.groupby(["dataset", "target", "condition"]):
        gain = cell.loc[cell["metric"] == "accuracy_gain", "value"].item()
        scores = cell[cell["metric"] == "accuracy"].set_index("method")["value"]
        own = scores.pop("MMQ-Net")
        assert abs(own - scores.max() - gain) < 1.01e-4


def test_the_variants_of_paper_2_win_where_its_readme_says():
    comparison = comparisons_of("ecg_eeg")["beats_variants"]
    fails = pairs_of(comparison, load_reported("ecg_eeg")).query("not holds")
    places = fails[["dataset", "target", "metric"]].to_numpy().tolist()
    f1, auc = ["dreamer", "dominance", "f1"], ["amigos", "arousal", "auc"]
    assert [f1, auc] == sorted(places, reverse=True)


def test_the_text_of_paper_4_departs_from_its_tables_where_its_readme_says():
    place = ["item", "method", "condition", "metric"]
    value = load_reported("rmmt").set_index(place)["value"]
    said = value["Section 4.5.3", "MMT", "", "ccc_gain"]
    gain = value["Table 6", "RMMT", "", "ccc"] - value["Table 6", "MMT", "", "ccc"]
    assert (said, gain) == (0.057, pytest.approx(0.077))
    for metric in ("pcc", "ccc"):
        concluded = value["Section 5", "RMMT", "", metric]
        assert concluded == value["Table 6", "RMMT w/o KD", "", metric]


# ---------------------------------------------------------------- what is read off them


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Return a paper of three printed cells and a README."""
    rows = ["toy,Table 1,a,b,M,,,wa,0.5,", "toy,Table 1,a,b,M,x,,wa,,0.1"]
    (tmp_path / "toy").mkdir()
    header = COLUMNS["reported"].replace(" ", ",")
    (tmp_path / "toy" / "reported.csv").write_text("\n".join([header, *rows]))
    (tmp_path / "toy" / "README.md").write_text(
        "# T\n\n## A\n\ntext\n\n### B\n\nb\n\n### C\n\nc\n\n## Errata\n\nSome.\n\n"
        "1. One 2. two\n   more.\n2. Two.\n10. Ten.\n"
    )
    monkeypatch.setattr(printed, "PAPERS", tmp_path)
    return "toy"


def test_a_printed_dash_is_nan_and_an_empty_word_is_a_word(toy):
    frame = load_reported(toy)
    assert frame["value"][0] == 0.5 and np.isnan(frame["value"][1])
    assert frame["spread"][1] == 0.1 and frame["variant"][0] == ""
    with pytest.raises(ValueError, match="stem must be one of 'toy'; got 'mmq'"):
        load_reported("mmq")


def test_a_section_or_a_part_of_it_can_be_shown_alone(toy):
    assert load_section(toy, "A") == "text\n\n### B\n\nb\n\n### C\n\nc"
    assert [load_section(toy, name) for name in "BC"] == ["b", "c"]
    chosen = load_section(toy, "Errata", [10, 1])
    assert chosen == "**10.** Ten.\n\n**1.** One 2. two more."
    with pytest.raises(ValueError, match="number must be one of '1', '2', '10'; got"):
        load_section(toy, "Errata", [3])
    with pytest.raises(ValueError, match="heading must be one of"):
        load_section(toy, "Nothing")
