"""The teacher of clean utterances, whose features IF-MMIN and NMER aim at.

IF-MMIN's first stage (Zuo et al., ICASSP 2023), trained once for both: cross-entropy
plus the central moment discrepancy of the modalities' invariant features; Adam, 2e-4,
batches of 64, 20 epochs of which the second half falls in a line, gradients cut to 0.5,
part by part. Paper 3 does not describe its teacher.

Differs from paper: the public code of NMER trains a diffusion network beside it, which
fails on batches of other sizes than 64; ours does not.
"""

from __future__ import annotations

from functools import partial

from torch.nn import functional as F

from emolib.losses.discrepancy import modality_discrepancy
from emolib.models.nmer import CleanTeacher
from emolib.papers.nmer.noise import CLEAN
from emolib.papers.nmer.reading import unpack
from emolib.papers.nmer.training import RECIPE_KEYS, TASK_KEYS, Task, as_stage

STAGE_KEYS = (*TASK_KEYS, "teacher_epochs", *RECIPE_KEYS)
CONSTANT = 0.5
FIT = {"optimizer": "adam", "lr": 2e-4, "batch_size": 64, "max_norm": 0.5}

SIZES = {"separate": False, "d": 128, "dropout": 0.3}
"""IF-MMIN's; a student asks for others."""


def build(task: Task, **sizes) -> CleanTeacher:
    """Return the untrained teacher for utterances of these widths."""
    return CleanTeacher(task.widths, task.n_classes, **{**SIZES, **sizes})


def train(context, *, sizes: dict, **settings):
    """Train on the clean training utterances of a fold."""
    task = Task.of(settings, context)
    recipe = task.recipe(FIT, settings["teacher_epochs"], CONSTANT)
    make = partial(build, **sizes)
    return as_stage(*task.fit("clean teacher", make, class_step, CLEAN, **recipe))


def class_step(model, batch, generator):
    """Return the cross-entropy, and how differently modalities are distributed."""
    outputs = model(*unpack(batch))
    invariant = outputs.invariant.unflatten(1, (len(model.widths), -1))
    terms = {
        "class": F.cross_entropy(outputs.logits, batch["y"]),
        "discrepancy": modality_discrepancy(invariant),
    }
    return {**terms, "total": terms["class"] + terms["discrepancy"]}


def trained(task: Task, **sizes):
    """Return the teacher and its history, trained once a fold and size (`build`)."""
    sizes = {**SIZES, **sizes}
    return task.stage(train, partial(build, **sizes), STAGE_KEYS, sizes=sizes)
