"""Patch shuffle: the same new order of patches for EEG and ECG.

Wu et al., MICCAI 2025 (paper 2), Section 2.2, "Data Preparation", Fig. 1.
"""

from __future__ import annotations

import torch
from torch import Tensor

from emolib.checks import check_shape


def draw_permutations(n: int, n_patches: int, generator: torch.Generator) -> Tensor:
    """Draw one order of patches for each of `n` windows, all orders equally likely.

    Paper 2, Section 2.2, "Data Preparation". The paper does not say whether a batch
    shares one order; here every window draws its own.

    Returns
    -------
    permutations : Tensor of int64, shape (n, n_patches)
        On the generator's device.
    """
    keys = torch.rand(n, n_patches, generator=generator, device=generator.device)
    return keys.argsort(dim=-1)


def shuffle_patches(x: Tensor, permutations: Tensor) -> Tensor:
    """Return windows with their patches in a new order.

    Paper 2, Section 2.2, "Data Preparation". Called with the same permutations for
    both modalities; rates may differ, since patches are equal pieces of time.

    Parameters
    ----------
    x : Tensor, shape (b, c, t)
        t is a multiple of the number of patches: no remainder is dropped.
    permutations : Tensor of int64, shape (b, p)
        Place j of the result holds patch ``permutations[:, j]`` of `x`.

    Returns
    -------
    shuffled : Tensor, shape (b, c, t)
    """
    check_shape("x", x, "b c t")
    check_shape("permutations", permutations, "b p", b=len(x))
    b, c, t = x.shape
    n_patches = permutations.shape[1]
    if t % n_patches:
        raise ValueError(
            f"x must have a whole number of time points per patch; got {t} for "
            f"{n_patches} patches. Change the window length or the number of patches."
        )
    patches = x.unflatten(-1, (n_patches, -1))  # (b, c, p, t / p)
    source = permutations[:, None, :, None].expand(b, c, n_patches, t // n_patches)
    return patches.gather(2, source).flatten(2)
