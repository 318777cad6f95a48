"""Folds of whole trials in one shuffle, for ratings that move with time.

Beside `make_folds`, which deals each person's trials evenly: here the parts have the
sizes that paper 4 prints.
"""

from __future__ import annotations

import numpy as np

from emolib.checks import check_option, check_range
from emolib.splits.audits import Fold, audit_split, group_codes

TRACE_PROTOCOLS = ("by_trial", "by_subject")
ORDERS = ("shuffled", "contiguous")


def trace_folds(
    meta, *, protocol: str, n_folds: int, val_fraction: float, seed: int,
    order: str = "shuffled",
) -> list[Fold]:  # fmt: skip
    """Return folds of trials, or of people; the rest's trials train or validate.

    Paper 4, Section 4.3: of 239 trials 24 test in each of ten folds (23 in the last);
    of the other 215, 60 % train (129) and 40 % validate (86). By subject it prints
    "validation and test" where training and validation must be meant, 8 : 2.

    Parameters
    ----------
    meta : DataFrame
        A row a trial: subject, trial, start_s; session where there is one.
    protocol : {'by_trial', 'by_subject'}
    n_folds : int
        At least 2; with as many as there are people one is left out at a time.
    val_fraction : float
        Share of the trials that do not test.
    seed : int
    order : {'shuffled', 'contiguous'}
        How tested trials or people are drawn, which is not stated; ``contiguous``, in
        the order of their ids, is what the public code of the paper's [32] does.
    """
    check_option("protocol", protocol, TRACE_PROTOCOLS)
    check_option("order", order, ORDERS)
    subjects, trials = group_codes(meta)
    units = trials if protocol == "by_trial" else subjects
    drawn = np.unique(units)
    check_range("n_folds", n_folds, 2, len(drawn), hint=f"{protocol}, one a fold.")
    rng = np.random.default_rng([seed, TRACE_PROTOCOLS.index(protocol)])
    if order == "shuffled":
        drawn = rng.permutation(drawn)
    folds = []
    for k, tested in enumerate(np.array_split(drawn, n_folds)):
        is_test = np.isin(units, tested)
        rest = rng.permutation(np.unique(trials[~is_test]))
        n_train = max(1, int((1 - val_fraction) * len(rest) + 1e-9))
        is_train = np.isin(trials, rest[:n_train])
        sides = (is_train, ~is_train & ~is_test, is_test)
        rows = [np.flatnonzero(side) for side in sides]
        audit = audit_split(meta, *rows, name=f"{protocol}, fold {k}")
        folds.append(Fold(k, *rows, protocol=protocol, audit=audit))
    return folds
