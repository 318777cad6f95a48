"""SSL-ECG, a baseline of paper 2 (Section 3.2, Tables 1 and 2).

Sarkar and Etemad, "Self-Supervised ECG Representation Learning for Emotion
Recognition", IEEE Transactions on Affective Computing 2020, Section 3. Input: one ECG
lead. The encoder learns to tell which of six distortions was applied
(`corruptions.ecg_distortions`, `losses.pretext`); then a classifier reads its
features, with the encoder frozen (ours) or fine-tuned (an option of the recipe).

``x (b, 1, t) -> features (b, 128) -> distortion_logits (b, 7), logits (b, k)``

Differs from paper: one softmax over two classes. The public code gives each of the two
classes a sigmoid and a binary cross-entropy of its own, which is another loss.
Differs from paper: pre-trained on the training windows of one corpus, not on four
corpora together; labels are binary (the public code leaves five or nine levels).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from emolib.checks import check_shape

N_DISTORTIONS = 7  # the original and six distortions


class SSLECGOutputs(NamedTuple):
    """Class scores, distortion scores and the features of both."""

    logits: Tensor  # (b, k)
    distortion_logits: Tensor  # (b, 7), one yes-or-no question each
    features: Tensor  # (b, 128)


class SSLECG(nn.Module):
    """Encoder, seven distortion heads and an emotion classifier.

    Parameters
    ----------
    n_times : int
        Any length; the paper's is 2,560 (10 s at 256 Hz).
    n_outputs : int
    dropout : float
        Of the classifier: 0.2 for DREAMER, 0.4 for AMIGOS in the public code.
    """

    def __init__(self, *, n_times: int = 2560, n_outputs: int = 2, dropout=0.2):
        super().__init__()
        self.n_chans, self.n_times = 1, n_times
        self.encoder = _Encoder()
        self.heads = _DistortionHeads(128, N_DISTORTIONS)
        self.classifier = nn.Sequential(
            nn.Linear(128, 512), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(512, 512), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(512, 512), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(512, n_outputs),
        )  # fmt: skip

    def forward(self, x: Tensor) -> SSLECGOutputs:
        """Return the scores of `x`, shape (b, 1, t)."""
        hint = "SSL-ECG takes one lead at a time: x[:, :1] is lead 1."
        check_shape("x", x, "b c t", hint, c=1, t=self.n_times)
        features = self.encoder(x)  # (b, 128)
        return SSLECGOutputs(self.classifier(features), self.heads(features), features)


class _Encoder(nn.Sequential):
    """Six convolutions with LeakyReLU 0.2, two poolings, then the maximum over time.

    Over pictures one pixel high whose channels lie together: on a CPU a third faster
    than over one axis.
    """

    def __init__(self):
        super().__init__(
            *_same_conv(1, 32, 32), *_same_conv(32, 32, 32), _pool(),
            *_same_conv(32, 64, 16), *_same_conv(64, 64, 16), _pool(),
            *_same_conv(64, 128, 8), *_same_conv(128, 128, 8),
        )  # fmt: skip
        self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> Tensor:
        picture = x[:, :, None].contiguous(memory_format=torch.channels_last)
        return super().forward(picture).amax((2, 3))  # (b, 1, 1, t) -> (b, 128)


def _same_conv(n_in: int, n_out: int, kernel: int) -> list[nn.Module]:
    """Return a convolution that keeps the length; even kernels pad more at the end."""
    pad = nn.ConstantPad1d(((kernel - 1) // 2, kernel // 2), 0.0)
    return [pad, nn.Conv2d(n_in, n_out, (1, kernel)), nn.LeakyReLU(0.2)]


def _pool() -> nn.Module:
    """Return the maximum of eight places, every second place."""
    return nn.MaxPool2d((1, 8), (1, 2))


class _DistortionHeads(nn.Module):
    """Seven networks 128 -> 128 -> 128 -> 1 side by side, as grouped convolutions."""

    def __init__(self, d: int, n_heads: int):
        super().__init__()
        self.n_heads = n_heads
        self.layers = nn.ModuleList(
            nn.Conv1d(n_heads * d, n_heads * n_out, 1, groups=n_heads)
            for n_out in (d, d, 1)
        )
        self.dropout = nn.Dropout(0.6)

    def forward(self, features: Tensor) -> Tensor:
        hidden = features.repeat(1, self.n_heads).unsqueeze(-1)  # (b, 7 d, 1)
        for layer in self.layers[:-1]:
            hidden = self.dropout(F.leaky_relu(layer(hidden), 0.2))
        return self.layers[-1](hidden).squeeze(-1)  # (b, 7)
