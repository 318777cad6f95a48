"""Test noise is the same for every system, and each condition reads what it names."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from in_memory import without_signals
from small_models import build_small

from emolib.corruptions.conditions import CONDITIONS, SIX
from emolib.papers.nmer.noise import measure_levels
from emolib.papers.nmer.reading import labels_of, logits_under, mean_recall, unpack
from emolib.papers.nmer.training import Task

from .utterances import PLAIN, STEPS, context, utterances


def task(windows=None, **changes):
    return Task.of({**PLAIN, **changes}, context(windows))


def copies(task, part="test", modalities=tuple(STEPS)):
    return task.copies(part, task.noise, modalities)


def small(name="MEN"):
    torch.manual_seed(0)
    return build_small(name).eval()


def scores(table):
    return table.filter(like="y_score_").to_numpy()


# ---------------------------------------------------------------- copies, conditions


def test_the_clean_copy_is_what_is_stored_and_noise_touches_no_padding():
    mine = task()
    stored, (clean, noisy) = mine.arrays(mine.fold.test), copies(mine)
    for name in STEPS:
        assert np.array_equal(clean[name], stored[name])
        real = torch.arange(noisy[name].shape[1]) < noisy[f"{name}_length"][:, None]
        assert not noisy[name][~real].any() and noisy[name][real].all()


@pytest.mark.parametrize("noise", ["gaussian", "missing"])
def test_encoding_once_clean_and_once_noisy_answers_as_each_condition_by_itself(noise):
    mine, model, n_encoded = task(noise=noise), small(), []
    sides, encode = copies(mine), model.encode
    model.encode = lambda x, n: n_encoded.append(len(x["text"])) or encode(x, n)
    with torch.no_grad():
        for name, logits in logits_under(model, sides, SIX).items():
            hit = dict(zip(STEPS, CONDITIONS[name], strict=True))
            batch = {k: sides[hit[k.split("_")[0]]][k] for k in sides[0]}
            alone = model.read(*encode(*unpack(batch))).logits
            torch.testing.assert_close(logits, alone, rtol=1e-4, atol=1e-5)
    logits_under(model, sides, ["none"])
    assert n_encoded == [len(mine.fold.test)] * 3  # clean and noisy, then noisy alone


def test_what_a_model_draws_in_evaluation_it_draws_alike_in_every_batch():
    model, sides = small("NMER"), copies(task(conditions="all"))
    model.vae.sample_in_eval = True
    sides = [{k: v[[0, 0, 0, 0]] for k, v in side.items()} for side in sides]
    with torch.no_grad():
        drawn = logits_under(model, sides, ["none"], batch_size=2)["none"]
    assert torch.equal(drawn[:2], drawn[2:]) and not torch.equal(drawn[0], drawn[1])


def test_without_noise_the_path_is_bit_equal_to_the_clean_one():
    mine = task(conditions="clean", noise="none")
    table, arrays = mine.answers(small(), "test"), mine.arrays(mine.fold.test)
    assert table["clean"].unique().tolist() == ["avl"]
    batch = {k: torch.from_numpy(v) for k, v in arrays.items() if k != "y"}
    with torch.no_grad():
        plain = torch.softmax(small()(*unpack(batch)).logits, 1).numpy()
    assert np.array_equal(scores(table), plain.astype(float))


# ---------------------------------------------------------------- the same noise


def test_every_seed_and_every_reader_meets_the_same_noise():
    first, second = (copies(task(seed=seed))[1] for seed in (0, 7))
    assert all(torch.equal(first[name], second[name]) for name in STEPS)
    assert torch.equal(copies(task(), modalities=["text"])[1]["text"], first["text"])
    mine = task()
    arrays = mine.arrays(mine.fold.test)  # validation has noise of its own
    keys = (mine._noise_key(part, mine.noise) for part in ("val", "test"))
    one, other = (mine.noise.copy(arrays, True, key)["audio"] for key in keys)
    assert not torch.equal(one, other)


@pytest.mark.parametrize(
    "change", [{"db": -20.0}, {"fold": 2}, {"noise": "impulse"}, {"exact": True}]
)
def test_another_level_fold_or_kind_is_other_noise(change):
    one, other = (copies(task(**more))[1] for more in ({}, change))
    assert not torch.equal(one["text"][:4, :1], other["text"][:4, :1])


def test_the_released_reading_reads_padding_and_fixes_no_level():
    mine = task(reading="released")
    assert mine.noise.levels == {} and mine.levels().empty
    (clean, noisy), stored = copies(mine), mine.arrays(mine.fold.test)
    for name in STEPS:
        lengths = torch.stack([side[f"{name}_length"] for side in (clean, noisy)])
        assert (lengths == noisy[name].shape[1]).all() and noisy[name].all()
        assert np.array_equal(clean[name], stored[name])


@pytest.mark.parametrize("name", ["MEN", "MMIN", "IFMMIN", "NMER", "MCTN"])
def test_neither_values_nor_length_of_a_missing_modality_change_a_prediction(name):
    windows = utterances()
    mine, reads = task(windows, noise="missing"), list(STEPS)
    reads = ["text"] if name == "MCTN" else reads
    whole = mine.answers(small(name), "test", reads)
    for modality in reads:
        values, lengths = windows.x[modality].copy(), windows.lengths[modality].copy()
        values[mine.fold.test] = np.nan
        lengths[mine.fold.test] = lengths[mine.fold.test] % STEPS[modality] + 1
        other = replace(
            windows, x={**windows.x, modality: values},
            lengths={**windows.lengths, modality: lengths},
        )  # fmt: skip
        tampered = replace(mine, context=replace(mine.context, windows=other))
        poisoned = tampered.answers(small(name), "test", reads)
        column = list(STEPS).index(modality)
        hidden = whole["clean"].map(lambda clean, k=column: CONDITIONS[clean][k])
        assert hidden.sum() == 3 * len(mine.fold.test)
        assert np.array_equal(scores(whole[hidden]), scores(poisoned[hidden]))
        assert np.isnan(scores(poisoned[~hidden])).all()


# ---------------------------------------------------------------- what is measured


def test_the_monitor_is_minus_ua_on_validation_over_the_six_conditions():
    mine = task()
    with torch.no_grad():
        value = mine._monitor(mine.noise, tuple(STEPS))(small(), None)
    groups = mine.answers(small(), "val").groupby("clean")
    by_hand = [mean_recall(part["y_true"], part["y_pred"]) for _, part in groups]
    assert value == pytest.approx(-np.mean(by_hand))
    y_true, y_pred = np.array([0, 0, 0, 1, 3]), np.array([0, 0, 1, 1, 0])
    assert mean_recall(y_true, y_pred) == pytest.approx((2 / 3 + 1 + 0) / 3)


def test_a_sentiment_of_zero_is_positive_unless_asked_otherwise():
    ratings = np.array([-1.0, 0.0, 0.5])
    assert labels_of(ratings, "at_least_0").tolist() == [0, 1, 1]
    assert labels_of(ratings, "above_0").tolist() == [0, 0, 1]
    assert labels_of(np.array([3.0, 0.0]), "class").tolist() == [3, 0]


def test_audio_is_scaled_by_training_frames_alone():
    windows = utterances()
    mine = task(windows)
    train, test = (mine.arrays(i) for i in (mine.fold.train, mine.fold.test))
    real = np.arange(train["audio"].shape[1]) < train["audio_length"][:, None]
    moments = [f(train["audio"][real], axis=0) for f in (np.mean, np.std)]
    np.testing.assert_allclose(moments, [[0] * 6, [1] * 6], atol=1e-5)
    text = windows.x["text"][mine.fold.test, : test["text"].shape[1]]
    assert np.array_equal(test["text"], text)
    held_out = np.concatenate([mine.fold.val, mine.fold.test])
    poisoned = task(without_signals(windows, held_out))
    assert poisoned.variances == mine.variances
    assert np.array_equal(poisoned.scales["audio"].mean, mine.scales["audio"].mean)


@pytest.mark.parametrize("noise", ["gaussian", "impulse"])
@pytest.mark.parametrize("db", [-10.0, -40.0])
def test_the_dB_on_the_data_is_the_nominal_one(noise, db):
    chosen = {"fold": 1, "z_scored": ["audio"], "noise": noise, "db": db}
    where = context(utterances(n_speakers=10, n_each=60))
    table, exact = (
        measure_levels(where, **chosen, exact=exact).tables["levels"]
        for exact in (False, True)
    )
    assert table["modality"].tolist() == list(STEPS)
    assert (table["measured_db"] - table["nominal_db"]).abs().max() < 0.2
    weaker = table["nominal_db"].mean() - db
    assert weaker == pytest.approx(5.23 if noise == "impulse" else 0, abs=1.2)
    np.testing.assert_allclose(exact["nominal_db"], db, atol=1e-9)
    assert (exact["n_steps"] == 0).all()
