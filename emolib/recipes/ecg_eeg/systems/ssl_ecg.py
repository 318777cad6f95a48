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
from emolib.recipes.ecg_eeg.classify import joined, outcome_of, published, with_state
from emolib.recipes.ecg_eeg.task import Task
from emolib.store import Outcome
from emolib.training.fit import fit
from emolib.training.seeding import seeded

READS = ("baseline_epochs", "patience", "dataset")
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


def run(settings, context) -> Outcome:
    """Pre-train on all training windows, train the head on the labelled ones, test."""
    task = Task.of(settings, context)
    first_lead = task.with_channels("ecg", [0])
    head = head_of(settings)
    with seeded(task.seed_of("ssl_ecg")):
        model = build(task.windows, settings)
    train = first_lead.arrays(task.fold.train, "ecg")
    n_steps = -(-len(train["y"]) // FIT["batch_size"])
    distort = fit(
        model,
        _distortion_step,
        train,
        validation=first_lead.arrays(task.fold.val, "ecg"),
        trainable=[model.encoder, model.heads],
        schedule=lambda epoch: 0.9 ** (epoch * n_steps // 10_000),
        n_micro=N_MICRO,
        seed=task.seed_of("distort"),
        device=context.device,
        **FIT,
        **published(EPOCHS["distort"], settings),
    )
    tuned = fit(
        model,
        _head_step(head["penalty"]),
        first_lead.arrays(task.labelled, "ecg"),
        validation=first_lead.arrays(task.fold.val, "ecg"),
        trainable=[model.classifier],
        seed=task.seed_of("tune"),
        device=context.device,
        **FIT,
        **published(EPOCHS["tune"], settings),
    )
    history = joined(distort=distort.history, tune=tuned.history)
    return outcome_of(first_lead, tuned.model, history, "ecg", context)


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
        emotion = functional.cross_entropy(model(batch["ecg"]).logits, batch["y"])
        penalty = weight_penalty(model.classifier.parameters(), weight=weight)
        return {"emotion": emotion, "penalty": penalty, "total": emotion + penalty}

    return step


def restore(entry, context) -> SSLECG:
    """Return the trained model of a stored unit; it reads the first lead alone."""
    settings = entry.manifest["key"]["settings"]
    return with_state(build(context.windows, settings), entry.state)
