"""What is read off the finished units of a run."""

from dataclasses import replace

import pytest

from emolib.metrics import paired_differences, pooled_difference
from emolib.study import compare
from emolib.units import Finished
from tests.papers.nmer.studies import made_study


@pytest.fixture(scope="module")
def study():
    """Return a study of made-up predictions; IF-MMIN was not run at -40 dB."""
    names = ["NMER", "MEN", "IF-MMIN"]
    whole = made_study(names, corpora=["mosei"], folds=[1], conditions=["all"])
    lost = {"system": "IF-MMIN", "db": -40.0}
    pairs = whole.finished
    kept = [pair for pair in pairs if not lost.items() <= pair[0].labels.items()]
    return replace(whole, finished=kept)


def test_pairs_are_compared_by_subject_within_each_combination_of_labels(study):
    pairs = [("NMER", "MEN"), ("NMER", "IF-MMIN"), ("NMER", "MCTN")]
    found = compare(study, "system", pairs, metric="ua", by=["db"], dataset="mosei")
    assert found[["a", "b", "db"]].to_numpy().tolist() == [
        ["NMER", "MEN", -10.0], ["NMER", "IF-MMIN", -10.0], ["NMER", "MEN", -40.0],
    ]  # fmt: skip
    for row in found.itertuples():
        sides = [study.table(system=name, db=row.db) for name in (row.a, row.b)]
        paired = paired_differences(*sides, "ua")
        assert (row.mean, row.low, row.high, row.n) == (
            paired.mean, paired.low, paired.high, 24,
        )  # fmt: skip
    assert set(found["interval"]) == {"subject bootstrap"}
    levels = compare(study, "db", [(-40.0, -10.0)], metric="ua", by=["system"])
    assert levels["system"].tolist() == ["NMER", "MEN"]


def test_subjects_can_be_shown_one_by_one_and_windows_pooled(study):
    chosen = {"metric": "ua", "db": -10.0}
    pairs = [("NMER", "MEN")]
    each = compare(study, "system", pairs, per_subject=True, **chosen)
    assert len(each) == 24
    (row,) = compare(study, "system", pairs, **chosen).itertuples()
    assert row.mean == pytest.approx(each["difference"].mean())
    (pooled,) = compare(study, "system", pairs, pooled=True, **chosen).itertuples()
    sides = [study.table(system=name, db=-10.0) for name in ("NMER", "MEN")]
    assert (pooled.mean, pooled.low, pooled.high) == pooled_difference(*sides, "ua")
    few = compare(study, "system", pairs, table="validation", **chosen)
    assert few["n"].item() == 6


def test_of_a_system_that_failed_a_table_is_empty_and_not_without_columns(study):
    lost = study.table(system="one that failed")
    assert len(lost) == 0 and {"subject", "y_true", "system"} <= {*lost}


def test_a_run_of_which_nothing_finished_says_why(study, monkeypatch):
    def fail(units, **_):
        return Finished([], [(unit, "OSError: no room") for unit in units])

    monkeypatch.setattr("emolib.study.run_units", fail)
    with pytest.raises(RuntimeError, match="failed\nNMER.*: OSError: no room"):
        study.paper.run(study.settings)
