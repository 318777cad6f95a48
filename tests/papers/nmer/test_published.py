"""The published recipes of paper 3's systems: weights of losses, and what fits them.

Numbers are typed from the articles and public codes. A system runs as ever, only that
what it hands to `fit` is noted and nothing is trained.
"""

from inspect import signature
from itertools import combinations

import pandas as pd
import pytest
import torch
from in_memory import run_unit
from torch.nn.functional import cross_entropy, mse_loss

from emolib.papers.nmer.answers import unpack
from emolib.papers.nmer.steps import seen
from emolib.papers.nmer.systems import clean_teacher, if_mmin, mctn, men, mmin
from emolib.training.fit import FitResult, Plan, fit

from .utterances import batch_and_noise, context, unit_of

UNCUT = {"n_epochs": 60, "teacher_epochs": 20, "baseline_epochs": 0}


def drawn():
    return torch.Generator().manual_seed(0)


# ---------------------------------------------------------------- losses


def test_the_losses_of_mmin_have_the_published_weights():
    task, batch, corruption = batch_and_noise()
    teacher = men.build(task).eval()
    batch["specific_clean"] = teacher(*unpack(batch)).specific.detach()
    step = mmin.imagination_step(teacher, corruption)
    terms = step(mmin.build(task).eval(), batch, drawn())
    by_hand = terms["class"] + 4 * terms["forward"] + 2 * terms["backward"]
    torch.testing.assert_close(terms["total"], by_hand)


def test_the_losses_of_if_mmin_have_the_published_weights():
    task, batch, corruption = batch_and_noise("IF-MMIN")
    teacher = clean_teacher.build(task, separate=False, d=128).eval()
    clean = teacher(*unpack(batch))
    batch["specific_clean"] = clean.specific.detach()
    batch["invariant_clean"] = clean.invariant.detach()
    model = if_mmin.build(task).eval()
    terms = if_mmin.imagination_step(teacher, corruption)(model, batch, drawn())
    x, lengths, _ = seen(batch, corruption, drawn())
    guided = mse_loss(model(x, lengths).invariant, clean.invariant)
    by_hand = terms["class"] + terms["forward"] + 100 * guided
    torch.testing.assert_close(terms["total"], by_hand)


def test_the_losses_of_mctn_have_the_published_weights_and_clean_targets():
    task, batch, corruption = batch_and_noise("MCTN")
    model = mctn.build(task).eval()
    total = mctn.translation_step(corruption)(model, batch, drawn())["total"]
    outputs = model(*seen(batch, corruption, drawn(), ("text",))[:2])
    clean = model.sequences(*unpack(batch))
    translations = (
        mse_loss(outputs.translated, clean["audio"])
        + mse_loss(outputs.returned, clean["text"])
        + mse_loss(outputs.translated_third, clean["visual"])
    )
    penalty = model.predictor.head.weight.square().sum()
    by_hand = cross_entropy(outputs.logits, batch["y"])
    by_hand = by_hand + 0.1 * translations + 0.01 * penalty
    torch.testing.assert_close(total, by_hand)


def test_the_clean_teacher_pulls_modalities_together_as_much_as_it_tells_classes():
    task, batch, _ = batch_and_noise("IF-MMIN")
    model = clean_teacher.build(task, separate=False, d=128).eval()
    total = clean_teacher._step(model, batch, drawn())["total"]
    outputs = model(*unpack(batch))
    moments = []  # of each modality, 5 x (128,)
    for part in outputs.invariant.chunk(3, dim=1):
        central = [((part - part.mean(0)) ** k).mean(0) for k in range(2, 6)]
        moments.append([part.mean(0), *central])
    pairs = [
        sum((p - q).norm() for p, q in zip(one, other, strict=True))
        for one, other in combinations(moments, 2)
    ]
    by_hand = cross_entropy(outputs.logits, batch["y"]) + sum(pairs) / 3
    torch.testing.assert_close(total, by_hand)


# ---------------------------------------------------------------- what fits them


@pytest.fixture
def handed_to_fit(monkeypatch):
    """Return the function that runs a system: model's name -> all arguments of fit."""

    def run(system, **changes):
        noted = {}

        def note(model, *args, **options):
            given = signature(fit).bind(model, *args, **options)
            given.apply_defaults()
            numbers = vars(Plan(**given.arguments["numbers"]))
            noted[type(model).__name__] = {**given.arguments, **numbers}
            history = pd.DataFrame({"epoch": [1], "split": ["train"]})
            return FitResult(model.eval(), history, 1, "max_epochs")

        monkeypatch.setattr("emolib.papers.nmer.steps.fit", note)
        changes["overrides"] = {**UNCUT, **changes.get("overrides", {})}
        run_unit(unit_of(system, **changes), context())
        return noted

    return run


PUBLISHED = {  # epochs at full rate and falling; beta_1; cut; patience
    ("MEN", "MEN"): ("adam", 2e-4, 0.9, 128, 10, 10, 0.5, None),
    ("UniModal", "uni-modal v"): ("adam", 2e-4, 0.9, 128, 10, 10, 0.5, None),
    ("UniModal", "uni-modal l, trained clean"): (
        "adam", 2e-4, 0.9, 128, 10, 10, 0.5, None,
    ),
    ("CleanTeacher", "IF-MMIN"): ("adam", 2e-4, 0.9, 64, 10, 10, 0.5, None),
    ("MMIN", "MMIN"): ("adam", 2e-4, 0.5, 128, 30, 30, 1.0, None),
    ("IFMMIN", "IF-MMIN"): ("adam", 2e-4, 0.5, 128, 30, 30, 1.0, None),
    ("MCTN", "MCTN"): ("adam", 1e-4, 0.9, 32, 200, 0, None, 20),
    ("NMER", "ours"): ("adamw", 2e-4, 0.9, 128, 30, 30, 1.0, None),
}  # fmt: skip


@pytest.mark.parametrize(("model", "system"), PUBLISHED)
def test_a_system_is_fitted_as_published(model, system, handed_to_fit):
    given = handed_to_fit(system)[model]
    name, lr, beta_1, batch_size, full, falling, max_norm, patience = PUBLISHED[
        model, system
    ]
    assert (given["optimizer"], given["lr"]) == (name, lr)
    assert given["betas"] == (beta_1, 0.999)
    assert given["weight_decay"] == (0.01 if name == "adamw" else 0)
    assert given["batch_size"] == batch_size
    assert given["max_epochs"] == full + falling
    rates = [given["schedule"](epoch) for epoch in range(full + falling)]
    fall = [1 - k / (falling + 1) for k in range(1, falling + 1)]
    assert rates == pytest.approx([1.0] * full + fall)
    assert given["max_norm"] == max_norm
    assert (given["norm_parts"] is None) == (max_norm is None)  # part by part
    assert given["patience"] == patience


@pytest.mark.parametrize(("of_the_run", "waits"), [(10, 20), (30, 30)])
def test_mctn_waits_as_published_unless_the_run_waits_longer(
    of_the_run, waits, handed_to_fit
):
    overrides = {"patience": of_the_run}
    assert handed_to_fit("MCTN", overrides=overrides)["MCTN"]["patience"] == waits


@pytest.mark.parametrize("system", ["MMIN", "IF-MMIN", "uni-modal a", "ours"])
def test_all_other_stages_wait_as_long_as_the_run(system, handed_to_fit):
    given = handed_to_fit(system, overrides={"patience": 10})
    assert {model: of["patience"] for model, of in given.items()} == dict.fromkeys(
        given, 10
    )
