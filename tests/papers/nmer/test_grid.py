"""Which units a run's settings name, and what each unit's settings hold."""

import pytest

from emolib.papers import nmer
from emolib.papers.nmer.grid import expand
from emolib.papers.nmer.settings import SYSTEMS, Method, Settings

NEVER = [name for name, system in SYSTEMS.items() if system.trained == "never"]
ROWS = [name for name, s in SYSTEMS.items() if s.kind in ("baseline", "method")]
TWINS = ["uni-modal v, trained clean", "uni-modal v"]


def expanded(**changes):
    return expand(Settings.of({"device": "cpu", **changes}))


def rows_of(units, *labels):
    return [tuple(unit.labels[name] for name in labels) for unit in units]


def test_no_two_systems_are_the_same_unit_and_every_field_is_read_by_some():
    every = {"systems": list(SYSTEMS), "conditions": ["six", "all", "clean"]}
    units = expanded(**every, corpora=["iemocap", "mosei"])
    told = {(u.system, str(sorted(u.data.items())), str(u.settings)) for u in units}
    assert len(told) == len(units)
    read = {key for unit in units for key in unit.settings} | {"positive"}
    assert set(Method.model_fields) <= read
    labels = {u.labels["dataset"]: u.settings["labels"] for u in units}
    assert labels == {"iemocap": "class", "mosei": Method().positive}
    assert ROWS == ["MEN", "MCTN", "MMIN", "IF-MMIN", "NMER", "w/o VAE", "w/o L_inv"]


@pytest.mark.parametrize("systems", [TWINS[:1], TWINS[1:], TWINS])
def test_tested_clean_a_modality_has_one_row_whichever_of_its_two_is_asked_for(systems):
    (unit,) = expanded(systems=systems, conditions=["clean"])
    assert unit.labels["method"] == "uni-modal" and unit.settings["trained"] == "clean"


def test_without_noise_stands_what_is_trained_without_it():
    units = expanded(systems=list(SYSTEMS), conditions=["clean"])
    unimodal = {f"uni-modal {letter}" for letter in "avl"}
    assert {u.labels["system"] for u in units} == {"MEN", *unimodal, *NEVER}
    assert {u.labels["words"] for u in units} == {"none"}


MORE = {"dbs": [-10], "clean_dbs": [-10, -40]}
MISSING = {"noises": ["missing"], "dbs": [-10, -40], "conditions": ["six", "all"]}
RELEASED = {"readings": ["paper", "released"]}
BOTH = {"conditions": ["six", "all"]}
FOLDS = {"corpora": ["iemocap", "mosei"], "folds": [1, 2, 10], "seeds": [0, 1]}


@pytest.mark.parametrize(
    ("systems", "changes", "labels", "rows"),
    [
        ("NMER MEN", MORE, "db", [-10, -10, -40]),  # trained once, tested at more
        ("ceiling", MORE, "db", [-10, -40]),
        ("NMER ceiling", MISSING, "words", ["missing", "missing"]),  # never all of them
        ("NMER", RELEASED, "words", ["gaussian -10 dB", "gaussian released"]),
        ("ceiling", RELEASED, "words", ["gaussian -10 dB"]),  # no level, no ceiling
        ("MEN", {"dbs": [0], "exact": [0]}, "words", ["gaussian 0 dB exact"]),
        ("MEN", BOTH, "conditions", ["six", "all"]),
        ("ceiling-v", BOTH, "conditions", ["all"]),  # of one modality
        ("NMER", FOLDS, "dataset", 6 * ["iemocap"] + 2 * ["mosei"]),
        ("majority", FOLDS, "dataset", 3 * ["iemocap"] + ["mosei"]),  # one seed
    ],
    ids=str,
)
def test_a_system_has_units_where_it_stands_in_a_table(systems, changes, labels, rows):
    names = [name.replace("-v", " v") for name in systems.split()]
    units = expanded(systems=names, **changes)
    assert [row for (row,) in rows_of(units, labels)] == rows


def test_knobs_may_be_for_all_corpora_or_for_one():
    surrogate = {"effect": 0.0, "iemocap": {"n_trials": 6}}
    both = {"corpora": ["iemocap", "mosei"], "size": "quick", "surrogate": surrogate}
    units = expanded(systems=["majority"], **both)
    iemocap, mosei = (unit.data["surrogate"] for unit in units)
    assert iemocap == {"n_subjects": 10, "n_trials": 6, "effect": 0.0}
    assert mosei["n_train"] == 1200 and mosei["effect"] == 0.0
    assert "iemocap" not in mosei


def test_units_that_share_a_stage_are_spread_over_the_run():
    systems = ["majority", "MCTN", "MMIN", "MEN", "IF-MMIN", "NMER"]
    units = nmer.expand({"systems": systems, "folds": [1, 2], "device": "cpu"})
    names = rows_of(units, "system", "fold")
    assert names[:4] == [("MMIN", 1), ("MMIN", 2), ("IF-MMIN", 1), ("IF-MMIN", 2)]
    assert names[4:6] == [("MCTN", 1), ("MCTN", 2)]
    assert names[-2:] == [("majority", 1), ("majority", 2)]
