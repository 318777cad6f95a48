"""Nothing is fitted or chosen on a test window or its label: poisoning them moves none.

Each system is trained again over windows whose test fold was tampered with, and held
against the stored unit that saw them whole, to the bit.
"""

from dataclasses import replace

import numpy as np
import pytest
from in_memory import (
    Context,
    fold_of,
    run_unit,
    with_permuted_labels,
    without_signals,
)

from emolib.papers import ecg_eeg
from emolib.papers.ecg_eeg import data
from emolib.papers.ecg_eeg.settings import ALIGNMENT, named
from emolib.papers.ecg_eeg.training import Task
from emolib.training.devices import one_thread

TRAINED = named("method", "ablation", "baseline", "teacher")
CHEAP = named("reader", "reference")
KEPT = ("fold", "seed", "window", "y_pred", "y_score_1")


def stored(study, system):
    """Return a unit, its entry, and the windows that it saw."""
    ((unit, entry),) = study.select(system=system)
    return unit, entry, study.windows("dreamer")


def trained_on(windows, unit):
    with one_thread():
        return run_unit(unit, Context(windows, unit.data))


def assert_trained_alike(outcome, entry):
    """Check weights, every epoch's losses, and the scores of validation windows."""
    tables = outcome.all_tables()
    for name in ("history", "validation"):
        assert tables[name].equals(entry.tables[name])
    assert sorted(outcome.state) == sorted(entry.state)
    for name, weights in outcome.state.items():
        assert np.array_equal(weights, entry.state[name])


@pytest.mark.parametrize("system", TRAINED)
def test_signals_and_labels_of_the_test_fold_move_no_weight(study, system):
    unit, entry, windows = stored(study, system)
    test = fold_of(windows, unit).test
    poisoned = without_signals(with_permuted_labels(windows, test), test)
    outcome = trained_on(poisoned, unit)
    assert_trained_alike(outcome, entry)
    assert outcome.predictions["y_score_1"].isna().all()


@pytest.mark.parametrize("system", CHEAP)
def test_labels_of_the_test_fold_move_no_plain_reader(study, system):
    unit, entry, windows = stored(study, system)
    poisoned = with_permuted_labels(windows, fold_of(windows, unit).test)
    told = trained_on(poisoned, unit).predictions
    assert (told["y_true"] != entry.predictions["y_true"]).any()
    assert told[[*KEPT]].equals(entry.predictions[[*KEPT]])


@pytest.mark.parametrize(
    "changes",
    [
        {"label_fractions": [0.5]},
        {"protocols": ["by_trial"]},
        {"overrides": {"zscore_scope": "train"}},
    ],
    ids=["few labels", "by trial", "fold-clean scaling"],
)
def test_other_settings_leak_as_little(settings, changes):
    overrides = {**settings.overrides, **changes.get("overrides", {})}
    changes = {**changes, "overrides": overrides, "systems": [ALIGNMENT]}
    (unit,) = ecg_eeg.expand(settings.change(**changes))
    windows = data.prepare(unit.data)
    test = fold_of(windows, unit).test
    poisoned = without_signals(with_permuted_labels(windows, test), test)
    assert_trained_alike(trained_on(poisoned, unit), trained_on(windows, unit))


def test_poisoned_training_labels_do_move_the_weights(study):
    unit, entry, windows = stored(study, "w/o align")
    poisoned = with_permuted_labels(windows, fold_of(windows, unit).train)
    with pytest.raises(AssertionError):
        assert_trained_alike(trained_on(poisoned, unit), entry)


def test_labels_that_were_taken_away_are_read_by_no_stage(settings, monkeypatch):
    chosen = settings.change(systems=[ALIGNMENT], label_fractions=[0.5])
    (unit,) = ecg_eeg.expand(chosen)
    windows, of = data.prepare(unit.data), Task.of
    whole = trained_on(windows, unit)

    def poisoned(settings, context):
        task = of(settings, context)
        if task.y is None:
            return task
        y = task.y.copy()
        y[np.setdiff1d(task.fold.train, task.labelled)] ^= 1
        return replace(task, y=y)

    monkeypatch.setattr(Task, "of", poisoned)
    assert_trained_alike(trained_on(windows, unit), whole)
