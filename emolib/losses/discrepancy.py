"""Central moment discrepancy: how differently two sets of features are distributed.

Zellinger et al., "Central Moment Discrepancy (CMD) for Domain-Invariant Representation
Learning", ICLR 2017; as IF-MMIN uses it to pull modalities into one space (Zuo et al.,
ICASSP 2023, Section 2.2), which paper 3 takes its invariance encoder from.
"""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Tensor
from torch.linalg import vector_norm

from emolib.checks import check_range, check_shape


def central_moment_discrepancy(a: Tensor, b: Tensor, *, n_moments: int = 5) -> Tensor:
    """Return the distance between the central moments of two sets of features.

    ``||mean(a) - mean(b)|| + sum over k = 2 … n_moments of ||c_k(a) - c_k(b)||``, c_k
    being the k-th central moments, each dimension apart.

    Parameters
    ----------
    a, b : Tensor, shape (b, d)
        Samples of both sets; any two numbers of samples.
    n_moments : int

    Returns
    -------
    loss : Tensor, shape ()
        0 is perfect. Not divided by the features' range, as in IF-MMIN's public code.
    """
    check_range("n_moments", n_moments, 1, float("inf"))
    check_shape("a", a, "b d")
    check_shape("b", b, "b d", "It must have the features of a.", d=a.shape[1])
    mean_a, mean_b = a.mean(0), b.mean(0)
    loss = vector_norm(mean_a - mean_b)
    centred_a, centred_b = a - mean_a, b - mean_b
    power_a, power_b = centred_a, centred_b
    for _ in range(2, n_moments + 1):
        power_a, power_b = power_a * centred_a, power_b * centred_b
        loss = loss + vector_norm(power_a.mean(0) - power_b.mean(0))
    return loss


def modality_discrepancy(features: Tensor, *, n_moments: int = 5) -> Tensor:
    """Return the mean discrepancy over all pairs of modalities.

    Parameters
    ----------
    features : Tensor, shape (b, m, d)
        Invariant features of each modality, two modalities or more.
    n_moments : int

    Returns
    -------
    loss : Tensor, shape ()
        0 is perfect: all modalities are distributed alike.
    """
    check_shape("features", features, "b m d")
    pairs = list(combinations(features.unbind(1), 2))
    if not pairs:
        raise ValueError("features must be of two modalities or more; got 1.")
    each = [central_moment_discrepancy(a, b, n_moments=n_moments) for a, b in pairs]
    return torch.stack(each).mean()
