"""SMIL, a baseline of paper 1 (Tables 1 and 2): imagine what is missing from priors.

Ma et al., "SMIL: Multimodal Learning with Severely Missing Modality", AAAI 2021. How it
is trained (an inner step on incomplete windows, an outer loss on complete ones) stands
in ``papers/mmqnet/systems/smil.py``.

``x -> features (b, m d), missing ones imagined -> noisy -> hidden (b, 64) -> logits``

Differs from paper: as in its public code, weights of the priors are not drawn and there
is no KL term. The code has two modalities, a picture whose sound may be missing; here
any of m may be, and a prior is a mean of features of its own modality, encoded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from emolib.models.modalities import ModalityEncoders


class SMILOutputs(NamedTuple):
    """Class scores, and two layers with their noise and without."""

    logits: Tensor  # (b, k)
    features: Tensor  # (b, m d)
    noisy_features: Tensor  # (b, m d)
    hidden: Tensor  # (b, d_hidden)
    noisy_hidden: Tensor  # (b, d_hidden)


class SMIL(nn.Module):
    """Encoders, priors for what is missing, learnt noise on two layers, a classifier.

    Parameters
    ----------
    n_features : mapping of str to int
        Features of each modality.
    n_classes, n_priors : int
        Priors a modality; `set_priors` gives them.
    d, d_hidden : int
        Features per modality, and the classifier's hidden layer.
    dropout : float
    """

    def __init__(
        self, n_features: Mapping[str, int], n_classes: int = 2, *, n_priors: int = 10,
        d: int = 16, d_hidden: int = 64, dropout: float = 0.5,
    ):  # fmt: skip
        super().__init__()
        self.n_features, m = dict(n_features), len(n_features)
        self.encode_each = ModalityEncoders(n_features, d)
        for name, width in n_features.items():
            self.register_buffer(f"priors_{name}", torch.zeros(n_priors, width))
        self.weigh = nn.Linear(m * d + m, m * n_priors)
        self.noise_features = nn.Linear(m * d, m * d)
        self.hidden = nn.Linear(m * d, d_hidden)
        self.noise_hidden = nn.Linear(d_hidden, d_hidden)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(d_hidden, n_classes)

    def set_priors(self, priors: Mapping[str, Tensor]) -> None:
        """Put cluster means of each modality's features in place, (n_priors, d_m)."""
        for name, means in priors.items():
            getattr(self, f"priors_{name}").copy_(means)

    def forward(
        self, x: Mapping[str, Tensor], present: Tensor,
        generator: Generator | None = None,
    ) -> SMILOutputs:  # fmt: skip
        """Return scores, noise drawn in training and its mean's softplus else."""
        encoded = self.encode_each(x, present)  # (b, m, d)
        here = present.bool()[..., None]
        features = torch.where(here, encoded, self._imagined(encoded, present))
        features = features.flatten(1)
        noisy = features + self._noise(self.noise_features(features), generator)
        clean, hidden = self.hidden(features).relu(), self.hidden(noisy).relu()
        noisy_hidden = hidden + self._noise(self.noise_hidden(hidden), generator)
        logits = self.classifier(self.dropout(noisy_hidden))
        return SMILOutputs(logits, features, noisy, clean, noisy_hidden)

    def _imagined(self, encoded: Tensor, present: Tensor) -> Tensor:
        """Return each modality's priors, weighed by what is observed, (b, m, d)."""
        seen = torch.cat([encoded.flatten(1), present.to(encoded)], dim=1)
        weights = F.softplus(self.weigh(seen)).unflatten(1, (len(self.n_features), -1))
        weights = weights / weights.sum(-1, keepdim=True)  # (b, m, n_priors)
        priors = {name: getattr(self, f"priors_{name}") for name in self.n_features}
        everything = present.new_ones(weights.shape[-1], len(priors)).bool()
        means = self.encode_each(priors, everything)  # (n_priors, m, d)
        return torch.einsum("bmk,kmd->bmd", weights, means)

    def _noise(self, mean: Tensor, generator: Generator | None) -> Tensor:
        if not self.training:
            return F.softplus(mean)
        draw = torch.randn(mean.shape, generator=generator, device=mean.device)
        return F.softplus(mean + draw)
