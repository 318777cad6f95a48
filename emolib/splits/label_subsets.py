"""A share of the training labels, whole trials at a time."""

from __future__ import annotations

import numpy as np

from emolib.checks import check_range
from emolib.splits.audits import group_codes


def label_subset(
    meta, train: np.ndarray, *, fraction: float, seed: int, y=None
) -> np.ndarray:
    """Return the training windows whose labels may be used, whole trials at a time.

    Each subject gives the same share of its trials (rounded, at least one). Subsets of
    one seed are nested: those of 10 % lie within those of 30 %. With `y`, each
    subject's classes are drawn evenly, and trials are added until both are there.

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
    trials = group_codes(meta)[1]
    first_row = dict(zip(trials[train][::-1], train[::-1], strict=True))
    subjects = meta["subject"].to_numpy(str)
    orders = []
    for subject in np.unique(subjects[train]):
        mine = np.unique(trials[train[subjects[train] == subject]])
        rng = np.random.default_rng([seed, *subject.encode()])
        rows = np.array([first_row[code] for code in mine])
        labels = np.zeros(len(mine), int) if y is None else np.asarray(y)[rows]
        orders.append(mine[_even_order(labels, rng)])
    chosen = _first_of_each(orders, fraction)
    extra = 0
    while y is not None and _lacks_a_class(y, train, trials, chosen):
        extra += 1
        chosen = _first_of_each(orders, fraction, extra)
    return train[np.isin(trials[train], chosen)]


def _even_order(labels: np.ndarray, rng) -> np.ndarray:
    """Return an order in which every beginning holds each class in its share."""
    place = np.empty(len(labels))
    for label in np.unique(labels):
        mine = rng.permutation(np.flatnonzero(labels == label))
        place[mine] = (np.arange(len(mine)) + rng.random()) / len(mine)
    return np.argsort(place, kind="stable")


def _first_of_each(orders, fraction: float, extra: int = 0) -> np.ndarray:
    counts = [max(1, int(fraction * len(order) + 0.5)) + extra for order in orders]
    return np.concatenate(
        [order[:count] for order, count in zip(orders, counts, strict=True)]
    )


def _lacks_a_class(y, train, trials, chosen) -> bool:
    y = np.asarray(y)[train]
    have = np.unique(y[np.isin(trials[train], chosen)])
    return len(have) < min(2, len(np.unique(y)))
