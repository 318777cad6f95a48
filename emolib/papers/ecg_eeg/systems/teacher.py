"""The EEG teacher: reconstruction pre-training, then emotion fine-tuning.

Paper 2, Section 2.2, EEG encoder pre-training. Both stages read the training folds of
their unit and nothing else; they are shared by every system that needs the teacher.
"""

from __future__ import annotations

from emolib.losses.reconstruction import reconstruction_loss
from emolib.models.ecg_eeg import EEGEncoder, EmotionModel, ReconstructionModel
from emolib.papers.ecg_eeg.classify import (
    ENCODER_KEYS,
    FIT_KEYS,
    build_encoder,
    classification_step,
    fit_options,
    fit_unlabelled,
    joined,
    outcome_of,
)
from emolib.papers.ecg_eeg.task import (
    FOLD_KEYS,
    TASK_KEYS,
    Task,
    pick,
)
from emolib.store import Outcome
from emolib.training.fit import fit
from emolib.training.predict import predict
from emolib.training.seeding import seeded
from emolib.training.states import load_state_arrays, state_arrays

READS = (*ENCODER_KEYS, *FIT_KEYS)


def reconstruct(context, **settings) -> Outcome:
    """Train the EEG encoder to restore its input; no label is read.

    Paper 2, Section 2.2, first half of EEG encoder pre-training.
    """

    def build(windows):
        encoder = build_encoder(EEGEncoder, windows.x["eeg"], settings)
        return ReconstructionModel(encoder)

    result = fit_unlabelled(
        context,
        settings,
        build,
        _reconstruction_step,
        stage="reconstruct",
        modality="eeg",
        **fit_options(settings),
    )
    return Outcome(
        tables={"history": result.history}, state=state_arrays(result.model.encoder)
    )


def _reconstruction_step(model, batch, generator):
    """Return the named losses of one batch of EEG."""
    restored = model(batch["eeg"]).restored
    return {"total": reconstruction_loss(restored, batch["eeg"])}


def tune(context, **settings) -> Outcome:
    """Fine-tune the reconstructed EEG encoder to tell high from low.

    Paper 2, Section 2.2, second half of EEG encoder pre-training.
    """
    task = Task.of(settings, context)
    start = context.stage(reconstruct, **pick(settings, (*FOLD_KEYS, *READS)))
    seed = task.seed_of("tune")
    with seeded(seed):
        model = EmotionModel(build_encoder(EEGEncoder, task.windows.x["eeg"], settings))
    load_state_arrays(model.encoder, start.state)
    result = fit(
        model,
        classification_step("eeg"),
        task.arrays(task.labelled, "eeg"),
        validation=task.arrays(task.fold.val, "eeg"),
        seed=seed,
        device=context.device,
        **fit_options(settings),
    )
    stages = {"reconstruction": start.tables["history"], "tuning": result.history}
    return outcome_of(task, result.model, joined(**stages), "eeg", context)


def load_teacher(context, settings, eeg) -> EmotionModel:
    """Return the tuned EEG model of this fold, trained if the store lacks it."""
    entry = context.stage(tune, **pick(settings, (*TASK_KEYS, *READS)))
    model = EmotionModel(build_encoder(EEGEncoder, eeg, settings))
    load_state_arrays(model, entry.state)
    return model


def embed(model, arrays, modality, context):
    """Return the window embeddings of a model, shape (n_windows, d)."""
    forward = lambda m, batch: {"window": m.encoder(batch[modality]).window}  # noqa: E731
    return predict(model, forward, arrays, device=context.device)["window"]


def run(settings, context) -> Outcome:
    """Test the EEG teacher itself: what EEG can do with the same labels."""
    entry = context.stage(tune, **pick(settings, (*TASK_KEYS, *READS)))
    return Outcome(predictions=entry.tables["predictions"], tables=entry.tables)


def restore(entry, context) -> EmotionModel:
    """Return the tuned EEG model of a stored unit."""
    settings = entry.key.parts["settings"]
    return load_teacher(context, settings, context.windows.x["eeg"]).eval()
