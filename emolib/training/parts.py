"""Which parts of a model learn, and which stay as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class Parts:
    """The learning parameters of a model, and its modes with frozen parts kept still.

    Parameters
    ----------
    model : torch.nn.Module
    parameters : list of Parameter
    """

    def __init__(self, model, parameters: list):
        self.model = model
        self.parameters = parameters

    def train(self) -> None:
        """Set training mode; a submodule whose weights are all frozen evaluates."""
        self.model.train()
        _still(self.model)

    def eval(self) -> None:
        """Set evaluation mode everywhere."""
        self.model.eval()


def _still(module) -> None:
    weights = list(module.parameters())
    if weights and not any(weight.requires_grad for weight in weights):
        module.eval()
        return
    for child in module.children():
        _still(child)


@contextmanager
def only_trainable(model, trainable: Iterable | None) -> Iterator[Parts]:
    """Freeze all but `trainable` for the block; flags are as before after it.

    Parameters
    ----------
    model : torch.nn.Module
    trainable : iterable of Module or Parameter, or None
        None: leave the flags as they are.
    """
    flags = [(weight, weight.requires_grad) for weight in model.parameters()]
    try:
        if trainable is not None:
            chosen = _parameters_of(trainable)
            _check_known(model, chosen)
            for weight, _ in flags:
                weight.requires_grad_(id(weight) in chosen)
        learning = [weight for weight in model.parameters() if weight.requires_grad]
        if not learning:
            raise ValueError(
                "trainable must name at least one parameter of the model; got none."
            )
        yield Parts(model, learning)
    finally:
        for weight, flag in flags:
            weight.requires_grad_(flag)
            weight.grad = None


def clipped_parts(
    model, parts: Parts, max_norm: float | None, norm_parts: Iterable | None
) -> list[list]:
    """Return the learning weights whose gradients are cut together, group by group.

    Parameters
    ----------
    model : torch.nn.Module
    parts : Parts
    max_norm : float or None
        None: nothing is cut.
    norm_parts : iterable of Module or Parameter, or None
        One group each; None: one group of all.
    """
    if norm_parts is not None and max_norm is None:
        raise ValueError(
            "max_norm must be given with norm_parts; got None. It is the length that "
            "their gradients are cut to."
        )
    if max_norm is None:
        return []
    if norm_parts is None:
        return [parts.parameters]
    groups = [_parameters_of([part]) for part in norm_parts]
    for group in groups:
        _check_known(model, group, "norm_parts")
    learning = {id(weight) for weight in parts.parameters}
    chosen = [[w for key, w in group.items() if key in learning] for group in groups]
    return [weights for weights in chosen if weights]


def _parameters_of(trainable: Iterable) -> dict:
    """Return parameters by identity, of modules and of parameters given one by one."""
    import torch

    if isinstance(trainable, torch.nn.Module | torch.nn.Parameter):
        trainable = [trainable]
    chosen = {}
    for part in trainable:
        weights = part.parameters() if isinstance(part, torch.nn.Module) else [part]
        chosen |= {id(weight): weight for weight in weights}
    return chosen


def _check_known(model, chosen: dict, argument: str = "trainable") -> None:
    own = {id(weight) for weight in model.parameters()}
    n_foreign = len(set(chosen) - own)
    if n_foreign:
        raise ValueError(
            f"{argument} must be parts of the model; got {n_foreign} parameters that "
            "are not. A loss that learns belongs into one module with the model."
        )
