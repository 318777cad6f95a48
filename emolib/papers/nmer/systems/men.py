"""How MEN is trained: once, on clean utterances; noise comes at test alone.

Zhao, Li and Jin, ACL 2021; the published settings: Adam, 2e-4, batches of 128, 20
epochs of which the second half falls in a line, gradients cut to 0.5, part by part.
Every level of noise tests the same weights, and MMIN's encoders start from them.

Differs from paper: none in training. Noise at test is paper 3's (Section 3.4); the
epoch is chosen on clean validation utterances, since MEN must not see noise.
"""

from __future__ import annotations

from emolib.models.baselines.men import MEN
from emolib.papers.nmer.evaluate import outcome_of, with_state
from emolib.papers.nmer.frames import pick
from emolib.papers.nmer.steps import (
    BASELINE_KEYS,
    CLEAN,
    classification_step,
    fit_under,
    published,
)
from emolib.papers.nmer.task import TASK_KEYS, Task
from emolib.store import Outcome
from emolib.training.seeding import seeded
from emolib.training.states import state_arrays

READS = (*BASELINE_KEYS, "keep_weights")
SHARES = "MEN"
STAGE_KEYS = (*TASK_KEYS, *BASELINE_KEYS)
EPOCHS, CONSTANT = 20, 0.5
FIT = {"optimizer": "adam", "lr": 2e-4, "batch_size": 128, "max_norm": 0.5}


def build(task: Task) -> MEN:
    """Return the untrained model for utterances of these widths."""
    return MEN(task.widths, task.n_classes)


def train(context, **settings) -> Outcome:
    """Train on the clean training utterances of a fold."""
    task = Task.of(settings, context)
    with seeded(task.seed_of("MEN, weights")):
        model = build(task)
    result = fit_under(
        CLEAN,
        task,
        model,
        classification_step(CLEAN),
        context,
        stage="MEN",
        **FIT,
        **published(EPOCHS, task, settings, constant=CONSTANT),
    )
    return Outcome(tables={"history": result.history}, state=state_arrays(model))


def trained(task: Task, settings, context):
    """Return the model of clean utterances and its history, trained once a fold."""
    entry = context.stage(train, **pick(settings, STAGE_KEYS))
    return with_state(build(task), entry.state), entry.tables["history"]


def run(settings, context) -> Outcome:
    """Test the model of clean utterances under the unit's noise."""
    task = Task.of(settings, context)
    model, history = trained(task, settings, context)
    return outcome_of(
        task, model, history, task.corruption(settings), context,
        keep_weights=settings["keep_weights"],
    )  # fmt: skip


def restore(entry, context) -> MEN:
    """Return the trained model of a stored unit."""
    settings = entry.key.parts["settings"]
    return with_state(build(Task.of(settings, context)), entry.state)
