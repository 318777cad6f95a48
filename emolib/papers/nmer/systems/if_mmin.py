"""How IF-MMIN is trained: from the clean teacher, guided by invariant features.

Zuo et al., ICASSP 2023; the published settings: Adam with beta_1 .5, 2e-4, batches of
128, gradients cut to 1, part by part; weights 1 for classes, 1 for imagination and 100
for invariant features against the teacher's of the clean utterance.

Differs from paper: 60 epochs of which the second half falls in a line, where 20 and 20
were published, so that all systems of incomplete data train equally long. What is
imagined under noise is as in MMIN.
"""

from __future__ import annotations

from torch.nn import functional as F

from emolib.losses.variational import feature_loss
from emolib.models.baselines.if_mmin import IFMMIN
from emolib.papers.nmer.noise import imagined_target, seen
from emolib.papers.nmer.systems import clean_teacher
from emolib.papers.nmer.training import BASELINE_KEYS, Task

READS = (*BASELINE_KEYS, "teacher_epochs", "keep_weights")
EPOCHS, CONSTANT = 60, 0.5
FIT = {
    "optimizer": "adam", "lr": 2e-4, "betas": (0.5, 0.999), "batch_size": 128,
    "max_norm": 1.0,
}  # fmt: skip
WEIGHTS = {"class": 1.0, "forward": 1.0, "invariant": 100.0}


def build(task: Task) -> IFMMIN:
    """Return the untrained model for utterances of these widths."""
    return IFMMIN(task.widths, task.n_classes)


def run(settings, context):
    """Train on utterances under the unit's noise, and test."""
    task = Task.of(settings, context)
    teacher, clean = clean_teacher.trained(task)
    step = imagination_step(teacher, task.noise)
    targets = {"specific_clean": "specific", "invariant_clean": "invariant"}
    model, history = task.fit(
        "IF-MMIN", build, step, task.noise, teacher=teacher, targets=targets,
        **task.recipe(FIT, EPOCHS, CONSTANT),
    )  # fmt: skip
    return task.outcome(model, history, clean=clean)


def imagination_step(teacher, noise):
    """Return the step that scores classes, imagination and invariance."""
    encoder = teacher.encoder.specific

    def step(model, batch, generator):
        x, lengths, noisy = seen(batch, noise, generator)
        target = imagined_target(encoder, batch, noisy, noise, generator)
        outputs = model(x, lengths)
        terms = {
            "class": F.cross_entropy(outputs.logits, batch["y"]),
            "forward": feature_loss(outputs.imagined, target),
            "invariant": feature_loss(outputs.invariant, batch["invariant_clean"]),
        }
        return {**terms, "total": sum(WEIGHTS[name] * terms[name] for name in terms)}

    return step
