"""What paper 2 says, typed a second time."""

import pytest
from claims import comparisons_of, count, pairs_of, table_of

from emolib.reporting import load_reported

OWN = "ECG-EEG alignment"
METRICS = ("accuracy", "f1", "auc")

# One line per printed row, typed from the page column by column: all accuracies, then
# all F1, then all AUC, so that a slip in the table's own order would show.
TABLE_1 = """
TS-TCC: .6099 .5633 .6029 | .6037 .5591 .6025 | .6479 .5902 .6314
TFC: .5407 .6006 .5272 | .5336 .3990 .4732 | .5432 .5145 .5264
SSL-ECG: .8546 .8256 .8205 | .6743 .6649 .7194 | .7423 .7657 .7714
EEG-Conformer: .7131 .6766 .7072 | .7545 .6422 .7076 | .7073 .6233 .6806
w/o align: .8140 .7924 .8039 | .8136 .7849 .8022 | .8969 .8711 .8858
w/o shuffle: .8237 .8431 .8786 | .8237 .8371 .9489 | .9035 .9188 .8777
w/o patch-align: .8497 .8128 .8349 | .8494 .80674 .8338 | .9295 .8928 .9140
w/o seq-align: .8859 .8616 .8823 | .8857 .8578 .8814 | .9579 .9373 .9529
ECG-EEG alignment: .8923 .8787 .8866 | .8921 .8758 .8858 | .9611 .9482 .9558
"""
TABLE_2 = """
TS-TCC: .8110 .7374 | .5044 .5624 | .5174 .6308
TFC: .8101 .7254 | .4475 .6128 | .5377 .5281
SSL-ECG: .8472 .8239 | .7300 .7669 | .7764 .8213
EEG-Conformer: .8187 .7475 | .5481 .5374 | .6423 .6072
w/o align: .8188 .7813 | .6984 .7508 | .7197 .7791
w/o shuffle: .8278 .8095 | .6982 .7526 | .8067 .8497
w/o patch-align: .8277 .8071 | .6978 .7525 | .8124 .8530
w/o seq-align: .8327 .8280 | .7132 .7767 | .8032 .8497
ECG-EEG alignment: .8489 .8341 | .7511 .8271 | .8124 .8735
"""
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
    return load_reported("ecg_eeg")


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
    typed = {}
    for line in table.split("\n")[1:-1]:
        name, numbers = line.split(": ")
        system = (OWN, name) if name.startswith("w/o") else (name, "")
        for metric, values in zip(METRICS, numbers.split(" | "), strict=True):
            for target, value in zip(targets, values.split(), strict=True):
                typed[*system, metric, target] = float(value)
    assert cells.to_dict() == typed


def test_the_cosines_of_figure_2_are_as_printed(reported):
    rows = reported[reported["item"] == "Fig. 2"]
    assert rows.set_index(["variant", "metric"])["value"].to_dict() == FIG_2


def test_nothing_else_is_reported_and_no_spread_is_printed(reported):
    assert len(reported) == 81 + 54 + 7
    assert reported["spread"].isna().all()


def test_the_paper_contradicts_itself_where_the_readme_says(reported):
    claims = comparisons_of("ecg_eeg")
    assert {n: count(c, reported) for n, c in claims.items() if c}.items() >= {
        "beats_baselines": "all 60", "alignment_helps": "all 15",
        "beats_variants": "58 of 60", "alignment_matters_most": "42 of 45",
    }.items()  # fmt: skip
    assert not claims["clusters_clearer"] and not claims["channels_vary"]
    fails = pairs_of(claims["beats_variants"], reported).query("not holds")
    assert set(
        zip(fails["dataset"], fails["target"], fails["metric"], strict=True)
    ) == {
        ("dreamer", "dominance", "f1"),
        ("amigos", "arousal", "auc"),
    }


def test_all_four_numbered_equations_are_mapped():
    table = table_of("ecg_eeg", "equations")
    mapped = table["equation"].str.extract(r"^Eq\. \((\d+)\)")[0].dropna()
    assert mapped.tolist() == ["1", "2", "3", "4"]
