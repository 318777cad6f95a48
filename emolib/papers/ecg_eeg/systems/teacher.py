"""The EEG teacher: reconstruction pre-training, then emotion fine-tuning.

Paper 2, Section 2.2, EEG encoder pre-training. Both stages read the training folds of
their unit and nothing else; they are shared by every system that needs the teacher.
"""

from __future__ import annotations

from emolib.losses.reconstruction import reconstruction_loss
from emolib.models.ecg_eeg import EEGEncoder, EmotionModel, ReconstructionModel
from emolib.papers.ecg_eeg.training import (
    SHARED_KEYS,
    Task,
    build_encoder,
    pick,
    trained,
    unlabelled,
)
from emolib.store import Outcome


def build(windows, settings) -> EmotionModel:
    """Return the untrained teacher for windows of this size."""
    return EmotionModel(build_encoder(EEGEncoder, windows.x["eeg"], settings))


def reconstruct(context, **settings) -> Outcome:
    """Train the EEG encoder to restore its input; no label is read.

    Paper 2, Section 2.2, first half of EEG encoder pre-training.
    """
    task = Task.of(settings, context)
    model = task.build(_reconstruction_model, "reconstruct")
    result = task.fit(model, "reconstruct", "eeg", step=_reconstruction_step)
    return trained(result, model.encoder)


def _reconstruction_model(windows, settings) -> ReconstructionModel:
    return ReconstructionModel(build_encoder(EEGEncoder, windows.x["eeg"], settings))


def _reconstruction_step(model, batch, generator):
    """Return the named losses of one batch of EEG."""
    restored = model(batch["eeg"]).restored
    return {"total": reconstruction_loss(restored, batch["eeg"])}


def tune(context, **settings) -> Outcome:
    """Fine-tune the reconstructed EEG encoder to tell high from low.

    Paper 2, Section 2.2, second half of EEG encoder pre-training.
    """
    task = Task.of(settings, context)
    start = context.stage(reconstruct, **unlabelled(settings))
    model = task.build(build, "tune", start, "encoder")
    result = task.fit(model, "tune", "eeg")
    return task.outcome(model, "eeg", reconstruction=start, tuning=result)


def taught(settings, context):
    """Return the entry of this fold's tuned teacher, trained if the store lacks it."""
    return context.stage(tune, **pick(settings, SHARED_KEYS))


def run(settings, context) -> Outcome:
    """Test the EEG teacher itself: what EEG can do with the same labels."""
    entry = taught(settings, context)
    return Outcome(predictions=entry.tables["predictions"], tables=entry.tables)
