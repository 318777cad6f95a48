"""A share of the training labels, whole trials at a time."""

from __future__ import annotations

import numpy as np

from emolib.checks import check_range
from emolib.splits.audits import group_codes


def label_subset(
    meta, train: np.ndarray, *, fraction: float, seed: int, y: np.ndarray
) -> np.ndarray:
    """Return the training windows whose labels may be used, whole trials at a time.

    Each subject gives the same share of its trials (rounded, at least one), its classes
    drawn evenly, and trials are added until both classes are there. Subsets of one seed
    are nested: those of 10 % lie within those of 30 %.

    Parameters
    ----------
    meta : DataFrame
    train : ndarray of int
        Rows of the training windows.
    fraction : float
        Share of the training trials, in (0, 1].
    seed : int
    y : ndarray, shape (n_windows,)
        Labels of all windows; only those of `train` are read.

    Returns
    -------
    rows : ndarray of int
        Sorted, a subset of `train`.
    """
    check_range("fraction", fraction, 0, 1, closed="right")
    train = np.sort(np.asarray(train, int))
    trials, labels = group_codes(meta)[1][train], np.asarray(y)[train]
    label_of = dict(zip(trials[::-1], labels[::-1], strict=True))
    subjects = meta["subject"].to_numpy(str)[train]
    orders = []
    for subject in np.unique(subjects):
        mine = np.unique(trials[subjects == subject])
        rng = np.random.default_rng([seed, *subject.encode()])
        classes = np.array([label_of[code] for code in mine])
        orders.append(mine[_even_order(classes, rng)])
    for extra in range(len(train)):
        chosen = np.isin(trials, _first_of_each(orders, fraction, extra))
        if len(np.unique(labels[chosen])) >= min(2, len(np.unique(labels))):
            break
    return train[chosen]


def _even_order(labels: np.ndarray, rng) -> np.ndarray:
    """Return an order in which every beginning holds each class in its share."""
    place = np.empty(len(labels))
    for label in np.unique(labels):
        mine = rng.permutation(np.flatnonzero(labels == label))
        place[mine] = (np.arange(len(mine)) + rng.random()) / len(mine)
    return np.argsort(place, kind="stable")


def _first_of_each(orders, fraction: float, extra: int) -> np.ndarray:
    """Return the first trials of each subject: its share, and `extra` more."""
    counts = [max(1, int(fraction * len(order) + 0.5)) + extra for order in orders]
    pairs = zip(orders, counts, strict=True)
    return np.concatenate([order[:count] for order, count in pairs])
