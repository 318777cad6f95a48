"""What models of feature sequences share: steps that are there, the TCN, positions.

Batches come as ``x {modality: (b, s, d)}``, padded on the right, with ``lengths (b,)``.
What padding holds is never read; a sequence's output does not depend on its batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from emolib.checks import check_shape
from emolib.models.blocks import ByteDropout


class ValenceOutputs(NamedTuple):
    """Valence of every step."""

    valence: Tensor  # (b, s)


def read_steps(
    x: Mapping[str, Tensor], lengths: Tensor, sizes: Mapping[str, int]
) -> tuple[dict[str, Tensor], Tensor]:
    """Return the wanted modalities, zero in padding, and which steps are there.

    Parameters
    ----------
    x : mapping of str to Tensor, shape (b, s, d) each
        May hold modalities that are not wanted; they are not looked at.
    lengths : Tensor of int, shape (b,)
    sizes : mapping of str to int
        Width of each modality that is wanted.

    Returns
    -------
    x : dict of str to Tensor, shape (b, s, d) each
    here : Tensor of bool, shape (b, s)
    """
    for name, width in sizes.items():
        check_shape(name, x[name], "b s d", b=len(lengths), d=width)
    n_steps = x[next(iter(sizes))].shape[1]
    here = torch.arange(n_steps, device=lengths.device) < lengths[:, None]
    return {name: x[name].where(here[..., None], 0.0) for name in sizes}, here


class TCN(nn.Module):
    """Dilated causal convolutions: a step sees itself and 12 steps before it.

    Bai et al. 2018 (paper 4's [34]), Section 3.1. Sizes are not stated; those of the
    public code of the paper's [32]: two blocks of 128, kernel 3, dilations 1 and 2.

    Parameters
    ----------
    d_in : int
        Features a step.
    channels : sequence of int
        Width of each block; its dilation is 2 to the power of its place.
    kernel : int
    dropout : float
    """

    def __init__(
        self, d_in: int, channels: Sequence[int] = (128, 128), *, kernel: int = 3,
        dropout: float = 0.1,
    ):  # fmt: skip
        super().__init__()
        self.blocks = nn.ModuleList(
            _CausalBlock(*widths, kernel, 2**i, dropout)
            for i, widths in enumerate(pairwise((d_in, *channels)))
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the features of every step, (b, s, d_in) -> (b, s, d)."""
        x = x.transpose(1, 2)  # (b, d, s)
        for block in self.blocks:
            x = block(x)
        return x.transpose(1, 2)


class _CausalBlock(nn.Module):
    """Two causal convolutions beside a shortcut."""

    def __init__(self, d_in: int, d: int, kernel: int, dilation: int, dropout: float):
        super().__init__()
        self.n_before = (kernel - 1) * dilation
        self.first, self.second = (
            weight_norm(nn.Conv1d(n, d, kernel, dilation=dilation)) for n in (d_in, d)
        )
        self.shortcut = nn.Conv1d(d_in, d, 1) if d_in != d else nn.Identity()
        self.activations = nn.ModuleList(nn.PReLU() for _ in range(3))
        self.dropout = ByteDropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return features of every step, of it and earlier ones, (b, d, s)."""
        within = x
        convolutions = (self.first, self.second)
        for conv, activation in zip(convolutions, self.activations, strict=False):
            past = F.pad(within, (self.n_before, 0))  # nothing of the future
            within = self.dropout(activation(conv(past)))
        return self.activations[2](within + self.shortcut(x))


def sinusoids(n: int, d: int, like: Tensor) -> Tensor:
    """Return the positional encoding of Vaswani et al. 2017, shape (n, d)."""
    rates = 10_000.0 ** (-torch.arange(0, d, 2, device=like.device) / d)
    angles = torch.arange(n, device=like.device)[:, None] * rates  # (n, d / 2)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :d]
