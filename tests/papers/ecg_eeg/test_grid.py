"""Which units a run's settings name, and what each unit's settings hold."""

from importlib import import_module

import pytest

from emolib.papers.ecg_eeg.grid import expand
from emolib.papers.ecg_eeg.settings import SYSTEMS, VARIANTS, Method, Settings
from emolib.papers.ecg_eeg.task import TASK_KEYS


def expanded(**changes):
    return expand(Settings.from_parameters({"n_subjects": 6, **changes}))


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_expands_into_a_unit_of_its_own(system):
    (unit,) = expanded(systems=[system])
    assert unit.labels["system"] == system
    module = import_module(unit.system_module)
    assert set(TASK_KEYS) <= set(unit.settings)
    assert set(unit.settings) <= {*TASK_KEYS, *module.READS}


def test_no_two_systems_of_a_run_are_the_same_unit():
    units = expanded(systems=list(SYSTEMS))
    told_apart = {(u.system, str(sorted(u.settings.items()))) for u in units}
    assert len(told_apart) == len(units) == len(SYSTEMS)


@pytest.mark.parametrize("variant", [name for name in VARIANTS if name != "ours"])
def test_a_row_of_the_ablation_is_one_changed_setting(variant):
    ours, other = expanded(systems=["ours", variant])
    ((name, value),) = VARIANTS[variant].items()
    assert ours.settings[name] != other.settings[name] == value
    shared = set(ours.settings) & set(other.settings) - {name}
    assert all(ours.settings[key] == other.settings[key] for key in shared)
    assert ours.data == other.data


def test_without_alignment_its_settings_change_no_unit():
    plain, hotter = (
        expanded(systems=["w/o align"], overrides=overrides)
        for overrides in ({}, {"temperature_patch": 0.5})
    )
    assert plain == hotter


def test_a_preset_changes_ours_and_no_baseline():
    units = expanded(
        systems=["ours", "TS-TCC", "chance"], presets=["ours", "as_printed"]
    )
    assert [(u.labels["system"], u.labels["preset"]) for u in units] == [
        ("ours", "ours"), ("TS-TCC", "ours"), ("chance", "ours"),
        ("ours", "as_printed"),
    ]  # fmt: skip
    printed = units[-1]
    assert printed.settings["stem"] == "linear"
    assert printed.data["eeg_band"] == []
    assert printed.labels["condition"] == "as printed"


def test_few_labels_are_for_the_systems_of_the_curve_alone():
    units = expanded(systems=["ours", "TS-TCC"], label_fractions=[0.1, 1.0])
    assert [(u.labels["system"], u.labels["label_fraction"]) for u in units] == [
        ("ours", 0.1), ("ours", 1.0), ("TS-TCC", 1.0)
    ]  # fmt: skip
    assert units[0].labels["condition"] == "10% of labels"


def test_a_sweep_varies_one_setting_of_ours_at_the_fewest_labels():
    units = expanded(label_fractions=[0.1, 1.0], sweep={"temperature": [0.05, 0.5]})
    swept = [u for u in units if u.labels["sweep"]]
    assert [u.labels["swept"] for u in swept] == [0.05, 0.5]
    for unit in swept:
        assert unit.labels["system"] == "ours"
        assert unit.labels["label_fraction"] == 0.1
        value = unit.labels["swept"]
        assert unit.settings["temperature_patch"] == value
        assert unit.settings["temperature_window"] == value


def test_readers_may_run_under_more_protocols_than_systems():
    units = expanded(
        systems=["w/o align", "linear probe", "ceiling"],
        protocols=["by_subject", "random_windows"],
        reader_protocols=["by_trial"],
    )
    told = [(u.labels["system"], u.labels["protocol"]) for u in units]
    assert told == [
        ("w/o align", "by_subject"),
        ("w/o align", "random_windows"),
        ("linear probe", "by_trial"),
        ("ceiling", "by_subject"),
    ]


def test_learning_curves_of_the_encoders_share_their_test_windows():
    units = expanded(systems=["chance"], readability=[20, 40], readability_test=10)
    curves = [u for u in units if u.system == "readability"]
    assert len(curves) == 2 * 2 * 2
    assert {u.data["n"] for u in curves} == {50}
    assert {u.settings["stem"] for u in curves} == {"conv", "linear"}


def test_every_field_of_the_method_is_read_by_some_unit():
    units = expanded(systems=list(SYSTEMS))
    read = {key for unit in units for key in (*unit.settings, *unit.data)}
    assert set(Method.__dataclass_fields__) <= read


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"systems": ["our"]}, ValueError, "systems must be one of 'ours', .*'our'"),
        ({"targets": ["liking"]}, ValueError, "targets must be one of 'arousal'"),
        ({"corpora": ["deap"]}, ValueError, "corpora must be one of 'dreamer'"),
        ({"data": "real"}, ValueError, "data must be one of 'surrogate', 'local'"),
        ({"protocols": ["by_fold"]}, ValueError, "protocols must be one of"),
        ({"presets": ["printed"]}, ValueError, "presets must be one of 'ours', 'as_"),
        ({"folds": [5]}, ValueError, r"folds must be in \[0, 4\]; got 5"),
        ({"n_folds": 1, "folds": [0]}, ValueError, r"n_folds must be in \[2, 100\]"),
        ({"label_fractions": [0]}, ValueError, r"label_fractions must be in \(0, 1\]"),
        ({"targets": "arousal"}, TypeError, r"Write targets: \[arousal\]"),
        ({"folds": 0}, TypeError, r"folds must be a list; got 0. Write folds: \[0\]"),
        ({"folds": []}, ValueError, "folds must hold one value or more; got none"),
        ({"n_folds": "few"}, TypeError, "n_folds must be int; got 'few'"),
        ({"n_flods": 3}, ValueError, "got 'n_flods'. Did you mean 'n_folds'"),
        ({"overrides": {"l_r": 1}}, ValueError, "key of overrides .* mean 'lr'"),
        ({"overrides": {"stem": "lin"}}, ValueError, "stem must be one of 'conv'"),
        ({"overrides": {"w_patch": 2}}, ValueError, r"w_patch must be in \[0, 1\]"),
        ({"overrides": {"temperature_patch": 0}}, ValueError, r"in \(0, inf\)"),
        ({"overrides": {"eeg_band": [1.0]}}, ValueError, r"eeg_band must be \[l_freq"),
        ({"overrides": {"twins": "kept"}}, ValueError, "twins must be one of"),
        ({"sweep": {"lr": [1]}}, ValueError, "sweep must be one of 'temperature'"),
    ],
)
def test_each_wrong_setting_says_what_must_hold(given, error, words):
    with pytest.raises(error, match=words):
        Settings.from_parameters(given)


def test_text_that_spells_a_number_becomes_one():
    settings = Settings.from_parameters(
        {"n_subjects": "6", "folds": ["1"], "overrides": {"lr": "6e-4"}}
    )
    assert (settings.n_subjects, settings.folds) == (6, [1])
    assert settings.method("ours").lr == 6e-4


def test_a_notebook_says_before_training_which_systems_it_shows():
    settings = Settings(systems=["TS-TCC", "ours"])
    settings.need("ours")
    with pytest.raises(ValueError, match="must include ours, w/o align"):
        settings.need("ours", "w/o align")
