"""Reading several modalities of which some are missing: what is hidden stays hidden.

Features are vectors, one a modality and window; ``present`` says which of them were
observed. Every model of paper 1 and of its baselines reads through this door.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from emolib.checks import check_shape
from emolib.models.linear import linear_stack


def observed(x: Mapping[str, Tensor], present: Tensor, sizes: Mapping[str, int]):
    """Return the features of each modality with zeros where it is missing.

    Whatever stands in a missing modality, NaN as a rule, is never computed with, so
    that it reaches neither output nor gradient. Zero is the mean of scaled features.

    Parameters
    ----------
    x : mapping of str to Tensor, shape (b, d) each
    present : Tensor of bool, shape (b, m)
        True where the modality was observed; in the order of `sizes`.
    sizes : mapping of str to int
        Number of features of each modality.

    Returns
    -------
    features : dict of str to Tensor, shape (b, d) each
    """
    check_shape("present", present, "b m", m=len(sizes))
    found = {}
    for (name, d), here in zip(sizes.items(), present.bool().T, strict=True):
        hint = f"{d} features of {name} is what the model was built for."
        check_shape(name, x[name], "b d", hint, d=d, b=len(present))
        found[name] = torch.where(here[:, None], x[name], 0.0)
    return found


class ModalityEncoders(nn.Module):
    """Linear layers of each modality's own, with ReLU between them.

    Parameters
    ----------
    n_features : mapping of str to int
        Features of each modality.
    *sizes : int
        Width of each layer's output.
    """

    def __init__(self, n_features: Mapping[str, int], *sizes: int):
        super().__init__()
        self.n_features = dict(n_features)
        self.layers = nn.ModuleDict(
            {m: linear_stack((d, *sizes), nn.ReLU) for m, d in n_features.items()}
        )

    def forward(self, x: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """Return one vector a modality, zero where it is missing, (b, m, d)."""
        features = observed(x, present, self.n_features)
        encoded = [layer(features[name]) for name, layer in self.layers.items()]
        return torch.where(present.bool()[..., None], torch.stack(encoded, dim=1), 0.0)
