"""How the uni-modal classifiers of Table 4 are trained: on clean or on noisy features.

Paper 3, Section 3.4, which does not say at which level they are trained: "noisy" trains
one at each tested level, "clean" one that every level tests. Both to MEN's recipe.
"""

from __future__ import annotations

from emolib.models.baselines.unimodal import UniModal
from emolib.papers.nmer.evaluate import outcome_of, with_state
from emolib.papers.nmer.frames import pick
from emolib.papers.nmer.steps import (
    BASELINE_KEYS,
    CLEAN,
    classification_step,
    fit_under,
    published,
)
from emolib.papers.nmer.systems.men import CONSTANT, EPOCHS, FIT
from emolib.papers.nmer.task import TASK_KEYS, Task
from emolib.store import Outcome
from emolib.training.seeding import seeded
from emolib.training.states import state_arrays

READS = (*BASELINE_KEYS, "modality", "trained", "keep_weights")
SHARES = "uni-modal"
STAGE_KEYS = (*TASK_KEYS, *BASELINE_KEYS, "modality")


def build(task: Task, modality: str) -> UniModal:
    """Return the untrained model of one modality."""
    return UniModal({modality: task.widths[modality]}, task.n_classes)


def fitted(task: Task, settings, corruption, context):
    """Return the model trained under a corruption, and its history."""
    modality = settings["modality"]
    with seeded(task.seed_of(f"uni-modal {modality}, weights")):
        model = build(task, modality)
    result = fit_under(
        corruption,
        task,
        model,
        classification_step(corruption),
        context,
        stage=f"uni-modal {modality}",
        modalities=(modality,),
        **FIT,
        **published(EPOCHS, task, settings, constant=CONSTANT),
    )
    return result.model, result.history


def train(context, **settings) -> Outcome:
    """Train on the clean training utterances of a fold."""
    task = Task.of(settings, context)
    model, history = fitted(task, settings, CLEAN, context)
    return Outcome(tables={"history": history}, state=state_arrays(model))


def run(settings, context) -> Outcome:
    """Train as asked, clean or at the unit's level, and test under its noise."""
    task = Task.of(settings, context)
    corruption, modality = task.corruption(settings), settings["modality"]
    if settings["trained"] == "clean":
        entry = context.stage(train, **pick(settings, STAGE_KEYS))
        model, history = build(task, modality), entry.tables["history"]
        with_state(model, entry.state)
    else:
        model, history = fitted(task, settings, corruption, context)
    return outcome_of(
        task, model, history, corruption, context, modalities=(modality,),
        keep_weights=settings["keep_weights"],
    )  # fmt: skip


def restore(entry, context) -> UniModal:
    """Return the trained model of a stored unit."""
    settings = entry.key.parts["settings"]
    model = build(Task.of(settings, context), settings["modality"])
    return with_state(model, entry.state)
