"""MMQ-Net, a multi-masked querying Transformer for signals that may be missing.

Xu, Zuo and Li, "Multi-Masked Querying Network for Robust Emotion Recognition from
Incomplete Multi-Modal Physiological Signals" (MICCAI 2025), Section 2.3, Fig. 2.

``x {m: (b, d_m)} -> F (b, m, d) -> F' (b, m + 2, d) -> Z -> restored, logits, ...``

A token is a modality. Learnt modality queries stand in for what is missing, a category
token gathers what tells the emotion, an interference token the rest.

Differs from paper: Eq. (3) as printed, a product of matrices, is no mask. The default
reads M as weights of the softmax, the one reading in which its 0, 1 and 2 all have a
meaning and nothing is learnt from what is missing; all four are behind `mask`.
Differs from paper: the number of layers (2), dropout (0.1), norm after each part and
the hidden layer of the MLP (16) are not given; sqrt(d) is of one head, as in its [20].
Differs from paper: a linear map follows the restored tokens, for the encoder's output
is normalised and the tokens it is held against are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from emolib.checks import check_option, check_shape
from emolib.models.linear import linear_stack
from emolib.models.modalities import ModalityEncoders

MASKS = ("log", "additive", "hadamard", "product")
"""How Eq. (3) is read; see `masked_scores`."""


class MMQNetOutputs(NamedTuple):
    """Class scores, and the three parts of Z with what is made of them."""

    logits: Tensor  # MLP(category)  (b, k)
    attended: Tensor  # single-modality features, F-hat^M  (b, m, d)
    restored: Tensor  # a linear map of them  (b, m, d)
    category: Tensor  # emotional state features, F-hat^C  (b, d)
    interference: Tensor  # F-hat^I  (b, d)


class MMQNet(nn.Module):
    """Projections to tokens, a masked Transformer over them, and an MLP.

    Paper 1, Sections 2.3 and 3.2.

    Parameters
    ----------
    n_features : mapping of str to int
        Features of each modality.
    n_classes : int
    d, n_heads, d_ff : int
        Width of a token, heads and feed-forward width; Section 3.2.
    n_layers : int
    dropout : float
    mask : {'log', 'additive', 'hadamard', 'product'}
        The reading of Eq. (3).
    """

    def __init__(
        self, n_features: Mapping[str, int], n_classes: int = 2, *, d: int = 16,
        n_heads: int = 4, d_ff: int = 128, n_layers: int = 2, dropout: float = 0.1,
        mask: str = "log",
    ):  # fmt: skip
        super().__init__()
        check_option("mask", mask, MASKS)
        self.n_features, n = dict(n_features), len(n_features)
        self.mask = mask
        self.project = ModalityEncoders(n_features, d)
        self.modality_queries = nn.Parameter(0.02 * torch.randn(n, d))
        self.category_query = nn.Parameter(0.02 * torch.randn(1, d))
        self.interference_query = nn.Parameter(0.02 * torch.randn(1, d))
        self.modality_embedding = nn.Parameter(0.02 * torch.randn(n + 2, d))
        self.register_buffer("positions", _sinusoids(n + 2, d), persistent=False)
        self.layers = nn.ModuleList(
            _MaskedLayer(d, n_heads, d_ff, dropout) for _ in range(n_layers)
        )
        self.restore = nn.Linear(d, d)
        self.classifier = linear_stack((d, d, n_classes), nn.ReLU)

    def forward(self, x: Mapping[str, Tensor], present: Tensor) -> MMQNetOutputs:
        """Return the class scores and the three parts of Z.

        Parameters
        ----------
        x : mapping of str to Tensor, shape (b, d_m) each
            Whatever stands in a missing modality is not read.
        present : Tensor of bool, shape (b, m)
            The paper's a: True where the modality was observed.
        """
        return self.read(self.project(x, present), present)

    def read(self, features: Tensor, present: Tensor) -> MMQNetOutputs:
        """Return the outputs of projected features F, `project`'s (b, m, d)."""
        a = present.bool()
        filled = torch.where(a[..., None], features, self.modality_queries)
        queries = torch.cat([self.category_query, self.interference_query])
        tokens = torch.cat([filled, queries.expand(len(a), -1, -1)], 1)  # Eq. (1) F'
        mask = attention_mask(a)  # Eq. (2)  (b, m + 2, m + 2)
        z = tokens + self.positions + self.modality_embedding
        for layer in self.layers:
            z = layer(z, mask, self.mask)  # Eq. (3)  (b, m + 2, d)
        attended, category, interference = z[:, :-2], z[:, -2], z[:, -1]  # Eq. (4)
        logits = self.classifier(category)  # Eq. (6), MLP  (b, k)
        restored = self.restore(attended)
        return MMQNetOutputs(logits, attended, restored, category, interference)


def attention_mask(present: Tensor) -> Tensor:
    """Return the matrix M of Eq. (2), ``D + 1 [a, 1, 1]``: entries 0, 1 and 2.

    Paper 1, Section 2.3, Eq. (2).

    Parameters
    ----------
    present : Tensor of bool, shape (b, m)

    Returns
    -------
    mask : Tensor, shape (b, m + 2, m + 2)
        Row: the token that asks. A column of a missing modality is 0 but on the
        diagonal; the last two columns are those of the category and interference query.
    """
    check_shape("present", present, "b m")
    columns = torch.cat([present.float(), present.new_ones(len(present), 2)], dim=1)
    return torch.eye(columns.shape[1], device=present.device) + columns[:, None, :]


def masked_scores(scores: Tensor, mask: Tensor, reading: str = "log") -> Tensor:
    """Return the scores of Eq. (3) as its softmax sees them.

    Paper 1, Section 2.3, Eq. (3).

    Parameters
    ----------
    scores : Tensor, shape (b, h, n, n)
        ``q k / sqrt(d)``; row: the token that asks.
    mask : Tensor, shape (b, n, n)
        M of Eq. (2).
    reading : {'log', 'additive', 'hadamard', 'product'}
        ``log``: scores + log M, so that M weighs what the softmax exponentiates.
        ``additive``: -inf where M is 0, all else as it is. ``hadamard``: entry by
        entry; a missing column gets the score 0, so the weight 1. ``product``: the
        matrix product, as printed; it moves the available columns of a row by the
        row's sum and leaves the missing ones as they are.
    """
    check_option("reading", reading, MASKS)
    mask = mask[:, None].to(scores.dtype)
    if reading == "hadamard":
        return scores * mask
    if reading == "product":
        return scores @ mask
    return scores + (mask if reading == "log" else mask.clamp(max=1)).log()


class _MaskedLayer(nn.Module):
    """One layer of the Transformer, post-norm, its attention masked by Eq. (3)."""

    def __init__(self, d: int, n_heads: int, d_ff: int, dropout: float):
        super().__init__()
        self.n_heads = n_heads
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.feed_forward = nn.Sequential(
            nn.Linear(d, d_ff), nn.ReLU(), nn.Dropout(dropout), nn.Linear(d_ff, d)
        )
        self.norm_attn, self.norm_ff = nn.LayerNorm(d), nn.LayerNorm(d)
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tensor, mask: Tensor, reading: str) -> Tensor:
        """Return the tokens after attention and feed-forward, shape (b, n, d)."""
        attended = self.dropout(self.attend(tokens, mask, reading))
        tokens = self.norm_attn(tokens + attended)
        return self.norm_ff(tokens + self.dropout(self.feed_forward(tokens)))

    def attend(self, tokens: Tensor, mask: Tensor, reading: str) -> Tensor:
        """Return softmax(q k / sqrt(d), M) v of all heads, Eq. (3), (b, n, d)."""
        heads = self.qkv(tokens).unflatten(-1, (3, self.n_heads, -1))
        q, k, v = heads.permute(2, 0, 3, 1, 4)  # (b, h, n, d / h) each
        scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5  # (b, h, n, n)
        weights = masked_scores(scores, mask, reading).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).flatten(2))


def _sinusoids(n: int, d: int) -> Tensor:
    """Return the positional encoding of the paper's [20], shape (n, d)."""
    rates = 10_000.0 ** (-torch.arange(0, d, 2) / d)
    angles = torch.arange(n)[:, None] * rates  # (n, d / 2)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)
