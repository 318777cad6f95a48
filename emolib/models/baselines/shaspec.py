"""ShaSpec, a baseline of paper 1 (Tables 1 and 2, "ShaSpe"): shared features stand in.

Wang et al., "Multi-modal Learning with Missing Modality via Shared-Specific Feature
Modelling", CVPR 2023. Written for volumes of four scans; here for vectors.

``x -> adapted (b, m, 32) -> shared, specific (b, m, 64) -> fused (b, m, 64) -> logits``

Differs from the public code: as in the paper, a missing modality takes the mean of the
shared features of all that are there (the code takes the first one's), and what is
missing enters neither of the auxiliary losses (there its zeros do).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from emolib.models.linear import linear_stack
from emolib.models.modalities import ModalityEncoders


class ShaSpecOutputs(NamedTuple):
    """Class scores, and what the auxiliary losses read; rows of missing are no use."""

    logits: Tensor  # (b, k)
    shared: Tensor  # (b, m, d)
    which: Tensor  # score of "these specific features are of modality j"  (b, m, m)


class ShaSpec(nn.Module):
    """One encoder shared by all modalities, one of each modality's own, one fusion.

    Parameters
    ----------
    n_features : mapping of str to int
        Features of each modality.
    n_classes : int
    d_in, d : int
        Width that each modality is brought to, and of features.
    """

    def __init__(
        self, n_features: Mapping[str, int], n_classes: int = 2, *, d_in: int = 32,
        d: int = 64,
    ):  # fmt: skip
        super().__init__()
        self.n_features, m = dict(n_features), len(n_features)
        self.adapt = ModalityEncoders(n_features, d_in)
        self.share = linear_stack((d_in, d, d), nn.ReLU)
        self.specify = ModalityEncoders(dict.fromkeys(n_features, d_in), d, d)
        self.fuse = nn.Linear(2 * d, d)
        self.name_it = nn.Linear(d, m)
        self.classifier = linear_stack((m * d, d, n_classes), nn.ReLU)

    def forward(self, x: Mapping[str, Tensor], present: Tensor) -> ShaSpecOutputs:
        """Return scores, shared features and guesses of the modality."""
        here = present.bool()[..., None]
        adapted = self.adapt(x, present)  # (b, m, d_in)
        shared = torch.where(here, self.share(adapted), 0.0)
        each = dict(zip(self.n_features, adapted.unbind(1), strict=True))
        specific = self.specify(each, present)
        fused = shared + self.fuse(torch.cat([shared, specific], dim=-1))
        mean = shared.sum(1, keepdim=True) / here.sum(1, keepdim=True)
        fused = torch.where(here, fused, mean)
        logits = self.classifier(fused.flatten(1))
        return ShaSpecOutputs(logits, shared, self.name_it(specific))
