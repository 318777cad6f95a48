"""How far noisy data lie from the data they were made of.

Fan et al. 2024 (paper 3), Section 3.5, Algorithm 2, Fig. 3.
"""

from __future__ import annotations

import numpy as np

from emolib.checks import check_shape


def average_distance(original: np.ndarray, noisy: np.ndarray) -> float:
    """Return the mean Euclidean distance between points and their noisy twins.

    Paper 3, Section 3.5, Algorithm 2.

    Parameters
    ----------
    original, noisy : ndarray, shape (n, d)
        Row i of both is one utterance. The paper does not say which vector stands for
        a sequence, nor whether distances are those of the features or of their t-SNE
        map; here `time_average` of the features.

    Returns
    -------
    distance : float
        In the unit of the features; 0 without noise.

    Notes
    -----
    Strong noise takes the data away and puts its own in their place, so the distance
    hardly grows below −20 dB: for one frame of d features with mean 0 and variance 1 it
    is about √(d ((1 − √ᾱ)² + 1 − ᾱ)), and ends at √(2 d).
    """
    original, noisy = np.asarray(original, float), np.asarray(noisy, float)
    check_shape("original", original, "n d", hint="One vector per utterance.")
    check_shape("noisy", noisy, "n d", n=original.shape[0], d=original.shape[1])
    return float(np.linalg.norm(original - noisy, axis=1).mean())


def time_average(x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the mean over the real steps of each sequence, shape (b, d).

    Paper 3, Fig. 3: the vector that stands for an utterance, chosen here.

    Parameters
    ----------
    x : ndarray, shape (b, s, d)
        What stands behind the real steps is not read.
    lengths : ndarray of int, shape (b,)
        Real steps, at least 1.
    """
    x, lengths = np.asarray(x), np.asarray(lengths)
    check_shape("x", x, "b s d")
    check_shape("lengths", lengths, "b", b=len(x))
    if not ((lengths >= 1) & (lengths <= x.shape[1])).all():
        raise ValueError(
            f"lengths must lie in [1, {x.shape[1]}]; got {lengths.min()} to "
            f"{lengths.max()}. Leave out utterances without a real step."
        )
    real = np.arange(x.shape[1]) < lengths[:, None]
    kept = np.where(real[..., None], x, 0).astype(float)
    return kept.sum(axis=1) / lengths[:, None]
