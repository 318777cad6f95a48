"""Which units a run's settings name, and where their numbers stand in the paper."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from planted_features import planted, run, units_of

from emolib.papers import mmqnet
from emolib.papers.mmqnet import tables
from emolib.papers.mmqnet.grid import expand
from emolib.papers.mmqnet.settings import SYSTEMS, Method, Settings, named
from emolib.papers.mmqnet.training import TASK_KEYS
from emolib.reporting.tables import to_markdown
from emolib.study import Study


def expanded(**changes):
    return expand(Settings.of(changes))


def labels(units, *names):
    return [tuple(unit.labels[name] for name in names) for unit in units]


def test_every_system_expands_into_a_unit_of_its_own():
    units = expanded(systems=list(SYSTEMS), rates=[0.3])
    assert [unit.labels["system"] for unit in units] == list(SYSTEMS)
    told_apart = {(u.system, str(sorted(u.settings.items()))) for u in units}
    assert len(told_apart) == len(units)
    assert all(set(TASK_KEYS) <= set(unit.settings) for unit in units)
    read = {key for unit in units for key in (*unit.settings, *unit.data)}
    assert set(Method.model_fields) <= read


def test_all_printed_cells_are_units():
    units = expanded(
        systems=named("baseline", "method", "ablation"), corpora=["deap", "mahnob"],
        targets=["valence", "arousal"], rates=[0, 0.1, 0.3, 0.5, 0.7],
    )  # fmt: skip
    assert len(units) == 160 + 8  # Table 3's whole method is in Tables 1 and 2 already


@pytest.mark.parametrize("variant", named("ablation"))
def test_a_row_of_the_ablation_is_one_weight_of_zero_at_the_papers_rate(variant):
    whole, other = expanded(systems=["MMQ-Net", variant], rates=[0.3])
    ((name, value),) = SYSTEMS[variant].change.items()
    assert whole.settings[name] != other.settings[name] == value == 0
    assert {**whole.settings, name: 0.0} == other.settings
    assert expanded(systems=[variant], rates=[0.0, 0.7]) == []


def test_a_preset_changes_the_method_alone():
    units = expanded(
        systems=["CCA", "MMQ-Net"], rates=[0.3], presets=["default", "as_printed"]
    )
    assert labels(units, "system", "preset", "condition") == [
        ("CCA", "default", "missing 0.3"), ("MMQ-Net", "default", "missing 0.3"),
        ("MMQ-Net", "as_printed", "missing 0.3, as printed"),
    ]  # fmt: skip
    printed = units[-1]
    assert (printed.settings["mask"], printed.data["entropy"]) == ("product", "sd")
    assert printed.settings["reconstruction"] == "available"


def test_other_protocols_stand_beside_for_few_systems_and_rates():
    units = expanded(
        systems=["CCA", "AE"], rates=[0.0, 0.3], beside=["by_subject"],
    )  # fmt: skip
    assert labels(units, "system", "rate", "protocol") == [
        ("CCA", 0, "by_trial"), ("CCA", 0.3, "by_trial"), ("AE", 0, "by_trial"),
        ("AE", 0.3, "by_trial"), ("CCA", 0, "by_subject"),
    ]  # fmt: skip


def test_a_few_systems_have_further_folds_of_the_runs_own_protocol():
    units = expanded(
        systems=["CCA", "AE"], rates=[0.0, 0.3], beside=["by_subject"],
        more_folds=[0, 1],
    )  # fmt: skip
    own = [u for u in units if u.labels["fold"] == 1]
    assert labels(own, "system", "rate", "protocol") == [("CCA", 0, "by_trial")]


def test_a_ceiling_stands_where_it_is_defined(monkeypatch):
    honest = {"systems": ["ceiling"], "rates": [0.3], "beside_rates": [0.3]}
    honest |= {
        "beside": ["random_windows", "by_subject"],
        "beside_systems": ["ceiling"],
    }
    found = labels(expanded(**honest), "protocol")
    assert found == [("by_trial",), ("by_subject",)]
    real = SimpleNamespace(parameters={})
    grid = import_module(expand.__module__)
    monkeypatch.setattr(grid, "identify", lambda *_, **__: real)
    assert expanded(**honest) == []


def test_a_corpus_has_its_own_targets():
    units = expanded(
        systems=["CCA"], corpora=["deap", "stress_predict"],
        targets=["arousal", "stress"], rates=[0.0],
    )  # fmt: skip
    assert labels(units, "dataset", "target", "item") == [
        ("deap", "arousal", "Table 1"), ("stress_predict", "stress", "Stress-Predict")
    ]  # fmt: skip
    assert [unit.settings["threshold"] for unit in units] == [5, 0.5]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rates": [1.0]}, "rates.* must be less than 1"),
        ({"systems": ["ShaSpe"]}, "systems.* Did you mean 'ShaSpec'"),
        ({"corpora": ["hci"]}, "corpora.* must be one of 'deap'"),
        ({"overrides": {"mask": "hard"}}, "mask must be one of 'log'"),
        ({"overrides": {"missing": "time"}}, "missing must be one of 'modalities'"),
        ({"folds": [5]}, r"folds must be in \[0, 4\]; got 5"),
        ({"more_folds": [7]}, r"folds must be in \[0, 4\]; got 7"),
    ],
)
def test_each_wrong_setting_says_what_must_hold(given, words):
    with pytest.raises(ValueError, match=words):
        Settings.of(given)


@pytest.fixture(scope="module")
def study():
    windows, finished = planted(6, 6, 5), []
    names = ["CCA", "MMQ-Net", "w/o L_R", "majority"]
    for unit in units_of(systems=names, rates=[0.0, 0.3]):
        entry = SimpleNamespace(tables=run(unit, windows).all_tables())
        finished.append((unit, entry))
    lost = units_of(systems=["w/o L_I", "AE"], rates=[0.3])
    failures = [(unit, "it stopped") for unit in lost]
    settings = Settings.of({"systems": names, "rates": [0.0, 0.3]})
    return Study(settings, finished, failures, {"deap": "surrogate"}, mmqnet.PAPER)


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


def test_the_rate_that_came_out_is_told_of_every_unit(study):
    rates = study.table("rates")
    assert (rates["rate"] - rates["realised"]).abs().max() < 1e-3
