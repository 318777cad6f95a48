"""What the training of several systems of paper 3 shares: epochs, steps, histories."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional as F

from emolib.containers import MODALITIES_AVL
from emolib.corruptions.conditions import ALL_CLEAN
from emolib.models.utterances import FusionEncoder, SpecificInvariantEncoder
from emolib.papers.nmer.answers import logits_of, unpack
from emolib.papers.nmer.corruption import Corruption
from emolib.papers.nmer.evaluate import ua_monitor
from emolib.papers.nmer.task import Task
from emolib.training.fit import FitResult, fit
from emolib.training.predict import predict
from emolib.training.schedules import constant_then_linear

FIT_KEYS = (
    "optimizer", "lr", "beta_1", "weight_decay", "max_norm", "batch_size", "n_epochs",
    "constant", "patience", "as_many_updates",
)  # fmt: skip
"""How NMER's own optimiser runs (paper 3, Section 3.3)."""

BASELINE_KEYS = ("baseline_epochs", "patience", "as_many_updates")

CLEAN = Corruption("none", (ALL_CLEAN,))
"""No noise at all: what MEN and the clean teacher are trained under."""


def fit_options(task: Task, settings) -> dict:
    """Return NMER's optimiser, epochs, schedule and stopping rule, for `fit`."""
    n_epochs = task.epochs(settings["n_epochs"], settings)
    return {
        "optimizer": settings["optimizer"],
        "lr": settings["lr"],
        "betas": (settings["beta_1"], 0.999),
        "weight_decay": settings["weight_decay"],
        "max_norm": settings["max_norm"],
        "batch_size": settings["batch_size"],
        "max_epochs": n_epochs,
        "schedule": constant_then_linear(n_epochs, settings["constant"]),
        "patience": settings["patience"] or None,
    }


def published(n_epochs: int, task: Task, settings, *, constant: float = 1.0) -> dict:
    """Return a baseline's own number of epochs, under the run's cap, for `fit`.

    Parameters
    ----------
    n_epochs : int
        As published.
    settings : mapping
        `BASELINE_KEYS` are read.
    constant : float
        Share of the epochs at full learning rate; the rest falls in a line.
    """
    n_epochs = task.epochs(n_epochs, settings)
    n_epochs = min(n_epochs, settings["baseline_epochs"] or n_epochs)
    return {
        "max_epochs": n_epochs,
        "schedule": constant_then_linear(n_epochs, constant),
        "patience": settings["patience"] or None,
    }


def joined(**histories: pd.DataFrame) -> pd.DataFrame:
    """Return the histories of several stages in one table, with a column stage."""
    parts = [table.assign(stage=stage) for stage, table in histories.items()]
    return pd.concat(parts, ignore_index=True)


def fit_under(
    corruption: Corruption,
    task: Task,
    model: nn.Module,
    step: Callable,
    context,
    *,
    stage: str,
    modalities=MODALITIES_AVL,
    reads=None,
    targets: Callable | None = None,
    forward: Callable = logits_of,
    **options,
) -> FitResult:
    """Return the fit of a model on the fold's training utterances.

    Paper 3, Section 3.3. The epoch is the one of the highest UA on validation
    utterances under the corruption's conditions.

    Parameters
    ----------
    corruption : Corruption
        Which conditions the epoch is chosen under.
    step : callable (model, batch, generator) -> dict of losses
    stage : str
        The seed of its order and noise follows from the name.
    modalities, reads : sequence of str
        Those that the step is given, and those that the model reads in evaluation,
        where they are fewer.
    targets : callable (arrays) -> arrays
        What else the batches hold, computed once: a frozen teacher's features.
    forward
        As in `logits_under`.
    **options
        Of `emolib.training.fit.fit`. With `max_norm`, each part of the model has its
        gradients cut by itself, as in all public codes of this family.
    """
    parts = []
    for index in (task.fold.train, task.fold.val):
        arrays = task.arrays(index, modalities)
        parts.append({**arrays, **(targets(arrays) if targets else {})})
    if "max_norm" in options:
        options["norm_parts"] = sub_networks(model)
    return fit(
        model,
        step,
        parts[0],
        validation=parts[1],
        monitor=ua_monitor(
            task, corruption, device=context.device, forward=forward,
            modalities=reads or modalities,
        ),
        seed=task.seed_of(stage),
        device=context.device,
        **options,
    )  # fmt: skip


def sub_networks(model: nn.Module) -> list[nn.Module]:
    """Return the parts of a model, and of its encoder one for each modality."""
    if isinstance(model, FusionEncoder):
        return list(model.encoders.values())
    nested = (FusionEncoder, SpecificInvariantEncoder)
    found = []
    for child in model.children():
        found += sub_networks(child) if isinstance(child, nested) else [child]
    return found


def seen(batch, corruption: Corruption, generator, reads=MODALITIES_AVL):
    """Return a batch as a student sees it: x, lengths, and who is noisy, (b, 3) bool.

    Paper 3, Section 3.1: a condition is drawn for each utterance at every reading.
    `reads` are the modalities that the student reads.
    """
    x, lengths = ({m: v[m] for m in reads if m in v} for v in unpack(batch))
    noisy = corruption.draw(len(batch["y"]), generator)
    return *corruption.apply(x, lengths, noisy, generator), noisy


def classification_step(corruption: Corruption) -> Callable:
    """Return the step that scores noisy utterances by cross-entropy (L_cls)."""

    def step(model, batch, generator):
        x, lengths, _ = seen(batch, corruption, generator)
        return {"total": F.cross_entropy(model(x, lengths).logits, batch["y"])}

    return step


def features_of(teacher, context, **names: str) -> Callable:
    """Return the function that adds a frozen teacher's features to clean arrays.

    Parameters
    ----------
    teacher : torch.nn.Module
        Evaluates: no dropout, nothing learns.
    **names : str
        Name in the batch -> name among the teacher's outputs.
    """

    def read(model, batch):
        outputs = model(*unpack(batch))
        return {name: getattr(outputs, output) for name, output in names.items()}

    def targets(arrays) -> dict[str, np.ndarray]:
        return predict(teacher, read, arrays, device=context.device)

    return targets


def imagined_target(teacher, batch, noisy, corruption: Corruption, generator):
    """Return what MMIN and IF-MMIN imagine: features of what the student does not see.

    Of a modality that is noisy for the student, the clean features, which the batch
    holds (``specific_clean``); of one that is clean for it, the features under noise
    (facts B0, the authors' noisy setting). Where noise hides a modality ("missing"),
    that is zeros, as first published.

    Parameters
    ----------
    teacher : FusionEncoder
        Frozen.
    noisy : Tensor of bool, shape (b, 3)
        Of the student.

    Returns
    -------
    target : Tensor, shape (b, m d)
    """
    x, lengths = unpack(batch)
    x, lengths = corruption.apply(x, lengths, ~noisy, generator)
    hidden = dict(zip(MODALITIES_AVL, noisy.unbind(1), strict=True))
    with torch.no_grad():  # what is clean for the teacher has been read already
        lengths = {name: n.where(~hidden[name], 0) for name, n in lengths.items()}
        other = teacher(x, lengths)  # (b, m, d)
    clean = batch["specific_clean"].view_as(other)
    return torch.where(noisy[..., None], clean, other).flatten(1)
