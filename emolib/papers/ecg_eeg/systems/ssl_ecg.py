"""How SSL-ECG is trained: tell six distortions apart, then a head on frozen features.

Sarkar and Etemad 2020; published settings: Adam, 1e-3, times .9 every 10,000 steps, 100
epochs of 128 windows in seven versions; then three dense layers on the frozen encoder,
200 epochs, batches of 128. Weight penalty: in pre-training 1e-4 times half the sum of
squares of all kernels, in the head 1e-4 times that of the hidden ones (AMIGOS: none).

Differs from paper: one lead (the first), one corpus, its training windows alone; epochs
are chosen on validation windows. A batch runs in pieces, so that it stays small.
Differs from paper: the ECG is not filtered, as for every system here; it was published
on filtered ECG at 256 Hz, scaled by the middle 95 % of a subject's values. AMIGOS keeps
its 128 Hz, so kernels and pools see twice the time there.
"""

from __future__ import annotations

from torch.nn import functional

from emolib.corruptions.ecg_distortions import distort_all
from emolib.losses.pretext import distortion_loss, weight_penalty
from emolib.models.baselines.ssl_ecg import SSLECG
from emolib.papers.ecg_eeg.training import Task, trained, unlabelled
from emolib.store import Outcome

FIT = {"optimizer": "adam", "lr": 1e-3, "batch_size": 128}
TUNING_EPOCHS = 200
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
    task = Task.of(settings, context).with_channels("ecg", [0])
    model = task.build(build, "distort")
    n_steps = -(-len(task.fold.train) // FIT["batch_size"])
    result = task.fit(
        model, "distort", "ecg", step=_distortion_step, monitor="distortion",
        own={**FIT, "max_epochs": settings["pretraining_epochs"]}, n_micro=N_MICRO,
        schedule=lambda epoch: 0.9 ** (epoch * n_steps // 10_000),
    )  # fmt: skip
    return trained(result, model.encoder)


def run(settings, context) -> Outcome:
    """Train the emotion head on frozen features of the labelled windows, and test."""
    task = Task.of(settings, context).with_channels("ecg", [0])
    start = context.stage(distort, **unlabelled(settings))
    model = task.build(build, "tune", start, "encoder")

    def features(rows):
        seen = task.predict(model, lambda m, x: m.encoder(x), rows, "ecg")
        return {"features": seen, "y": task.y[rows]}

    tuned = task.fit(
        model, "tune", step=_head_step(head_of(settings)["penalty"]), read=features,
        own={**FIT, "max_epochs": TUNING_EPOCHS}, trainable=[model.classifier],
        monitor="emotion",
    )  # fmt: skip
    return task.outcome(model, "ecg", distort=start, tune=tuned)


def _distortion_step(model, batch, generator):
    """Return the weighted cross-entropy of seven yes-or-no questions."""
    versions, distortion = distort_all(batch["ecg"], generator)
    told = distortion_loss(model(versions).distortion_logits, distortion)
    kernels = [*model.encoder.parameters(), *model.heads.parameters()]
    penalty = weight_penalty(kernels, weight=0.5e-4)  # 1e-4 times half the squares
    return {"distortion": told, "penalty": penalty, "total": told + penalty}


def _head_step(weight: float):
    """Return the step of the emotion head on frozen features.

    The penalty takes the three hidden kernels; the output layer has none.
    """

    def step(model, batch, generator):
        logits = model.classifier(batch["features"])
        emotion = functional.cross_entropy(logits, batch["y"])
        penalty = weight_penalty(model.classifier[:-1].parameters(), weight=weight)
        return {"emotion": emotion, "penalty": penalty, "total": emotion + penalty}

    return step
