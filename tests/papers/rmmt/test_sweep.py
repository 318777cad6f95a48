"""The sweep of alpha computes once what does not depend on alpha; pairs and epochs."""

from types import SimpleNamespace

import pytest
from in_memory import Context
from planted_sequences import TINY, planted, run, units_of

from emolib.papers import rmmt
from emolib.papers.rmmt import tables
from emolib.papers.rmmt.settings import Settings
from emolib.study import Study

ALPHAS = [0.2, 1.0, 2.0]
NAMES = ["RSMT-F", "RMMT", "constant"]


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


@pytest.fixture(scope="module")
def study():
    windows, finished = planted(), []
    changes = {"alphas": ALPHAS, "folds": [0, 1]}
    context = Context(windows, {})
    for unit in units_of(systems=NAMES, **changes):
        entry = SimpleNamespace(tables=run(unit, windows, context).all_tables())
        finished.append((unit, entry))
    settings = Settings.of({"systems": NAMES, **changes})
    return Study(settings, finished, [], {"mahnob_continuous": "surrogate"}, rmmt.PAPER)


def test_the_constant_stands_below_every_table(study):
    found = tables.tables(study)
    for name in ("table_3", "table_4", "table_6", "table_7"):
        floor = found[name].query("method == 'constant' and metric == 'ccc'")
        assert floor["this_run"].tolist() == [pytest.approx(0.0)]


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
    assert len(epochs) == 2 * (1 + len(ALPHAS))
    assert epochs["kept"].between(1, epochs["run"]).all()
    assert (epochs["cap"] == TINY["max_epochs"]).all()
