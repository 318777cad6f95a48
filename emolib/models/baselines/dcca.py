"""DCCA, a baseline of paper 1 (Tables 1 and 2): two networks that learn to agree.

Andrew, Arora, Bilmes and Livescu, "Deep Canonical Correlation Analysis", ICML 2013.
The loss is `losses.correlation`; what is classified are linear canonical components.

``x -> view a (b, d_out), view b (b, d_out)``

Differs from paper: hidden layers of 256 with ReLU and batches for Adam (as GCNet's
code has them for missing views) in place of sigmoids of 1,024, L-BFGS and pre-training.
Differs from paper: the first view is the first modality, the second all others in a
row, with zeros, the mean of scaled features, where one is missing; paper 1 is silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from emolib.models.linear import linear_stack
from emolib.models.modalities import observed


class DCCAOutputs(NamedTuple):
    """What either network makes of its view."""

    first: Tensor  # (b, d_out)
    others: Tensor  # (b, d_out)


class DCCA(nn.Module):
    """A network for the first modality and one for all others.

    Parameters
    ----------
    n_features : mapping of str to int
        Features of each modality.
    d_out : int
        Components that are to correlate.
    d_hidden : int
        Of two hidden layers.
    """

    def __init__(
        self, n_features: Mapping[str, int], *, d_out: int = 10, d_hidden: int = 256
    ):
        super().__init__()
        self.n_features = dict(n_features)
        first, *others = n_features.values()
        self.first, self.others = (
            linear_stack((d, d_hidden, d_hidden, d_out), nn.ReLU)
            for d in (first, sum(others))
        )

    def forward(self, x: Mapping[str, Tensor], present: Tensor) -> DCCAOutputs:
        """Return both views' components; `x` and `present` as `observed` takes them."""
        first, *others = observed(x, present, self.n_features).values()
        return DCCAOutputs(self.first(first), self.others(torch.cat(others, dim=1)))
