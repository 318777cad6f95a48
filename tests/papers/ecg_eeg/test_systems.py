"""Every system, trained for an epoch on a tiny surrogate, end to end."""

import json
from collections import Counter
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
import torch
from in_memory import Context, without_signals

from emolib.containers import PREDICTION_COLUMNS
from emolib.corpora import truth_folder
from emolib.datasets.eegmat import read_eegmat
from emolib.models.baselines.ssl_ecg import SSLECG
from emolib.papers import ecg_eeg
from emolib.papers.ecg_eeg import data
from emolib.papers.ecg_eeg.settings import ALIGNMENT, SYSTEMS, named
from emolib.papers.ecg_eeg.systems import ssl_ecg, tfc, ts_tcc
from emolib.papers.ecg_eeg.training import Task, fold_of, unlabelled
from emolib.preprocessing.windowing import cut_windows
from emolib.surrogates.ceiling import ceiling_scores

from ..test_every_paper import differences
from ..worlds import WORLDS, with_permuted_ratings

WORLD = WORLDS["ecg_eeg"]
KEPT = ["fold", "seed", "window", "y_pred", "y_score_1"]


@pytest.fixture(scope="module")
def windows(study):
    return study.windows("dreamer")


def entry_of(study, system):
    return study.select(system=system)[0]


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_system_predicts_the_test_windows(study, windows, system):
    unit, entry = entry_of(study, system)
    table = entry.predictions
    assert list(table.columns) == list(PREDICTION_COLUMNS)
    assert sorted(table["window"]) == list(fold_of(windows, unit.settings).test)
    assert table["y_score_1"].between(0, 1).all()
    rated = windows.meta["arousal"].to_numpy()[table["window"]]
    assert list(table["y_true"]) == [int(rating > 3) for rating in rated]


def test_chance_draws_anew_in_each_fold(settings):
    units = ecg_eeg.expand(settings.change(systems=["chance"], folds=[0, 1, 2]))
    told = [WORLD.run(unit, WORLD.context()).predictions for unit in units]
    drawn = [table["y_score_1"].to_numpy() for table in told]
    assert len({scores.tobytes() for scores in drawn}) == 3


def test_by_trial_the_ceiling_knows_what_the_subjects_other_labels_tell(windows):
    unit = WORLD.unit("ceiling", protocols=["by_trial"])
    told = WORLD.run(unit, WORLD.context()).predictions
    meta = windows.meta.iloc[told["window"]]
    ideal = {
        observer: ceiling_scores(
            truth_folder(data.folder(unit.data).path), meta, target="arousal",
            threshold=3.0, observer=observer,
        )
        for observer in ("normalised", "labelled")
    }  # fmt: skip
    assert not np.allclose(ideal["normalised"], ideal["labelled"])
    assert np.array_equal(told["y_score_1"], ideal["labelled"])


CRITERIA = {
    "TFC": {"tune": "emotion"},
    "SSL-ECG": {"distort": "distortion", "tune": "emotion"},
}


@pytest.mark.parametrize("system", CRITERIA)
def test_no_epoch_is_chosen_by_what_is_added_to_a_criterion(study, system):
    history = entry_of(study, system)[1].tables["history"].query("split == 'val'")
    for stage, loss in CRITERIA[system].items():
        told = history[history["stage"] == stage]
        chosen = told["monitor"].fillna(told["total"])
        assert chosen.tolist() == told[loss].tolist()


@pytest.mark.parametrize("system", ["TS-TCC", "TFC"])
def test_a_contrast_without_a_held_out_criterion_runs_to_its_last_epoch(
    study, windows, system
):
    unit, _ = entry_of(study, system)
    settings = {**unlabelled(unit.settings), "baseline_epochs": 0}
    settings |= {"pretraining_epochs": 2, "patience": 1}
    unseen = without_signals(windows, fold_of(windows, unit.settings).val)
    run, _ = (
        import_module(unit.system_module).contrast(Context(x, unit.data), **settings)
        for x in (windows, unseen)  # a loss that is no number would raise
    )
    assert run.tables["history"]["split"].tolist() == ["train", "train"]


def test_the_head_of_ssl_ecg_pays_for_its_three_hidden_kernels_alone():
    model = SSLECG(n_times=640)
    batch = {"features": torch.randn(4, 128), "y": torch.tensor([0, 1, 1, 0])}
    losses = ssl_ecg._head_step(1e-4)(model, batch, None)
    hidden = [layer.weight for layer in model.classifier if hasattr(layer, "weight")]
    by_hand = 1e-4 * sum(w.square().sum() for w in hidden[:3])
    assert len(hidden) == 4
    torch.testing.assert_close(losses["penalty"], by_hand)


def test_ts_tcc_and_tfc_are_trained_by_one_published_configuration(windows):
    published = {"lr": 3e-4, "betas": (0.9, 0.99), "weight_decay": 3e-4}
    published |= {"batch_size": 64, "drop_last": True, "max_epochs": 40}
    assert published.items() <= ts_tcc.FIT.items()
    assert tfc.TUNE == {**ts_tcc.FIT, "batch_size": 60}
    model = ts_tcc.build(windows, {})
    assert (model.n_steps, model.n_predictions) == (82, 50)  # kernel 32, stride 4


def test_a_recording_without_a_heartbeat_is_left_out_and_named(realdata):
    trials = read_eegmat(realdata / "eegmat", ["Subject02"])
    trials = (data._mended(trial, {}) for trial in trials)
    windows, removed = cut_windows(trials, window_s=10, target="workload")
    told = removed[["subject", "trial", "reason"]].to_numpy().tolist()
    assert told == [["Subject02", "rest", "ecg: holds no heartbeat"]]
    assert set(windows.meta["trial"]) == {"task"}


# ---------------------------------------------------------------- what is not read


@pytest.mark.parametrize("system", named("reader", "reference"))
def test_labels_of_the_test_fold_move_no_plain_reader(study, windows, system):
    unit, entry = entry_of(study, system)
    rows = fold_of(windows, unit.settings).test
    poisoned = WORLD.context(with_permuted_ratings(windows, rows))
    told = WORLD.run(unit, poisoned).predictions
    assert (told["y_true"] != entry.predictions["y_true"]).any()
    assert told[KEPT].equals(entry.predictions[KEPT])


def test_labels_that_were_taken_away_are_read_by_no_stage(monkeypatch):
    unit, of = WORLD.unit(ALIGNMENT, label_fractions=[0.5]), Task.of
    whole = WORLD.run(unit, WORLD.context())

    def poisoned(settings, context):
        task = of(settings, context)
        if task.y is None:
            return task
        y = task.y.copy()
        y[np.setdiff1d(task.fold.train, task.labelled)] ^= 1
        return replace(task, y=y)

    monkeypatch.setattr(Task, "of", poisoned)
    assert differences(whole, WORLD.run(unit, WORLD.context())) == []


# ---------------------------------------------------------------- what is shared


def counted(cache):
    """Return how often the store holds each stage, and each kind of entry."""
    paths = (cache / "store").rglob("manifest.json")
    keys = [json.loads(path.read_text())["key"] for path in paths]
    names = [k["parts"].get("function", k["kind"]).split(".")[-1] for k in keys]
    return Counter(names)


def test_stages_are_shared_across_ablations_targets_and_fractions(
    settings, tmp_path, monkeypatch
):
    monkeypatch.setenv("EMOLIB_CACHE", str(tmp_path))
    readers = ["linear probe", "nearest neighbour"]
    systems = [*named("method", "ablation", "teacher"), *readers]
    more = {"targets": ["arousal", "valence"], "label_fractions": [0.5, 1.0]}
    study = ecg_eeg.run(settings.change(systems=systems, **more))
    assert study.failures == []
    found = counted(tmp_path)
    assert found["windows"] == 1
    assert found["features"] == 1  # one table of features for every plain reader
    assert found["reconstruct"] == 1  # it sees neither target nor label
    assert found["tune"] == 2 * 2  # targets x fractions, whatever the ablation
    assert found["align"] == 2 * (2 + 3)  # the method twice, three ablations once
    assert found["unit"] == len(study.finished) == 2 * (3 * 2 + 5)
