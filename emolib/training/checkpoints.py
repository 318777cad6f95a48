"""Weights from a file that somebody else has made: read safely, checked by shape."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from emolib.checks import damaged

_INNER = ("state_dict", "model_state_dict", "model")
_PREFIXES = ("module.", "backbone.")


def load_checkpoint(model: nn.Module, path: str | Path) -> nn.Module:
    """Put the weights of a file into a model that has them all, and return it.

    Nothing but tensors is unpickled. Weights that the model lacks, such as a classifier
    on top, are left out; a weight of the model must be there in its shape.

    Parameters
    ----------
    model : torch.nn.Module
    path : path
        Of a ``state_dict``, alone or within a training checkpoint.

    Raises
    ------
    CorpusError
        When the file is no checkpoint, or not of this network, naming the weight.
    """
    held, known = _weights_of(Path(path)), model.state_dict()
    for name, weight in known.items():
        if name.endswith("num_batches_tracked"):
            continue
        got = tuple(held[name].shape) if name in held else "no such weight"
        if got != tuple(weight.shape):
            wanted = f"{name} of shape {tuple(weight.shape)}"
            raise damaged(path, wanted, str(got), "Choose the backbone it was made of.")
    model.load_state_dict({name: held.get(name, known[name]) for name in known})
    return model


def _weights_of(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint, prefixes of wrappers taken off."""
    wanted, way_out = "a PyTorch checkpoint that holds tensors", "Look at the path."
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch has many, of pickle, zip and its own
        words = f"{type(error).__name__}: {str(error).splitlines()[0]}"
        raise damaged(path, wanted, words, way_out) from error
    for key in _INNER:
        held = held.get(key, held) if isinstance(held, dict) else {}
    tensors = {name: x for name, x in held.items() if isinstance(x, Tensor)}
    if not tensors:
        raise damaged(path, wanted, "none", way_out)
    for prefix in _PREFIXES:
        tensors = {name.removeprefix(prefix): x for name, x in tensors.items()}
    return tensors
