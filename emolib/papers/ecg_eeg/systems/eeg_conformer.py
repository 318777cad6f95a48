"""How EEG-Conformer is trained: EEG, with trials recombined at every step.

Song et al. 2023; published settings: Adam, 2e-4, betas (.5, .999), batches of 72, each
joined by as many recombined windows of the same classes. It reads EEG, which is its
purpose; so its row is a cross-modality reference, not a rival of the ECG encoders.

Differs from paper: at most 100 epochs, of 2,000, and the epoch is chosen on validation
windows, where the public code reports the best test epoch.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from emolib.corruptions.recombination import recombine_segments
from emolib.models.baselines.eeg_conformer import EEGConformer
from emolib.papers.ecg_eeg.classify import outcome_of, published, with_state
from emolib.papers.ecg_eeg.task import Task
from emolib.store import Outcome
from emolib.training.fit import fit
from emolib.training.seeding import seeded

READS = ("baseline_epochs", "patience")
EPOCHS = 100
FIT = {"optimizer": "adam", "lr": 2e-4, "betas": (0.5, 0.999), "batch_size": 72}


def build(windows) -> EEGConformer:
    """Return the untrained model for windows of this size."""
    _, n_chans, n_times = windows.x["eeg"].shape
    return EEGConformer(n_chans=n_chans, n_times=n_times)


def run(settings, context) -> Outcome:
    """Train on the labelled training windows and test."""
    task = Task.of(settings, context)
    with seeded(task.seed_of("eeg_conformer")):
        model = build(task.windows)
    result = fit(
        model,
        _step,
        task.arrays(task.labelled, "eeg"),
        validation=task.arrays(task.fold.val, "eeg"),
        seed=task.seed_of("train"),
        device=context.device,
        **FIT,
        **published(EPOCHS, settings),
    )
    return outcome_of(task, result.model, result.history, "eeg", context)


def _step(model, batch, generator):
    """Return the cross-entropy of a batch and, in training, its recombined twin."""
    x, y = batch["eeg"], batch["y"]
    if model.training:
        more = recombine_segments(x, y, generator=generator)
        x, y = torch.cat([x, more]), torch.cat([y, y])
    return {"total": functional.cross_entropy(model(x).logits, y)}


def restore(entry, context) -> EEGConformer:
    """Return the trained model of a stored unit."""
    return with_state(build(context.windows), entry.state)
