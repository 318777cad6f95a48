"""Which steps of a padded sequence are real, and what is odd about them."""

from __future__ import annotations

import numpy as np

from emolib.containers import Features

ROWS_AT_ONCE = 256


def trim_right(data: np.ndarray) -> np.ndarray:
    """Return a sequence (n_steps, n_features) without the all-zero steps at its end.

    All-zero steps before the last real one stay: they are real.
    """
    real = np.flatnonzero((data != 0).any(axis=1))
    return data[: real[-1] + 1 if len(real) else 0]


def find_zero_steps(x: np.ndarray) -> np.ndarray:
    """Return where steps of (n, n_steps, n_features) are all zero, (n, n_steps)."""
    zero = np.empty(x.shape[:2], bool)
    for start in range(0, len(x), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        zero[rows] = ~(x[rows] != 0).any(axis=2)
    return zero


def padded_side(zero: list[np.ndarray]) -> str:
    """Return the side on which sequences are padded: that of more all-zero ends.

    Parameters
    ----------
    zero : list of ndarray of bool, shape (n, n_steps)
        True at all-zero steps, of every split.

    Returns
    -------
    side : str
        ``"left"``, ``"right"``, or ``"none"`` where neither end is ever zero alone.
    """
    left = sum(int((z[:, 0] & ~z[:, -1]).sum()) for z in zero)
    right = sum(int((z[:, -1] & ~z[:, 0]).sum()) for z in zero)
    if left == right == 0:
        return "none"
    return "left" if left > right else "right"


def real_bounds(zero: np.ndarray, side: str) -> tuple[np.ndarray, np.ndarray]:
    """Return first real step and the one after the last, of each sequence.

    Parameters
    ----------
    zero : ndarray of bool, shape (n, n_steps)
        True at all-zero steps.
    side : {'left', 'right', 'none'}
        Where padding stands; all-zero steps elsewhere are real. A sequence that is
        zero throughout has no real step.
    """
    n, n_steps = zero.shape
    start, stop = np.zeros(n, int), np.full(n, n_steps)
    if side == "left":
        start = np.argmin(zero, axis=1)
    if side == "right":
        stop = n_steps - np.argmin(zero[:, ::-1], axis=1)
    stop[zero.all(axis=1)] = 0
    start[zero.all(axis=1)] = 0
    return start, stop


def features_problems(modality: str, features: Features) -> list[str]:
    """Return a sentence when values are not finite; an empty list otherwise."""
    n_bad = features.data.size - np.count_nonzero(np.isfinite(features.data))
    if not n_bad:
        return []
    return [
        f"{modality}: {n_bad} of {features.data.size} values are not finite "
        "(NaN or infinite)."
    ]
