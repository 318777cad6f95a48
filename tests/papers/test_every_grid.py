"""What holds for the grid of every paper: units, presets, rows, the null test."""

from importlib import import_module
from types import SimpleNamespace

import pytest

from emolib.papers.nmer.settings import PRESETS
from emolib.reporting.notebooks import notebook_path, parameters_of

ALIGNMENT = "ECG-EEG alignment"


def settings_of(stem, **given):
    return import_module(f"emolib.papers.{stem}").Settings.of(given)


def expanded(stem, **given):
    """Return the units of some settings, in the order of the tables."""
    return import_module(f"emolib.papers.{stem}.grid").expand(
        settings_of(stem, **given)
    )


def systems_of(stem):
    return import_module(f"emolib.papers.{stem}.settings").SYSTEMS


@pytest.mark.parametrize(
    ("stem", "given"), [("mmqnet", {"rates": [0.3]}), ("ecg_eeg", {"n_subjects": 6})]
)
def test_every_system_is_a_unit_of_its_own_and_every_setting_is_read(stem, given):
    training = import_module(f"emolib.papers.{stem}.training")
    units = expanded(stem, systems=list(systems_of(stem)), **given)
    assert [unit.labels["system"] for unit in units] == list(systems_of(stem))
    told_apart = {(u.system, str(sorted(u.settings.items()))) for u in units}
    assert len(told_apart) == len(units)
    assert all(set(training.TASK_KEYS) <= set(unit.settings) for unit in units)
    read = {key for unit in units for key in (*unit.settings, *unit.data)}
    assert set(settings_of(stem).METHOD.model_fields) <= read


@pytest.mark.parametrize(
    ("stem", "given", "labels", "rows"),
    [
        pytest.param(
            "mmqnet",
            {"systems": ["CCA", "AE"], "rates": [0.0, 0.3], "beside": ["by_subject"]},
            "system rate protocol",
            [("CCA", 0, "by_trial"), ("CCA", 0.3, "by_trial"), ("AE", 0, "by_trial"),
             ("AE", 0.3, "by_trial"), ("CCA", 0, "by_subject")],
            id="other protocols stand beside for few systems and rates",
        ),
        pytest.param(
            "mmqnet",
            {"systems": ["CCA", "AE"], "rates": [0.0, 0.3], "more_folds": [0, 1]},
            "system rate fold",
            [("CCA", 0, 0), ("CCA", 0.3, 0), ("AE", 0, 0), ("AE", 0.3, 0),
             ("CCA", 0, 1)],
            id="a few systems have further folds of the run's own protocol",
        ),
        pytest.param(
            "mmqnet",
            {"systems": ["CCA"], "corpora": ["deap", "stress_predict"],
             "targets": ["arousal", "stress"], "rates": [0.0]},
            "dataset target item",
            [("deap", "arousal", "Table 1"),
             ("stress_predict", "stress", "Stress-Predict")],
            id="a corpus has its own targets",
        ),
        pytest.param(
            "ecg_eeg",
            {"systems": [ALIGNMENT, "TS-TCC"], "label_fractions": [0.1, 1.0]},
            "system label_fraction condition",
            [(ALIGNMENT, 0.1, "10% of training labels, all of validation"),
             (ALIGNMENT, 1.0, ""), ("TS-TCC", 1.0, "")],
            id="few labels are for the systems of the curve alone",
        ),
        pytest.param(
            "ecg_eeg",
            {"systems": [ALIGNMENT], "label_fractions": [0.1, 1.0],
             "sweep": {"temperature": [0.05, 0.5]}},
            "label_fraction sweep swept",
            [(0.1, "", 0.0), (0.1, "temperature", 0.05), (0.1, "temperature", 0.5),
             (1.0, "", 0.0)],
            id="a sweep varies one setting of the method at the fewest labels",
        ),
        pytest.param(
            "ecg_eeg",
            {"systems": ["w/o align", "linear probe", "ceiling", "ceiling, ECG, cold"],
             "protocols": ["by_subject", "by_trial", "random_windows"],
             "reader_protocols": ["by_trial"]},
            "system protocol",
            [("w/o align", "by_subject"), ("w/o align", "by_trial"),
             ("w/o align", "random_windows"), ("linear probe", "by_trial"),
             ("ceiling", "by_subject"), ("ceiling", "by_trial"),
             ("ceiling, ECG, cold", "by_subject")],
            id="readers have their own protocols, and no ceiling where a split leaks",
        ),
    ],
)  # fmt: skip
def test_a_grid_holds_these_units(stem, given, labels, rows):
    units = expanded(stem, **given)
    assert [tuple(u.labels[name] for name in labels.split()) for u in units] == rows


@pytest.mark.parametrize(
    ("stem", "changes", "label", "told", "reads"),
    [
        ("mmqnet", {"systems": ["CCA", "MMQ-Net"], "rates": [0.3]}, "condition",
         [("CCA", "missing 0.3"), ("MMQ-Net", "missing 0.3"),
          ("MMQ-Net", "missing 0.3, as printed")],
         {"mask": "product", "entropy": "sd", "reconstruction": "available"}),
        ("ecg_eeg", {"systems": [ALIGNMENT, "TS-TCC", "chance"]}, "condition",
         [(ALIGNMENT, ""), ("TS-TCC", ""), ("chance", ""), (ALIGNMENT, "as printed")],
         {"stem": "linear", "eeg_filter": False}),
        ("nmer", {"systems": ["NMER", "w/o VAE", "MMIN", "majority"],
                  "presets": list(PRESETS)}, "variant",
         [("NMER", ""), ("w/o VAE", "w/o VAE"), ("MMIN", ""), ("majority", ""),
          *((system, variant + preset.replace("_", " "))
            for preset in list(PRESETS)[1:]
            for system, variant in (("NMER", ""), ("w/o VAE", "w/o VAE, ")))], {}),
        ("rmmt", {"systems": ["RMMT", "F-Fusion"]}, "condition",
         [("RMMT", "default"), ("F-Fusion", "default"), ("RMMT", "as printed")],
         {"attention": "relu", "psd": "printed"}),
    ],
)  # fmt: skip
def test_a_preset_changes_the_method_and_no_baseline(stem, changes, label, told, reads):
    units = expanded(stem, **{"presets": ["default", "as_printed"], **changes})
    assert [(u.labels["system"], u.labels[label]) for u in units] == told
    printed = {**units[-1].settings, **units[-1].data}
    assert printed.items() >= reads.items()


@pytest.mark.parametrize(
    ("stem", "method", "variant"),
    [
        *(("mmqnet", "MMQ-Net", f"w/o {part}") for part in ("L_R", "L_I")),
        *(("ecg_eeg", ALIGNMENT, f"w/o {part}")
          for part in ("align", "shuffle", "patch-align", "seq-align")),
        *(("nmer", "NMER", f"w/o {part}") for part in ("VAE", "L_inv")),
    ],
)  # fmt: skip
def test_a_row_of_the_ablation_is_one_changed_setting(stem, method, variant):
    rate = {"rates": [0.3]} if stem == "mmqnet" else {}  # the paper's; it has no other
    whole, other = expanded(stem, systems=[method, variant], **rate)
    ((name, value),) = systems_of(stem)[variant].change.items()
    assert whole.settings[name] != other.settings[name] == value
    shared = set(whole.settings) & set(other.settings) - {name}
    assert all(whole.settings[key] == other.settings[key] for key in shared)
    assert whole.data == other.data
    assert not rate or expanded(stem, systems=[variant], rates=[0.0, 0.7]) == []


@pytest.mark.parametrize(
    ("stem", "given", "words"),
    [
        ("mmqnet", {"rates": [1.0]}, "rates.* must be less than 1"),
        ("mmqnet", {"systems": ["ShaSpe"]}, "systems.* Did you mean 'ShaSpec'"),
        ("mmqnet", {"corpora": ["hci"]}, "corpora.* must be one of 'deap'"),
        ("mmqnet", {"overrides": {"mask": "hard"}}, "mask must be one of 'log'"),
        ("mmqnet", {"overrides": {"missing": "time"}},
         "missing must be one of 'modalities'"),
        ("mmqnet", {"folds": [5]}, r"folds must be in \[0, 4\]; got 5"),
        ("mmqnet", {"more_folds": [7]}, r"folds must be in \[0, 4\]; got 7"),
        ("ecg_eeg", {"folds": []}, "folds must hold one value or more; got none"),
        ("ecg_eeg", {"folds": [5]}, r"folds must be in \[0, 4\]; got 5"),
        ("ecg_eeg", {"sweep": {"lr": [1]}}, "sweep.* must be one of 'temperature'"),
        ("nmer", {"exact": [0]}, "exact must be levels of dbs or clean_dbs; got 0"),
        ("nmer", {"folds": [11]}, r"folds\[0\] must be .*10; got 11"),
        ("nmer", {"corpora": ["mosei"], "folds": [2]},
         r"got \[2\]. mosei has no other folds"),
        ("nmer", {"overrides": {"n_heads": 7}}, "n_heads must divide .*got 7"),
        ("rmmt", {"systems": ["RSMT"]}, "systems.* Did you mean 'RSMT-"),
        ("rmmt", {"overrides": {"attention": "hard"}},
         "attention must be one of 'softmax'"),
        ("rmmt", {"folds": [10]}, r"folds must be in \[0, 9\] by_trial; got \[10\]"),
        ("rmmt", {"overrides": {"backbone": "ir50"}},
         "never trained from scratch; got none"),
        ("rmmt", {"alphas": [-1.0]}, "alphas.* must be greater than or equal to 0"),
    ],
)  # fmt: skip
def test_each_wrong_setting_says_what_must_hold(stem, given, words):
    with pytest.raises(ValueError, match=words):
        settings_of(stem, **given)


@pytest.mark.parametrize("seed", (0, 1, 2))
@pytest.mark.parametrize(
    ("stem", "notebook", "folds"),
    [
        ("ecg_eeg", "ecg_eeg_ablation_alignment", [0, 1, 2]),
        ("nmer", "nmer", [1, 3, 5, 7, 9]),
        ("mmqnet", "mmqnet_ablation_losses", [0, 1, 2, 3, 4]),
    ],
)  # fmt: skip
def test_the_null_test_stands_ready_on_each_seed_fixed_in_advance(
    stem, notebook, folds, seed
):
    config = f"effect0_seed{seed}" if seed else "effect0"
    settings = settings_of(stem, **parameters_of(notebook_path(notebook), config))
    assert (settings.surrogate["effect"], settings.surrogate["seed"]) == (0, seed)
    assert settings.folds == folds  # of paper 3: a speaker of each session


def test_a_swept_temperature_is_that_of_patches_and_of_windows():
    *_, unit = expanded("ecg_eeg", systems=[ALIGNMENT], sweep={"temperature": [0.5]})
    found = unit.settings["temperature_patch"], unit.settings["temperature_window"]
    assert found == (0.5, 0.5)


def test_without_alignment_its_settings_change_no_unit():
    plain, hotter = (
        expanded("ecg_eeg", systems=["w/o align"], overrides=overrides)
        for overrides in ({}, {"temperature_patch": 0.5})
    )
    assert plain == hotter


def test_learning_curves_of_the_encoders_share_their_test_windows():
    sizes = {"readability": [20, 40], "readability_test": 10}
    units = expanded("ecg_eeg", systems=["chance"], **sizes)
    curves = [u for u in units if u.system == "readability"]
    assert len(curves) == 2 * 2 * 2
    assert {u.data["n"] for u in curves} == {50}
    assert {u.settings["stem"] for u in curves} == {"conv", "linear"}


def test_a_ceiling_stands_where_it_is_defined(monkeypatch):
    honest = {"systems": ["ceiling"], "rates": [0.3], "beside_rates": [0.3]}
    honest |= {"beside": ["random_windows", "by_subject"]}
    honest |= {"beside_systems": ["ceiling"]}
    protocols = [u.labels["protocol"] for u in expanded("mmqnet", **honest)]
    assert protocols == ["by_trial", "by_subject"]
    real = SimpleNamespace(parameters={})
    grid = import_module("emolib.papers.mmqnet.grid")
    monkeypatch.setattr(grid, "identify", lambda *_, **__: real)
    assert expanded("mmqnet", **honest) == []
