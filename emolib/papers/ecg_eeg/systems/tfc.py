"""How TFC is trained: time and spectrum of the ECG agree, then fine-tuning.

Zhang et al. 2022, the convolutional form; published settings: Adam, 3e-4, betas
(.9, .99), decay 3e-4, batches of 128, 40 epochs of each stage.

Differs from paper: views are drawn at every step; epochs are chosen on validation
windows, where the public code reports the best test epoch.
"""

from __future__ import annotations

from torch.nn import functional

from emolib.corruptions.tfc_views import frequency_view, time_view
from emolib.losses.consistency import consistency_loss
from emolib.models.baselines.tfc import TFC, magnitude_spectrum
from emolib.papers.ecg_eeg.classify import (
    fit_unlabelled,
    joined,
    outcome_of,
    published,
    with_state,
)
from emolib.papers.ecg_eeg.task import FOLD_KEYS, Task, pick
from emolib.store import Outcome
from emolib.training.fit import fit
from emolib.training.states import load_state_arrays, state_arrays

READS = ("baseline_epochs", "patience")
EPOCHS = 40
FIT = {
    "optimizer": "adam",
    "lr": 3e-4,
    "betas": (0.9, 0.99),
    "weight_decay": 3e-4,
    "batch_size": 128,
    "drop_last": True,
}


def build(windows) -> TFC:
    """Return the untrained model for windows of this size."""
    _, n_chans, n_times = windows.x["ecg"].shape
    return TFC(n_chans=n_chans, n_times=n_times)


def contrast(context, **settings) -> Outcome:
    """Pre-train on all training windows; no label is read."""
    result = fit_unlabelled(
        context,
        settings,
        build,
        _consistency_step,
        stage="contrast",
        modality="ecg",
        **FIT,
        **published(EPOCHS, settings),
    )
    return Outcome(tables={"history": result.history}, state=state_arrays(result.model))


def run(settings, context) -> Outcome:
    """Fine-tune the pre-trained model on the labelled windows and test it."""
    task = Task.of(settings, context)
    start = context.stage(contrast, **pick(settings, (*FOLD_KEYS, *READS)))
    model = build(task.windows)
    load_state_arrays(model, start.state)
    tuned = fit(
        model,
        _tuning_step,
        task.arrays(task.labelled, "ecg"),
        validation=task.arrays(task.fold.val, "ecg"),
        seed=task.seed_of("tune"),
        device=context.device,
        **FIT,
        **published(EPOCHS, settings),
    )
    history = joined(contrast=start.tables["history"], tune=tuned.history)
    return outcome_of(task, tuned.model, history, "ecg", context)


def _consistency_step(model, batch, generator):
    """Return the losses of a batch against a view of its signal and its spectrum."""
    return _consistency(model, batch["ecg"], generator)[1]


def _tuning_step(model, batch, generator):
    """Return cross-entropy plus the pre-training losses, as the public code does."""
    outputs, losses = _consistency(model, batch["ecg"], generator)
    emotion = functional.cross_entropy(outputs.logits, batch["y"])
    return {**losses, "emotion": emotion, "total": emotion + losses["total"]}


def _consistency(model, x, generator):
    """Return the outputs of a batch and its consistency losses."""
    spectrum = magnitude_spectrum(x)
    outputs = model(x, spectrum)
    view = model(
        time_view(x, generator=generator),
        frequency_view(spectrum, generator=generator),
    )
    return outputs, consistency_loss(outputs, view)


def restore(entry, context) -> TFC:
    """Return the trained model of a stored unit."""
    return with_state(build(context.windows), entry.state)
