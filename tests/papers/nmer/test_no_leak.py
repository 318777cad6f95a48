"""Nothing is fitted or chosen on a test utterance or its label: poison moves nothing.

Each system is trained twice on made-up utterances, the second time with the test fold's
features overwritten by NaN and its labels exchanged, and must come out the same to the
bit.
"""

from dataclasses import replace

import numpy as np
import pytest
from in_memory import run_unit, without_signals

from emolib.papers.nmer import Settings
from emolib.papers.nmer.frames import fold_of
from emolib.papers.nmer.grid import expand
from emolib.papers.nmer.settings import BASELINES, UNIMODAL, VARIANTS
from emolib.training.devices import one_thread

from .utterances import context, utterances

TRAINED = (*list(VARIANTS)[:2], *BASELINES, *list(UNIMODAL)[2:4])
"""A system of each kind; "w/o L_inv" is ours with one weight at 0."""
BRIEF = {"n_epochs": 2, "teacher_epochs": 1, "baseline_epochs": 2, "n_layers": 1}


def unit_of(system, **changes):
    conditions = ["all"] if system in UNIMODAL else ["six"]
    overrides = {**BRIEF, **changes.pop("overrides", {})}
    settings = Settings(systems=[system], conditions=conditions, device="cpu",
                        overrides=overrides, **changes)  # fmt: skip
    return expand(settings)[0]


def with_other_labels(windows, rows):
    """Return the windows with the classes of some rows exchanged, none kept."""
    y = np.array(windows.y)
    y[rows] = (y[rows] + 1 + np.arange(len(rows)) % 3) % 4
    return replace(windows, y=y)


def trained_on(windows, unit):
    with one_thread():
        return run_unit(unit, context(windows))


def assert_trained_alike(one, other):
    """Check weights, every epoch's losses, and the scores of validation utterances."""
    mine, theirs = one.all_tables(), other.all_tables()
    for name in ("history", "validation", "levels"):
        assert mine[name].equals(theirs[name])
    assert sorted(one.state) == sorted(other.state) != []
    for name, weights in one.state.items():
        assert np.array_equal(weights, other.state[name])


@pytest.mark.parametrize("system", TRAINED)
def test_features_and_labels_of_the_test_fold_move_no_weight(system):
    unit, windows = unit_of(system), utterances()
    test = fold_of(windows, unit.settings).test
    poisoned = without_signals(with_other_labels(windows, test), test)
    whole, tampered = trained_on(windows, unit), trained_on(poisoned, unit)
    assert_trained_alike(whole, tampered)
    assert tampered.predictions.filter(like="y_score").isna().all().all()
    assert (whole.predictions["y_true"] != tampered.predictions["y_true"]).all()


@pytest.mark.parametrize(
    "changes",
    [{"noises": ["missing"]}, {"readings": ["released"], "presets": ["as_released"]}],
    ids=["missing", "as released"],
)
def test_other_readings_of_noise_leak_as_little(changes):
    unit, windows = unit_of("ours", **changes), utterances()
    test = fold_of(windows, unit.settings).test
    poisoned = without_signals(with_other_labels(windows, test), test)
    assert_trained_alike(trained_on(windows, unit), trained_on(poisoned, unit))


@pytest.mark.parametrize("system", ["ours", "MEN"])
def test_poisoned_training_labels_do_move_the_weights(system):
    unit, windows = unit_of(system), utterances()
    train = fold_of(windows, unit.settings).train
    whole, tampered = (
        trained_on(x, unit) for x in (windows, with_other_labels(windows, train))
    )
    assert any(
        not np.array_equal(weights, tampered.state[name])
        for name, weights in whole.state.items()
    )


def test_every_system_is_tested_under_the_same_noise_and_conditions():
    windows = utterances()
    systems = ("MEN", "IF-MMIN", "majority")
    tables = [trained_on(windows, unit_of(name)).predictions for name in systems]
    keys = ["window", "clean", "drawn", "y_true"]
    assert tables[0][keys].equals(tables[1][keys])
    assert tables[0][keys].equals(tables[2][keys])
