"""A model's weights and buffers as named arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch


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
