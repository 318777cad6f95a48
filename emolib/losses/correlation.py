"""Total canonical correlation of two views, the loss of DCCA.

Andrew, Arora, Bilmes and Livescu, "Deep Canonical Correlation Analysis", ICML 2013,
Section 3.
"""

from __future__ import annotations

import torch
from torch import Tensor

from emolib.checks import check_shape


def correlation_loss(a: Tensor, b: Tensor, *, ridge: float = 1e-3) -> Tensor:
    """Return minus the sum of the canonical correlations of two views.

    The trace norm of T = S_aa^-1/2 S_ab S_bb^-1/2, in double precision. Its covariances
    are those of the batch: batches must be large beside d.

    Parameters
    ----------
    a, b : Tensor, shape (b, d)
    ridge : float
        Added to the diagonals of S_aa and S_bb, r_1 and r_2 of the article.

    Returns
    -------
    loss : Tensor, shape ()
        Minus d is perfect, 0 is uncorrelated.
    """
    check_shape("a", a, "b d")
    check_shape("b", b, "b d", "It must match a, row by row.", b=len(a))
    a, b = ((view - view.mean(0)).double() for view in (a, b))
    n = max(len(a) - 1, 1)
    between = _inverse_root(a, n, ridge) @ (a.T @ b / n) @ _inverse_root(b, n, ridge)
    return -torch.linalg.svdvals(between).sum().to(torch.float32)


def _inverse_root(view: Tensor, n: int, ridge: float) -> Tensor:
    """Return the inverse square root of a view's covariance, (d, d)."""
    eye = torch.eye(view.shape[1], dtype=view.dtype, device=view.device)
    values, vectors = torch.linalg.eigh(view.T @ view / n + ridge * eye)
    return vectors * values.rsqrt() @ vectors.T
