"""What paper 2 says, typed a second time."""

import pytest
from claims import comparisons_of, count, pairs_of, table_of

from emolib.reporting import load_reported

OWN = "ECG-EEG alignment"
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
    (OWN, "w/o align"): (
        (0.8140, 0.7924, 0.8039), (0.8136, 0.7849, 0.8022), (0.8969, 0.8711, 0.8858)),
    (OWN, "w/o shuffle"): (
        (0.8237, 0.8431, 0.8786), (0.8237, 0.8371, 0.9489), (0.9035, 0.9188, 0.8777)),
    (OWN, "w/o patch-align"): (
        (0.8497, 0.8128, 0.8349), (0.8494, 0.80674, 0.8338), (0.9295, 0.8928, 0.9140)),
    (OWN, "w/o seq-align"): (
        (0.8859, 0.8616, 0.8823), (0.8857, 0.8578, 0.8814), (0.9579, 0.9373, 0.9529)),
    (OWN, ""): (
        (0.8923, 0.8787, 0.8866), (0.8921, 0.8758, 0.8858), (0.9611, 0.9482, 0.9558)),
}  # fmt: skip
TABLE_2 = {
    ("TS-TCC", ""): ((0.8110, 0.7374), (0.5044, 0.5624), (0.5174, 0.6308)),
    ("TFC", ""): ((0.8101, 0.7254), (0.4475, 0.6128), (0.5377, 0.5281)),
    ("SSL-ECG", ""): ((0.8472, 0.8239), (0.7300, 0.7669), (0.7764, 0.8213)),
    ("EEG-Conformer", ""): ((0.8187, 0.7475), (0.5481, 0.5374), (0.6423, 0.6072)),
    (OWN, "w/o align"): ((0.8188, 0.7813), (0.6984, 0.7508), (0.7197, 0.7791)),
    (OWN, "w/o shuffle"): ((0.8278, 0.8095), (0.6982, 0.7526), (0.8067, 0.8497)),
    (OWN, "w/o patch-align"): ((0.8277, 0.8071), (0.6978, 0.7525), (0.8124, 0.8530)),
    (OWN, "w/o seq-align"): ((0.8327, 0.8280), (0.7132, 0.7767), (0.8032, 0.8497)),
    (OWN, ""): ((0.8489, 0.8341), (0.7511, 0.8271), (0.8124, 0.8735)),
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
