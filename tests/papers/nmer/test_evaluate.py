"""Test noise is the same for every system, and each condition reads what it names."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from in_memory import without_signals
from small_models import build_small

from emolib.corruptions.conditions import CONDITIONS, SIX
from emolib.metrics import score_folds
from emolib.papers.nmer.answers import logits_under, unpack
from emolib.papers.nmer.evaluate import (
    clean_and_noisy,
    in_conditions,
    mean_recall,
    noise_key,
    predictions_under,
    ua_monitor,
)
from emolib.papers.nmer.levels import measure_levels
from emolib.papers.nmer.task import Task, labels_of

from .utterances import MODALITIES_AVL, PLAIN, Pooled, context, utterances


def task_and_noise(windows=None, **changes):
    settings = {**PLAIN, **changes}
    task = Task.of(settings, context(windows))
    return task, task.corruption(settings)


def copies(task, noise, part="test", modalities=MODALITIES_AVL):
    arrays = task.arrays(getattr(task.fold, part), modalities)
    return clean_and_noisy(arrays, noise, noise_key(task, noise, part))


def predicted(task, noise, seed=0):
    torch.manual_seed(seed)
    return predictions_under(task, Pooled(), noise, "test", device="cpu")


def scores(table):
    return table.filter(like="y_score_").to_numpy()


# ---------------------------------------------------------------- conditions


def test_a_condition_reads_its_clean_modalities_untouched_and_the_others_noisy():
    task, noise = task_and_noise()
    clean = task.arrays(task.fold.test)
    seen = dict(in_conditions(*copies(task, noise), SIX))
    for name, arrays in seen.items():
        for modality, noisy in zip(MODALITIES_AVL, CONDITIONS[name], strict=True):
            assert np.array_equal(arrays[modality], clean[modality]) is not noisy


def test_noise_touches_no_padding():
    task, noise = task_and_noise(conditions="all")
    _, noisy = copies(task, noise)
    for name in MODALITIES_AVL:
        steps = np.arange(noisy[name].shape[1]) >= noisy[f"{name}_length"][:, None]
        assert not noisy[name][steps].any()
        assert noisy[name][~steps].all()


def test_without_noise_the_path_is_bit_equal_to_the_clean_one():
    task, none = task_and_noise(conditions="clean", noise="none")
    table = predicted(task, none)
    assert table["clean"].unique().tolist() == ["avl"]
    torch.manual_seed(0)
    model, arrays = Pooled().eval(), task.arrays(task.fold.test)
    batch = {k: torch.from_numpy(v) for k, v in arrays.items() if k != "y"}
    with torch.no_grad():
        plain = torch.softmax(model(*unpack(batch)).logits, 1).numpy()
    assert np.array_equal(scores(table), plain.astype(float))


def test_each_utterance_is_tested_under_all_six_and_one_of_them_is_drawn():
    task, noise = task_and_noise()
    table = predicted(task, noise)
    assert len(table) == 6 * len(task.fold.test)
    assert set(table["clean"]) == set(SIX)
    assert (table.groupby("window")["drawn"].sum() == 1).all()
    assert table.loc[table["drawn"], "clean"].nunique() > 1
    again = predicted(task, noise, seed=1)
    assert table["drawn"].equals(again["drawn"])


class Counted(torch.nn.Module):
    """A model that says how many utterances its encoder was given."""

    def __init__(self, model):
        super().__init__()
        self.model, self.n_encoded = model, 0

    def encode(self, x, lengths):
        self.n_encoded += len(lengths["text"])
        return self.model.encode(x, lengths)

    def read(self, *features):
        return self.model.read(*features)


@pytest.mark.parametrize("noise", ["gaussian", "missing"])
def test_encoding_once_clean_and_once_noisy_answers_as_each_condition_by_itself(noise):
    task, corruption = task_and_noise(noise=noise)
    model = Counted(build_small("NMER").eval())
    sides = [{k: torch.from_numpy(v) for k, v in side.items()} for side in
             copies(task, corruption)]  # fmt: skip
    with torch.no_grad():
        for name, logits in logits_under(model, *sides, SIX):
            ((_, batch),) = in_conditions(*sides, [name])
            alone = model.model(*unpack(batch)).logits
            torch.testing.assert_close(logits, alone, rtol=1e-4, atol=1e-5)
    assert model.n_encoded == 2 * len(task.fold.test)
    for only in ("none", "avl"):
        model.n_encoded = 0
        dict(logits_under(model, *sides, [only]))
        assert model.n_encoded == len(task.fold.test)


# ---------------------------------------------------------------- the same noise


def test_every_system_and_seed_is_tested_under_the_same_noise():
    first, second = (copies(*task_and_noise(seed=seed))[1] for seed in (0, 7))
    for name in MODALITIES_AVL:
        assert np.array_equal(first[name], second[name])


def test_a_system_of_one_modality_sees_the_noise_that_the_others_see():
    task, noise = task_and_noise()
    alone = copies(task, noise, modalities=["text"])[1]["text"]
    assert np.array_equal(alone, copies(task, noise)[1]["text"])


@pytest.mark.parametrize(
    "change", [{"db": -20.0}, {"fold": 2}, {"noise": "impulse"}, {"exact": True}]
)
def test_another_level_fold_or_kind_is_other_noise(change):
    one, other = (copies(*task_and_noise(**more))[1] for more in ({}, change))
    assert not np.array_equal(one["text"][:4, :1], other["text"][:4, :1])


def test_validation_has_noise_of_its_own():
    task, noise = task_and_noise()
    arrays = task.arrays(task.fold.test)
    sides = [clean_and_noisy(arrays, noise, noise_key(task, noise, p)) for p in
             ("val", "test")]  # fmt: skip
    assert not np.array_equal(sides[0][1]["audio"], sides[1][1]["audio"])


def test_the_released_reading_reads_padding_and_fixes_no_level():
    task, noise = task_and_noise(reading="released")
    assert noise.levels == {}
    clean, noisy = copies(task, noise)
    for name in MODALITIES_AVL:
        assert (noisy[f"{name}_length"] == noisy[name].shape[1]).all()
        assert (clean[f"{name}_length"] == noisy[name].shape[1]).all()
        assert np.array_equal(clean[name], task.arrays(task.fold.test)[name])
        assert noisy[name].all()


# ---------------------------------------------------------------- missing


@pytest.mark.parametrize("modality", MODALITIES_AVL)
def test_where_a_modality_is_missing_nan_in_it_changes_no_prediction(modality):
    windows = utterances()
    task, missing = task_and_noise(windows, noise="missing")
    values = windows.x[modality].copy()
    values[task.fold.test] = np.nan
    task_poisoned = replace(
        task, windows=replace(windows, x={**windows.x, modality: values})
    )
    whole, poisoned = (predicted(t, missing) for t in (task, task_poisoned))
    column = MODALITIES_AVL.index(modality)
    hidden = whole["clean"].map(lambda name: CONDITIONS[name][column])
    assert hidden.sum() == 3 * len(task.fold.test)
    assert np.array_equal(scores(whole[hidden]), scores(poisoned[hidden]))
    assert np.isnan(scores(poisoned[~hidden])).all()


# ---------------------------------------------------------------- choosing an epoch


def test_the_monitor_is_minus_ua_on_validation_over_the_six_conditions():
    task, noise = task_and_noise()
    torch.manual_seed(0)
    model = Pooled().eval()
    with torch.no_grad():
        value = ua_monitor(task, noise, device="cpu", batch_size=3)(model, None)
    table = predictions_under(task, model, noise, "val", device="cpu")
    by_hand = [
        score_folds(part, metrics=("ua",))["value"].iloc[0]
        for _, part in table.groupby("clean")
    ]
    assert value == pytest.approx(-np.mean(by_hand))


def test_mean_recall_weighs_every_class_alike():
    y_true, y_pred = np.array([0, 0, 0, 1, 3]), np.array([0, 0, 1, 1, 0])
    assert mean_recall(y_true, y_pred) == pytest.approx((2 / 3 + 1 + 0) / 3)


# ---------------------------------------------------------------- labels and frames


def test_a_sentiment_of_zero_is_positive_unless_asked_otherwise():
    ratings = np.array([-1.0, 0.0, 0.5])
    assert labels_of(ratings, "at_least_0").tolist() == [0, 1, 1]
    assert labels_of(ratings, "above_0").tolist() == [0, 0, 1]
    assert labels_of(np.array([3.0, 0.0]), "class").tolist() == [3, 0]
    with pytest.raises(ValueError, match="labels must be one of 'class'"):
        labels_of(ratings, "above 0")


def test_audio_is_scaled_by_training_frames_alone():
    windows = utterances()
    task, _ = task_and_noise(windows)
    audio, lengths = (
        task.arrays(task.fold.train)[k] for k in ("audio", "audio_length")
    )
    frames = audio[np.arange(audio.shape[1]) < lengths[:, None]]
    np.testing.assert_allclose(frames.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(frames.std(0), 1, atol=1e-5)
    assert task.variances["audio"] == pytest.approx(1)
    text = task.arrays(task.fold.test)["text"]
    longest = text.shape[1]
    assert np.array_equal(text, windows.x["text"][task.fold.test, :longest])
    held_out = np.concatenate([task.fold.val, task.fold.test])
    poisoned, _ = task_and_noise(without_signals(windows, held_out))
    assert poisoned.variances == task.variances
    assert np.array_equal(poisoned.scales["audio"].mean, task.scales["audio"].mean)


@pytest.mark.parametrize("noise", ["gaussian", "impulse"])
@pytest.mark.parametrize("db", [-10.0, -40.0])
def test_the_dB_on_the_data_is_the_nominal_one(noise, db):
    windows = utterances(n_speakers=10, n_each=60)
    chosen = {"fold": 1, "z_scored": ["audio"], "noise": noise, "db": db}
    table = measure_levels(context(windows), **chosen, exact=False).tables["levels"]
    assert table["modality"].tolist() == list(MODALITIES_AVL)
    assert (table["measured_db"] - table["nominal_db"]).abs().max() < 0.2
    weaker = table["nominal_db"].mean() - db
    assert weaker == pytest.approx(5.23 if noise == "impulse" else 0, abs=1.2)


def test_an_exact_level_is_what_was_asked_for():
    chosen = {"fold": 1, "z_scored": [], "noise": "impulse", "db": 0.0}
    table = measure_levels(context(), **chosen, exact=True).tables["levels"]
    np.testing.assert_allclose(table["nominal_db"], 0, atol=1e-9)
    assert (table["n_steps"] == 0).all()
