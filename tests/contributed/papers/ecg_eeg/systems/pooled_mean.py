"""How the toy baseline is trained: on labelled windows of ECG."""

from __future__ import annotations

from emolib.models.baselines.pooled_mean import PooledMean

from emolib.papers.ecg_eeg.classify import (
    classification_step,
    outcome_of,
    published,
    with_state,
)
from emolib.papers.ecg_eeg.task import Task
from emolib.store import Outcome
from emolib.training.fit import fit
from emolib.training.seeding import seeded

READS = ("baseline_epochs", "patience")
EPOCHS = 5


def build(windows) -> PooledMean:
    """Return the untrained model for windows of this size."""
    _, n_chans, n_times = windows.x["ecg"].shape
    return PooledMean(n_chans=n_chans, n_times=n_times)


def run(settings, context) -> Outcome:
    """Train on the labelled training windows and test."""
    task = Task.of(settings, context)
    with seeded(task.seed_of("pooled_mean")):
        model = build(task.windows)
    result = fit(
        model,
        classification_step("ecg"),
        task.arrays(task.labelled, "ecg"),
        validation=task.arrays(task.fold.val, "ecg"),
        seed=task.seed_of("train"),
        device=context.device,
        lr=1e-2,
        batch_size=32,
        **published(EPOCHS, settings),
    )
    return outcome_of(task, result.model, result.history, "ecg", context)


def restore(entry, context) -> PooledMean:
    """Return the trained model of a stored unit."""
    return with_state(build(context.windows), entry.state)
