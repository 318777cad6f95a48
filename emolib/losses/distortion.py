"""Recognising distortions, the pre-training loss of SSL-ECG.

Sarkar and Etemad, "Self-Supervised ECG Representation Learning for Emotion
Recognition", IEEE Transactions on Affective Computing 2020, Section 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from emolib.checks import check_shape

WEIGHTS = (0.195, 0.195, 0.195, 0.0125, 0.0125, 0.195, 0.195)
"""Of original, noise, scale, negate, flip, permute and warp, as in the public code."""


def distortion_loss(
    logits: Tensor, distortion: Tensor, *, weights: Sequence[float] = WEIGHTS
) -> Tensor:
    """Return the weighted cross-entropy of one yes-or-no question per distortion.

    Parameters
    ----------
    logits : Tensor, shape (b, k)
        Score of "this is version k".
    distortion : Tensor of int64, shape (b,)
        The version each window is.
    weights : sequence of float, k of them

    Returns
    -------
    loss : Tensor, shape ()
        0 is perfect; log(2) times the sum of the weights is a guess.
    """
    check_shape("logits", logits, "b k", k=len(weights))
    check_shape("distortion", distortion, "b", b=len(logits))
    asked = F.one_hot(distortion, len(weights)).to(logits)
    each = F.binary_cross_entropy_with_logits(logits, asked, reduction="none")
    return each.mean(0) @ torch.as_tensor(weights).to(logits)


def weight_penalty(parameters: Iterable[Tensor], *, weight: float) -> Tensor:
    """Return `weight` times the sum of squares of all kernels.

    Kernels are the parameters with two axes or more; biases and scales are left alone.
    """
    return weight * sum(p.square().sum() for p in parameters if p.ndim > 1)
