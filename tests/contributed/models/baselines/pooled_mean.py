"""A toy baseline for tests: mean and size of each lead, and one linear layer."""

from typing import NamedTuple

import torch
from torch import nn


class PooledOutputs(NamedTuple):
    """Logits, shape (b, 2)."""

    logits: torch.Tensor


class PooledMean(nn.Module):
    """Read windows of shape (b, n_chans, n_times)."""

    def __init__(self, *, n_chans: int, n_times: int):
        super().__init__()
        self.n_chans, self.n_times = n_chans, n_times
        self.head = nn.Linear(2 * n_chans, 2)

    def forward(self, x):
        """Return `PooledOutputs`."""
        pooled = torch.cat([x.mean(-1), x.abs().mean(-1)], dim=1)
        return PooledOutputs(self.head(pooled))
