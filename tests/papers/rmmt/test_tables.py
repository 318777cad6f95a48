"""Tables of paper 4: numbers, pages, paired differences, and a sweep made once."""

import pytest
from in_memory import study_of
from planted_sequences import TINY, planted, run, units_of

from emolib.papers import rmmt
from emolib.papers.rmmt import tables
from emolib.papers.rmmt.settings import Settings
from emolib.reporting.tables import to_markdown

ALPHAS = [0.2, 1.0, 2.0]


@pytest.fixture(scope="module")
def study():
    windows, given = planted(), {"alphas": ALPHAS, "folds": [0, 1]}
    given["systems"] = ["F-Fusion", "RSMT-F", "RMMT", "constant"]
    return study_of(
        rmmt.PAPER, Settings.of(given), units_of(**given),
        lambda unit: run(unit, windows), units_of(systems=["MMT"]),
        mahnob_continuous="surrogate",
    )  # fmt: skip


def test_numbers_stand_beside_the_papers_in_each_table_that_prints_them(study):
    found = tables.tables(study)
    assert [*found] == [f"table_{n}" for n in (3, 4, 5, 6, 7)]
    cells = {
        name: table[table["metric"] == "ccc"].set_index(["method", "condition"])
        for name, table in found.items()
    }
    own = cells["table_3"].loc[("RMMT", ""), "this_run"]
    for name, place in (("table_4", ("RMMT", "")), ("table_6", ("RMMT", "")),
                        ("table_7", ("RMMT", "alpha 1"))):  # fmt: skip
        row = cells[name].loc[place]
        assert row["paper"] == 0.736 and row["this_run"] == own
    assert cells["table_7"].loc[("RMMT", "alpha 0.2"), "paper"] == 0.733
    assert cells["table_6"].loc[("MMT", ""), "note"] == "a unit failed: it stopped"
    for name in ("table_3", "table_4", "table_6", "table_7"):
        floor = cells[name].query("method == 'constant'")
        assert floor["this_run"].tolist() == [pytest.approx(0)]
    assert found["table_5"].empty
    per_trial = found["table_3"].query("metric == 'pcc_per_trial'")
    assert per_trial["paper"].isna().all()


def test_a_page_has_the_papers_rows_and_columns_and_a_constant_below_a_rule(study):
    found = tables.tables(study)
    page = to_markdown(found["table_3"])
    head = next(line for line in page.splitlines() if "system" in line)
    assert head.index("RMSE ↓") < head.index("PCC ↑") < head.index("CCC ↑ per trial")
    rows = [line.split("|")[1].strip() for line in page.splitlines() if "|" in line]
    assert rows[2:] == ["F-Fusion", "RMMT", "*for reference*", "constant"]
    sweep = to_markdown(found["table_7"])
    rows = [line.split("|")[1].strip() for line in sweep.splitlines() if "|" in line]
    assert rows[2:] == ["0.2", "1", "2", "*for reference*", "constant"]


def test_differences_are_paired_by_subject_whatever_the_label(study):
    known = {"protocol": "by_trial", "preset": "default"}
    one = tables.differences(study, "system", [("RSMT-F", "constant")], **known)
    other = tables.differences(study, "system", [("constant", "RSMT-F")], **known)
    assert one["mean"].item() == pytest.approx(-other["mean"].item())
    assert one["n"].item() == 5 and one["low"].item() < one["mean"].item()
    swept = tables.differences(study, "alpha", [(0.2, 1.0), (9.0, 1.0)], system="RMMT")
    assert swept["a"].tolist() == [0.2]  # what was not run is left out


def test_the_kept_epoch_is_told_of_every_network(study):
    epochs = tables.kept_epochs(study)
    assert len(epochs) == 2 * (2 + len(ALPHAS))
    assert epochs["kept"].between(1, epochs["run"]).all()
    assert (epochs["cap"] == TINY["max_epochs"]).all()


def test_a_sweep_reads_films_and_signals_once_and_trains_each_alpha_once(
    tmp_path, monkeypatch
):
    """Ten values or three: one preparation of features, one network a value."""
    monkeypatch.setenv("EMOLIB_CACHE", str(tmp_path))
    told = []

    def prepare(data):
        told.append(data)
        return planted()

    monkeypatch.setattr("emolib.papers.rmmt.data.prepare", prepare)
    monkeypatch.setattr("emolib.papers.rmmt.data.input_digest", lambda data: "x")
    given = {"systems": ["RMMT"], "n_folds": 5, "device": "cpu", "overrides": TINY}
    study = rmmt.run(Settings.of({**given, "alphas": ALPHAS}))
    assert len(told) == 1 and len(study.finished) == 3

    def refuse(*args, **kwargs):
        raise AssertionError("something was computed again")

    monkeypatch.setattr("emolib.store.Store.put", refuse)
    again = rmmt.run(Settings.of({**given, "alphas": [2.0, 0.2]}))
    assert len(again.finished) == 3 and len(told) == 1
