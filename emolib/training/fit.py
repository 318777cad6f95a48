"""Fit any model by any step function: one loop for all systems.

The caller says what a step is; `fit` knows batches, optimiser, validation, early
stopping, history and resuming, and no paper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emolib.checks import check_option, check_range
from emolib.training.checkpoints import checksums, read_checkpoint, save_checkpoint
from emolib.training.devices import resolve_device
from emolib.training.loop import Loop
from emolib.training.parts import clipped_parts, only_trainable
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


@dataclass(frozen=True)
class Plan:
    """The numbers of one fit, checked."""

    seed: int
    max_epochs: int
    batch_size: int
    n_micro: int
    lr: float
    weight_decay: float
    betas: tuple[float, float]
    optimizer: str
    patience: int | None
    max_norm: float | None
    drop_last: bool
    bf16: bool

    def __post_init__(self):
        check_range("seed", self.seed, 0, np.inf)
        check_option("optimizer", self.optimizer, ("adamw", "adam"))
        check_range("max_epochs", self.max_epochs, 1, np.inf)
        check_range("batch_size", self.batch_size, 1, np.inf)
        check_range("n_micro", self.n_micro, 1, self.batch_size)
        check_range("lr", self.lr, 0, np.inf, closed="neither")
        check_range("weight_decay", self.weight_decay, 0, np.inf)
        if self.patience is not None:
            check_range("patience", self.patience, 1, np.inf)
        if self.max_norm is not None:
            check_range("max_norm", self.max_norm, 0, np.inf, closed="neither")


def fit(
    model,
    step: Callable,
    data: Mapping[str, np.ndarray],
    *,
    validation: Mapping[str, np.ndarray] | None = None,
    seed: int,
    max_epochs: int,
    batch_size: int,
    lr: float,
    weight_decay: float = 0.0,
    betas: tuple[float, float] = (0.9, 0.999),
    optimizer: str = "adamw",
    patience: int | None = None,
    monitor: Callable | None = None,
    schedule: Callable | None = None,
    max_norm: float | None = None,
    norm_parts: Iterable | None = None,
    device="auto",
    bf16: bool = False,
    drop_last: bool = False,
    n_micro: int = 1,
    checkpoint: str | Path | None = None,
    trainable: Iterable | None = None,
    progress: bool = False,
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
    seed : int
        Of batch order, of `generator` and of dropout. On a CPU the same seed gives the
        same bytes, whatever was drawn before.
    max_epochs, batch_size : int
    lr : float
        Learning rate of the first epoch.
    weight_decay, betas, optimizer
        Of AdamW ('adamw', decay apart from the gradient) or Adam ('adam', decay added
        to it).
    patience : int or None
        Epochs without a lower criterion before stopping; None: never. Needs
        `validation`.
    monitor : callable (model, validation tensors) -> float
        Validation criterion, lower is better; None: the mean validation "total".
    schedule : callable (epoch) -> float
        Factor on `lr`; epoch counts from 0.
    max_norm : float or None
        Gradients longer than this are cut to this length before each step.
    norm_parts : iterable of Module or Parameter
        Parts whose gradients are measured and cut each by itself; None: all learning
        parameters together. What is in no part is not cut.
    device : str or torch.device
    bf16 : bool
        Run steps under bfloat16 autocast.
    drop_last : bool
        Leave out the last, shorter batch of an epoch, unless it is the only one.
    n_micro : int
        Pieces a batch is computed in, for memory. The gradient is the mean over rows,
        so this suits losses that are means over windows, not contrastive ones.
    checkpoint : path or None
        File that keeps the state after each epoch and is taken up if it is there; the
        result is that of an undisturbed fit. Removed at the end.
    trainable : iterable of Module or Parameter
        What learns; all else is frozen, and frozen submodules stay in evaluation mode.
        None: every parameter that requires a gradient.
    progress : bool
        Show one line that overwrites itself.

    Returns
    -------
    result : FitResult

    Raises
    ------
    FloatingPointError
        When a loss is not finite, naming epoch and term.
    """
    import pandas as pd

    plan = Plan(
        seed, max_epochs, batch_size, n_micro, lr, weight_decay, tuple(betas),
        optimizer, patience, max_norm, drop_last, bf16,
    )  # fmt: skip
    if validation is None and (patience is not None or monitor is not None):
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
    with seeded(seed, device), only_trainable(model, trainable) as parts:
        clipped = clipped_parts(model, parts, max_norm, norm_parts)
        loop = Loop(model, step, plan, parts, monitor, schedule, device, clipped)
        if checkpoint is not None:
            fingerprint = _fingerprint(plan, data, validation, model, parts, clipped)
            loop.resume(read_checkpoint(checkpoint, fingerprint))
        with _bar(progress, loop, max_epochs) as bar:
            while not loop.finished:
                loop.run_epoch(tensors, held_out)
                if checkpoint is not None and not loop.finished:
                    state = {"fingerprint": fingerprint, **loop.state()}
                    save_checkpoint(checkpoint, state)
                bar.set_postfix_str(loop.headline)
                bar.update()
        loop.restore_best()
    if checkpoint is not None:
        Path(checkpoint).unlink(missing_ok=True)
    return FitResult(
        model.eval(), pd.DataFrame(loop.history), loop.best_epoch, loop.stop_reason
    )


def _fingerprint(plan: Plan, data, validation, model, parts, clipped) -> dict:
    """Return what must be the same for a checkpoint to be taken up."""
    numbers = {k: list(v) if isinstance(v, tuple) else v for k, v in vars(plan).items()}
    return numbers | {
        "data": checksums(data),
        "validation": checksums(validation or {}),
        "weights": checksums(model.state_dict()),
        "trainable": [list(weight.shape) for weight in parts.parameters],
        "norm_parts": [[list(weight.shape) for weight in part] for part in clipped],
    }


def _bar(progress: bool, loop: Loop, max_epochs: int):
    from tqdm import tqdm

    return tqdm(
        total=max_epochs,
        initial=loop.epoch,
        disable=not progress,
        leave=False,
        unit="epoch",
        dynamic_ncols=True,
    )
