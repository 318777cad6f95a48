"""Every system, trained for an epoch on a tiny surrogate, end to end."""

from importlib import import_module

import numpy as np
import pytest
from in_memory import Context, fold_of, run_unit

from emolib.containers import PREDICTION_COLUMNS
from emolib.papers import ecg_eeg
from emolib.papers.ecg_eeg import data
from emolib.papers.ecg_eeg.settings import SYSTEMS
from emolib.papers.ecg_eeg.training import Task
from emolib.training.devices import one_thread
from emolib.training.states import load_state_arrays

TRAINED = [name for name, system in SYSTEMS.items() if system.module != "references"]


@pytest.fixture(scope="module")
def windows(study):
    return study.windows("dreamer")


def entry_of(study, system):
    ((unit, entry),) = study.select(system=system)
    return unit, entry


def test_no_unit_fails(study):
    assert study.failures == []
    assert [unit.labels["system"] for unit, _ in study.finished] == list(SYSTEMS)


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_system_predicts_the_test_windows_from_the_settings_it_reads(
    study, windows, system
):
    unit, entry = entry_of(study, system)
    assert entry.manifest["unread"] == []
    table = entry.predictions
    assert list(table.columns) == list(PREDICTION_COLUMNS)
    assert sorted(table["window"]) == list(fold_of(windows, unit).test)
    assert table["y_score_1"].between(0, 1).all()
    rated = windows.meta["arousal"].to_numpy()[table["window"]]
    assert list(table["y_true"]) == [int(rating > 3) for rating in rated]


@pytest.mark.parametrize("system", TRAINED)
def test_history_and_validation_scores_are_kept(study, windows, system):
    unit, entry = entry_of(study, system)
    history = entry.tables["history"]
    assert set(history["split"]) == {"train", "val"}
    assert np.isfinite(history["total"]).all() and history["stage"].notna().all()
    fold = fold_of(windows, unit)
    assert sorted(entry.tables["validation"]["window"]) == list(fold.val)


@pytest.mark.parametrize("system", [name for name in TRAINED if name != "EEG teacher"])
def test_a_model_built_anew_repeats_the_stored_predictions_to_the_bit(
    study, windows, system
):
    unit, entry = entry_of(study, system)
    task = Task.of(unit.settings, Context(windows, unit.data))
    model = import_module(unit.system_module).build(windows, unit.settings)
    load_state_arrays(model, entry.state)
    modality = "eeg" if model.n_chans == 14 else "ecg"
    task = task.with_channels(modality, list(range(model.n_chans)))
    with one_thread():
        scores = task.scores(model, task.fold.test, modality)
    assert task.predictions(task.fold.test, scores).equals(entry.predictions)


def test_chance_draws_anew_in_each_fold(settings):
    units = ecg_eeg.expand(settings.change(systems=["chance"], folds=[0, 1, 2]))
    context = Context(data.prepare(units[0].data), units[0].data)
    drawn = [run_unit(u, context).predictions["y_score_1"].to_numpy() for u in units]
    assert len({scores.tobytes() for scores in drawn}) == 3
