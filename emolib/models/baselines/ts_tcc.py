"""TS-TCC, a baseline of paper 2 (Section 3.2, Tables 1 and 2).

Eldele et al., "Time-Series Representation Learning via Temporal and Contextual
Contrasting", IJCAI 2021, Sections 3.2 and 3.3. Input: ECG, both leads (paper 2 does not
say which modality it gave). Views are drawn by `corruptions.ts_tcc_views`, losses are
`losses.pretext` and `losses.contrastive.nt_xent`.

``x (b, c, t) -> features (b, 128, s) -> logits (b, k)``
``two views -> context at step -> predicted features of the other view``

Paper 2 names no configuration. The default sizes are those published for the longest
windows; how it is trained, and where that differs, says the paper's ``systems/ts_tcc``.

Differs from paper: both directions of a batch share one drawn step.
Traps avoided: the public view code writes channel 0 into all channels and the public
NT-Xent needs batches of one size; ours permutes leads jointly and takes any batch.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from emolib.checks import check_range, check_shape
from emolib.models.blocks import ConvEncoder, FullWidthLayer, ProjectionHead


class TSTCCOutputs(NamedTuple):
    """Class scores and the features they were computed from."""

    logits: Tensor  # (b, k)
    features: Tensor  # (b, 128, s)


class TSTCCViewOutputs(NamedTuple):
    """What two views say of each other; direction 0 predicts strong from weak."""

    predictions: Tensor  # W_k c_t of one view  (2, n_predictions, b, 128)
    targets: Tensor  # z_(t+k) of the other view  (2, n_predictions, b, 128)
    contexts: Tensor  # projected c_t of the weak and of the strong view  (2, b, 32)


class TSTCC(nn.Module):
    """Encoder, temporal module and classifier.

    Parameters
    ----------
    n_chans, n_times : int
    n_outputs : int
    kernel, stride : int
        Of the first convolution.
    d_context : int
        Width of the temporal module.
    n_predictions : int
        Steps predicted ahead; fewer than the encoder's steps (`n_steps`).
    """

    def __init__(
        self, *, n_chans: int, n_times: int, n_outputs: int = 2, kernel: int = 32,
        stride: int = 4, d_context: int = 64, n_predictions: int = 50,
    ):  # fmt: skip
        super().__init__()
        self.n_chans, self.n_times, self.n_predictions = n_chans, n_times, n_predictions
        self.encoder = ConvEncoder(n_chans, kernel=kernel, stride=stride)
        self.n_steps = self.encoder.n_steps(n_times)
        check_range(
            "n_predictions", n_predictions, 1, self.n_steps, closed="left",
            hint=f"{n_times} time points become {self.n_steps} steps; predict fewer.",
        )  # fmt: skip
        d = self.encoder.d_out
        self.temporal = _TemporalModule(d, d_context, n_predictions)
        self.classifier = nn.Linear(self.n_steps * d, n_outputs)

    def forward(self, x: Tensor) -> TSTCCOutputs:
        """Return the class scores of `x`, shape (b, c, t)."""
        check_shape("x", x, "b c t", c=self.n_chans, t=self.n_times)
        features = self.encoder(x)  # (b, 128, s)
        return TSTCCOutputs(self.classifier(features.flatten(1)), features)

    def compare_views(
        self, weak: Tensor, strong: Tensor, *, step: int
    ) -> TSTCCViewOutputs:
        """Predict each view's features after `step` from the other view up to it.

        Parameters
        ----------
        weak, strong : Tensor, shape (b, c, t)
        step : int
            In [0, n_steps - n_predictions), t of the article.
        """
        last = self.n_steps - self.n_predictions
        check_range("step", step, 0, last, closed="left")
        z_weak, z_strong = (
            F.normalize(self.encoder(view), dim=1).transpose(1, 2)  # (b, s, 128)
            for view in (weak, strong)
        )
        ahead = slice(step + 1, step + 1 + self.n_predictions)
        from_weak, context_weak = self.temporal(z_weak[:, : step + 1])
        from_strong, context_strong = self.temporal(z_strong[:, : step + 1])
        targets = torch.stack([z_strong[:, ahead], z_weak[:, ahead]])
        return TSTCCViewOutputs(
            torch.stack([from_weak, from_strong]),
            targets.transpose(1, 2),
            torch.stack([context_weak, context_strong]),
        )


class _TemporalModule(nn.Module):
    """Summarise the steps so far in a context and predict the steps to come."""

    def __init__(self, d_in: int, d_context: int, n_predictions: int):
        super().__init__()
        self.d_in, self.n_predictions = d_in, n_predictions
        self.embed = nn.Linear(d_in, d_context)
        self.query = nn.Parameter(torch.randn(1, 1, d_context))
        self.layers = nn.Sequential(
            *(
                FullWidthLayer(
                    d_context, 4, 64, activation=nn.ReLU(), dropout=0.1, qkv_bias=False
                )
                for _ in range(4)
            )
        )
        self.predict = nn.Linear(d_context, n_predictions * d_in)  # all W_k at once
        self.project = ProjectionHead(d_context, 64, 32)

    def forward(self, past: Tensor) -> tuple[Tensor, Tensor]:
        """Return predictions (n_predictions, b, d_in) and context (b, 32)."""
        query = self.query.expand(len(past), -1, -1)
        tokens = self.layers(torch.cat([query, self.embed(past)], dim=1))
        context = tokens[:, 0]  # c_t  (b, d_context)
        ahead = self.predict(context).unflatten(-1, (self.n_predictions, self.d_in))
        return ahead.transpose(0, 1), self.project(context)
