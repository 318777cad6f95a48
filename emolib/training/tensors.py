"""Arrays to tensors on a device, batches of rows from them, and a model's state."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch


def to_tensors(data: Mapping, device, *, name: str = "data") -> dict:
    """Return named tensors on `device`; floats as float32, integers as int64.

    Parameters
    ----------
    data : mapping of name to ndarray
        All with the same first axis. A memory map is read into memory here.
    device : torch.device
    name : str
        Of the argument, for messages.
    """
    lengths = {key: len(values) for key, values in data.items()}
    if len(set(lengths.values())) != 1 or not min(lengths.values()):
        raise ValueError(
            f"{name} must hold arrays of one length above 0; got {lengths}."
        )
    return {key: _to_tensor(values).to(device) for key, values in data.items()}


def _to_tensor(values) -> torch.Tensor:
    kind = {"f": np.float32, "i": np.int64, "u": np.int64}.get(values.dtype.kind)
    values = np.ascontiguousarray(values, dtype=kind)
    return torch.from_numpy(values if values.flags.writeable else values.copy())


def n_rows(tensors: Mapping) -> int:
    """Return the length of the first axis."""
    return len(next(iter(tensors.values())))


def rows_of(tensors: Mapping, index: torch.Tensor) -> dict:
    """Return the rows at `index` of every tensor."""
    return {name: tensor.index_select(0, index) for name, tensor in tensors.items()}


def slice_of(tensors: Mapping, start: int, stop: int) -> dict:
    """Return the rows from `start` to `stop` of every tensor, without a copy."""
    return {name: tensor[start:stop] for name, tensor in tensors.items()}


def state_arrays(model: torch.nn.Module) -> dict[str, np.ndarray]:
    """Return a copy of every weight and buffer of a module, by name."""
    return {
        name: tensor.detach().cpu().numpy().copy()
        for name, tensor in model.state_dict().items()
    }


def load_state_arrays(
    model: torch.nn.Module, arrays: Mapping[str, np.ndarray]
) -> torch.nn.Module:
    """Put arrays of `state_arrays` into a module of the same make, and return it.

    Raises
    ------
    ValueError
        When names or shapes differ, saying which.
    """
    tensors = {name: torch.from_numpy(np.array(a)) for name, a in arrays.items()}
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise ValueError(
            "arrays must be the state of this model, built with the settings that it "
            f"was fitted with; got another. {error}"
        ) from error
    return model
