"""Which units a run's settings name, and what each unit's settings hold."""

import pytest

from emolib.papers.ecg_eeg.grid import expand
from emolib.papers.ecg_eeg.settings import ALIGNMENT, SYSTEMS, Method, Settings
from emolib.papers.ecg_eeg.training import TASK_KEYS


def expanded(**changes):
    return expand(Settings.of({"n_subjects": 6, **changes}))


def labels(units, *names):
    return [tuple(unit.labels[name] for name in names) for unit in units]


def test_every_system_expands_into_a_unit_of_its_own():
    units = expanded(systems=list(SYSTEMS))
    assert [unit.labels["system"] for unit in units] == list(SYSTEMS)
    told_apart = {(u.system, str(sorted(u.settings.items()))) for u in units}
    assert len(told_apart) == len(units)
    assert all(set(TASK_KEYS) <= set(unit.settings) for unit in units)
    read = {key for unit in units for key in (*unit.settings, *unit.data)}
    assert set(Method.model_fields) <= read


def test_without_alignment_its_settings_change_no_unit():
    plain, hotter = (
        expanded(systems=["w/o align"], overrides=overrides)
        for overrides in ({}, {"temperature_patch": 0.5})
    )
    assert plain == hotter


def test_a_preset_changes_the_method_and_no_baseline():
    systems = [ALIGNMENT, "TS-TCC", "chance"]
    units = expanded(systems=systems, presets=["default", "as_printed"])
    assert labels(units, "system", "preset") == [
        (ALIGNMENT, "default"), ("TS-TCC", "default"), ("chance", "default"),
        (ALIGNMENT, "as_printed"),
    ]  # fmt: skip
    printed = units[-1]
    assert printed.settings["stem"] == "linear"
    assert printed.data["eeg_filter"] is False
    assert printed.labels["condition"] == "as printed"


def test_few_labels_are_for_the_systems_of_the_curve_alone():
    units = expanded(systems=[ALIGNMENT, "TS-TCC"], label_fractions=[0.1, 1.0])
    assert labels(units, "system", "label_fraction") == [
        (ALIGNMENT, 0.1), (ALIGNMENT, 1.0), ("TS-TCC", 1.0)
    ]  # fmt: skip
    told = units[0].labels["condition"]
    assert told == "10% of training labels, all of validation"


def test_a_sweep_varies_one_setting_of_the_method_at_the_fewest_labels():
    units = expanded(label_fractions=[0.1, 1.0], sweep={"temperature": [0.05, 0.5]})
    swept = [u for u in units if u.labels["sweep"]]
    assert labels(swept, "system", "label_fraction", "swept") == [
        (ALIGNMENT, 0.1, 0.05), (ALIGNMENT, 0.1, 0.5)
    ]  # fmt: skip
    for unit in swept:
        both = (unit.settings["temperature_patch"], unit.settings["temperature_window"])
        assert both == (unit.labels["swept"],) * 2


def test_readers_run_under_protocols_of_their_own_and_no_ceiling_where_a_split_leaks():
    units = expanded(
        systems=["w/o align", "linear probe", "ceiling", "ceiling, ECG, cold"],
        protocols=["by_subject", "by_trial", "random_windows"],
        reader_protocols=["by_trial"],
    )
    assert labels(units, "system", "protocol") == [
        ("w/o align", "by_subject"), ("w/o align", "by_trial"),
        ("w/o align", "random_windows"), ("linear probe", "by_trial"),
        ("ceiling", "by_subject"), ("ceiling", "by_trial"),
        ("ceiling, ECG, cold", "by_subject"),
    ]  # fmt: skip


def test_learning_curves_of_the_encoders_share_their_test_windows():
    units = expanded(systems=["chance"], readability=[20, 40], readability_test=10)
    curves = [u for u in units if u.system == "readability"]
    assert len(curves) == 2 * 2 * 2
    assert {u.data["n"] for u in curves} == {50}
    assert {u.settings["stem"] for u in curves} == {"conv", "linear"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"folds": []}, "folds must hold one value or more; got none"),
        ({"folds": [5]}, r"folds must be in \[0, 4\]; got 5"),
        ({"sweep": {"lr": [1]}}, "sweep.* must be one of 'temperature'"),
    ],
)
def test_a_wrong_value_of_this_paper_says_what_must_hold(given, words):
    with pytest.raises(ValueError, match=words):
        Settings.of(given)


def test_text_that_spells_a_number_becomes_one_and_overrides_reach_both():
    overrides = {"presets": ["as_printed"], "lr": "6e-4"}
    settings = Settings.of({"n_subjects": "6", "folds": ["1"], "overrides": overrides})
    assert (settings.n_subjects, settings.folds) == (6, [1])
    assert settings.presets == ["as_printed"]
    assert settings.method("default").lr == 6e-4
    assert Settings.of(settings.as_dict()) == settings
