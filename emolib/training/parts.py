"""Which parts of a model learn, and which stay as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def only_trainable(model: nn.Module, trainable: Iterable | None) -> Iterator[list]:
    """Freeze all but `trainable` for the block; flags are as before after it.

    Parameters
    ----------
    model : torch.nn.Module
    trainable : iterable of Module, or None
        None: leave the flags as they are.

    Yields
    ------
    learning : list of Parameter
    """
    flags = [(weight, weight.requires_grad) for weight in model.parameters()]
    try:
        if trainable is not None:
            model_parts = parameters_of(model, trainable, "trainable")
            model.requires_grad_(False)
            for weight in sum(model_parts, []):
                weight.requires_grad_(True)
        learning = [weight for weight in model.parameters() if weight.requires_grad]
        if not learning:
            raise ValueError(
                "trainable must name at least one parameter of the model; got none."
            )
        yield learning
    finally:
        for weight, flag in flags:
            weight.requires_grad_(flag)
            weight.grad = None


def parameters_of(model: nn.Module, parts: Iterable, name: str) -> list[list]:
    """Return the learning parameters of each part; all must be the model's own."""
    groups = [list(part.parameters()) for part in parts]
    own = {id(weight) for weight in model.parameters()}
    n_foreign = sum(id(weight) not in own for group in groups for weight in group)
    if n_foreign:
        raise ValueError(
            f"{name} must be parts of the model; got {n_foreign} parameters that are "
            "not. A loss that learns belongs into one module with the model."
        )
    return groups


def train_unfrozen(model: nn.Module) -> None:
    """Set training mode; a submodule whose weights are all frozen evaluates."""
    weights = list(model.parameters())
    frozen = bool(weights) and not any(weight.requires_grad for weight in weights)
    model.train(not frozen)
    for child in () if frozen else model.children():
        train_unfrozen(child)
