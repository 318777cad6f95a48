"""From ratings to classes: the threshold, the side of ties, the class prior."""

from __future__ import annotations

import numpy as np

from emolib.checks import check_option

LABEL_NAMES = ("low", "high")


def binarise(ratings: np.ndarray, *, threshold: float, ties: str = "low") -> np.ndarray:
    """Return 1 where a rating is high, 0 where it is low.

    Parameters
    ----------
    ratings : ndarray
        In the corpus's scale, none missing.
    threshold : float
        High means above it.
    ties : {'low', 'high'}
        The side of a rating that equals `threshold`.

    Returns
    -------
    labels : ndarray of int64, same shape
    """
    check_option("ties", ties, LABEL_NAMES)
    ratings = np.asarray(ratings, float)
    if np.isnan(ratings).any():
        raise ValueError(
            f"ratings must not be missing; got {np.isnan(ratings).sum()} NaN of "
            f"{ratings.size}. Remove those windows first."
        )
    high = ratings > threshold if ties == "low" else ratings >= threshold
    return high.astype(np.int64)


def class_prior(y: np.ndarray):
    """Return how many windows each class has, and its share.

    Parameters
    ----------
    y : ndarray of 0 and 1

    Returns
    -------
    prior : DataFrame
        Columns label, name, n_windows, share (0 to 1); a row for 0 and one for 1.
    """
    import pandas as pd

    labels = np.asarray(y)
    if not np.isin(labels, (0, 1)).all():
        raise ValueError(
            f"y must hold 0 and 1; got {sorted(np.unique(labels).tolist())[:5]}. "
            "Use binarise first."
        )
    counts = np.bincount(labels.astype(int).ravel(), minlength=2)
    return pd.DataFrame(
        {
            "label": [0, 1],
            "name": list(LABEL_NAMES),
            "n_windows": counts,
            "share": counts / max(labels.size, 1),
        }
    )
