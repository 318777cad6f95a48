"""Which units a run's settings name, and what each unit's settings hold."""

from importlib import import_module

import pytest

from emolib.papers.nmer.corruption import CORRUPTION_KEYS
from emolib.papers.nmer.grid import expand
from emolib.papers.nmer.settings import (
    BASELINES,
    ONCE,
    ONE_MODALITY,
    PRESETS,
    REFERENCES,
    SYSTEMS,
    UNIMODAL,
    VARIANTS,
    Method,
    Settings,
)
from emolib.papers.nmer.study import RECIPE
from emolib.papers.nmer.task import TASK_KEYS

EVERY = {"systems": list(SYSTEMS), "conditions": ["six", "all", "clean"]}


def expanded(**changes):
    return expand(Settings.from_parameters({"device": "cpu", **changes}))


def told(unit):
    """Return what tells a unit from others in the store."""
    return (unit.system, str(sorted(unit.data.items())), str(unit.settings))


# ---------------------------------------------------------------- units


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_expands_into_a_unit_with_what_it_reads(system):
    conditions = ["all"] if system in ONE_MODALITY else ["six"]
    (unit,) = expanded(systems=[system], conditions=conditions)
    assert unit.labels["system"] == system
    module = import_module(unit.system_module)
    every = {*TASK_KEYS, *CORRUPTION_KEYS}
    assert every <= set(unit.settings) <= {*every, *module.READS}


def test_tested_clean_a_modality_has_one_row_whichever_of_its_two_is_asked_for():
    for systems in (["uni-modal v"], ["uni-modal v, trained clean"],
                    ["uni-modal v, trained clean", "uni-modal v"]):  # fmt: skip
        (unit,) = expanded(systems=systems, conditions=["clean"])
        assert unit.labels["method"] == "uni-modal"
        assert unit.settings["trained"] == "clean"


def test_no_two_systems_of_a_run_are_the_same_unit_but_where_clean_is_the_level():
    units = expanded(**EVERY)
    keys = [told(u) for u in units]
    twins = [u.labels["system"] for u in units if keys.count(told(u)) > 1]
    assert twins == []
    clean = [u for u in units if u.labels["conditions"] == "clean"]
    uni = [u for u in clean if u.labels["system"] in UNIMODAL]
    assert {u.settings["trained"] for u in uni} == {"clean"} and len(uni) == 3


@pytest.mark.parametrize("variant", [name for name in VARIANTS if name != "ours"])
def test_a_row_of_the_ablation_is_one_changed_setting(variant):
    ours, other = expanded(systems=["ours", variant])
    ((name, value),) = VARIANTS[variant].items()
    assert ours.settings[name] != other.settings[name] == value
    shared = set(ours.settings) & set(other.settings) - {name}
    assert all(ours.settings[key] == other.settings[key] for key in shared)


def test_a_preset_changes_ours_and_no_baseline():
    units = expanded(systems=["ours", "w/o VAE", "MMIN", "majority"],
                     presets=list(PRESETS))  # fmt: skip
    rows = [(u.labels["method"], u.labels["variant"]) for u in units]
    assert rows == [
        ("ours", ""), ("ours", "w/o VAE"), ("MMIN", ""), ("majority", ""),
        ("ours", "as printed"), ("ours", "w/o VAE, as printed"),
        ("ours", "kl summed"), ("ours", "w/o VAE, kl summed"),
        ("ours", "as released"), ("ours", "w/o VAE, as released"),
    ]  # fmt: skip


def test_the_literal_preset_takes_each_value_at_its_word():
    ours, printed = (vars(Settings().method(name)) for name in ("ours", "as_printed"))
    changed = {key for key in ours if ours[key] != printed[key]}
    assert changed == set(PRESETS["as_printed"]) != set()


def test_every_field_of_the_method_is_read_by_some_unit():
    units = expanded(**EVERY, corpora=["iemocap", "mosei"])
    read = {key for unit in units for key in unit.settings} | {"positive"}
    assert set(Method.__dataclass_fields__) <= read
    mosei = next(u for u in units if u.labels["dataset"] == "mosei")
    assert mosei.settings["labels"] == Method().positive


# ---------------------------------------------------------------- noise and conditions


def test_there_is_a_model_a_corpus_noise_and_dB_and_another_for_all_noisy():
    units = expanded(
        systems=["ours"], corpora=["iemocap", "mosei"], noises=["gaussian", "impulse"],
        dbs=[-10, -20], conditions=["six", "all"],
    )  # fmt: skip
    keys = ("dataset", "conditions", "noise", "db")
    cells = [tuple(u.labels[k] for k in keys) for u in units]
    assert len(set(cells)) == len(cells) == 2**4
    assert len({told(u) for u in units}) == 2**4


def test_what_is_trained_once_may_be_tested_at_more_levels():
    units = expanded(systems=["ours", "MEN", "majority", "ceiling"], dbs=[-10],
                     clean_dbs=[-10, -40])  # fmt: skip
    levels = {}
    for unit in units:
        levels.setdefault(unit.labels["system"], []).append(unit.labels["db"])
    assert levels == {
        name: [-10, -40] if name in ONCE else [-10]
        for name in ("ours", "MEN", "majority", "ceiling")
    }


def test_six_conditions_do_not_concern_a_system_of_one_modality():
    units = expanded(systems=["uni-modal a", "ceiling v", "MEN"],
                     conditions=["six", "all"])  # fmt: skip
    rows = [(u.labels["system"], u.labels["conditions"]) for u in units]
    assert rows == [
        ("uni-modal a", "all"), ("ceiling v", "all"), ("MEN", "six"), ("MEN", "all"),
    ]  # fmt: skip


def test_without_noise_stands_what_is_trained_without_it():
    units = expanded(systems=list(SYSTEMS), conditions=["clean"])
    rows = {u.labels["system"] for u in units}
    assert rows == {"MEN", "uni-modal a", "uni-modal v", "uni-modal l", *REFERENCES}
    assert {u.labels["words"] for u in units} == {"none"}


def test_the_older_treatment_hides_modalities_and_never_all_of_them():
    units = expanded(systems=["ours", "ceiling"], noises=["missing"], dbs=[-10, -40],
                     conditions=["six", "all"])  # fmt: skip
    rows = [(u.labels["conditions"], u.labels["words"]) for u in units]
    assert rows == [("six", "missing")] * 2


def test_the_released_reading_has_no_level_and_no_ceiling():
    units = expanded(systems=["ours", "ceiling"], readings=["paper", "released"],
                     dbs=[-10, -40])  # fmt: skip
    words = [u.labels["words"] for u in units if u.labels["system"] == "ours"]
    assert words == ["gaussian -10 dB", "gaussian -40 dB", "gaussian released"]
    assert sum(u.labels["system"] == "ceiling" for u in units) == 2


def test_a_level_is_exact_where_asked_and_says_so():
    units = expanded(systems=["MEN"], dbs=[0, -10], exact=[0])
    assert [u.labels["words"] for u in units] == ["gaussian 0 dB exact",
                                                  "gaussian -10 dB"]  # fmt: skip


# ---------------------------------------------------------------- folds, seeds, data


def test_mosei_has_one_fold_and_references_have_one_seed():
    units = expanded(systems=["ours", "majority"], corpora=["iemocap", "mosei"],
                     folds=[1, 2, 10], seeds=[0, 1])  # fmt: skip
    counts = {}
    for unit in units:
        key = (unit.labels["dataset"], unit.labels["system"])
        counts[key] = counts.get(key, 0) + 1
    assert counts == {
        ("iemocap", "ours"): 6, ("iemocap", "majority"): 3, ("mosei", "ours"): 2,
        ("mosei", "majority"): 1,
    }  # fmt: skip


def test_knobs_may_be_for_all_corpora_or_for_one():
    surrogate = {"effect": 0.0, "iemocap": {"n_trials": 6}}
    units = expanded(systems=["majority"], corpora=["iemocap", "mosei"],
                     surrogate=surrogate, size="quick")  # fmt: skip
    iemocap, mosei = (unit.data["surrogate"] for unit in units)
    assert iemocap == {"n_subjects": 10, "n_trials": 6, "effect": 0.0}
    assert mosei["n_train"] == 1200 and mosei["effect"] == 0.0
    assert "iemocap" not in mosei


def test_units_that_share_a_stage_are_spread_over_the_run():
    settings = Settings.from_parameters(
        {"systems": ["majority", "MCTN", "MMIN", "MEN", "IF-MMIN", "ours"],
         "folds": [1, 2], "device": "cpu"}
    )  # fmt: skip
    names = [(u.labels["system"], u.labels["fold"]) for u in RECIPE.expand(settings)]
    assert names[:4] == [("MMIN", 1), ("MMIN", 2), ("IF-MMIN", 1), ("IF-MMIN", 2)]
    assert names[4:6] == [("MCTN", 1), ("MCTN", 2)]
    assert names[-2:] == [("majority", 1), ("majority", 2)]


def test_a_corpus_without_units_is_named():
    settings = Settings(systems=["majority"], device="cpu")
    with pytest.raises(ValueError, match="corpus must be one that the run .*'mosei'"):
        RECIPE.windows(settings, "mosei")


# ---------------------------------------------------------------- wrong settings


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"systems": ["NMER"]}, ValueError, "systems must be one of 'ours', .*'NMER'"),
        ({"corpora": ["deap"]}, ValueError, "corpora must be one of 'iemocap'"),
        ({"noises": ["pink"]}, ValueError, "noises must be one of 'gaussian'"),
        ({"conditions": ["five"]}, ValueError, "conditions must be one of 'six'"),
        ({"readings": ["mine"]}, ValueError, "readings must be one of 'paper'"),
        ({"presets": ["printed"]}, ValueError, "presets must be one of 'ours', 'as_"),
        ({"exact": [0]}, ValueError, r"exact must be one of -10.0; got 0.0"),
        ({"folds": [0]}, ValueError, r"folds must be in \[1, 10\]; got 0"),
        ({"folds": [11]}, ValueError, r"folds must be in \[1, 10\]; got 11"),
        ({"dbs": [-1000]}, ValueError, r"dbs must be in \[-100, 40\]; got -1000"),
        ({"size": "tiny"}, ValueError, "size must be one of 'smoke', 'quick', 'full'"),
        ({"data": "real"}, ValueError, "data must be one of 'surrogate', 'local'"),
        ({"dbs": -10}, TypeError, r"dbs must be a list; got -10. Write dbs: \[-10\]"),
        ({"n_fold": 1}, ValueError, "got 'n_fold'. Did you mean 'folds'"),
        ({"overrides": {"l_r": 1}}, ValueError, "key of overrides .* mean 'lr'"),
        ({"overrides": {"kl": "none"}}, ValueError, "kl must be one of 'utterance'"),
        ({"overrides": {"attention": "all"}}, ValueError, "attention must be one of"),
        ({"overrides": {"dropout": 1}}, ValueError, r"dropout must be in \[0, 1\)"),
        ({"overrides": {"positive": "> 0"}}, ValueError, "positive must be one of"),
        ({"overrides": {"w_inv": -1}}, ValueError, r"w_inv must be in \[0, inf\]"),
        ({"folds": []}, ValueError, "folds must hold one value or more; got none"),
        ({"corpora": []}, ValueError, "corpora must hold one value or more"),
        ({"corpora": ["mosei"], "folds": [2]}, ValueError, r"got 2. mosei has no oth"),
        ({"seeds": [-1]}, ValueError, r"seeds must be in \[0, inf\]; got -1"),
        ({"overrides": {"patience": -1}}, ValueError, r"patience must be in \[0, inf"),
        ({"overrides": {"d_latent": 0}}, ValueError, r"d_latent must be in \[1, inf"),
        ({"overrides": {"decoder": [0]}}, ValueError, r"hidden width must be in"),
        ({"overrides": {"n_heads": 7}}, ValueError, "n_heads must divide .*got 7"),
    ],
)
def test_each_wrong_setting_says_what_must_hold(given, error, words):
    with pytest.raises(error, match=words):
        Settings.from_parameters(given)


def test_a_notebook_may_say_what_it_needs():
    with pytest.raises(ValueError, match="systems must include ours, MEN, which this"):
        Settings(systems=["ours"]).need("ours", "MEN")


def test_the_rows_of_table_2_are_all_there():
    assert set(SYSTEMS) == {*VARIANTS, *BASELINES, *UNIMODAL, *REFERENCES}
    assert [*BASELINES, *VARIANTS] == [
        "MEN", "MCTN", "MMIN", "IF-MMIN", "ours", "w/o VAE", "w/o L_inv",
    ]  # fmt: skip
