"""TAE, a baseline of paper 1 (Tables 1 and 2): convolutions, a Transformer, and back.

Cheng et al., "A Novel Transformer Autoencoder for Multi-Modal Emotion Recognition with
Incomplete Data", Neural Networks 2024. Its public code reads pictures of a face and of
one EEG band; paper 1 ran it on EEG and peripherals and says nothing of how.

``x -> maps (b, m, 16, 16) -> stages of 32, 64, 128 channels -> tokens -> Transformer
within, then across modalities -> decoder with skips -> logits``

Differs from paper: everything has one axis, not two. Each modality's features become 16
channels of 16 places by a linear map; a token is a place, for 128 channels of each of
seven modalities would make 896 tokens. Group norm in place of instance norm, which
leaves nothing but signs of two places. Skips are the mean over present modalities.
Differs from the public code: the last linear maps are trained (there they are not given
to the optimiser) and classes are scored, not probabilities mapped once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from emolib.models.modalities import ModalityEncoders

N_PLACES, N_CHANS = 16, (16, 32, 64, 128)


class TAEOutputs(NamedTuple):
    """Class scores of three kinds, and a map of each modality beside its own."""

    logits: Tensor  # fused  (b, k)
    deep: Tensor  # from the decoder's two earlier maps  (b, 2, k)
    separate: Tensor  # from each modality alone  (b, m, k)
    first: Tensor  # map of the first stage  (b, m, 32, 8)
    returned: Tensor  # the same, made anew from tokens  (b, m, 32, 8)


class TAE(nn.Module):
    """An encoder per modality, two Transformer blocks, a fused and a shared decoder.

    Parameters
    ----------
    n_features : mapping of str to int
        Features of each modality.
    n_classes : int
    d, n_heads, d_ff, dropout
        Of both Transformer blocks, as published.
    """

    def __init__(
        self, n_features: Mapping[str, int], n_classes: int = 2, *, d: int = 16,
        n_heads: int = 8, d_ff: int = 16, dropout: float = 0.1,
    ):  # fmt: skip
        super().__init__()
        self.n_features, m = dict(n_features), len(n_features)
        self.enter = ModalityEncoders(n_features, N_CHANS[0] * N_PLACES)
        self.stages = nn.ModuleList(
            nn.ModuleList([_conv(m * c, m * wide, m, 2), _conv(m * wide, m * wide, m)])
            for c, wide in pairwise(N_CHANS)
        )
        top = N_CHANS[-1]
        self.to_tokens, self.to_maps = nn.Linear(top, d), nn.Linear(d, top)
        self.places = nn.Parameter(0.02 * torch.randn(m, N_PLACES // 8, d))
        block = {"batch_first": True, "norm_first": True}
        self.within, self.across = (
            nn.TransformerEncoderLayer(d, n_heads, d_ff, dropout, **block)
            for _ in range(2)
        )
        self.fuse = nn.Conv1d(m * top, top, 1)
        self.fused, self.alone = _Decoder(), _Decoder()
        self.heads = nn.ModuleList(nn.Linear(c, n_classes) for c in N_CHANS[:0:-1])
        self.head_alone = nn.Linear(N_CHANS[1], n_classes)

    def forward(self, x: Mapping[str, Tensor], present: Tensor) -> TAEOutputs:
        """Return all scores; a missing modality is zeros, as published."""
        b, m = present.shape
        maps, skips = self.enter(x, present).view(b, -1, N_PLACES), []
        for halve, deepen in self.stages:  # all modalities at once, each by itself
            maps = halve(maps)
            maps = maps + deepen(maps)
            skips.append(maps.unflatten(1, (m, -1)))  # (b, m, c, places)
        tokens = self.to_tokens(skips.pop().transpose(2, 3)) + self.places
        tokens = self.within(tokens.flatten(0, 1)).view(b, -1, tokens.shape[-1])
        tops = self.to_maps(self.across(tokens)).unflatten(1, (m, -1)).transpose(2, 3)
        here = present.to(tops)[..., None, None]
        means = [(skip * here).sum(1) / here.sum(1) for skip in skips]
        levels = self.fused(self.fuse(tops.flatten(1, 2)), *means)
        pairs = zip(self.heads, levels, strict=True)
        *deep, logits = (head(level.mean(-1)) for head, level in pairs)
        own = self.alone(tops.flatten(0, 1), *(skip.flatten(0, 1) for skip in skips))
        returned = own[-1].unflatten(0, (b, m))
        separate = self.head_alone(returned.mean(-1))
        return TAEOutputs(logits, torch.stack(deep, 1), separate, skips[0], returned)


class _Decoder(nn.Module):
    """Two steps up, each joined by the encoder's map of that size."""

    def __init__(self):
        super().__init__()
        steps = [*pairwise(N_CHANS[:0:-1])]
        self.up = nn.ModuleList(_conv(above + here, here) for above, here in steps)

    def forward(self, top: Tensor, first: Tensor, second: Tensor) -> list[Tensor]:
        """Return the maps (b, 128, 2), (b, 64, 4) and (b, 32, 8)."""
        levels = [top]
        for up, skip in zip(self.up, (second, first), strict=True):
            wide = levels[-1].repeat_interleave(2, dim=-1)
            levels.append(up(torch.cat([wide, skip], dim=1)))
        return levels


def _conv(n_in: int, n_out: int, groups: int = 1, stride: int = 1) -> nn.Sequential:
    """Return norm, activation and a convolution, of each group of channels apart."""
    fold = nn.Conv1d(n_in, n_out, 3, stride, padding=1, groups=groups)
    return nn.Sequential(nn.GroupNorm(8 * groups, n_in), nn.LeakyReLU(0.2), fold)
