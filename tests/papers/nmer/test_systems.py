"""Every system, trained for a moment on made-up utterances, end to end."""

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence
from utterance_batches import generator

from emolib.corruptions.conditions import SIX
from emolib.papers.nmer.noise import imagined_target, seen
from emolib.papers.nmer.reading import fold_of, unpack
from emolib.papers.nmer.settings import PRESETS, SYSTEMS
from emolib.papers.nmer.systems import mctn, men, nmer
from emolib.papers.nmer.training import Task, sub_networks, with_state

from .utterances import STEPS, TRAINED, context, task_of, trained, utterances


@pytest.fixture(scope="module")
def outcomes():
    where = context()
    return {name: trained(name, where) for name in TRAINED}


@pytest.mark.parametrize("system", TRAINED)
def test_a_system_answers_each_test_utterance_once_under_each_condition(
    outcomes, system
):
    unit, where, outcome = outcomes[system]
    fold, table = fold_of(where.windows, unit.settings), outcome.predictions
    names = SIX if len(SYSTEMS[system].reads) > 1 else ("none",)
    windows = table.groupby("clean")["window"].apply(sorted).to_dict()
    assert windows == {name: list(fold.test) for name in names}
    assert (table.groupby("window")["drawn"].sum() == 1).all()
    n_drawn = table.loc[table["drawn"], "clean"].nunique()
    assert (n_drawn > 1) == (len(names) > 1)
    scores = table.filter(like="y_score_").to_numpy()
    assert scores.shape == (len(names) * len(fold.test), 4)
    np.testing.assert_allclose(scores.sum(1), 1, atol=1e-5)
    tables = outcome.all_tables()
    monitor = tables["history"].query("split != 'train'")["monitor"]
    assert np.isfinite(monitor).all()
    assert tables["levels"]["modality"].tolist() == list(STEPS)


def test_weights_that_were_not_kept_are_asked_for():
    with pytest.raises(ValueError, match="the unit must have kept its weights"):
        with_state(None, {})


@pytest.mark.parametrize("preset", ["as_printed", "as_released"])
def test_the_other_presets_train_and_repeat_their_draws(preset):
    unit, where, outcome = trained("NMER", presets=[preset])
    again = trained("NMER", where, presets=[preset])[2]
    assert again.predictions.equals(outcome.predictions)
    model = nmer.build(Task.of(unit.settings, where))
    assert model.vae.sample_in_eval
    assert model.vae.batch_as_sequence == (preset == "as_released")


def test_batch_norm_trains_where_the_last_batch_would_hold_one_utterance():
    outcome = trained("NMER", presets=["as_released"], overrides={"batch_size": 31})[2]
    assert outcome.tables["history"]["total"].notna().all()


@pytest.mark.parametrize("changes", [{"noises": ["missing"]}, {"noises": ["impulse"]},
                                     {"readings": ["released"]}], ids=str)  # fmt: skip
def test_systems_of_incomplete_data_train_under_every_kind_of_noise(changes):
    for system in ("MMIN", "IF-MMIN", "MCTN"):
        outcome = trained(system, **changes)[2]
        assert np.isfinite(outcome.predictions.filter(like="y_score_")).all().all()


def test_every_system_is_tested_under_the_same_noise_and_conditions():
    tables = [trained(s)[2].predictions for s in ("MEN", "IF-MMIN", "majority")]
    keys = ["window", "clean", "drawn", "y_true"]
    assert all(tables[0][keys].equals(table[keys]) for table in tables[1:])


# ---------------------------------------------------------------- what is shared


def test_clean_encoders_are_trained_once_for_all_systems_and_levels():
    where, states = context(), {}
    for system in ("MEN", "MMIN", "IF-MMIN", "NMER", "w/o VAE", *TRAINED[-2:]):
        for db in (-10.0, -40.0) if system in ("MEN", "NMER") else (-10.0,):
            states[system, db] = trained(system, where, dbs=[db])[2]
    names = [key.split()[0] for key in where.stages]
    assert names.count("measure_frames") == 1
    assert names.count("train") == 3  # MEN, the clean teacher, one modality
    weak, strong = (states["MEN", db] for db in (-10.0, -40.0))
    np.testing.assert_equal(weak.state, strong.state)
    assert not weak.predictions.equals(strong.predictions)


# ---------------------------------------------------------------- steps


@pytest.mark.parametrize("noise", ["gaussian", "missing"])
def test_mmin_imagines_what_the_student_does_not_see(noise):
    task, batch = task_of(noises=[noise])
    teacher = men.build(task).eval().encoder
    x, lengths = unpack(batch)
    clean = teacher(x, lengths).detach()
    batch["specific_clean"] = clean.flatten(1)
    noisy = task.noise.draw(len(clean), generator(1))
    target = imagined_target(teacher, batch, noisy, task.noise, generator(2))
    # the complementary version, all of it
    whole = teacher(*task.noise.apply(x, lengths, ~noisy, generator(2))).detach()
    expected = torch.where(noisy[..., None], clean, whole).flatten(1)
    torch.testing.assert_close(target, expected)
    if noise == "missing":  # one step of zeros goes through the teacher too
        one = {name: torch.ones_like(n) for name, n in lengths.items()}
        nothing = teacher({name: 0 * v for name, v in x.items()}, one)
        hidden = target.view_as(clean)[~noisy]
        torch.testing.assert_close(hidden, nothing.detach()[~noisy])
        assert hidden.any()


SUMMED = {  # Eq. (6) of all utterances and dimensions -> what enters; lambda_2
    "default": (lambda each: each.mean(), 10),
    "as_printed": (lambda each: each.mean(), 10),
    "kl_summed": (lambda each: each.sum(1).mean(), 10),
    "as_released": (lambda each: each.sum(), 1),
}


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_sums_eq_6_as_it_says_and_weighs_the_terms_so(preset):
    task, batch = task_of("NMER", presets=[preset])
    model, (summed, w_inv), outputs = nmer.build(task), SUMMED[preset], []
    batch["joint_clean"], batch["invariant_clean"] = torch.randn(2, 32, 384)
    watched = lambda *inputs: outputs.append(model(*inputs)) or outputs[-1]  # noqa: E731
    step = nmer.joint_step(task.settings, task.noise)
    total = step(watched, batch, generator(0))["total"]
    latent = Normal(outputs[0].mu, (outputs[0].log_var / 2).exp())
    generated = summed(kl_divergence(latent, Normal(0.0, 1.0)))
    generated = generated + (outputs[0].joint - batch["joint_clean"]).square().mean()
    invariant = (outputs[0].invariant - batch["invariant_clean"]).square().mean()
    right = outputs[0].logits.log_softmax(1)[range(len(batch["y"])), batch["y"]]
    torch.testing.assert_close(total, generated + w_inv * invariant - right.mean())


def test_a_student_is_given_only_what_it_reads():
    task, batch = task_of()
    x, lengths, noisy = seen(batch, task.noise, torch.Generator(), mctn.READ)
    assert list(x) == list(lengths) == ["text"] and noisy.shape == (len(x["text"]), 3)


def test_each_dropout_reaches_the_part_that_it_names():
    rates = {"dropout": 0.2, "text_dropout": 0.3, "vae_dropout": 0.4}
    model = nmer.build(task_of("NMER", overrides=rates)[0])
    parts = (model.classifier, model.encoder, model.vae)
    for part, rate in zip(parts, rates.values(), strict=True):
        found = {m.p for m in part.modules() if isinstance(m, torch.nn.Dropout)}
        assert found == {rate}


def test_gradients_are_cut_part_by_part():
    model = nmer.build(task_of("NMER")[0])
    parts = sub_networks(model)
    names = " ".join(type(part).__name__ for part in parts)
    encoders = "LSTMEncoder LSTMEncoder TextCNN"
    assert names == f"{encoders} Sequential _ConditionalVAE Classifier"
    counted = sum(w.numel() for part in parts for w in part.parameters())
    assert counted == sum(w.numel() for w in model.parameters())


def test_mctn_scales_by_training_frames_and_lets_no_small_deviation_through():
    windows = utterances()
    windows.x["text"][..., 6] = 1.0 + 1e-6 * windows.x["text"][..., 5]
    task, _ = task_of("MCTN", windows)
    model, frames = mctn.build(task), task.frames.arrays
    std = frames["text_std"]
    least = 0.1 * np.sqrt(np.mean(std**2))
    np.testing.assert_allclose(model.std_text, [*std[:6], least], rtol=1e-6)
    np.testing.assert_allclose(model.mean_text, frames["text_mean"], rtol=1e-6)
    assert (model.std_audio == 1).all()  # z-scored already


def test_what_was_trained_learns_the_planted_lean():
    longer = {"n_epochs": 12, "lr": 2e-3, "batch_size": 16, "dropout": 0.1}
    outcome = trained("NMER", context(utterances(n_each=24)), overrides=longer)[2]
    history = outcome.tables["history"].query("stage == 'noisy' and split == 'train'")
    assert history["class"].iloc[-1] < 0.8 * history["class"].iloc[0]
    table = outcome.predictions
    assert (table["y_true"] == table["y_pred"]).mean() > 0.4


def test_a_smaller_corpus_has_as_many_more_epochs_as_its_utterances_are_fewer():
    for many, n_epochs in ((False, 20), (True, round(20 * 4446 / 32))):
        task, _ = task_of("MEN", overrides={"as_many_updates": many})
        assert task.epochs(20)["max_epochs"] == n_epochs
        assert task.epochs(20, cap=7)["max_epochs"] == 7
