"""Fit any model by any step function: one loop for all systems.

The caller says what a step is; `fit` knows batches, optimiser, validation, early
stopping and history, and no paper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from emolib.checks import check_option, check_range
from emolib.training.devices import resolve_device
from emolib.training.loop import Loop, memory_named
from emolib.training.parts import only_trainable, parameters_of
from emolib.training.seeding import seeded
from emolib.training.tensors import to_tensors


@dataclass(frozen=True)
class FitResult:
    """A fitted model and how it came to be.

    Parameters
    ----------
    model : torch.nn.Module
        The one given, trained in place, in evaluation mode, with the state of
        `best_epoch`.
    history : DataFrame
        Columns epoch (from 1), split ("train", "val"), one per named loss, and
        "monitor" where one was given.
    best_epoch : int
        Of the lowest validation criterion; the last one without validation.
    stop_reason : str
        "patience" or "max_epochs".
    """

    model: object
    history: object
    best_epoch: int
    stop_reason: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The numbers of one fit.

    Parameters
    ----------
    seed : int
        Of batch order, of the step's generator and of dropout. On a CPU the same seed
        gives the same bytes, whatever was drawn before.
    max_epochs, batch_size : int
    lr : float
        Learning rate of the first epoch.
    optimizer : {'adamw', 'adam'}
        Weight decay apart from the gradient, or added to it.
    weight_decay, betas
        Of the optimiser.
    patience : int or None
        Epochs without a lower criterion before stopping; None: never. Needs
        `validation`.
    max_norm : float or None
        Gradients longer than this are cut to this length before each step.
    drop_last : bool
        Leave out the last, shorter batch of an epoch, unless it is the only one.
    n_micro : int
        Pieces a batch is computed in, for memory. The gradient is the mean over rows,
        so this suits losses that are means over windows, not contrastive ones.
    """

    seed: int
    max_epochs: int
    batch_size: int
    lr: float
    optimizer: str = "adamw"
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)
    patience: int | None = None
    max_norm: float | None = None
    drop_last: bool = False
    n_micro: int = 1

    def __post_init__(self):
        check_option("optimizer", self.optimizer, ("adamw", "adam"))
        for name, low in (("seed", 0), ("max_epochs", 1), ("batch_size", 1),
                          ("weight_decay", 0), ("patience", 1)):  # fmt: skip
            if getattr(self, name) is not None:
                check_range(name, getattr(self, name), low, np.inf)
        check_range("n_micro", self.n_micro, 1, self.batch_size)
        for name in ("lr", "max_norm"):
            if getattr(self, name) is not None:
                check_range(name, getattr(self, name), 0, np.inf, closed="neither")


def fit(
    model: torch.nn.Module,
    step: Callable,
    data: Mapping[str, np.ndarray],
    *,
    validation: Mapping[str, np.ndarray] | None = None,
    monitor: Callable | str | None = None,
    schedule: Callable | None = None,
    trainable: Iterable | None = None,
    norm_parts: Iterable | None = None,
    device="auto",
    **numbers,
) -> FitResult:
    """Return the model at its best validation epoch, and the history of every loss.

    Parameters
    ----------
    model : torch.nn.Module
        Trained in place. Build it within `seeding.seeded` to have its first weights
        depend on a seed alone.
    step : callable (model, batch, generator) -> dict of name to scalar Tensor
        One forward pass: named losses, among them "total", which is minimised. `batch`
        is a dict of rows of `data`; whatever it draws comes from `generator`, on the
        batch's device. Called alike on validation batches, without gradients.
    data, validation : mapping of name to ndarray
        Equal first axis each. Moved to the device once. Early stopping and the choice
        of the epoch see `validation` only.
    monitor : callable (model, validation tensors) -> float, or str
        Validation criterion, lower is better; or the name of a loss, where the total
        holds terms that are no criterion; None: the mean validation "total".
    schedule : callable (epoch) -> float
        Factor on `lr`; epoch counts from 0.
    trainable : iterable of Module
        What learns; all else is frozen, and frozen submodules stay in evaluation mode.
        None: every parameter that requires a gradient.
    norm_parts : iterable of Module
        Parts whose gradients are cut to `max_norm` each by itself; None: all learning
        parameters together. What is in no part is not cut.
    device : str or torch.device
    **numbers
        Of `Plan`.

    Raises
    ------
    FloatingPointError
        When a loss is not finite, naming epoch and term.
    """
    plan = Plan(**numbers)
    if validation is None and (plan.patience is not None or monitor is not None):
        raise ValueError(
            "validation must be given with patience or monitor; got None. Training "
            "data cannot say when to stop."
        )
    device = resolve_device(device)
    tensors = to_tensors(data, device)
    held_out = None
    if validation is not None:
        held_out = to_tensors(validation, device, name="validation")
    model.to(device)
    with seeded(plan.seed, device), only_trainable(model, trainable) as learning:
        groups = [learning]
        if norm_parts is not None:
            groups = parameters_of(model, norm_parts, "norm_parts")
        loop = Loop(model, step, plan, learning, groups, monitor, schedule, device)
        while not loop.stop_reason:
            with memory_named(plan):
                loop.run_epoch(tensors, held_out)
        loop.restore_best()
    history = pd.DataFrame(loop.history)
    return FitResult(model.eval(), history, loop.best_epoch, loop.stop_reason)


def constant_then_linear(n_epochs: int, constant: float) -> Callable[[int], float]:
    """Return a schedule: full rate first, then falling in a line towards zero.

    Parameters
    ----------
    n_epochs : int
    constant : float
        Share of the epochs at full rate, in [0, 1]; 1 never falls.

    Returns
    -------
    factor : callable (epoch) -> float
        Epoch counts from 0. The last of `n_fall` falling epochs still has
        ``1 / (n_fall + 1)``, so that every epoch trains.
    """
    check_range("constant", constant, 0, 1)
    n_constant = round(constant * n_epochs)
    n_fall = n_epochs - n_constant

    def factor(epoch: int) -> float:
        return 1.0 - max(0, epoch + 1 - n_constant) / (n_fall + 1)

    return factor
