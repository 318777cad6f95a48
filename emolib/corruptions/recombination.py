"""Segment recombination, the augmentation of EEG-Conformer.

Song et al., "EEG Conformer: Convolutional Transformer for EEG Decoding and
Visualization", IEEE Transactions on Neural Systems and Rehabilitation Engineering 2023,
Section II.
"""

from __future__ import annotations

import torch
from torch import Tensor

from emolib.checks import check_shape


def recombine_segments(
    x: Tensor, y: Tensor, *, n_segments: int = 8, generator: torch.Generator
) -> Tensor:
    """Return new windows made of segments of windows of the same class.

    New window i has the class of window i; each of its equal segments comes, at its own
    place in time, from a window of that class drawn with replacement.

    Parameters
    ----------
    x : Tensor, shape (b, c, t)
        t is a multiple of `n_segments`.
    y : Tensor of int, shape (b,)
        Labels. Only windows that may be seen in training belong here.

    Returns
    -------
    recombined : Tensor, shape (b, c, t)
        With labels `y`.

    Notes
    -----
    Differs from paper: donors are the windows of the batch, not of the whole training
    set, and every class gets as many new windows as it has in the batch.
    """
    check_shape("x", x, "b c t")
    check_shape("y", y, "b", b=len(x))
    if x.shape[-1] % n_segments:
        raise ValueError(
            f"x must be a whole number of segments; got {x.shape[-1]} time points for "
            f"{n_segments} segments. Change the window length or n_segments."
        )
    donors = _draw_donors(y, n_segments, generator)  # (b, s)
    segments = x.unflatten(-1, (n_segments, -1)).transpose(1, 2)  # (b, s, c, t / s)
    place = torch.arange(n_segments, device=x.device)
    return segments[donors, place].transpose(1, 2).flatten(2)


def _draw_donors(y: Tensor, n_segments: int, generator: torch.Generator) -> Tensor:
    """Return, for each window and segment, a row of the same class, shape (b, s)."""
    b = len(y)
    keys = torch.rand(b, n_segments, b, generator=generator, device=generator.device)
    other = (y[:, None] != y)[:, None]  # (b, 1, b)
    return keys.masked_fill(other, -1).argmax(-1)
