"""Every system, trained for a moment on made-up utterances, end to end."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from in_memory import run_unit
from torch.distributions import Normal, kl_divergence

from emolib.corruptions.conditions import SIX
from emolib.papers.nmer.answers import unpack
from emolib.papers.nmer.evaluate import predictions_under
from emolib.papers.nmer.frames import fold_of
from emolib.papers.nmer.settings import BASELINES, PRESETS, UNIMODAL, VARIANTS
from emolib.papers.nmer.steps import imagined_target, published, seen, sub_networks
from emolib.papers.nmer.systems import clean_teacher, mctn, men
from emolib.papers.nmer.systems import nmer as ours
from emolib.papers.nmer.task import Task
from emolib.training.devices import one_thread
from emolib.training.fit import fit
from emolib.units import Watched

from .utterances import MODALITIES_AVL, batch_and_noise, context, unit_of, utterances

ONE_OF_EACH = ("uni-modal v", "uni-modal l, trained clean")
TRAINED = (*VARIANTS, *BASELINES, *ONE_OF_EACH)
HOW = {"ours": {"forward": ours.forward}, "MCTN": {"modalities": mctn.READ}}


def trained(system, where=None, **changes):
    """Return a unit with watched settings, where it was computed, and its outcome."""
    unit, where = unit_of(system, **changes), where or context()
    watched = SimpleNamespace(settings=Watched(unit.settings), data=unit.data,
                              system_module=unit.system_module)  # fmt: skip
    with one_thread():
        return watched, where, run_unit(watched, where)


@pytest.fixture(scope="module")
def outcomes():
    where = context()
    return {name: trained(name, where) for name in TRAINED}


def how_of(system):
    if system in UNIMODAL:
        return {"modalities": (UNIMODAL[system]["modality"],)}
    return HOW.get("ours" if system in VARIANTS else system, {})


@pytest.mark.parametrize("system", TRAINED)
def test_each_test_utterance_is_answered_once_under_each_condition(outcomes, system):
    unit, where, outcome = outcomes[system]
    table, test = outcome.predictions, fold_of(where.windows, unit.settings).test
    names = ("none",) if system in UNIMODAL else SIX
    assert set(table["clean"]) == set(names)
    for _, part in table.groupby("clean"):
        assert sorted(part["window"]) == list(test)
    scores = table.filter(like="y_score_").to_numpy()
    assert scores.shape == (len(names) * len(test), 4)
    np.testing.assert_allclose(scores.sum(1), 1, atol=1e-5)
    assert unit.settings.unread == set()


@pytest.mark.parametrize("system", TRAINED)
def test_history_levels_and_validation_are_kept(outcomes, system):
    unit, where, outcome = outcomes[system]
    tables = outcome.all_tables()
    history = tables["history"]
    assert {"train", "val"} <= set(history["split"])
    assert history["total"].notna().all()
    assert np.isfinite(history.loc[history["split"] == "val", "monitor"]).all()
    val = fold_of(where.windows, unit.settings).val
    assert set(tables["validation"]["window"]) == set(val)
    assert tables["levels"]["modality"].tolist() == list(MODALITIES_AVL)


@pytest.mark.parametrize("system", TRAINED)
def test_a_restored_model_repeats_the_predictions_to_the_bit(outcomes, system):
    from importlib import import_module

    unit, where, outcome = outcomes[system]
    key = SimpleNamespace(parts={"settings": dict(unit.settings)})
    entry = SimpleNamespace(state=outcome.state, key=key)
    model = import_module(unit.system_module).restore(entry, where)
    task = Task.of(unit.settings, where)
    with one_thread():
        again = predictions_under(
            task, model, task.corruption(unit.settings), "test", device="cpu",
            **how_of(system),
        )  # fmt: skip
    assert again.equals(outcome.predictions)


@pytest.mark.parametrize("preset", ["as_printed", "as_released"])
def test_the_other_presets_train_and_repeat_their_draws(preset):
    changes = {"presets": [preset], "overrides": {"n_heads": 8}}
    unit, where, outcome = trained("ours", **changes)
    again = trained("ours", where, **changes)[2]
    assert again.predictions.equals(outcome.predictions)
    model = ours.build(Task.of(unit.settings, where), unit.settings)
    assert model.vae.sample_in_eval
    assert model.vae.batch_as_sequence == (preset == "as_released")


@pytest.mark.parametrize("changes", [{"noises": ["missing"]}, {"noises": ["impulse"]},
                                     {"readings": ["released"]}], ids=str)  # fmt: skip
def test_systems_of_incomplete_data_train_under_every_kind_of_noise(changes):
    for system in ("MMIN", "IF-MMIN", "MCTN"):
        outcome = trained(system, **changes)[2]
        assert np.isfinite(outcome.predictions.filter(like="y_score_")).all().all()


# ---------------------------------------------------------------- what is shared


def test_clean_encoders_are_trained_once_for_all_systems_and_levels():
    where = context()
    for system in ("MEN", "MMIN", "IF-MMIN", "ours", "w/o VAE", *ONE_OF_EACH):
        for db in (-10.0, -40.0) if system in ("MEN", "ours") else (-10.0,):
            trained(system, where, dbs=[db])
    names = [name.split()[0] for name in where.stages]
    train = [key for key in where.stages if key.split()[0] == "train"]
    assert names.count("measure_frames") == 1
    assert len(train) == 3  # MEN, the clean teacher, one clean uni-modal classifier
    assert sum("separate" in key for key in train) == 1


def test_men_has_the_same_weights_at_every_level_and_other_predictions():
    where = context()
    weak, strong = (trained("MEN", where, dbs=[db])[2] for db in (-10.0, -40.0))
    for name, weights in weak.state.items():
        assert np.array_equal(weights, strong.state[name])
    assert not weak.predictions.equals(strong.predictions)


def test_students_start_from_their_teachers_encoders(monkeypatch):
    starts = {}

    def noted(model, *args, **options):
        starts[type(model).__name__] = {
            name: weights.clone()
            for name, weights in model.encoder.state_dict().items()
        }
        return fit(model, *args, **options)

    monkeypatch.setattr("emolib.papers.nmer.steps.fit", noted)
    where = context()
    teachers = {"MMIN": men, "IF-MMIN": clean_teacher, "ours": clean_teacher}
    for system, module in teachers.items():
        unit = trained(system, where)[0]
        model, _ = module.trained(Task.of(unit.settings, where), unit.settings, where)
        kind = {"MMIN": "MMIN", "IF-MMIN": "IFMMIN", "ours": "NMER"}[system]
        for name, weights in model.encoder.state_dict().items():
            assert torch.equal(weights, starts[kind][name]), (system, name)


# ---------------------------------------------------------------- steps


def test_mmin_imagines_what_the_student_does_not_see():
    task, batch, corruption = batch_and_noise()
    teacher = men.build(task).eval().encoder
    x, lengths = unpack(batch)
    clean = teacher(x, lengths).detach()
    batch["specific_clean"] = clean.flatten(1)
    noisy = corruption.draw(len(clean), torch.Generator().manual_seed(1))
    target = imagined_target(
        teacher, batch, noisy, corruption, torch.Generator().manual_seed(2)
    ).unflatten(1, (3, -1))
    assert torch.equal(target[noisy], clean[noisy])
    assert (target[~noisy] != clean[~noisy]).any(-1).all()
    other, _ = corruption.apply(x, lengths, ~noisy, torch.Generator().manual_seed(2))
    whole = teacher(other, lengths).detach()  # the complementary version, all of it
    torch.testing.assert_close(target, whole)


def test_with_hidden_modalities_mmin_imagines_zeros_for_what_is_seen():
    task, batch, corruption = batch_and_noise(noises=["missing"])
    teacher = men.build(task).eval().encoder
    clean = teacher(*unpack(batch)).detach()
    batch["specific_clean"] = clean.flatten(1)
    noisy = corruption.draw(len(clean), torch.Generator().manual_seed(1))
    target = imagined_target(teacher, batch, noisy, corruption, torch.Generator())
    expected = torch.where(noisy[..., None], clean, 0.0)
    assert torch.equal(target, expected.flatten(1))


SUMMED = {  # Eq. (6) of all utterances and dimensions -> what enters the loss
    "ours": lambda each: each.mean(),
    "as_printed": lambda each: each.mean(),
    "kl_summed": lambda each: each.sum(1).mean(),
    "as_released": lambda each: each.sum(),
}
W_INV = {"ours": 10, "as_printed": 10, "kl_summed": 10, "as_released": 1}


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_sums_eq_6_as_it_says_and_weighs_the_terms_so(preset):
    task, batch, corruption = batch_and_noise()
    settings = unit_of("ours", presets=[preset]).settings
    model, seen_outputs = ours.build(task, settings), []
    targets = torch.randn(2, len(batch["y"]), 384)
    batch["joint_clean"], batch["invariant_clean"] = targets

    def watched(*inputs):
        seen_outputs.append(model(*inputs))
        return seen_outputs[-1]

    step = ours.joint_step(settings, corruption)
    total = step(watched, batch, torch.Generator().manual_seed(0))["total"]
    (outputs,) = seen_outputs
    latent = Normal(outputs.mu, (outputs.log_var / 2).exp())
    generated = SUMMED[preset](kl_divergence(latent, Normal(0.0, 1.0)))
    generated = generated + (outputs.joint - targets[0]).square().mean()
    invariant = (outputs.invariant - targets[1]).square().mean()
    right = outputs.logits.log_softmax(1)[range(len(batch["y"])), batch["y"]]
    by_hand = generated + W_INV[preset] * invariant - right.mean()
    torch.testing.assert_close(total, by_hand)


def test_a_student_is_given_only_what_it_reads():
    _, batch, corruption = batch_and_noise()
    x, lengths, noisy = seen(batch, corruption, torch.Generator(), mctn.READ)
    assert list(x) == list(lengths) == ["text"] and noisy.shape == (len(x["text"]), 3)


def test_gradients_are_cut_part_by_part():
    task, _, _ = batch_and_noise()
    unit = unit_of("ours")
    model = ours.build(task, unit.settings)
    parts = sub_networks(model)
    names = ["LSTMEncoder", "LSTMEncoder", "TextCNN", "Sequential", "_ConditionalVAE",
             "Classifier"]  # fmt: skip
    assert [type(part).__name__ for part in parts] == names
    counted = sum(w.numel() for part in parts for w in part.parameters())
    assert counted == sum(w.numel() for w in model.parameters())


def test_mctn_scales_by_training_frames_and_lets_no_small_deviation_through():
    windows = utterances()
    windows.x["text"][..., 6] = 1.0 + 1e-6 * windows.x["text"][..., 5]
    where = context(windows)
    model = trained("MCTN", where)[2].state
    frames = next(v for k, v in where.stages.items() if k.startswith("measure_frames"))
    std = frames.arrays["text_std"]
    np.testing.assert_allclose(model["std_text"][:6], std[:6], rtol=1e-6)
    assert model["std_text"][6] == pytest.approx(0.1 * np.sqrt(np.mean(std**2)))
    np.testing.assert_allclose(
        model["mean_text"], frames.arrays["text_mean"], rtol=1e-6
    )
    assert (model["std_audio"] == 1).all()  # z-scored already


def test_what_was_trained_learns_the_planted_lean():
    longer = {"n_epochs": 12, "lr": 2e-3, "batch_size": 16, "dropout": 0.1}
    outcome = trained("ours", context(utterances(n_each=24)), overrides=longer)[2]
    history = outcome.tables["history"].query("stage == 'noisy' and split == 'train'")
    assert history["class"].iloc[-1] < 0.8 * history["class"].iloc[0]
    table = outcome.predictions
    assert (table["y_true"] == table["y_pred"]).mean() > 0.4


def test_a_smaller_corpus_has_as_many_more_epochs_as_its_utterances_are_fewer():
    task = Task.of(unit_of("MEN").settings, context())
    n_train = len(task.fold.train)
    assert task.epochs(20, {"as_many_updates": False}) == 20
    assert task.epochs(20, {"as_many_updates": True}) == round(20 * 4446 / n_train)
    large = replace(task, fold=replace(task.fold, train=np.arange(5000)))
    assert large.epochs(20, {"as_many_updates": True}) == 20


def test_no_recipe_has_more_epochs_than_the_runs_cap():
    task = Task.of(unit_of("MEN").settings, context())
    settings = {"as_many_updates": True, "baseline_epochs": 7, "patience": 0}
    assert published(20, task, settings)["max_epochs"] == 7
