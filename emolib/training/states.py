"""A model's weights and buffers as named arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def state_arrays(model) -> dict[str, np.ndarray]:
    """Return a copy of every weight and buffer of a torch module, by name."""
    return {
        name: tensor.detach().cpu().numpy().copy()
        for name, tensor in model.state_dict().items()
    }


def load_state_arrays(model, arrays: Mapping[str, np.ndarray]):
    """Put arrays of `state_arrays` into a module of the same make, and return it.

    Raises
    ------
    ValueError
        When names or shapes differ, naming the first.
    """
    import torch

    own = model.state_dict()
    odd = sorted(set(own) ^ set(arrays))
    if odd:
        side = "missing" if odd[0] in own else "unknown"
        raise ValueError(
            f"arrays must be the state of this model; got {len(odd)} names that "
            f"differ, first {odd[0]!r} ({side}). Build the model with the settings it "
            "was fitted with."
        )
    for name, tensor in own.items():
        if tuple(tensor.shape) != np.shape(arrays[name]):
            raise ValueError(
                f"{name} must have shape {tuple(tensor.shape)}; got "
                f"{np.shape(arrays[name])}. Build the model with the settings it was "
                "fitted with."
            )
    model.load_state_dict(
        {
            name: torch.from_numpy(np.array(arrays[name])).to(tensor.dtype)
            for name, tensor in own.items()
        }
    )
    return model
