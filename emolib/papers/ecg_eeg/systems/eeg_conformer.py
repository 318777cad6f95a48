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
from emolib.papers.ecg_eeg.training import Task
from emolib.store import Outcome

ADAM = {"optimizer": "adam", "lr": 2e-4, "betas": (0.5, 0.999)}
FIT = {**ADAM, "batch_size": 72, "max_epochs": 100}


def build(windows, settings) -> EEGConformer:
    """Return the untrained model for windows of this size."""
    _, n_chans, n_times = windows.x["eeg"].shape
    return EEGConformer(n_chans=n_chans, n_times=n_times)


def run(settings, context) -> Outcome:
    """Train on the labelled training windows and test."""
    task = Task.of(settings, context)
    model = task.build(build, "eeg_conformer")
    result = task.fit(model, "train", "eeg", step=_step, own=FIT)
    return task.outcome(model, "eeg", train=result)


def _step(model, batch, generator):
    """Return the cross-entropy of a batch and, in training, its recombined twin."""
    x, y = batch["eeg"], batch["y"]
    if model.training:
        more = recombine_segments(x, y, generator=generator)
        x, y = torch.cat([x, more]), torch.cat([y, y])
    return {"total": functional.cross_entropy(model(x).logits, y)}
