"""Factors on the learning rate over epochs, for `fit`."""

from __future__ import annotations

from collections.abc import Callable

from emolib.checks import check_range


def constant_then_linear(n_epochs: int, constant: float) -> Callable[[int], float]:
    """Return a schedule: full rate first, then falling in a line towards zero.

    Parameters
    ----------
    n_epochs : int
    constant : float
        Share of the epochs at full rate, in [0, 1]; 1 never falls.

    Returns
    -------
    factor : callable (epoch) -> float
        Epoch counts from 0. The last of `n_fall` falling epochs still has
        ``1 / (n_fall + 1)``, so that every epoch trains.
    """
    check_range("constant", constant, 0, 1)
    n_constant = round(constant * n_epochs)
    n_fall = n_epochs - n_constant

    def factor(epoch: int) -> float:
        return 1.0 - max(0, epoch + 1 - n_constant) / (n_fall + 1)

    return factor
