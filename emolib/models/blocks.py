"""Blocks with two users or more; a block with one user stays in its model's file."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ConvEncoder(nn.Module):
    """Three blocks of convolution, batch norm, ReLU and pooling.

    Used by TS-TCC and by both branches of TFC.

    Parameters
    ----------
    n_chans : int
    kernel, stride : int
        Of the first convolution; the other two have kernel 8 and stride 1.
    """

    d_out = 128

    def __init__(self, n_chans: int, *, kernel: int = 32, stride: int = 4):
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.blocks = nn.Sequential(
            *_conv_block(n_chans, 32, kernel, stride),
            nn.Dropout(0.35),
            *_conv_block(32, 64, 8, 1),
            *_conv_block(64, self.d_out, 8, 1),
        )

    def n_steps(self, n_times: int) -> int:
        """Return the number of steps that `n_times` time points become."""
        steps = (n_times - self.kernel % 2) // self.stride + 1  # padded by half
        for _ in range(2):
            steps = steps // 2 + 2  # pooling, then a convolution with kernel 8
        return steps // 2 + 1

    def forward(self, x: Tensor) -> Tensor:
        """Return the features of `x`, (b, c, t) -> (b, 128, s)."""
        return self.blocks(x)


def _conv_block(n_in: int, n_out: int, kernel: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv1d(n_in, n_out, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm1d(n_out),
        nn.ReLU(),
        nn.MaxPool1d(2, stride=2, padding=1),
    ]


class ProjectionHead(nn.Sequential):
    """Two linear maps with batch norm and ReLU between them (TS-TCC, TFC)."""

    def __init__(self, d_in: int, d_hidden: int, d_out: int):
        super().__init__(
            nn.Linear(d_in, d_hidden),
            nn.BatchNorm1d(d_hidden),
            nn.ReLU(),
            nn.Linear(d_hidden, d_out),
        )


class ByteDropout(nn.Dropout):
    """`nn.Dropout`; with p = 0.5 from random bytes, exact, in a fifth of its time."""

    def forward(self, x: Tensor) -> Tensor:
        """Return `x`, in training with a share of 0 and the rest made larger."""
        if not self.training or self.p != 0.5:
            return super().forward(x)
        words = torch.empty(-(-x.numel() // 8), dtype=torch.int64, device=x.device)
        odd = words.random_().view(torch.uint8)[: x.numel()] & 1
        return x * odd.view(x.shape).mul_(2)


class FullWidthLayer(nn.Module):
    """Pre-norm transformer layer with attention scaled by the full width.

    Used by TS-TCC and EEG-Conformer, whose public codes divide attention scores by the
    root of `d_model` where others divide by the root of the head's width.

    Parameters
    ----------
    d_model, n_heads, d_ff : int
    dropout, attn_dropout : float
        On both branches and inside the feed-forward part; on attention weights.
    activation : nn.Module
    qkv_bias : bool
    """

    def __init__(
        self, d_model: int, n_heads: int, d_ff: int, *, activation: nn.Module,
        dropout: float, attn_dropout: float = 0.0, qkv_bias: bool = True,
    ):  # fmt: skip
        super().__init__()
        self.n_heads, self.scale = n_heads, d_model**-0.5
        self.norm_attn = nn.LayerNorm(d_model)
        self.qkv = nn.Linear(d_model, 3 * d_model, bias=qkv_bias)
        self.out = nn.Linear(d_model, d_model)
        self.dropout, self.drop = ByteDropout(dropout), ByteDropout(attn_dropout)
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(d_model),
            nn.Linear(d_model, d_ff), activation, ByteDropout(dropout),
            nn.Linear(d_ff, d_model), ByteDropout(dropout),
        )  # fmt: skip

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the tokens after attention and feed-forward, shape (b, n, d)."""
        tokens = tokens + self.dropout(self._attend(self.norm_attn(tokens)))
        return tokens + self.feed_forward(tokens)

    def _attend(self, tokens: Tensor) -> Tensor:
        heads = self.qkv(tokens).unflatten(-1, (3, self.n_heads, -1))
        q, k, v = heads.permute(2, 0, 3, 1, 4)  # (b, h, n, d / h) each
        weights = (q * self.scale @ k.transpose(-1, -2)).softmax(-1)  # (b, h, n, n)
        attended = self.drop(weights) @ v
        return self.out(attended.transpose(1, 2).flatten(2))  # (b, n, d)
