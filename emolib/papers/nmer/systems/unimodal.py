"""How the uni-modal classifiers of Table 4 are trained: on clean or on noisy features.

Paper 3, Section 3.4, which does not say at which level they are trained: "noisy" trains
one at each tested level, "clean" one that every level tests. Both to MEN's recipe.
"""

from __future__ import annotations

from emolib.models.baselines.unimodal import UniModal
from emolib.papers.nmer.noise import CLEAN
from emolib.papers.nmer.systems.men import fitted
from emolib.papers.nmer.training import BASELINE_KEYS, TASK_KEYS, Task, as_stage

READS = (*BASELINE_KEYS, "modality", "trained", "keep_weights")
STAGE_KEYS = (*TASK_KEYS, *BASELINE_KEYS, "modality")


def build(task: Task) -> UniModal:
    """Return the untrained model of one modality."""
    modality = task.settings["modality"]
    return UniModal({modality: task.widths[modality]}, task.n_classes)


def train(context, **settings):
    """Train on the clean training utterances of a fold."""
    return as_stage(*_fitted(Task.of(settings, context), CLEAN))


def _fitted(task: Task, noise):
    modality = task.settings["modality"]
    name = f"uni-modal {modality}"
    return fitted(task, name, build, noise, modalities=(modality,))


def run(settings, context):
    """Train as asked, clean or at the unit's level, and test under its noise."""
    task = Task.of(settings, context)
    if settings["trained"] == "clean":
        model, history = task.stage(train, build, STAGE_KEYS)
    else:
        model, history = _fitted(task, task.noise)
    return task.outcome(model, history, modalities=(settings["modality"],))
