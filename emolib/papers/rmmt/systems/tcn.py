"""How F-Fusion and Zhang's network are trained: by CCC, or by a teacher as well.

F-Fusion (paper 4, Section 4.5.1) has the CCC loss alone; whether it has a distillation
term is not stated. Zhang, Tang and Guan 2022: the CCC loss and, for the EEG student,
1.0 times the mean absolute difference to the features of a teacher that sees the face;
with RMMT's own optimiser and epochs, as paper 4 says ("the same parameters as our
proposed model").

Differs from Zhang's public code: one rate, no plateau schedule and no return to the
best state after each epoch; the teacher's features come at 4 Hz, as it was trained,
from windows cut as the student's.
"""

from __future__ import annotations

from emolib.losses.regression import concordance_loss, distillation_loss
from emolib.models.baselines.tcn import TCNRegressor as build
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
    """Return the network of some modalities, taught or untaught."""
    modalities = task.settings["modalities"]
    if task.settings["taught"]:
        return _taught(task, modalities)
    model, history = trained(task, modalities)
    return Fitted(lambda name: task.answers(model, name), state_arrays(model), history)


def branch(context, *, modalities: list[str], **settings) -> Outcome:
    """Train the network of some modalities by its CCC loss, once for all who need it.

    Zhang's teacher and untaught networks are the branches of D-Fusion.
    """
    task = Task.of(settings, context)
    model = task.build(build, modalities=modalities, **pick(settings, SIZES))
    result = task.fit(model, ccc_step(settings["divisors"]))
    return Outcome(tables={"history": result.history}, state=state_arrays(result.model))


def trained(task: Task, modalities: list[str]) -> tuple:
    """Return the network of `branch` and its history."""
    keys = pick(task.settings, BRANCH_KEYS)
    entry = task.context.stage(branch, modalities=modalities, **keys)
    model = task.build(build, modalities=modalities, **pick(keys, SIZES))
    return load_state_arrays(model, entry.state), entry.tables["history"]


def _taught(task: Task, modalities: list[str]) -> Fitted:
    """Return a student whose features follow those of a teacher that sees the face."""
    teacher, _ = trained(task, ["face"])

    def shown(name: str) -> dict:
        arrays = task.arrays(task.cuts(name), teacher.step_widths)
        return predict(
            teacher, lambda m, batch: {"target": m(*unpack(batch)).features}, arrays,
            device=task.context.device,
        )  # fmt: skip

    student = task.build(build, modalities=modalities, **pick(task.settings, SIZES))
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
