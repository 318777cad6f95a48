"""AE, a baseline of paper 1 (Tables 1 and 2): make the missing features, then classify.

The paper cites Lee, Lin, Hsu and Hsu, "Audio Feature Generation for Missing Modality
Problem in Video Action Recognition", ICASSP 2019, which has no public code. The form is
that of GCNet's autoencoder for missing views (Lian et al. 2023).

``x -> encoded (b, m, d) -> code (b, 128) -> decoded (b, m d) -> restored, logits``

Differs from GCNet: encoders and heads of 64 units, for features are few here; no
dropout of one half.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor, nn

from emolib.models.linear import linear_stack
from emolib.models.modalities import ModalityEncoders


class AutoencoderOutputs(NamedTuple):
    """Class scores, and the features of all modalities, made anew."""

    logits: Tensor  # (b, k)
    restored: Tensor  # of all modalities in a row  (b, sum of d_m)


class Autoencoder(nn.Module):
    """An encoder per modality, an autoencoder over all, a head for features and class.

    Parameters
    ----------
    n_features : mapping of str to int
        Features of each modality.
    n_classes : int
    d : int
        Width of a modality's encoder.
    sizes : tuple of int
        Widths of the autoencoder's first half; the second mirrors them.
    """

    def __init__(
        self, n_features: Mapping[str, int], n_classes: int = 2, *, d: int = 64,
        sizes: tuple[int, ...] = (256, 128),
    ):  # fmt: skip
        super().__init__()
        self.n_features = dict(n_features)
        d_all, n_all = d * len(n_features), sum(n_features.values())
        inward = (d_all, *sizes)
        self.encode_each = ModalityEncoders(n_features, d, d)
        self.inward = linear_stack(inward, nn.LeakyReLU)
        self.outward = nn.Sequential(
            linear_stack(inward[::-1], nn.LeakyReLU), nn.ReLU()
        )
        self.restore = linear_stack((d_all, 2 * d, n_all), nn.ReLU)
        self.classifier = linear_stack((d_all, 2 * d, n_classes), nn.ReLU)

    def forward(self, x: Mapping[str, Tensor], present: Tensor) -> AutoencoderOutputs:
        """Return scores and restored features of what is observed."""
        encoded = self.encode_each(x, present).flatten(1)  # (b, m d)
        decoded = self.outward(self.inward(encoded))
        return AutoencoderOutputs(self.classifier(decoded), self.restore(decoded))
