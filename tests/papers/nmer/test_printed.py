"""What the paper's own numbers say when they are set beside each other."""

import numpy as np
import pytest

from emolib.papers.nmer.items import printed
from emolib.reporting.printed import load_reported


def cell(frame, **wanted):
    for name, want in wanted.items():
        frame = frame[frame[name] == want]
    assert len(frame) == 1
    return frame.iloc[0]


def test_conditions_are_taken_apart_and_no_number_is_lost():
    reported = load_reported("nmer")
    for item, n in (("Table 2", 112), ("Table 3", 112), ("Table 4", 30)):
        assert len(printed.printed(item)) == n
    both = sum(len(printed.printed("Table 2", n)) for n in ("gaussian", "impulse"))
    assert both == (reported["item"] == "Table 2").sum()
    found = cell(
        printed.printed("Table 3"), dataset="mosei", db=-30.0, clean="vl", metric="ua"
    )
    assert found["value"] == 0.7380
    clean = printed.printed("Table 4").query("system == 'v' and db.isna()")
    assert sorted(clean["value"]) == [0.5560, 0.5723]


def test_table_5_lies_above_table_2_on_mosei_and_nowhere_on_iemocap():
    pairs = printed.all_noisy_and_six()
    assert len(pairs) == 80
    men = cell(pairs, dataset="mosei", system="MEN", db=-10.0, metric="wa")
    assert (men["six"], men["all"], men["difference"]) == (0.7285, 0.7591, 0.0306)
    above = pairs[pairs["difference"] > 0].groupby(["dataset", "metric"]).size()
    assert above.to_dict() == {("mosei", "ua"): 4, ("mosei", "wa"): 11}


@pytest.mark.parametrize("positive", [0.71, 0.3])
def test_recalls_come_back_from_the_wa_and_ua_that_they_make(positive):
    first, second = np.array([0.9, 0.5]), np.array([0.4, 0.8])
    wa = positive * first + (1 - positive) * second
    found = printed.implied_recalls(wa, (first + second) / 2, positive)
    np.testing.assert_allclose(found["positive"], first)
    np.testing.assert_allclose(found["negative"], second)
    answers = positive * first + (1 - positive) * (1 - second)
    np.testing.assert_allclose(found["answers"], answers)


def test_with_all_noisy_most_systems_answer_positive_more_often():
    shares = printed.leaning()
    assert list(dict.fromkeys(shares["system"])) == [
        "MEN", "MCTN", "MMIN", "IF-MMIN", "ours",
    ]  # fmt: skip
    assert shares["db"].iloc[:4].tolist() == [-10, -20, -30, -40]
    assert (shares["all"] > shares["six"]).sum() == 18
    men = cell(shares, system="MEN", db=-10.0)
    np.testing.assert_allclose([men["six"], men["all"]], [0.732, 0.829], atol=1e-3)


def test_two_of_twenty_series_lose_more_with_every_step():
    steps = printed.steps_down()
    assert len(steps) == 20 and steps["accelerates"].sum() == 2
    assert (steps["to -40"] < steps["to -20"]).sum() == 12
    mmin = cell(steps, dataset="iemocap", system="MMIN", metric="wa")
    costs = [mmin[f"to {db}"] for db in (-20, -30, -40)]
    np.testing.assert_allclose(costs, [0.0447, 0.0395, 0.0474])


def test_what_a_modality_loses_is_counted_from_its_first_row():
    costs = printed.one_modality().set_index("modality")
    np.testing.assert_allclose(costs.loc["v", "cost at -10"], 0.5723 - 0.4252)
    np.testing.assert_allclose(costs.loc["l", "cost at -40"], 0.6484 - 0.3795)
    majority = 1708 / 5531
    left = (0.5633 - majority) / (0.6693 - majority)
    np.testing.assert_allclose(costs.loc["a", "left at -10"], left)
