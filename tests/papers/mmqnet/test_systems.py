"""All eight systems behind one contract: hidden means hidden, and nothing is peeked."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
import torch
from in_memory import Context, DrawnOnCpu, run_unit
from planted_features import planted, run, task_of, unit_of, with_changed_labels

from emolib.containers import PREDICTION_COLUMNS
from emolib.papers.mmqnet import training
from emolib.papers.mmqnet.settings import SYSTEMS, named
from emolib.papers.mmqnet.systems import cca, references, smil

ROWS = named("baseline", "method")
every_system = pytest.mark.parametrize("system", ROWS)


@pytest.fixture(scope="module")
def windows():
    return planted(6, 6, 5)


def fitted_on(system, task):
    """Return a system, fitted through the contract."""
    name = SYSTEMS[system].module
    module = import_module(f"emolib.papers.mmqnet.systems.{name}")
    return module.fit(*task.part("train"), task=task)


def with_hidden(task, fill):
    """Return the task with every hidden value replaced."""
    features = {name: x.copy() for name, x in task.features.items()}
    for x, here in zip(features.values(), task.present.T, strict=True):
        assert np.isnan(x[~here]).all() and np.isfinite(x[here]).all()
        x[~here] = fill
    return replace(task, features=features)


@every_system
def test_what_is_hidden_reaches_no_weight_and_no_answer(system, windows):
    hidden = task_of(system, windows)
    assert not hidden.present.all()
    known = with_hidden(hidden, 1e6)
    one, other = fitted_on(system, hidden), fitted_on(system, known)
    assert one.state
    np.testing.assert_equal(one.state, other.state)
    assert all(np.isfinite(weights).all() for weights in one.state.values())
    if one.history is not None:
        assert one.history.equals(other.history)
    answers = [
        f.predict(*t.part("test")[:2]) for f, t in ((one, hidden), (other, known))
    ]
    assert np.array_equal(*answers) and np.isfinite(answers[0]).all()
    assert ((answers[0] > 0) & (answers[0] < 1)).all()


@every_system
def test_an_answer_does_not_depend_on_the_batch(system, windows):
    fitted = fitted_on(system, task := task_of(system, windows))
    features, present, _ = task.part("test")
    many = fitted.predict(features, present)
    few = {name: x[3:5] for name, x in features.items()}
    np.testing.assert_allclose(fitted.predict(few, present[3:5]), many[3:5], atol=1e-5)


@every_system
def test_a_hidden_value_of_the_corpus_changes_no_prediction(system, windows):
    """Before scaling too: it enters no mean and no deviation."""
    unit = unit_of(system)
    present = task_of(system, windows).present
    x = {name: values.copy() for name, values in windows.x.items()}
    for values, here in zip(x.values(), present.T, strict=True):
        values[~here] *= -50
    told, poisoned = run(unit, windows), run(unit, replace(windows, x=x))
    assert told.predictions.equals(poisoned.predictions)


@every_system
def test_labels_of_the_test_fold_move_nothing(system, windows):
    unit = unit_of(system)
    rows = training.fold_of(windows, unit.settings).test
    told, other = run(unit, windows), run(unit, with_changed_labels(windows, rows))
    kept = ["window", "y_pred", "y_score_1"]
    assert told.predictions[kept].equals(other.predictions[kept])
    assert (told.predictions["y_true"] != other.predictions["y_true"]).all()
    np.testing.assert_equal(told.state, other.state)


@pytest.mark.parametrize("system", [*ROWS, "w/o L_R", "majority", "mean fill"])
def test_a_unit_leaves_predictions_and_the_rate_that_came_out(system, windows):
    unit = unit_of(system, rate=0.3)
    outcome = run(unit, windows)
    table = outcome.predictions
    assert list(table.columns) == list(PREDICTION_COLUMNS)
    fold = training.fold_of(windows, unit.settings)
    assert sorted(table["window"]) == list(fold.test)
    assert sorted(outcome.tables["validation"]["window"]) == list(fold.val)
    assert outcome.tables["rates"].to_numpy() == pytest.approx(np.array([[0.3, 0.3]]))
    if SYSTEMS[system].kind != "reference" and system not in ("CCA", "KCCA"):
        history = outcome.tables["history"]
        assert set(history["split"]) == {"train", "val"}
        assert np.isfinite(history["total"]).all()


SWITCHES = [
    {"estimator": "club"}, {"estimator": "reversal"}, {"mask": "hadamard"},
    {"mask": "product"}, {"mask": "additive"}, {"missing": "gaps"},
    {"missing": "samples"}, {"zscore_scope": "train"}, {"reconstruction": "available"},
]  # fmt: skip


@pytest.mark.parametrize("switch", SWITCHES, ids=str)
def test_every_reading_trains_and_answers_with_numbers(switch, windows):
    outcome = run(unit_of("MMQ-Net", overrides=switch), windows)
    assert np.isfinite(outcome.tables["history"]["total"]).all()
    assert outcome.predictions["y_score_1"].between(0, 1).all()
    realised = outcome.tables["rates"]["realised"].item()
    assert realised == pytest.approx(0.5) or switch == {"missing": "samples"}


def test_presence_is_the_same_for_every_system_and_fold_and_another_for_another_seed(
    windows,
):
    def present(**changes):
        return task_of("CCA", windows, **changes).present

    assert np.array_equal(present(), present(folds=[1], protocols=["by_subject"]))
    assert not np.array_equal(present(), present(seeds=[1]))


def test_features_are_scaled_by_what_is_seen_within_a_subject(windows):
    task = task_of("CCA", windows)
    assert task.sizes == {"eeg": 12, "gsr": 3, "ppg": 2, "resp": 2}
    first = windows.meta["subject"].to_numpy() == "s00"
    gsr = task.features["gsr"][first & task.present[:, 1]]
    np.testing.assert_allclose(gsr.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(gsr.std(0), 1, atol=1e-6)
    plain = task_of("CCA", windows, overrides={"fusion": "none"})
    assert plain.sizes["eeg"] == 24


def test_scaling_by_the_training_windows_reads_no_test_window(windows):
    changes = {"overrides": {"zscore_scope": "train"}}
    task = task_of("CCA", windows, **changes)
    x = {name: values.copy() for name, values in windows.x.items()}
    for values in x.values():
        values[task.fold.test] *= 30
    other = task_of("CCA", replace(windows, x=x), **changes)
    for name, values in task.features.items():
        train = task.fold.train
        assert np.array_equal(values[train], other.features[name][train], True)


def test_cca_of_every_pair_is_that_of_two_views_where_there_is_one_pair(windows):
    two, all_pairs = (
        task_of("CCA", windows, overrides={"cca_views": views})
        for views in ("two", "pairs")
    )
    features, present, y = two.part("train")
    few = {name: features[name] for name in ("eeg", "gsr")}
    one, other = (cca.fit(few, present[:, :2], y, task=t) for t in (two, all_pairs))
    assert np.array_equal(one.state["map_a_0"], other.state["map_a_0"])
    every = cca.fit(features, present, y, task=all_pairs).state
    assert sum(name.startswith("map_a") for name in every) == 6  # of four modalities
    assert every["map_a_0"].shape[0] == 12 and every["map_a_5"].shape[0] == 2


def test_the_most_complete_tenth_stands_for_complete_windows_where_there_are_none():
    present = np.ones((40, 3), bool)
    present[:, 0] = False
    present[5:, 1] = False
    assert sorted(smil._most_complete(present)) == [0, 1, 2, 3]
    present[:12] = True
    assert sorted(smil._most_complete(present)) == list(range(12))


def test_the_majority_answers_with_its_share_of_training(windows):
    task = task_of("CCA", windows)
    fitted = references.majority(*task.part("train"), task=task)
    answers = fitted.predict(*task.part("test")[:2])
    assert (answers == task.y[task.fold.train].mean()).all()


# ---------------------------------------------------------------- CPU against GPU


def trained(system, device):
    """Return losses and scores of one epoch on a device."""
    once = {"max_epochs": 1, "baseline_epochs": 1, "dropout": 0.0}
    unit = unit_of(system, overrides=once)
    with DrawnOnCpu():
        outcome = run_unit(unit, Context(planted(6, 6, 5), unit.data, device))
    losses = outcome.tables["history"].select_dtypes("number").to_numpy(float)
    return losses, outcome.predictions["y_score_1"].to_numpy()


@pytest.mark.parametrize("system", ["MMQ-Net", "SMIL"])
def test_the_comparison_itself_repeats_to_the_bit_on_a_cpu(comparable, system):
    np.testing.assert_equal(*(trained(system, "cpu") for _ in range(2)))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("system", [n for n in ROWS if n not in ("CCA", "KCCA")])
def test_one_epoch_gives_nearly_the_same_losses_and_scores_on_a_gpu(comparable, system):
    on_cpu, told = trained(system, "cpu")
    on_gpu, answers = trained(system, "cuda:0")
    assert on_gpu == pytest.approx(on_cpu, rel=1e-3, nan_ok=True)
    assert answers == pytest.approx(told, abs=1e-2)
