"""The teacher of clean utterances, whose features IF-MMIN and NMER aim at.

IF-MMIN's first stage (Zuo et al., ICASSP 2023), trained once for both: cross-entropy
plus the central moment discrepancy of the modalities' invariant features; Adam, 2e-4,
batches of 64, 20 epochs of which the second half falls in a line, gradients cut to 0.5,
part by part. Paper 3 does not describe its teacher.

Differs from paper: the public code of NMER trains a diffusion network beside it, which
fails on batches of other sizes than 64; ours does not.
"""

from __future__ import annotations

from torch.nn import functional as F

from emolib.losses.discrepancy import modality_discrepancy
from emolib.models.nmer import CleanTeacher
from emolib.papers.nmer.answers import unpack
from emolib.papers.nmer.evaluate import with_state
from emolib.papers.nmer.frames import pick
from emolib.papers.nmer.steps import CLEAN, fit_under
from emolib.papers.nmer.task import TASK_KEYS, Task
from emolib.store import Outcome
from emolib.training.schedules import constant_then_linear
from emolib.training.seeding import seeded
from emolib.training.states import state_arrays

SHARES = "clean teacher"
STAGE_KEYS = (*TASK_KEYS, "teacher_epochs", "patience", "as_many_updates")
CONSTANT = 0.5
FIT = {"optimizer": "adam", "lr": 2e-4, "batch_size": 64, "max_norm": 0.5}


def build(task: Task, separate: bool, d: int) -> CleanTeacher:
    """Return the untrained teacher for utterances of these widths."""
    return CleanTeacher(task.widths, task.n_classes, d=d, separate=separate)


def train(context, *, separate: bool, d: int, **settings) -> Outcome:
    """Train on the clean training utterances of a fold."""
    task = Task.of(settings, context)
    with seeded(task.seed_of("clean teacher, weights")):
        model = build(task, separate, d)
    n_epochs = task.epochs(settings["teacher_epochs"], settings)
    result = fit_under(
        CLEAN,
        task,
        model,
        _step,
        context,
        stage="clean teacher",
        max_epochs=n_epochs,
        schedule=constant_then_linear(n_epochs, CONSTANT),
        patience=settings["patience"] or None,
        **FIT,
    )
    return Outcome(tables={"history": result.history}, state=state_arrays(model))


def _step(model, batch, generator):
    """Return the cross-entropy, and how differently modalities are distributed."""
    outputs = model(*unpack(batch))
    invariant = outputs.invariant.unflatten(1, (len(model.widths), -1))
    terms = {
        "class": F.cross_entropy(outputs.logits, batch["y"]),
        "discrepancy": modality_discrepancy(invariant),
    }
    return {**terms, "total": terms["class"] + terms["discrepancy"]}


def trained(task: Task, settings, context, *, separate: bool = False, d: int = 128):
    """Return the teacher and its history, trained once a fold and width."""
    keys = pick(settings, STAGE_KEYS)
    entry = context.stage(train, separate=separate, d=d, **keys)
    return with_state(build(task, separate, d), entry.state), entry.tables["history"]
