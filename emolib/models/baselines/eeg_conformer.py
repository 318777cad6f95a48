"""EEG-Conformer, a baseline of paper 2 (Section 3.2, Tables 1 and 2).

Song et al., "EEG Conformer: Convolutional Transformer for EEG Decoding and
Visualization", IEEE Transactions on Neural Systems and Rehabilitation Engineering 2023,
Section II. Input: EEG, all channels; a two-lead ECG works as well (paper 2 does not say
which it gave). Its augmentation is `corruptions.recombination`.

``x (b, c, t) -> tokens (b, n, 40) -> logits (b, k)``

Differs from paper: the temporal and the spatial convolution, which have nothing between
them, run as the one convolution they make; same weights, same function, an eighth of
the time and memory.
Differs from paper: the epoch is chosen on validation data (the recipe's; the public
code reports the best epoch on test data).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from emolib.checks import check_shape
from emolib.models.blocks import ByteDropout, FullWidthLayer


class EEGConformerOutputs(NamedTuple):
    """Class scores and the tokens they were computed from."""

    logits: Tensor  # (b, k)
    tokens: Tensor  # (b, n, 40)


class EEGConformer(nn.Module):
    """Shallow convolutions whose pooled outputs are tokens of a small transformer.

    Parameters
    ----------
    n_chans, n_times : int
        At least 99 time points, one pooled token.
    n_outputs : int
    n_layers, n_heads : int
    """

    def __init__(
        self, *, n_chans: int, n_times: int, n_outputs: int = 2, n_layers: int = 6,
        n_heads: int = 10,
    ):  # fmt: skip
        super().__init__()
        n_tokens = (n_times - 24 - 75) // 15 + 1
        if n_tokens < 1:
            raise ValueError(
                f"n_times must be 99 or more, for one token; got {n_times}. "
                "Cut longer windows."
            )
        self.n_chans, self.n_times = n_chans, n_times
        self.patches = _PatchEmbedding(n_chans)
        self.layers = nn.Sequential(
            *(
                FullWidthLayer(
                    40, n_heads, 160, activation=nn.GELU(), dropout=0.5,
                    attn_dropout=0.5,
                )
                for _ in range(n_layers)
            )
        )  # fmt: skip
        self.head = nn.Sequential(
            nn.Linear(40 * n_tokens, 256), nn.ELU(), ByteDropout(0.5),
            nn.Linear(256, 32), nn.ELU(), nn.Dropout(0.3),
            nn.Linear(32, n_outputs),
        )  # fmt: skip

    def forward(self, x: Tensor) -> EEGConformerOutputs:
        """Return the class scores of `x`, shape (b, c, t)."""
        check_shape("x", x, "b c t", c=self.n_chans, t=self.n_times)
        tokens = self.layers(self.patches(x))  # (b, n, 40)
        return EEGConformerOutputs(self.head(tokens.flatten(1)), tokens)


class _PatchEmbedding(nn.Module):
    """Convolve over time and over channels, pool, and map to tokens."""

    def __init__(self, n_chans: int):
        super().__init__()
        self.temporal = nn.Conv1d(1, 40, 25)
        self.spatial = nn.Conv2d(40, 40, (n_chans, 1))
        self.pool = nn.Sequential(
            nn.BatchNorm1d(40), nn.ELU(), nn.AvgPool1d(75, 15), ByteDropout(0.5),
            nn.Conv1d(40, 40, 1),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        space, time = self.spatial.weight.squeeze(-1), self.temporal.weight.squeeze(1)
        kernel = torch.einsum("oic,ik->ock", space, time)  # (40, c, 25)
        bias = self.spatial.bias + space.sum(-1) @ self.temporal.bias
        return self.pool(F.conv1d(x, kernel, bias)).transpose(1, 2)  # (b, n, 40)
