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
        self.n_features, n = dict(n_features), len(n_features)
        self.enter = ModalityEncoders(n_features, N_CHANS[0] * N_PLACES)
        self.stages = nn.ModuleDict({name: _stages() for name in n_features})
        top = N_CHANS[-1]
        self.to_tokens, self.to_maps = nn.Linear(top, d), nn.Linear(d, top)
        self.places = nn.Parameter(0.02 * torch.randn(n, N_PLACES // 8, d))
        self.within, self.across = (
            nn.TransformerEncoderLayer(
                d, n_heads, d_ff, dropout, batch_first=True, norm_first=True
            )
            for _ in range(2)
        )
        self.fuse = nn.Conv1d(n * top, top, 1)
        self.fused, self.alone = _Decoder(), _Decoder()
        self.heads = nn.ModuleList(nn.Linear(c, n_classes) for c in N_CHANS[:0:-1])
        self.name_alone = nn.Linear(N_CHANS[1], n_classes)

    def forward(self, x: Mapping[str, Tensor], present: Tensor) -> TAEOutputs:
        """Return all scores; a missing modality is zeros, as published."""
        maps = self.enter(x, present).unflatten(-1, (N_CHANS[0], N_PLACES))
        each = [
            _run(stages, maps[:, i]) for i, stages in enumerate(self.stages.values())
        ]
        skips = [torch.stack(level, dim=1) for level in zip(*each, strict=True)]
        tokens = self.to_tokens(skips.pop().transpose(2, 3)) + self.places
        b, m, n, d = tokens.shape
        tokens = self.within(tokens.reshape(b * m, n, d)).reshape(b, m * n, d)
        tops = self.to_maps(self.across(tokens)).unflatten(1, (m, n)).transpose(2, 3)
        here = present.to(tops)[..., None, None]
        means = [(s * here).sum(1) / here.sum(1) for s in skips]
        levels = self.fused(self.fuse(tops.flatten(1, 2)), *means)
        *deep, logits = (
            head(y.mean(-1)) for head, y in zip(self.heads, levels, strict=True)
        )
        own = self.alone(tops.flatten(0, 1), *(s.flatten(0, 1) for s in skips))[-1]
        separate = self.name_alone(own.mean(-1)).unflatten(0, (b, m))
        returned = own.unflatten(0, (b, m))
        return TAEOutputs(logits, torch.stack(deep, 1), separate, skips[0], returned)


class _Decoder(nn.Module):
    """Two steps up, each joined by the encoder's map of that size."""

    def __init__(self):
        super().__init__()
        pairs = zip(N_CHANS[:1:-1], N_CHANS[-2:0:-1], strict=True)
        self.up = nn.ModuleList(_conv(above + here, here) for above, here in pairs)

    def forward(self, top: Tensor, first: Tensor, second: Tensor) -> list[Tensor]:
        """Return the maps (b, 128, 2), (b, 64, 4) and (b, 32, 8)."""
        levels = [top]
        for up, skip in zip(self.up, (second, first), strict=True):
            wide = levels[-1].repeat_interleave(2, dim=-1)
            levels.append(up(torch.cat([wide, skip], dim=1)))
        return levels


class _Residual(nn.Module):
    def __init__(self, n_chans: int):
        super().__init__()
        self.inner = nn.Sequential(_conv(n_chans, n_chans), _conv(n_chans, n_chans))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


def _conv(n_in: int, n_out: int, stride: int = 1) -> nn.Sequential:
    norm, fold = nn.GroupNorm(8, n_in), nn.Conv1d(n_in, n_out, 3, stride, padding=1)
    return nn.Sequential(norm, nn.LeakyReLU(0.2), fold)


def _stages() -> nn.ModuleList:
    """Return the three stages of one modality, each half as long as the last."""
    return nn.ModuleList(
        nn.Sequential(_conv(n_in, n_out, stride=2), _Residual(n_out))
        for n_in, n_out in zip(N_CHANS[:-1], N_CHANS[1:], strict=True)
    )


def _run(stages: nn.ModuleList, x: Tensor) -> list[Tensor]:
    """Return the map after each stage."""
    maps = []
    for stage in stages:
        x = stage(x)
        maps.append(x)
    return maps
