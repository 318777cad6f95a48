"""Reconstruction losses."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from emolib.checks import check_shape


def reconstruction_loss(restored: Tensor, x: Tensor) -> Tensor:
    """Return the mean squared error between windows and their reconstruction.

    Paper 2, Section 2.2, "EEG Encoder Pre-training". The paper names no loss; every
    time point counts alike and nothing is masked.

    Parameters
    ----------
    restored, x : Tensor, shape (b, c, t)
        In the unit of `x`; for z-scored windows 1 is what the mean signal gets.

    Returns
    -------
    loss : Tensor, shape ()
        0 is perfect.
    """
    check_shape("x", x, "b c t")
    b, c, t = x.shape
    check_shape("restored", restored, "b c t", "It must match x.", b=b, c=c, t=t)
    return F.mse_loss(restored, x)
