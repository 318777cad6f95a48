"""What paper 1 says, typed a second time."""

import pytest
from claims import comparisons_of, count, table_of

from emolib.reporting import load_reported

RATES = ("0", "0.1", "0.3", "0.5", "0.7")
METHODS = ("CCA", "KCCA", "DCCA", "AE", "SMIL", "ShaSpec", "TAE", "MMQ-Net")

# One line a rate, typed down the columns of the page in per cent, so that a slip in the
# table's own order would show.
TABLES = {
    ("Table 1", "deap", "valence"): (
        (66.55, 67.20, 71.64, 75.88, 88.14, 88.04, 96.77, 99.85),
        (63.98, 65.44, 70.94, 74.67, 87.44, 87.08, 92.38, 95.71),
        (61.91, 64.68, 70.79, 74.37, 83.75, 84.71, 89.51, 92.28),
        (60.85, 62.87, 70.64, 73.97, 81.33, 83.55, 87.24, 90.97),
        (59.43, 61.05, 68.77, 71.85, 76.99, 81.94, 84.76, 90.72),
    ),
    ("Table 1", "deap", "arousal"): (
        (67.05, 67.61, 71.75, 76.49, 88.35, 86.98, 95.96, 99.70),
        (64.28, 66.90, 69.48, 75.53, 87.39, 85.47, 92.23, 95.86),
        (64.08, 66.04, 67.41, 74.77, 83.96, 84.16, 89.10, 91.47),
        (62.31, 64.73, 67.81, 72.86, 81.13, 84.41, 87.18, 90.62),
        (61.00, 64.68, 67.76, 72.05, 79.21, 81.74, 85.62, 90.06),
    ),
    ("Table 2", "mahnob", "valence"): (
        (69.46, 70.86, 73.50, 77.78, 87.80, 86.01, 94.09, 99.69),
        (67.68, 68.45, 71.25, 78.24, 89.59, 85.16, 90.91, 96.04),
        (66.90, 67.99, 68.30, 75.68, 85.47, 84.07, 88.42, 92.62),
        (66.74, 65.42, 64.41, 74.59, 82.75, 79.80, 86.64, 91.69),
        (65.19, 64.88, 61.46, 72.96, 80.89, 78.32, 84.46, 90.37),
    ),
    ("Table 2", "mahnob", "arousal"): (
        (69.46, 71.41, 72.73, 76.53, 90.29, 86.17, 94.56, 99.61),
        (65.66, 68.61, 72.57, 72.42, 87.18, 83.53, 90.75, 95.80),
        (63.09, 64.65, 69.85, 69.15, 83.53, 84.38, 87.80, 93.55),
        (59.36, 63.87, 68.61, 65.58, 79.72, 80.26, 86.95, 92.46),
        (58.82, 62.55, 68.38, 65.81, 77.23, 79.10, 84.62, 91.38),
    ),
}
GAINS = {
    ("deap", "valence"): (3.08, 3.33, 2.77, 3.73, 5.95),
    ("deap", "arousal"): (3.73, 3.63, 2.37, 3.43, 4.44),
    ("mahnob", "valence"): (5.59, 5.13, 4.20, 5.05, 5.91),
    ("mahnob", "arousal"): (5.05, 5.05, 5.75, 5.52, 6.76),
}
TABLE_3 = {
    ("deap", "valence"): (86.43, 89.76, 92.28),
    ("deap", "arousal"): (87.39, 89.05, 91.47),
    ("mahnob", "valence"): (87.72, 92.00, 92.62),
    ("mahnob", "arousal"): (89.43, 92.15, 93.55),
}


@pytest.fixture(scope="module")
def reported():
    return load_reported("mmqnet")


@pytest.mark.parametrize("place", TABLES)
def test_every_cell_of_tables_1_and_2_is_as_printed(reported, place):
    item, dataset, target = place
    rows = reported[
        reported["item"].eq(item)
        & reported["target"].eq(target)
        & reported["metric"].eq("accuracy")
    ]
    assert len(rows) == 40 and set(rows["dataset"]) == {dataset}
    typed = {
        (method, f"missing {rate}"): pytest.approx(value / 100)
        for rate, line in zip(RATES, TABLES[place], strict=True)
        for method, value in zip(METHODS, line, strict=True)
    }
    assert rows.set_index(["method", "condition"])["value"].to_dict() == typed


def test_table_3_is_as_printed_and_repeats_table_1_and_2(reported):
    rows = reported[reported["item"] == "Table 3"]
    assert len(rows) == 12 and set(rows["condition"]) == {"missing 0.3"}
    cells = rows.set_index(["dataset", "target", "variant"])["value"].to_dict()
    for place, values in TABLE_3.items():
        for variant, value in zip(("w/o L_R", "w/o L_I", ""), values, strict=True):
            assert cells[(*place, variant)] == pytest.approx(value / 100)
    for (_, *place), lines in TABLES.items():
        assert lines[2][-1] == TABLE_3[tuple(place)][-1]


def test_the_gains_are_as_printed_and_those_over_the_next_best(reported):
    rows = reported[reported["metric"] == "accuracy_gain"]
    cells = rows.set_index(["dataset", "target", "condition"])["value"].to_dict()
    assert len(cells) == 20
    for (_, *place), lines in TABLES.items():
        for rate, line, gain in zip(RATES, lines, GAINS[tuple(place)], strict=True):
            assert cells[(*place, f"missing {rate}")] == pytest.approx(gain / 100)
            assert line[-1] - max(line[:-1]) == pytest.approx(gain, abs=0.0101)


def test_nothing_else_is_reported_and_no_spread_is_printed(reported):
    assert len(reported) == 160 + 12 + 20
    assert reported["spread"].isna().all()


def test_the_paper_contradicts_itself_where_the_readme_says(reported):
    claims = comparisons_of("mmqnet")
    assert {n: count(c, reported) for n, c in claims.items() if c}.items() >= {
        "beats_all": "all 140", "advantage_grows": "9 of 16",
        "missing_hampers": "122 of 128", "l_r_is_critical": "all 4",
        "l_i_helps": "all 4",
    }.items()  # fmt: skip
    assert not claims["mask_keeps_missing_out"]


def test_all_eight_numbered_equations_are_mapped():
    table = table_of("mmqnet", "equations")
    mapped = table["equation"].str.extract(r"^Eq\. \((\d+)\)")[0].dropna()
    assert mapped.tolist() == [str(n) for n in range(1, 9)]
