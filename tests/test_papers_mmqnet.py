"""What paper 1 says, and where it does not agree with itself."""

from claims import comparisons_of, count

from emolib.reporting import load_reported


def test_gains_are_those_over_the_next_best():
    reported = load_reported("mmqnet")
    rows = reported[reported["item"].isin(["Table 1", "Table 2"])]
    for _, cell in rows.groupby(["dataset", "target", "condition"]):
        gain = cell.loc[cell["metric"] == "accuracy_gain", "value"].item()
        scores = cell[cell["metric"] == "accuracy"].set_index("method")["value"]
        own = scores.pop("MMQ-Net")
        assert abs(own - scores.max() - gain) < 1.01e-4


def test_the_paper_contradicts_itself_where_the_readme_says():
    reported, claims = load_reported("mmqnet"), comparisons_of("mmqnet")
    assert {n: count(c, reported) for n, c in claims.items() if c}.items() >= {
        "beats_all": "all 140", "advantage_grows": "9 of 16",
        "missing_hampers": "122 of 128", "l_r_is_critical": "all 4",
        "l_i_helps": "all 4",
    }.items()  # fmt: skip
    assert not claims["mask_keeps_missing_out"]
