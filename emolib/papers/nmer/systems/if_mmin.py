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
from emolib.papers.nmer.evaluate import outcome_of, with_state
from emolib.papers.nmer.steps import (
    BASELINE_KEYS,
    features_of,
    fit_under,
    imagined_target,
    joined,
    published,
    seen,
)
from emolib.papers.nmer.systems import clean_teacher
from emolib.papers.nmer.task import Task
from emolib.store import Outcome
from emolib.training.seeding import seeded

READS = (*BASELINE_KEYS, "teacher_epochs", "keep_weights")
SHARES = clean_teacher.SHARES
EPOCHS, CONSTANT = 60, 0.5
FIT = {
    "optimizer": "adam", "lr": 2e-4, "betas": (0.5, 0.999), "batch_size": 128,
    "max_norm": 1.0,
}  # fmt: skip
WEIGHTS = {"class": 1.0, "forward": 1.0, "invariant": 100.0}


def build(task: Task) -> IFMMIN:
    """Return the untrained model for utterances of these widths."""
    return IFMMIN(task.widths, task.n_classes)


def run(settings, context) -> Outcome:
    """Train on utterances under the unit's noise, and test."""
    task = Task.of(settings, context)
    corruption = task.corruption(settings)
    teacher, clean_history = clean_teacher.trained(task, settings, context)
    with seeded(task.seed_of("IF-MMIN, weights")):
        model = build(task)
    model.encoder.load_state_dict(teacher.encoder.state_dict())
    targets = {"specific_clean": "specific", "invariant_clean": "invariant"}
    result = fit_under(
        corruption,
        task,
        model,
        imagination_step(teacher, corruption),
        context,
        stage="IF-MMIN",
        targets=features_of(teacher, context, **targets),
        **FIT,
        **published(EPOCHS, task, settings, constant=CONSTANT),
    )
    history = joined(clean=clean_history, noisy=result.history)
    return outcome_of(
        task, result.model, history, corruption, context,
        keep_weights=settings["keep_weights"],
    )  # fmt: skip


def imagination_step(teacher, corruption):
    """Return the step that scores classes, imagination and invariance."""
    encoder = teacher.encoder.specific

    def step(model, batch, generator):
        x, lengths, noisy = seen(batch, corruption, generator)
        target = imagined_target(encoder, batch, noisy, corruption, generator)
        outputs = model(x, lengths)
        terms = {
            "class": F.cross_entropy(outputs.logits, batch["y"]),
            "forward": feature_loss(outputs.imagined, target),
            "invariant": feature_loss(outputs.invariant, batch["invariant_clean"]),
        }
        return {**terms, "total": sum(WEIGHTS[name] * terms[name] for name in terms)}

    return step


def restore(entry, context) -> IFMMIN:
    """Return the trained model of a stored unit."""
    settings = entry.key.parts["settings"]
    return with_state(build(Task.of(settings, context)), entry.state)
