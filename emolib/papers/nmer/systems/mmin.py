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
from emolib.papers.nmer.systems import men
from emolib.papers.nmer.task import Task
from emolib.store import Outcome
from emolib.training.seeding import seeded

READS = (*BASELINE_KEYS, "keep_weights")
SHARES = men.SHARES
EPOCHS, CONSTANT = 60, 0.5
FIT = {
    "optimizer": "adam", "lr": 2e-4, "betas": (0.5, 0.999), "batch_size": 128,
    "max_norm": 1.0,
}  # fmt: skip
WEIGHTS = {"class": 1.0, "forward": 4.0, "backward": 2.0}


def build(task: Task) -> MMIN:
    """Return the untrained model for utterances of these widths."""
    return MMIN(task.widths, task.n_classes)


def run(settings, context) -> Outcome:
    """Train on utterances under the unit's noise, and test."""
    task = Task.of(settings, context)
    corruption = task.corruption(settings)
    teacher, clean_history = men.trained(task, settings, context)
    with seeded(task.seed_of("MMIN, weights")):
        model = build(task)
    model.encoder.load_state_dict(teacher.encoder.state_dict())
    result = fit_under(
        corruption,
        task,
        model,
        imagination_step(teacher, corruption),
        context,
        stage="MMIN",
        targets=features_of(teacher, context, specific_clean="specific"),
        **FIT,
        **published(EPOCHS, task, settings, constant=CONSTANT),
    )
    history = joined(clean=clean_history, noisy=result.history)
    return outcome_of(
        task, result.model, history, corruption, context,
        keep_weights=settings["keep_weights"],
    )  # fmt: skip


def imagination_step(teacher, corruption):
    """Return the step that scores classes and imagination, there and back."""

    def step(model, batch, generator):
        x, lengths, noisy = seen(batch, corruption, generator)
        target = imagined_target(teacher.encoder, batch, noisy, corruption, generator)
        outputs = model(x, lengths)
        terms = {
            "class": F.cross_entropy(outputs.logits, batch["y"]),
            "forward": feature_loss(outputs.imagined, target),
            "backward": feature_loss(outputs.returned, outputs.specific),
        }
        return {**terms, "total": sum(WEIGHTS[name] * terms[name] for name in terms)}

    return step


def restore(entry, context) -> MMIN:
    """Return the trained model of a stored unit."""
    settings = entry.key.parts["settings"]
    return with_state(build(Task.of(settings, context)), entry.state)
