"""How MMIN is trained: from MEN's encoders, imagining what it does not see.

Zhao, Li and Jin, ACL 2021; the published settings: Adam with beta_1 .5, 2e-4, batches
of 128, 60 epochs of which the second half falls in a line, gradients cut to 1, part by
part; weights 1 for classes, 4 forward and 2 backward. The way back aims at the
student's own features, which learn nothing from it.

Differs from paper: what is imagined under noise is MEN's features of the complementary
version of an utterance, clean where the student sees noise and noisy where it sees it
clean; with hidden modalities it is what was published (`imagined_target`).
"""

from __future__ import annotations

from torch.nn import functional as F

from emolib.losses.variational import feature_loss
from emolib.models.baselines.mmin import MMIN
from emolib.papers.nmer.noise import imagined_target, seen
from emolib.papers.nmer.systems import men
from emolib.papers.nmer.training import BASELINE_KEYS, Task

READS = (*BASELINE_KEYS, "keep_weights")
EPOCHS, CONSTANT = 60, 0.5
FIT = {
    "optimizer": "adam", "lr": 2e-4, "betas": (0.5, 0.999), "batch_size": 128,
    "max_norm": 1.0,
}  # fmt: skip
WEIGHTS = {"class": 1.0, "forward": 4.0, "backward": 2.0}


def build(task: Task) -> MMIN:
    """Return the untrained model for utterances of these widths."""
    return MMIN(task.widths, task.n_classes)


def run(settings, context):
    """Train on utterances under the unit's noise, and test."""
    task = Task.of(settings, context)
    teacher, clean = men.trained(task)
    step = imagination_step(teacher, task.noise)
    model, history = task.fit(
        "MMIN", build, step, task.noise, teacher=teacher,
        targets={"specific_clean": "specific"}, **task.recipe(FIT, EPOCHS, CONSTANT),
    )  # fmt: skip
    return task.outcome(model, history, clean=clean)


def imagination_step(teacher, noise):
    """Return the step that scores classes and imagination, there and back."""

    def step(model, batch, generator):
        x, lengths, noisy = seen(batch, noise, generator)
        target = imagined_target(teacher.encoder, batch, noisy, noise, generator)
        outputs = model(x, lengths)
        terms = {
            "class": F.cross_entropy(outputs.logits, batch["y"]),
            "forward": feature_loss(outputs.imagined, target),
            "backward": feature_loss(outputs.returned, outputs.specific),
        }
        return {**terms, "total": sum(WEIGHTS[name] * terms[name] for name in terms)}

    return step
