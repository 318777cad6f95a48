"""What the baselines of paper 2 are pre-trained on: consistency, time, distortions.

- TFC: Zhang et al., "Self-Supervised Contrastive Pre-Training for Time Series via
  Time-Frequency Consistency", NeurIPS 2022, Section 4; the form and the weights of the
  public code of 2022.
- TS-TCC: Eldele et al., "Time-Series Representation Learning via Temporal and
  Contextual Contrasting", IJCAI 2021, Section 3.2. The second loss, contextual, is
  `contrastive.nt_xent` on the two contexts.
- SSL-ECG: Sarkar and Etemad, "Self-Supervised ECG Representation Learning for Emotion
  Recognition", IEEE Transactions on Affective Computing 2020, Section 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from emolib.checks import check_shape
from emolib.losses.contrastive import nt_xent


def consistency_loss(
    outputs, view, *, temperature: float = 0.2, margin: float = 1.0,
    w_contrast: float = 0.2, w_consistency: float = 0.8,
) -> dict[str, Tensor]:  # fmt: skip
    """Return the losses of both branches and of their agreement.

    Time and spectrum of the same window, both undistorted, should agree better than any
    pair with a distorted member does; `margin` is how much better.

    Parameters
    ----------
    outputs, view : TFC outputs
        Of the windows and of their views, with `time` and `frequency` (b, h) and
        `z_time` and `z_frequency` (b, d).
    temperature, margin : float
    w_contrast, w_consistency : float
        Weights of the two branches and of the consistency.

    Returns
    -------
    losses : dict of str to Tensor
        ``time``, ``frequency``, ``consistency`` and ``total``. The consistency has no
        floor at 0: a pair that agrees much worse than its margin is rewarded.
    """

    def contrast(a: Tensor, b: Tensor) -> Tensor:
        return nt_xent(a, b, temperature=temperature, poly=True)

    time = contrast(outputs.time, view.time)
    frequency = contrast(outputs.frequency, view.frequency)
    distorted = (
        contrast(outputs.z_time, view.z_frequency)
        + contrast(view.z_time, outputs.z_frequency)
        + contrast(view.z_time, view.z_frequency)
    )
    agree = contrast(outputs.z_time, outputs.z_frequency)
    consistency = 3 * (margin + agree) - distorted
    total = w_contrast * (time + frequency) + w_consistency * consistency
    return {
        "time": time, "frequency": frequency, "consistency": consistency,
        "total": total,
    }  # fmt: skip


def temporal_contrast(predictions: Tensor, targets: Tensor) -> Tensor:
    """Return how badly each target finds its own prediction among the batch's.

    Parameters
    ----------
    predictions, targets : Tensor, shape (m, p, b, d)
        Directions, steps predicted ahead, windows, features. Similarity is the plain
        product, without temperature, normalised over predictions: so does the public
        code, where the article's equation normalises over the batch's targets.

    Returns
    -------
    loss : Tensor, shape ()
        Mean over steps and windows, summed over directions; 0 is perfect and
        m log(b) is a guess.
    """
    check_shape("predictions", predictions, "m p b d")
    sizes = dict(zip("mpbd", predictions.shape, strict=True))
    check_shape("targets", targets, "m p b d", "It must match predictions.", **sizes)
    scores = torch.einsum("mpid,mpjd->mpij", predictions, targets)
    found = scores.log_softmax(-2).diagonal(dim1=-2, dim2=-1)  # (m, p, b)
    return -found.mean((1, 2)).sum()


def ts_tcc_loss(
    predictions: Tensor, targets: Tensor, contexts: Tensor, *,
    w_temporal: float = 1.0, w_contextual: float = 0.7, temperature: float = 0.2,
) -> dict[str, Tensor]:  # fmt: skip
    """Return both pre-training losses of TS-TCC and their weighted sum.

    Parameters
    ----------
    predictions, targets : Tensor, shape (2, p, b, d)
    contexts : Tensor, shape (2, b, d)
        Projected contexts of the weak and of the strong view.
    w_temporal, w_contextual, temperature : float
        lambda_1, lambda_2 and tau of the article.

    Returns
    -------
    losses : dict of str to Tensor
        ``temporal``, ``contextual`` and ``total``.
    """
    check_shape("contexts", contexts, "m b d", m=2)
    temporal = temporal_contrast(predictions, targets)
    contextual = nt_xent(contexts[0], contexts[1], temperature=temperature)
    total = w_temporal * temporal + w_contextual * contextual
    return {"temporal": temporal, "contextual": contextual, "total": total}


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
