"""Reconstruction losses."""

from __future__ import annotations

import torch
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


def token_reconstruction(restored: Tensor, tokens: Tensor, chosen: Tensor) -> Tensor:
    """Return the squared error of the chosen modalities, divided by their number.

    Paper 1, Section 2.4, Eq. (5), which chooses what is available: with a mask that
    masks, the modality queries then have no gradient at all. They learn where `chosen`
    are modalities that were hidden from the model on purpose and `tokens` are detached:
    a target that learns too could meet the model halfway, at a constant.

    Parameters
    ----------
    restored, tokens : Tensor, shape (b, m, d)
        Whatever stands in a modality that is not chosen is not read.
    chosen : Tensor of bool, shape (b, m)

    Returns
    -------
    loss : Tensor, shape ()
        Sum over features, mean over chosen modalities; 0 is perfect, and 0 where
        nothing is chosen.
    """
    check_shape("tokens", tokens, "b m d")
    b, m, d = tokens.shape
    check_shape("restored", restored, "b m d", "It must match tokens.", b=b, m=m, d=d)
    check_shape("chosen", chosen, "b m", "It must match tokens.", b=b, m=m)
    error = torch.where(chosen[..., None], restored - tokens, 0.0)  # Eq. (5)
    return error.square().sum() / chosen.sum().clamp(min=1)
