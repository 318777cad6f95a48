"""Where the numbers of a finished run stand, beside the paper's."""

import pytest
from in_memory import study_of
from planted_features import planted, run, units_of

from emolib.papers import mmqnet
from emolib.papers.mmqnet import tables
from emolib.papers.mmqnet.settings import Settings
from emolib.reporting.tables import to_markdown


@pytest.fixture(scope="module")
def study():
    windows = planted(6, 6, 5)
    given = {"systems": ["CCA", "MMQ-Net", "w/o L_R", "majority"], "rates": [0.0, 0.3]}
    lost = units_of(systems=["w/o L_I", "AE"], rates=[0.3])
    return study_of(
        mmqnet.PAPER, Settings.of(given), units_of(**given),
        lambda unit: run(unit, windows), lost, deap="surrogate",
    )  # fmt: skip


def test_numbers_stand_beside_the_papers_in_its_tables(study):
    found = tables.tables(study)
    assert set(found) == {"table_1", "table_2", "table_3"}
    first = found["table_1"].query("metric == 'accuracy'")
    cell = first.query("method == 'MMQ-Net' and condition == 'missing 0.3'").iloc[0]
    assert cell["paper"] == 0.9228 and 0 < cell["this_run"] < 1
    assert found["table_2"].empty
    third = found["table_3"].query("metric == 'accuracy'").set_index("variant")
    assert third["paper"].to_dict() == {
        "w/o L_R": 0.8643,
        "w/o L_I": 0.8976,
        "": 0.9228,
    }
    assert third.loc["", "this_run"] == cell["this_run"]
    assert third.loc["w/o L_I", "note"] == "a unit failed: it stopped"
    assert "w/o L_R" not in set(first["variant"])


def test_a_page_has_the_papers_rows_and_columns(study):
    found = tables.tables(study)
    first, third = (to_markdown(found[name]) for name in ("table_1", "table_3"))
    assert "not comparable: surrogate" in first and "paper / this run" in first
    head = next(line for line in first.splitlines() if "system" in line)
    assert head.index("0 accuracy") < head.index("0.3 accuracy")
    rows = [line.split("|")[1].strip() for line in third.splitlines() if "|" in line]
    assert rows[2:] == ["w/o L_R", "w/o L_I", "MMQ-Net"]
