"""TFC, time-frequency consistency, a baseline of paper 2 (Section 3.2, Tables 1, 2).

Zhang et al., "Self-Supervised Contrastive Pre-Training for Time Series via
Time-Frequency Consistency", NeurIPS 2022, Section 4. Input: ECG, both leads, the whole
window (paper 2 does not say). Views are drawn by `corruptions.tfc_views`, losses are in
`losses.consistency`.

``x (b, c, t), |FFT x| (b, c, t) -> two encoders -> two projections -> logits (b, k)``

This is the article's form of 2022, two convolutional encoders. The public code of 2023
has transformers that take the batch for the sequence, so that a window's output depends
on the other windows of its batch; ours does not (tested).

Differs from paper: all leads and the whole window enter; the public code keeps channel
0 and its first 178 time points.
Differs from paper: gradients are cleared at every step, and the epoch is chosen on
validation data (both are the recipe's; the public code does neither).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from emolib.checks import check_shape
from emolib.models.blocks import ConvEncoder, ProjectionHead


class TFCOutputs(NamedTuple):
    """Class scores, and both branches before and after their projections."""

    logits: Tensor  # (b, k)
    time: Tensor  # h_t  (b, 128 s)
    frequency: Tensor  # h_f  (b, 128 s)
    z_time: Tensor  # (b, 128)
    z_frequency: Tensor  # (b, 128)


def magnitude_spectrum(x: Tensor) -> Tensor:
    """Return the magnitude of the full Fourier transform, not normalised, as long as x.

    Parameters
    ----------
    x : Tensor, shape (b, c, t)

    Returns
    -------
    spectrum : Tensor, shape (b, c, t)
        Bin f and bin t - f are equal, since `x` is real.
    """
    return torch.fft.fft(x, dim=-1).abs()


class TFC(nn.Module):
    """Two encoders, on the signal and on its spectrum, and a classifier on both.

    Parameters
    ----------
    n_chans, n_times : int
    n_outputs : int
    kernel, stride : int
        Of both encoders' first convolution.
    """

    def __init__(
        self, *, n_chans: int, n_times: int, n_outputs: int = 2, kernel: int = 32,
        stride: int = 4,
    ):  # fmt: skip
        super().__init__()
        self.n_chans, self.n_times = n_chans, n_times
        self.encode_time = ConvEncoder(n_chans, kernel=kernel, stride=stride)
        self.encode_frequency = ConvEncoder(n_chans, kernel=kernel, stride=stride)
        d = self.encode_time.n_steps(n_times) * self.encode_time.d_out
        self.project_time = ProjectionHead(d, 256, 128)
        self.project_frequency = ProjectionHead(d, 256, 128)
        self.classifier = nn.Sequential(
            nn.Linear(256, 64), nn.Sigmoid(), nn.Linear(64, n_outputs)
        )

    def forward(self, x: Tensor, spectrum: Tensor | None = None) -> TFCOutputs:
        """Return both branches and the class scores.

        Parameters
        ----------
        x, spectrum : Tensor, shape (b, c, t)
            `spectrum` is `magnitude_spectrum(x)` when not given; give it where the two
            branches see views of their own.
        """
        check_shape("x", x, "b c t", c=self.n_chans, t=self.n_times)
        if spectrum is None:
            spectrum = magnitude_spectrum(x)
        check_shape("spectrum", spectrum, "b c t", c=self.n_chans, t=self.n_times)
        time = self.encode_time(x).flatten(1)  # h_t  (b, 128 s)
        frequency = self.encode_frequency(spectrum).flatten(1)  # h_f
        z_time = self.project_time(time)  # (b, 128)
        z_frequency = self.project_frequency(frequency)
        logits = self.classifier(torch.cat([z_time, z_frequency], dim=-1))
        return TFCOutputs(logits, time, frequency, z_time, z_frequency)
