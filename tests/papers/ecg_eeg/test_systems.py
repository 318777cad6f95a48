"""Every system, trained for an epoch on a tiny surrogate, end to end."""

from importlib import import_module

import numpy as np
import pytest
from in_memory import fold_of

from emolib.containers import PREDICTION_COLUMNS
from emolib.papers import ecg_eeg
from emolib.papers.ecg_eeg.classify import scores_of
from emolib.papers.ecg_eeg.settings import BASELINES, SYSTEMS, VARIANTS
from emolib.papers.ecg_eeg.task import Task
from emolib.training.devices import one_thread
from emolib.units import Context, Unit, find_unit

TRAINED = {
    **dict.fromkeys(VARIANTS, "ecg"),
    **dict.fromkeys(BASELINES, "ecg"),
    "EEG-Conformer": "eeg",
    "EEG teacher": "eeg",
}
"""Systems that keep a model, and what it reads."""


def entry_of(study, system):
    ((unit, entry),) = study.select(system=system)
    return unit, entry


def context_of(unit):
    return Context(unit)


def test_no_unit_fails(study):
    assert study.failures == []
    assert [unit.labels["system"] for unit, _ in study.finished] == list(SYSTEMS)


@pytest.mark.parametrize("system", SYSTEMS)
def test_predictions_are_of_exactly_the_test_windows(study, system):
    unit, entry = entry_of(study, system)
    table = entry.predictions
    windows = context_of(unit).windows
    fold = fold_of(windows, unit)
    assert list(table.columns) == list(PREDICTION_COLUMNS)
    assert sorted(table["window"]) == list(fold.test)
    assert np.isfinite(table["y_score_1"]).all()
    assert table["y_score_1"].between(0, 1).all()
    rated = windows.meta["arousal"].to_numpy()[table["window"]]
    assert list(table["y_true"]) == [int(rating > 3) for rating in rated]


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_system_is_given_only_what_it_reads(study, system):
    _, entry = entry_of(study, system)
    assert entry.manifest["unread"] == []


@pytest.mark.parametrize("system", TRAINED)
def test_history_and_validation_scores_are_kept(study, system):
    unit, entry = entry_of(study, system)
    history = entry.tables["history"]
    assert {"train", "val"} <= set(history["split"])
    assert np.isfinite(history["total"]).all()
    fold = fold_of(context_of(unit).windows, unit)
    assert sorted(entry.tables["validation"]["window"]) == list(fold.val)


@pytest.mark.parametrize("system", TRAINED)
def test_a_loaded_model_repeats_the_stored_predictions_to_the_bit(study, system):
    unit, entry = entry_of(study, system)
    context = context_of(unit)
    model = import_module(unit.system_module).restore(entry, context)
    task = Task.of(unit.settings, context)
    if system == "SSL-ECG":
        task = task.with_channels("ecg", [0])
    modality = TRAINED[system]
    arrays = task.arrays(task.fold.test, modality)
    with one_thread():
        scores = scores_of(model, arrays, modality, context)
    again = task.predictions(task.fold.test, scores)
    assert again.equals(entry.predictions)


def test_a_unit_that_was_not_run_is_not_found(study):
    unit, entry = entry_of(study, "ours")
    assert find_unit(unit, device="cpu").folder == entry.folder
    never = Unit(unit.paper, unit.system, unit.data, {**unit.settings, "seed": 99})
    assert find_unit(never, device="cpu") is None


def test_embeddings_of_the_held_out_fold_are_kept(study):
    vectors = ecg_eeg.items.embeddings(study)
    n_windows = len(vectors["y"])
    for name in ("eeg", "before", "aligned", "after"):
        assert vectors[name].shape == (n_windows, 10 * 8)
    numbers = ecg_eeg.items.figure_2(vectors)
    assert list(numbers["encoder"]) == ["before", "aligned"]


def test_every_row_of_the_results_is_marked_as_computed_on_a_surrogate(study):
    results = ecg_eeg.results_of(study)
    assert set(results["source"]) == {"surrogate"}
    assert set(results["item"]) == {"Table 1"}
    assert {"auc", "accuracy", "f1_macro"} <= set(results["metric"])
