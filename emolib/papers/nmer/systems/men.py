"""How MEN is trained: once, on clean utterances; noise comes at test alone.

Zhao, Li and Jin, ACL 2021; the published settings: Adam, 2e-4, batches of 128, 20
epochs of which the second half falls in a line, gradients cut to 0.5, part by part.
Every level of noise tests the same weights, and MMIN's encoders start from them.

Differs from paper: none in training. Noise at test is paper 3's (Section 3.4); the
epoch is chosen on clean validation utterances, since MEN must not see noise.
"""

from __future__ import annotations

from torch.nn import functional as F

from emolib.models.baselines.men import MEN
from emolib.papers.nmer.noise import CLEAN, seen
from emolib.papers.nmer.training import BASELINE_KEYS, TASK_KEYS, Task, as_stage

READS = (*BASELINE_KEYS, "keep_weights")
STAGE_KEYS = (*TASK_KEYS, *BASELINE_KEYS)
EPOCHS, CONSTANT = 20, 0.5
FIT = {"optimizer": "adam", "lr": 2e-4, "batch_size": 128, "max_norm": 0.5}


def build(task: Task) -> MEN:
    """Return the untrained model for utterances of these widths."""
    return MEN(task.widths, task.n_classes)


def train(context, **settings):
    """Train on the clean training utterances of a fold."""
    return as_stage(*fitted(Task.of(settings, context), "MEN", build, CLEAN))


def fitted(task: Task, name: str, build_, noise, **how):
    """Return a model trained by MEN's recipe, and its history."""
    recipe = task.recipe(FIT, EPOCHS, CONSTANT)
    return task.fit(name, build_, classification_step(noise), noise, **recipe, **how)


def classification_step(noise):
    """Return the step that scores noisy utterances by cross-entropy (L_cls)."""

    def step(model, batch, generator):
        x, lengths, _ = seen(batch, noise, generator)
        return {"total": F.cross_entropy(model(x, lengths).logits, batch["y"])}

    return step


def trained(task: Task):
    """Return the model of clean utterances and its history, trained once a fold."""
    return task.stage(train, build, STAGE_KEYS)


def run(settings, context):
    """Test the model of clean utterances under the unit's noise."""
    task = Task.of(settings, context)
    return task.outcome(*trained(task))
