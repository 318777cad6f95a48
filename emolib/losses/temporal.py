"""Temporal contrast, the first loss of TS-TCC.

Eldele et al., "Time-Series Representation Learning via Temporal and Contextual
Contrasting", IJCAI 2021, Section 3.2. The second, contextual, is
`contrastive.nt_xent` on the two contexts.
"""

from __future__ import annotations

import torch
from torch import Tensor

from emolib.checks import check_shape
from emolib.losses.contrastive import nt_xent


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
