"""How SSL-ECG is trained: tell six distortions apart, then a head on frozen features.

Sarkar and Etemad 2020; published settings: Adam, 1e-3, times .9 every 10,000 steps, 100
epochs of 128 windows in seven versions; then three dense layers on the frozen encoder,
200 epochs, batches of 128. Weight penalty 1e-4 (none for the head on AMIGOS).

Differs from paper: one lead (the first), one corpus, its training windows alone; epochs
are chosen on validation windows. A batch runs in pieces, so that it stays small.
"""

from __future__ import annotations

from torch.nn import functional

from emolib.corruptions.ecg_distortions import distort_all
from emolib.losses.distortion import distortion_loss, weight_penalty
from emolib.models.baselines.ssl_ecg import SSLECG
from emolib.papers.ecg_eeg.classify import (
    fit_unlabelled,
    joined,
    outcome_of,
    published,
    with_state,
)
from emolib.papers.ecg_eeg.task import FOLD_KEYS, Task, fold_of, pick
from emolib.store import Outcome
from emolib.training.fit import fit
from emolib.training.predict import predict
from emolib.training.seeding import seeded
from emolib.training.states import load_state_arrays, state_arrays

READS = ("baseline_epochs", "distortion_epochs", "patience", "dataset")
DISTORT_KEYS = (*FOLD_KEYS, "baseline_epochs", "distortion_epochs", "patience")
EPOCHS = {"distort": 100, "tune": 200}
FIT = {"optimizer": "adam", "lr": 1e-3, "batch_size": 128}
N_MICRO = 16
HEAD = {"amigos": {"dropout": 0.4, "penalty": 0.0}}
"""What the public code changes in the head by corpus; else .2 and 1e-4."""


def head_of(settings) -> dict:
    """Return the dropout and the weight penalty of the emotion head."""
    return HEAD.get(settings["dataset"], {"dropout": 0.2, "penalty": 1e-4})


def build(windows, settings) -> SSLECG:
    """Return the untrained model for windows of this size."""
    n_times = windows.x["ecg"].shape[2]
    return SSLECG(n_times=n_times, dropout=head_of(settings)["dropout"])


def distort(context, **settings) -> Outcome:
    """Pre-train the encoder on all training windows; no label is read."""
    n_train = len(fold_of(context.windows, settings).train)
    n_steps = -(-n_train // FIT["batch_size"])
    cap = settings["distortion_epochs"] or EPOCHS["distort"]
    result = fit_unlabelled(
        context,
        settings,
        lambda windows: SSLECG(n_times=windows.x["ecg"].shape[2]),
        _distortion_step,
        stage="distort",
        modality="ecg",
        channels=[0],
        schedule=lambda epoch: 0.9 ** (epoch * n_steps // 10_000),
        n_micro=N_MICRO,
        **FIT,
        **published(min(cap, EPOCHS["distort"]), settings),
    )
    return Outcome(
        tables={"history": result.history}, state=state_arrays(result.model.encoder)
    )


def run(settings, context) -> Outcome:
    """Train the emotion head on frozen features of the labelled windows, and test."""
    task = Task.of(settings, context).with_channels("ecg", [0])
    start = context.stage(distort, **pick(settings, DISTORT_KEYS))
    with seeded(task.seed_of("tune")):
        model = build(task.windows, settings)
    load_state_arrays(model.encoder, start.state)
    tuned = fit(
        model,
        _head_step(head_of(settings)["penalty"]),
        _features(model, task, task.labelled, context),
        validation=_features(model, task, task.fold.val, context),
        trainable=[model.classifier],
        seed=task.seed_of("tune"),
        device=context.device,
        **FIT,
        **published(EPOCHS["tune"], settings),
    )
    history = joined(distort=start.tables["history"], tune=tuned.history)
    return outcome_of(task, tuned.model, history, "ecg", context)


def _features(model, task, index, context) -> dict:
    """Return the frozen encoder's features of windows: computed once, not each step."""

    def forward(model, batch):
        return {"features": model.encoder(batch["ecg"])}

    arrays = task.arrays(index, "ecg")
    return {**predict(model, forward, arrays, device=context.device), "y": arrays["y"]}


def _distortion_step(model, batch, generator):
    """Return the weighted cross-entropy of seven yes-or-no questions."""
    versions, distortion = distort_all(batch["ecg"], generator)
    told = distortion_loss(model(versions).distortion_logits, distortion)
    kernels = [*model.encoder.parameters(), *model.heads.parameters()]
    penalty = weight_penalty(kernels)
    return {"distortion": told, "penalty": penalty, "total": told + penalty}


def _head_step(weight: float):
    """Return the step of the emotion head on frozen features."""

    def step(model, batch, generator):
        logits = model.classifier(batch["features"])
        emotion = functional.cross_entropy(logits, batch["y"])
        penalty = weight_penalty(model.classifier.parameters(), weight=weight)
        return {"emotion": emotion, "penalty": penalty, "total": emotion + penalty}

    return step


def restore(entry, context) -> SSLECG:
    """Return the trained model of a stored unit; it reads the first lead alone."""
    settings = entry.key.parts["settings"]
    return with_state(build(context.windows, settings), entry.state)
