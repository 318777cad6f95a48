"""Every system behind one contract: what is not read reaches nothing, nor is peeked."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from in_memory import Context
from planted_sequences import planted, run, task_of, unit_of, units_of
from planted_sequences import with_changed_labels as changed

from emolib.containers import PREDICTION_IDS
from emolib.metrics.traces import trace_scores
from emolib.papers.rmmt import training
from emolib.papers.rmmt.settings import SYSTEMS, named
from emolib.papers.rmmt.systems import tcn
from emolib.papers.rmmt.training import Task, cuts_of, scaled

TRAINED = named("baseline", "method", "ablation")
every_system = pytest.mark.parametrize("system", SYSTEMS)
ONE_SIDED = {
    "RSMT-E": "face", "RSMT-F": "eeg", "Zhang EEG": "face", "Zhang Face": "eeg",
    "Soleymani EEG": "face", "Soleymani Face": "eeg", "Choi EEG": "face",
    "Choi Face": "eeg", "constant": "face",
}  # fmt: skip


@pytest.fixture(scope="module")
def windows():
    return planted()


@every_system
def test_a_unit_answers_every_step_of_its_test_trials_once(system, windows):
    unit = unit_of(system)
    outcome, fold = run(unit, windows), training.fold_of(windows, unit.settings)
    table = outcome.predictions
    wanted = [*PREDICTION_IDS, "fold", "seed", "y_true", "y_pred"]
    assert list(table.columns) == wanted
    lengths = windows.lengths["face"]
    counts = table.groupby("window").size()
    assert counts.to_dict() == {row: lengths[row] for row in fold.test}
    for row, part in table.groupby("window"):
        assert part["start_s"].tolist() == [k / 4 for k in range(lengths[row])]
        np.testing.assert_array_equal(part["y_true"], windows.y[row, : lengths[row]])
    assert np.isfinite(table["y_pred"]).all()
    assert set(outcome.tables["validation"]["window"]) == set(fold.val)
    if system in TRAINED and system != "D-Fusion":
        history = outcome.tables["history"]
        assert set(history["split"]) == {"train", "val"}
        assert np.isfinite(history["total"]).all() and outcome.state


@every_system
def test_labels_of_the_test_trials_move_nothing(system, windows):
    unit = unit_of(system)
    rows = training.fold_of(windows, unit.settings).test
    told, other = run(unit, windows), run(unit, changed(windows, rows))
    assert told.predictions["y_pred"].equals(other.predictions["y_pred"])
    assert not told.predictions["y_true"].equals(other.predictions["y_true"])
    np.testing.assert_equal(told.state, other.state)


@pytest.mark.parametrize("system", ONE_SIDED)
def test_a_modality_that_is_not_used_may_be_nan(system, windows):
    unit, name = unit_of(system), ONE_SIDED[system]
    nothing = {name: np.full_like(windows.x[name], np.nan)}
    other = run(unit, replace(windows, x={**windows.x, **nothing}))
    told = run(unit, windows)
    assert told.predictions.equals(other.predictions)


@pytest.mark.parametrize("system", ["RMMT", "Soleymani Multimodal", "ridge"])
def test_what_lies_behind_a_trial_is_not_read(system, windows):
    unit = unit_of(system)
    here = np.arange(windows.y.shape[1]) < windows.lengths["face"][:, None]
    x = {n: np.where(here[..., None], v, np.nan) for n, v in windows.x.items()}
    spoilt = replace(windows, x=x, y=np.where(here, windows.y, 9.0))
    told, other = run(unit, windows), run(unit, spoilt)
    assert told.predictions.equals(other.predictions)


SWITCHES = [
    {"attention": "relu"}, {"skip": "query"}, {"positions": False}, {"learner": "both"},
    {"divisors": "mixed"}, {"scaling": "none"}, {"scaling": "train"},
    {"order": "contiguous"},
]  # fmt: skip


@pytest.mark.parametrize("switch", SWITCHES, ids=str)
def test_every_reading_trains_and_answers_differently(switch, windows):
    told = run(unit_of("RMMT"), windows)
    other = run(unit_of("RMMT", overrides=switch), windows)
    assert np.isfinite(other.predictions["y_pred"]).all()
    assert not told.predictions["y_pred"].equals(other.predictions["y_pred"])


def test_branches_are_trained_once_for_all_who_need_them(windows):
    names = ["Zhang EEG", "Zhang Face", "Zhang Multimodal", "D-Fusion"]
    units = units_of(systems=names)
    context = Context(windows, units[0].data)
    outcomes = {unit.labels["system"]: run(unit, windows, context) for unit in units}
    made = [json.loads(name.split(" ", 2)[2])["modalities"] for name in context.stages]
    assert sorted(made) == [["eeg"], ["face"]]
    table = outcomes["D-Fusion"].tables["weights"]
    for name, w_face in (("Zhang Face", 1.0), ("Zhang EEG", 0.0)):
        alone = outcomes[name].predictions
        row = table[(table["part"] == "test") & (table["w_face"] == w_face)].iloc[0]
        for metric, value in trace_scores(alone["y_pred"], alone["y_true"]).items():
            assert row[metric] == pytest.approx(value, abs=1e-6)


def test_mu_is_chosen_on_validation_trials(windows):
    outcome = run(unit_of("D-Fusion"), windows)
    table = outcome.tables["weights"]
    on_val = table[table["part"] == "val"]
    (chosen,) = on_val[on_val["chosen"]]["w_face"]
    assert chosen == on_val.loc[on_val["ccc"].idxmax(), "w_face"]
    assert chosen == outcome.state["w_face"] and len(table) == 22
    joint = run(unit_of("D-Fusion", overrides={"decisions": "joint"}), windows)
    assert "weights" not in joint.tables and len(joint.tables["history"])


def test_the_taught_student_follows_a_teacher_who_stays_as_it_was(windows):
    unit = unit_of("Zhang Multimodal", overrides={"max_epochs": 8})
    context = Context(windows, unit.data)
    outcome = run(unit, windows, context)
    history = outcome.tables["history"].query("split == 'train'")["distillation"]
    assert history.iloc[-1] < history.iloc[0]
    (stage,) = context.stages.values()
    task = Task.of(unit.settings, context)
    teacher, _ = tcn.trained(task, ["face"])
    for name, weight in teacher.state_dict().items():
        assert torch.equal(weight, torch.from_numpy(stage.state[name]))


def test_windows_overlap_and_the_last_ends_the_trial():
    cuts = cuts_of(np.array([300, 96, 40, 97]), 96, 32)
    of_first = cuts[cuts[:, 0] == 0, 1].tolist()
    assert of_first == [0, 32, 64, 96, 128, 160, 192, 204]
    assert cuts[8:].tolist() == [[1, 0], [2, 0], [3, 0], [3, 1]]


def test_answers_of_overlapping_windows_are_averaged(windows):
    task = task_of("RMMT", windows)

    class Places(torch.nn.Module):
        step_widths = {"face": 6}

        def forward(self, x, lengths):
            steps = torch.arange(x["face"].shape[1], dtype=torch.float)
            Told = type("Told", (), {})
            Told.valence = steps.expand(len(lengths), -1)
            return Told

    told, row = task.answers(Places(), "test"), task.fold.test[0]
    n = task.lengths[row]
    sums = [[] for _ in range(n)]
    for trial, start in task.cuts("test"):
        if trial == row:
            for k in range(24):
                sums[start + k].append(k)
    np.testing.assert_allclose(told[0, :n], [np.mean(s) for s in sums])
    assert (told[0, n:] == 0).all()


def test_features_are_scaled_over_real_steps_of_a_person_or_of_training(windows):
    task = task_of("RMMT", windows)
    here = np.arange(task.y.shape[1]) < task.lengths[:, None]
    own = windows.meta["subject"].to_numpy() == "P2"
    steps = task.x["eeg"][own][here[own]]
    np.testing.assert_allclose(steps.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(steps.std(axis=0), 1, atol=1e-4)
    fitted = task_of("RMMT", windows, overrides={"scaling": "train"})
    train = fitted.fold.train
    steps = fitted.x["face"][train][here[train]]
    np.testing.assert_allclose(steps.mean(axis=0), 0, atol=1e-5)
    x = {name: values.copy() for name, values in windows.x.items()}
    x["face"][fitted.fold.test] *= 30
    other = task_of("RMMT", replace(windows, x=x), overrides={"scaling": "train"})
    assert np.array_equal(other.x["face"][train], fitted.x["face"][train])
    plain = task_of("RMMT", windows, overrides={"scaling": "none"})
    assert np.array_equal(plain.x["eeg"], windows.x["eeg"])
    flat = scaled(np.ones((2, 4, 1)), np.array([4, 2]), [([0, 1], [0, 1])])
    assert (flat == 0).all()


def test_the_constant_is_the_mean_of_training_steps(windows):
    task = task_of("constant", windows)
    rows = task.fold.train
    steps = np.concatenate([windows.y[r, : task.lengths[r]] for r in rows])
    told = run(unit_of("constant"), windows).predictions["y_pred"]
    np.testing.assert_allclose(told, steps.mean())
