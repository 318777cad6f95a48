"""How Zhang's network is trained: alone, or by a teacher who sees the face.

Zhang, Tang and Guan 2022: the CCC loss and, for the EEG student, 1.0 times the mean
absolute difference to the teacher's features; with RMMT's own optimiser and epochs, as
paper 4 says that it was ("the same parameters as our proposed model").

Differs from its public code: one rate, no plateau schedule and no return to the best
state after each epoch; the teacher's features come at 4 Hz, as it was trained, from
windows cut as the student's.
"""

from __future__ import annotations

from emolib.losses.regression import concordance_loss, distillation_loss
from emolib.models.baselines.zhang import TCNRegressor as build
from emolib.papers.rmmt.training import (
    FIT_KEYS,
    TASK_KEYS,
    Fitted,
    Task,
    as_unit,
    ccc_step,
    pick,
    unpack,
)
from emolib.store import Outcome
from emolib.training.predict import predict
from emolib.training.tensors import load_state_arrays, state_arrays

W_TAUGHT = 1.0
SIZES = ("d", "dropout")
BRANCH_KEYS = (*TASK_KEYS, *SIZES, "divisors", *FIT_KEYS)


def fit(task: Task) -> Fitted:
    """Return the network of one modality, taught or untaught."""
    modality = task.settings["modality"]
    if task.settings["taught"]:
        return _taught(task, modality)
    model, history = trained(task, modality)
    return Fitted(lambda name: task.answers(model, name), state_arrays(model), history)


def branch(context, *, modality: str, **settings) -> Outcome:
    """Train one modality's network on its own CCC loss, once for all who need it.

    Zhang's teacher and untaught networks, and the branches of D-Fusion.
    """
    task = Task.of(settings, context)
    model = task.build(build, modality=modality, **pick(settings, SIZES))
    result = task.fit(model, ccc_step(settings["divisors"]))
    return Outcome(tables={"history": result.history}, state=state_arrays(result.model))


def trained(task: Task, modality: str) -> tuple:
    """Return the network of `branch` and its history."""
    keys = pick(task.settings, BRANCH_KEYS)
    entry = task.context.stage(branch, modality=modality, **keys)
    model = task.build(build, modality=modality, **pick(keys, SIZES))
    return load_state_arrays(model, entry.state), entry.tables["history"]


def _taught(task: Task, modality: str) -> Fitted:
    """Return a student whose features follow those of a teacher that sees the face."""
    teacher, _ = trained(task, "face")

    def shown(name: str) -> dict:
        arrays = task.arrays(task.cuts(name), teacher.sizes)
        return predict(
            teacher, lambda m, batch: {"target": m(*unpack(batch)).features}, arrays,
            device=task.context.device,
        )  # fmt: skip

    student = task.build(build, modality=modality, **pick(task.settings, SIZES))
    step = _taught_step(task.settings["divisors"])
    return task.fitted(task.fit(student, step, extra=shown))


def _taught_step(divisors: str):
    def step(model, batch, generator):
        x, lengths = unpack(batch)
        told = model(x, lengths)
        ccc = concordance_loss(told.valence, batch["y"], lengths, divisors=divisors)
        apart = distillation_loss(told.features, batch["target"], lengths)
        return {"ccc": ccc, "distillation": apart, "total": ccc + W_TAUGHT * apart}

    return step


run = as_unit(fit)
