"""Which units a run's settings name, and what each unit's settings hold."""

from importlib import import_module

import pytest

from emolib.papers import nmer
from emolib.papers.nmer.grid import expand
from emolib.papers.nmer.noise import CORRUPTION_KEYS
from emolib.papers.nmer.settings import PRESETS, SYSTEMS, Method, Settings
from emolib.papers.nmer.training import TASK_KEYS

EVERY = {"systems": list(SYSTEMS), "conditions": ["six", "all", "clean"]}
NEVER = {name for name, system in SYSTEMS.items() if system.trained == "never"}
ROWS = [name for name, s in SYSTEMS.items() if s.kind in ("baseline", "method")]


def expanded(**changes):
    return expand(Settings.of({"device": "cpu", **changes}))


def rows_of(units, *labels):
    return [tuple(unit.labels[name] for name in labels) for unit in units]


def told(unit):
    """Return what tells a unit from others in the store."""
    return (unit.system, str(sorted(unit.data.items())), str(unit.settings))


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_expands_into_a_unit_with_what_it_reads(system):
    conditions = ["six"] if len(SYSTEMS[system].reads) > 1 else ["all"]
    (unit,) = expanded(systems=[system], conditions=conditions)
    assert unit.labels["system"] == system
    module = import_module(unit.system_module)
    every = {*TASK_KEYS, *CORRUPTION_KEYS}
    assert every <= set(unit.settings) <= {*every, *module.READS}


def test_the_rows_of_table_2_are_all_there():
    assert ROWS == ["MEN", "MCTN", "MMIN", "IF-MMIN", "NMER", "w/o VAE", "w/o L_inv"]


def test_no_two_systems_of_a_run_are_the_same_unit():
    units = expanded(**EVERY)
    assert len({told(unit) for unit in units}) == len(units)


@pytest.mark.parametrize(
    "trained", [[""], [", trained clean"], [", trained clean", ""]]
)
def test_tested_clean_a_modality_has_one_row_whichever_of_its_two_is_asked_for(trained):
    systems = [f"uni-modal v{words}" for words in trained]
    (unit,) = expanded(systems=systems, conditions=["clean"])
    assert unit.labels["method"] == "uni-modal"
    assert unit.settings["trained"] == "clean"


@pytest.mark.parametrize("variant", ["w/o VAE", "w/o L_inv"])
def test_a_row_of_the_ablation_is_one_changed_setting(variant):
    whole, other = expanded(systems=["NMER", variant])
    ((name, value),) = SYSTEMS[variant].change.items()
    assert whole.settings[name] != other.settings[name] == value
    shared = set(whole.settings) & set(other.settings) - {name}
    assert all(whole.settings[key] == other.settings[key] for key in shared)


def test_a_preset_changes_nmer_and_no_baseline():
    systems = ["NMER", "w/o VAE", "MMIN", "majority"]
    units = expanded(systems=systems, presets=list(PRESETS))
    assert rows_of(units, "method", "variant") == [
        ("NMER", ""), ("NMER", "w/o VAE"), ("MMIN", ""), ("majority", ""),
        ("NMER", "as printed"), ("NMER", "w/o VAE, as printed"),
        ("NMER", "kl summed"), ("NMER", "w/o VAE, kl summed"),
        ("NMER", "as released"), ("NMER", "w/o VAE, as released"),
    ]  # fmt: skip


def test_every_field_of_the_method_is_read_by_some_unit():
    units = expanded(**EVERY, corpora=["iemocap", "mosei"])
    read = {key for unit in units for key in unit.settings} | {"positive"}
    assert set(Method.model_fields) <= read
    labels = {u.labels["dataset"]: u.settings["labels"] for u in units}
    assert labels == {"iemocap": "class", "mosei": Method().positive}


def test_there_is_a_model_a_corpus_noise_and_dB_and_another_for_all_noisy():
    units = expanded(
        systems=["NMER"], corpora=["iemocap", "mosei"], noises=["gaussian", "impulse"],
        dbs=[-10, -20], conditions=["six", "all"],
    )  # fmt: skip
    cells = rows_of(units, "dataset", "conditions", "noise", "db")
    assert len(set(cells)) == len(cells) == len({told(u) for u in units}) == 2**4


def test_what_is_trained_once_may_be_tested_at_more_levels():
    systems = ["NMER", "MEN", "majority", "ceiling"]
    rows = rows_of(expanded(systems=systems, clean_dbs=[-10, -40]), "system", "db")
    both = [(name, db) for name in systems[1:] for db in (-10, -40)]
    assert rows == [("NMER", -10), *both]


def test_six_conditions_do_not_concern_a_system_of_one_modality():
    systems = ["uni-modal a", "ceiling v", "MEN"]
    units = expanded(systems=systems, conditions=["six", "all"])
    assert rows_of(units, "system", "conditions") == [
        ("uni-modal a", "all"), ("ceiling v", "all"), ("MEN", "six"), ("MEN", "all"),
    ]  # fmt: skip


def test_without_noise_stands_what_is_trained_without_it():
    units = expanded(systems=list(SYSTEMS), conditions=["clean"])
    unimodal = {f"uni-modal {letter}" for letter in "avl"}
    assert {u.labels["system"] for u in units} == {"MEN", *unimodal, *NEVER}
    assert {u.labels["words"] for u in units} == {"none"}


@pytest.mark.parametrize(
    ("changes", "rows"),
    [
        (  # hidden modalities have no level, and never all of them are hidden
            {"noises": ["missing"], "conditions": ["six", "all"]},
            [("NMER", "missing"), ("ceiling", "missing")],
        ),
        (  # a random step has no level, so that no reader knows it
            {"readings": ["paper", "released"], "dbs": [-10]},
            [
                ("NMER", "gaussian -10 dB"), ("NMER", "gaussian released"),
                ("ceiling", "gaussian -10 dB"),
            ],
        ),
        (
            {"systems": ["NMER"], "dbs": [0, -10], "exact": [0]},
            [("NMER", "gaussian 0 dB exact"), ("NMER", "gaussian -10 dB")],
        ),
    ],
    ids=["missing", "released", "exact"],
)  # fmt: skip
def test_each_kind_of_noise_has_its_levels(changes, rows):
    given = {"systems": ["NMER", "ceiling"], "dbs": [-10, -40], **changes}
    assert rows_of(expanded(**given), "system", "words") == rows


def test_mosei_has_one_fold_and_references_have_one_seed():
    units = expanded(systems=["NMER", "majority"], corpora=["iemocap", "mosei"],
                     folds=[1, 2, 10], seeds=[0, 1])  # fmt: skip
    rows = rows_of(units, "dataset", "system")
    assert {row: rows.count(row) for row in rows} == {
        ("iemocap", "NMER"): 6, ("iemocap", "majority"): 3, ("mosei", "NMER"): 2,
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
    settings = Settings.of({
        "systems": ["majority", "MCTN", "MMIN", "MEN", "IF-MMIN", "NMER"],
        "folds": [1, 2], "device": "cpu",
    })  # fmt: skip
    names = rows_of(nmer.expand(settings), "system", "fold")
    assert names[:4] == [("MMIN", 1), ("MMIN", 2), ("IF-MMIN", 1), ("IF-MMIN", 2)]
    assert names[4:6] == [("MCTN", 1), ("MCTN", 2)]
    assert names[-2:] == [("majority", 1), ("majority", 2)]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"systems": ["NMERS"]}, r"systems\[0\] must be one of 'MEN'.*mean 'NMER'"),
        ({"presets": ["printed"]}, "presets.* must be one of 'default', 'as_printed'"),
        ({"exact": [0]}, "exact must be levels of dbs or clean_dbs; got 0"),
        ({"folds": [11]}, r"folds\[0\] must be .*10; got 11"),
        ({"corpora": ["mosei"], "folds": [2]}, r"got \[2\]. mosei has no other folds"),
        ({"dbs": -10}, r"dbs must be a list; got -10. Write dbs: \[-10\]"),
        ({"seeds": [True]}, r"seeds\[0\] must be a number; got True"),
        ({"folds": []}, "folds must hold one value or more; got none"),
        ({"n_fold": 1}, "got 'n_fold'. Did you mean 'folds'"),
        ({"overrides": {"l_r": 1}}, "key of overrides .* mean 'lr'"),
        ({"overrides": {"kl": "none"}}, "kl must be one of 'utterance'"),
        ({"overrides": {"dropout": 1}}, "dropout must be less than 1"),
        ({"overrides": {"decoder": [0]}}, r"decoder\[0\] must be .*; got 0"),
        ({"overrides": {"n_heads": 7}}, "n_heads must divide .*got 7"),
    ],
)
def test_each_wrong_setting_says_what_must_hold(given, words):
    with pytest.raises(ValueError, match=words):
        Settings.of(given)
