"""The published recipes of paper 3's systems: weights of losses, and what fits them.

Numbers are typed from the articles and public codes. A system runs as ever, only that
what it hands to `fit` is noted and nothing is trained.
"""

from inspect import signature
from itertools import combinations

import pandas as pd
import pytest
import torch
from torch.nn.functional import cross_entropy, mse_loss
from utterance_batches import generator

from emolib.papers.nmer.noise import seen
from emolib.papers.nmer.reading import unpack
from emolib.papers.nmer.systems import clean_teacher, if_mmin, mctn, men, mmin
from emolib.training.fit import FitResult, Plan, fit

from .utterances import task_of, trained

UNCUT = {"n_epochs": 60, "teacher_epochs": 20, "baseline_epochs": 0}


def test_the_losses_of_mmin_have_the_published_weights():
    task, batch = task_of()
    teacher = men.build(task).eval()
    batch["specific_clean"] = teacher(*unpack(batch)).specific.detach()
    step = mmin.imagination_step(teacher, task.noise)
    terms = step(mmin.build(task).eval(), batch, generator())
    by_hand = terms["class"] + 4 * terms["forward"] + 2 * terms["backward"]
    torch.testing.assert_close(terms["total"], by_hand)


def test_the_losses_of_if_mmin_have_the_published_weights():
    task, batch = task_of("IF-MMIN")
    teacher, model = clean_teacher.build(task).eval(), if_mmin.build(task).eval()
    clean = teacher(*unpack(batch))
    batch["specific_clean"] = clean.specific.detach()
    batch["invariant_clean"] = clean.invariant.detach()
    terms = if_mmin.imagination_step(teacher, task.noise)(model, batch, generator())
    x, lengths, _ = seen(batch, task.noise, generator())
    guided = mse_loss(model(x, lengths).invariant, clean.invariant)
    by_hand = terms["class"] + terms["forward"] + 100 * guided
    torch.testing.assert_close(terms["total"], by_hand)


def test_the_losses_of_mctn_have_the_published_weights_and_clean_targets():
    task, batch = task_of("MCTN")
    model = mctn.build(task).eval()
    total = mctn.translation_step(task.noise)(model, batch, generator())["total"]
    outputs = model(*seen(batch, task.noise, generator(), ("text",))[:2])
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
    task, batch = task_of("IF-MMIN")
    model = clean_teacher.build(task).eval()
    total = clean_teacher.class_step(model, batch, generator())["total"]
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


@pytest.fixture
def handed_to_fit(monkeypatch):
    """Return the function that runs a system: model's name -> all arguments of fit."""

    def run(system, presets=("default",), **overrides):
        noted = {}

        def note(model, *args, **options):
            given = signature(fit).bind(model, *args, **options)
            given.apply_defaults()
            numbers = vars(Plan(**given.arguments["numbers"]))
            noted[type(model).__name__] = {**given.arguments, **numbers}
            history = pd.DataFrame({"epoch": [1], "split": ["train"]})
            return FitResult(model.eval(), history, 1, "max_epochs")

        monkeypatch.setattr("emolib.papers.nmer.training.fit", note)
        trained(system, presets=[*presets], overrides={**UNCUT, **overrides})
        return noted

    return run


ADAM = {"optimizer": "adam", "lr": 2e-4, "weight_decay": 0.0, "batch_size": 128,
        "betas": (0.9, 0.999), "max_norm": 0.5, "patience": None}  # fmt: skip
STUDENT = {"betas": (0.5, 0.999), "max_norm": 1.0}
PUBLISHED = {  # (model, of the system): epochs at full rate, and falling; what differs
    ("MEN", "MEN"): (10, 10, {}),
    ("UniModal", "uni-modal v"): (10, 10, {}),
    ("UniModal", "uni-modal l, trained clean"): (10, 10, {}),
    ("CleanTeacher", "IF-MMIN"): (10, 10, {"batch_size": 64}),
    ("MMIN", "MMIN"): (30, 30, STUDENT),
    ("IFMMIN", "IF-MMIN"): (30, 30, STUDENT),
    ("MCTN", "MCTN"): (
        200, 0, {"lr": 1e-4, "batch_size": 32, "max_norm": None, "patience": 20},
    ),
    ("NMER", "NMER"): (
        30, 30, {"optimizer": "adamw", "weight_decay": 0.01, "max_norm": 1.0},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("model", "system"), PUBLISHED)
def test_a_system_is_fitted_as_published(model, system, handed_to_fit):
    given = handed_to_fit(system)[model]
    full, falling, differs = PUBLISHED[model, system]
    wanted = {**ADAM, **differs}
    assert {name: given[name] for name in wanted} == wanted
    assert given["max_epochs"] == full + falling
    rates = [given["schedule"](epoch) for epoch in range(full + falling)]
    fall = [1 - k / (falling + 1) for k in range(1, falling + 1)]
    assert rates == pytest.approx([1.0] * full + fall)
    cut_by_part = given["norm_parts"] is not None
    assert cut_by_part == (wanted["max_norm"] is not None)


@pytest.mark.parametrize(("of_the_run", "mctn_waits"), [(10, 20), (30, 30)])
def test_all_stages_wait_as_long_as_the_run_but_mctn_at_least_as_published(
    of_the_run, mctn_waits, handed_to_fit
):
    for system in ("MCTN", "MMIN", "IF-MMIN", "uni-modal a", "NMER"):
        waits = mctn_waits if system == "MCTN" else of_the_run
        given = handed_to_fit(system, patience=of_the_run)
        assert {arguments["patience"] for arguments in given.values()} == {waits}


@pytest.mark.parametrize(
    ("student", "teacher", "system"),
    [
        ("MMIN", "MEN", "MMIN"),
        ("IFMMIN", "CleanTeacher", "IF-MMIN"),
        ("NMER", "CleanTeacher", "NMER"),
    ],
)
def test_a_student_starts_from_its_teachers_encoder(
    student, teacher, system, handed_to_fit
):
    given = handed_to_fit(system)
    first, known = (given[n]["model"].encoder.state_dict() for n in (student, teacher))
    torch.testing.assert_close(first, known, rtol=0, atol=0)


@pytest.mark.parametrize("preset, dropout", [("default", 0.3), ("as_released", 0.2)])
def test_a_preset_chooses_its_teachers_dropout(preset, dropout, handed_to_fit):
    classifier = handed_to_fit("NMER", [preset])["CleanTeacher"]["model"].classifier
    found = {m.p for m in classifier.modules() if isinstance(m, torch.nn.Dropout)}
    assert found == {dropout}
