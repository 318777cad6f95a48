"""ECG encoder aligned with an EEG encoder.

Wu, Chen, Cui, Liu, Liang and Li, "Cross-Modal Contrastive Learning for Emotion
Recognition: Aligning ECG with EEG-Derived Features", MICCAI 2025, Section 2.2, Fig. 1.

``x (b, c, t) -> tokens (b, c, d) -> window (b, d) -> patches (b, p, d_patch)``

The paper names iTransformer, whose tokens are whole channels and so have no time axis
to cut into patches, and yet aligns patches. Here the token is a row of `n_patches`
chunks, chunk j made from (stem ``conv``) or decoded to (`ReconstructionModel`) the time
of patch j. Both encoders are of one class; the paper does not describe its ECG encoder.

Differs from paper: the stem ``conv`` replaces one linear map from a whole channel to
its token (stem ``linear``, as printed), which memorises a few hundred windows.
Differs from paper: with ``conv`` each channel adds a learned embedding; without one,
and with a mean over channels, left and right cannot be told apart.
Differs from paper: no normalisation of each channel of each window inside the encoder
(iTransformer's own, optional); windows come z-scored and their power carries arousal.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from emolib.checks import check_option, check_shape

STEMS = ("conv", "linear")


class EncoderOutputs(NamedTuple):
    """What an encoder makes of a batch of windows."""

    tokens: Tensor  # (b, c, d), one token per channel
    patches: Tensor  # p_ij  (b, p, d_patch)
    window: Tensor  # P_i  (b, d), the patches in a row


class ReconstructionOutputs(NamedTuple):
    """A batch of windows drawn again from its tokens."""

    restored: Tensor  # (b, c, t)
    patches: Tensor  # (b, p, d_patch)
    window: Tensor  # (b, d)


class EmotionOutputs(NamedTuple):
    """Class scores of a batch of windows, and what they were computed from."""

    logits: Tensor  # (b, k)
    patches: Tensor  # (b, p, d_patch)
    window: Tensor  # (b, d)


class SignalEncoder(nn.Module):
    """Encode windows of one modality into patches that keep their place in time.

    Paper 2, Section 2.2, "Embedding to Latent Space".

    Parameters
    ----------
    n_chans, n_times : int
        Size of a window. `n_times` is a multiple of `n_patches`, so patches are equal
        pieces of time at any sampling rate.
    n_patches : int
        N_p of the paper, which gives no value; 1 s each in a 10 s window.
    d_patch : int
        Features per patch; ``d_model = n_patches * d_patch``.
    stem : {'conv', 'linear'}
        How a channel becomes a token.
    n_layers, n_heads, d_ff, dropout : int, int, int, float
        Of the transformer layers (post-norm, GELU), which mix channels and chunks.
    """

    def __init__(
        self, *, n_chans: int, n_times: int, n_patches: int = 10, d_patch: int = 32,
        stem: str = "conv", n_layers: int = 2, n_heads: int = 8, d_ff: int = 256,
        dropout: float = 0.1,
    ):  # fmt: skip
        super().__init__()
        check_option("stem", stem, STEMS)
        _check_sizes(n_times, n_patches, n_patches * d_patch, n_heads)
        self.n_chans, self.n_times = n_chans, n_times
        self.n_patches, self.d_patch = n_patches, d_patch
        self.d_model = n_patches * d_patch
        if stem == "conv":
            self.stem = _ConvStem(n_chans, n_times, n_patches, d_patch)
        else:
            self.stem = _LinearStem(n_times, self.d_model, dropout)
        self.layers = nn.Sequential(
            *(
                nn.TransformerEncoderLayer(
                    self.d_model, n_heads, d_ff, dropout, "gelu", batch_first=True
                )
                for _ in range(n_layers)
            )
        )
        self.norm = nn.LayerNorm(self.d_model)

    def forward(self, x: Tensor) -> EncoderOutputs:
        """Return the tokens, patches and window vectors of `x`, shape (b, c, t)."""
        check_shape("x", x, "b c t", _MONTAGE, c=self.n_chans, t=self.n_times)
        tokens = self.stem(x)  # (b, c, d)
        tokens = self.norm(self.layers(tokens))  # (b, c, d)
        window = tokens.mean(1)  # P_i  (b, d)
        patches = window.unflatten(-1, (self.n_patches, self.d_patch))  # p_ij
        return EncoderOutputs(tokens, patches, window)


class EEGEncoder(SignalEncoder):
    """The paper's teacher: pre-trained on EEG, then frozen while the ECG aligns to it.

    Frozen means in `eval` mode and called under `torch.no_grad`: it holds no running
    statistics, so nothing of it moves.
    """


class ECGEncoder(SignalEncoder):
    """The paper's student: aligned with the EEG encoder, then alone at test time."""


class ReconstructionModel(nn.Module):
    """Draw every channel again from its token, patch by patch.

    Paper 2, Section 2.2, "EEG Encoder Pre-training". One linear map from a chunk to
    the M time points of its patch, shared by chunks and channels: it ties chunk j to
    the time of patch j.
    """

    def __init__(self, encoder: SignalEncoder):
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.d_patch, encoder.n_times // encoder.n_patches)
        self.n_chans, self.n_times = encoder.n_chans, encoder.n_times

    def forward(self, x: Tensor) -> ReconstructionOutputs:
        """Return `x`, shape (b, c, t), as its tokens tell it."""
        tokens, patches, window = self.encoder(x)
        chunks = tokens.unflatten(-1, patches.shape[1:])  # (b, c, p, d_patch)
        restored = self.head(chunks).flatten(2)  # (b, c, t)
        return ReconstructionOutputs(restored, patches, window)


class EmotionModel(nn.Module):
    """EEG encoder with a linear emotion head, for the fine-tuning before alignment.

    Paper 2, Section 2.2, "EEG Encoder Pre-training".
    """

    def __init__(self, encoder: SignalEncoder, *, n_outputs: int = 2):
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.d_model, n_outputs)
        self.n_chans, self.n_times = encoder.n_chans, encoder.n_times

    def forward(self, x: Tensor) -> EmotionOutputs:
        """Return the class scores of `x`, shape (b, c, t)."""
        _, patches, window = self.encoder(x)
        return EmotionOutputs(self.head(window), patches, window)


class ECGClassifier(EmotionModel):
    """ECG encoder with the fully connected classifier that is used at test time.

    Paper 2, Section 2.2, "Classification". The paper gives no sizes; ours are
    d_model -> 128, ReLU, dropout 0.3, 128 -> classes.
    """

    def __init__(self, encoder: SignalEncoder, *, n_outputs: int = 2):
        super().__init__(encoder, n_outputs=n_outputs)
        self.head = nn.Sequential(
            nn.Linear(encoder.d_model, 128), nn.ReLU(), nn.Dropout(0.3),
            nn.Linear(128, n_outputs),
        )  # fmt: skip


_MONTAGE = "Was this model built for another corpus or window length?"


class _LinearStem(nn.Module):
    """One linear map from a whole channel to its token, shared by all channels."""

    def __init__(self, n_times: int, d_model: int, dropout: float):
        super().__init__()
        self.embed = nn.Linear(n_times, d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(self.embed(x))  # (b, c, d)


class _ConvStem(nn.Module):
    """Two convolutions shared by all channels, averaged over the time of each patch.

    Output step k of the convolutions is centred on time points 8k to 8k + 7; what it
    sees reaches 26 time points further on both sides.
    """

    _STRIDE = 8  # of both convolutions together
    _BLOCK = 64  # channels at once on a CPU: their maps stay in the cache

    def __init__(self, n_chans: int, n_times: int, n_patches: int, d_patch: int):
        super().__init__()
        self.wide = nn.Conv1d(1, d_patch, 32, stride=4, padding=14)
        self.narrow = nn.Conv1d(d_patch, d_patch, 8, stride=2, padding=3)
        self.channel = nn.Parameter(0.02 * torch.randn(n_chans, n_patches * d_patch))
        share = _time_shares(n_times, n_patches, self._STRIDE)
        self.register_buffer("share", share, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        alone = x.flatten(0, 1).unsqueeze(1)  # (b c, 1, t)
        block = self._BLOCK if x.device.type == "cpu" else len(alone)
        chunks = torch.cat([self._pool(part) for part in alone.split(block)])
        return chunks.view(*x.shape[:2], -1) + self.channel  # (b, c, d)

    def _pool(self, alone: Tensor) -> Tensor:
        """Return the mean feature of each patch, (n, 1, t) -> (n, p, d_patch)."""
        steps = F.gelu(self.narrow(F.gelu(self.wide(alone))))  # (n, d_patch, s)
        return (steps @ self.share).transpose(1, 2)


def _time_shares(n_times: int, n_patches: int, stride: int) -> Tensor:
    """Return the weight of each step in each patch, shape (s, p); columns sum to 1.

    A step counts by the share of its time that lies in the patch, so the mean is exact
    where a boundary cuts a step (500 Hz: 62.5 steps a patch).
    """
    start = torch.arange(n_times // 4 // 2) * float(stride)
    edge = torch.arange(n_patches + 1) * (n_times / n_patches)
    left = torch.maximum(start[:, None], edge[:-1])
    right = torch.minimum(start[:, None] + stride, edge[1:])
    overlap = (right - left).clamp(min=0)
    return overlap / overlap.sum(0)


def _check_sizes(n_times: int, n_patches: int, d_model: int, n_heads: int) -> None:
    if n_times % n_patches or n_times // n_patches < 8:
        raise ValueError(
            f"n_times must be n_patches whole patches of 8 time points or more; got "
            f"{n_times} and {n_patches}. Choose a window length or n_patches that fits."
        )
    if d_model % n_heads:
        raise ValueError(
            f"n_patches x d_patch must be a multiple of n_heads; got {d_model} and "
            f"{n_heads}."
        )
