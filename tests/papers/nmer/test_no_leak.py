"""Nothing is fitted or chosen on a test utterance or its label: poison moves nothing.

Each system is trained twice on made-up utterances, the second time with the test fold's
features overwritten by NaN and its labels exchanged, and must come out the same to the
bit.
"""

from dataclasses import replace

import numpy as np
import pytest
from in_memory import without_signals

from emolib.papers.nmer.reading import fold_of

from .utterances import TRAINED, context, trained, utterances

OTHERS = [("NMER", {"noises": ["missing"]}),
          ("NMER", {"readings": ["released"], "presets": ["as_released"]})]  # fmt: skip


def with_other_labels(windows, rows):
    """Return the windows with the classes of some rows exchanged, none kept."""
    y = np.array(windows.y)
    y[rows] = (y[rows] + 1 + np.arange(len(rows)) % 3) % 4
    return replace(windows, y=y)


@pytest.mark.parametrize(
    ("system", "changes"), [*((name, {}) for name in TRAINED), *OTHERS], ids=str
)
def test_features_and_labels_of_the_test_fold_move_no_weight(system, changes):
    windows = utterances()
    test = fold_of(windows, {"fold": 1}).test
    poisoned = without_signals(with_other_labels(windows, test), test)
    whole, tampered = (
        trained(system, context(x), **changes)[2] for x in (windows, poisoned)
    )
    mine, theirs = whole.all_tables(), tampered.all_tables()
    for name in ("history", "validation", "levels"):
        assert mine[name].equals(theirs[name])
    assert sorted(whole.state) == sorted(tampered.state) != []
    for name, weights in whole.state.items():
        assert np.array_equal(weights, tampered.state[name])
    assert tampered.predictions.filter(like="y_score").isna().all().all()
    assert (whole.predictions["y_true"] != tampered.predictions["y_true"]).all()


@pytest.mark.parametrize("system", ["NMER", "MEN"])
def test_poisoned_training_labels_do_move_the_weights(system):
    windows = utterances()
    other = with_other_labels(windows, fold_of(windows, {"fold": 1}).train)
    whole, tampered = (trained(system, context(x))[2] for x in (windows, other))
    assert any(
        not np.array_equal(weights, tampered.state[name])
        for name, weights in whole.state.items()
    )


def test_every_system_is_tested_under_the_same_noise_and_conditions():
    tables = [trained(s)[2].predictions for s in ("MEN", "IF-MMIN", "majority")]
    keys = ["window", "clean", "drawn", "y_true"]
    assert all(tables[0][keys].equals(table[keys]) for table in tables[1:])
