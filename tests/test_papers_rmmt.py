"""What paper 4 says, typed a second time."""

import numpy as np
import pytest
from claims import comparisons_of, count, table_of

from emolib.reporting import load_reported

# Along the rows of the page: RMSE, PCC, CCC, each with its spread; a dash is a dash.
TABLE_4 = """
Soleymani EEG        .053 .029  .240 .340  -    -
Choi EEG             .049 .005  .290 .080  -    -
Zhang EEG            .068 .017  .492 .142  .443 .148
RSMT-E               .077 .014  .492 .135  .450 .127
Soleymani Face       .043 .026  .480 .370  -    -
Choi Face            .039 .004  .520 .070  -    -
Zhang Face           .056 .008  .715 .079  .670 .076
RSMT-F               .054 .009  .727 .084  .701 .079
Soleymani Multimodal .044 .026  .450 .350  -    -
Choi Multimodal      .037 .003  .530 .050  -    -
Zhang Multimodal     .068 .019  .471 .155  .420 .116
RMMT                 .051 .007  .755 .082  .736 .078
"""
TABLE_3 = """
F-Fusion .050 .010 .738 .082 .706 .080
D-Fusion .050 .009 .747 .074 .713 .076
RMMT     .051 .007 .755 .082 .736 .078
"""
TABLE_5 = """
Zhang EEG  .064 .026 .498 .245 .391 .245
RSMT-E     .070 .020 .438 .254 .374 .246
Zhang Face .054 .018 .668 .231 .574 .226
RSMT-F     .052 .013 .675 .249 .603 .225
RMMT       .047 .011 .703 .195 .635 .195
"""
TABLE_6 = """
MMT         .071 .012 .731 .091 .659 .098
RMMT w/o KD .053 .007 .746 .087 .722 .082
RMMT        .051 .007 .755 .082 .736 .078
"""
TABLE_7 = """
0.2 .050 .007 .752 .089 .733 .091
0.4 .051 .006 .753 .077 .733 .077
0.6 .052 .007 .755 .080 .734 .075
0.8 .051 .007 .753 .082 .733 .078
1   .051 .007 .755 .082 .736 .078
1.2 .052 .008 .747 .091 .726 .085
1.4 .052 .007 .746 .088 .728 .081
1.6 .054 .009 .742 .084 .713 .087
1.8 .053 .008 .738 .082 .715 .078
2   .053 .008 .736 .082 .714 .073
"""
IN_TEXT = """
Section 4.1, n_subjects 24, n_trials 239, n_annotators 5
Section 4.3, n_trials_train 129, n_trials_val 86, n_trials_test 24, n_folds 10
Section 4.3; leave one subject out, n_folds 24
Fig. 7; D-Fusion; mu 0.6, rmse .05, pcc .747, ccc .713
Section 4.5.1; F-Fusion, pcc_gain .017, ccc_gain_relative .04
Section 4.5.1; D-Fusion, pcc_gain .008, ccc_gain_relative .03
Section 4.5.2; Soleymani Multimodal, pcc_gain_relative .65
Section 4.5.2; Choi Multimodal, pcc_gain_relative .42
Section 4.5.2; RMMT, pcc_loss_relative .07, ccc_loss_relative .14
Section 4.5.3; MMT, pcc_gain .024, ccc_gain .057
Section 5; RMMT, rmse .051, pcc .746, ccc .722
"""
PAGES = {"Table 3": TABLE_3, "Table 4": TABLE_4, "Table 5": TABLE_5,
         "Table 6": TABLE_6, "Table 7": TABLE_7}  # fmt: skip


@pytest.fixture(scope="module")
def reported():
    return load_reported("rmmt")


@pytest.mark.parametrize("item", PAGES)
def test_every_cell_and_its_spread_are_as_printed(reported, item):
    rows = reported[reported["item"] == item]
    name = "condition" if item == "Table 7" else "method"
    cells = rows.set_index([name, "metric"])[["value", "spread"]]
    lines = PAGES[item].strip().splitlines()
    assert len(rows) == 3 * len(lines)
    for line in lines:
        *words, rmse, rmse_sd, pcc, pcc_sd, ccc, ccc_sd = line.split()
        row = f"alpha {words[0]}" if item == "Table 7" else " ".join(words)
        typed = {"rmse": (rmse, rmse_sd), "pcc": (pcc, pcc_sd), "ccc": (ccc, ccc_sd)}
        for metric, pair in typed.items():
            numbers = [np.nan if text == "-" else float(text) for text in pair]
            np.testing.assert_array_equal(cells.loc[(row, metric)], numbers)


def test_every_number_of_the_text_is_as_printed(reported):
    typed = {}
    for line in IN_TEXT.strip().splitlines():
        place, *numbers = line.split(", ")
        for number in numbers:
            metric, value = number.split(" ")
            typed[(*place.split("; "), metric)] = float(value)
    rows = reported[~reported["item"].str.startswith("Table")]
    places = rows[["item", "method", "condition", "metric"]].itertuples(False, None)
    said = {
        tuple(filter(None, place)): v
        for place, v in zip(places, rows["value"], strict=True)
    }
    assert said == typed and len(said) == len(rows)


def test_93_cells_are_printed_and_six_are_left_empty(reported):
    printed = reported[reported["item"].str.startswith("Table")]
    assert len(printed) == 99 and printed["value"].notna().sum() == 93
    assert printed["spread"].notna().sum() == 93


def test_the_paper_contradicts_itself_where_the_readme_says(reported):
    value = reported.set_index(["item", "method", "condition", "metric"])["value"]
    said = value["Section 4.5.3", "MMT", "", "ccc_gain"]
    gain = value["Table 6", "RMMT", "", "ccc"] - value["Table 6", "MMT", "", "ccc"]
    assert (said, gain) == (0.057, pytest.approx(0.077))
    for metric in ("pcc", "ccc"):
        concluded = value["Section 5", "RMMT", "", metric]
        assert concluded == value["Table 6", "RMMT w/o KD", "", metric]
    claims = comparisons_of("rmmt")
    assert {n: count(c, reported) for n, c in claims.items() if c}.items() >= {
        "beats_all": "all 16", "fusion_is_optimal": "all 4", "kd_helps": "all 2",
        "rsmt_beats_single": "2 of 3", "alpha_1_is_best": "all 9",
        "alpha_above_1_decreases": "8 of 10", "loso_over_single": "all 8",
    }.items()  # fmt: skip


def test_all_26_equations_are_mapped():
    table = table_of("rmmt", "equations")
    mapped = table["equation"].str.extract(r"^Eq\. \((\d+)\)")[0].dropna()
    assert mapped.tolist() == [str(n) for n in range(1, 27)]
