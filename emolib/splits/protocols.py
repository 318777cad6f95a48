"""Who is trained on, who is tested on, and what the two share.

| protocol | a test window's trial in training | a test subject in training |
|---|---|---|
| ``"random_windows"`` | yes: leaks | yes |
| ``"by_trial"`` | no | yes |
| ``"by_subject"`` | no | no |

Only ids are read, never signals or labels. Assignment comes from the sorted ids and the
seed, so it does not change with row order, process or worker.
"""

from __future__ import annotations

import numpy as np

from emolib.checks import check_option, check_range
from emolib.splits.audits import Fold, audit_split, group_codes

PROTOCOLS = ("by_subject", "by_trial", "random_windows")


def make_folds(
    meta,
    *,
    protocol: str = "by_subject",
    n_folds: int = 5,
    seed: int = 0,
    val_fraction: float = 0.2,
    allow_trial_leakage: bool = False,
) -> list[Fold]:
    """Return the folds of a protocol; each window is tested once.

    Paper 2, Section 2.1 splits windows at random into five folds; here that is
    ``"random_windows"``, which must be asked for twice because it leaks.

    Parameters
    ----------
    meta : DataFrame
        Columns subject, trial, start_s; session and stop_s where there are.
    protocol : {'by_subject', 'by_trial', 'random_windows'}
        By trial, each subject's trials are dealt evenly over the folds.
    n_folds : int
        At least 2.
    seed : int
    val_fraction : float
        Share of the training subjects, trials (of each subject) or windows that
        validates, grouped like the split: by subject at least two subjects where four
        or more train. 0: none.
    allow_trial_leakage : bool
        Must be True for ``"random_windows"``.
    """
    check_option("protocol", protocol, PROTOCOLS)
    check_range("val_fraction", val_fraction, 0, 1, closed="left")
    subjects, trials = group_codes(meta)
    if protocol == "random_windows" and not allow_trial_leakage:
        raise ValueError(_leakage_message(meta))
    units = {"by_subject": subjects, "by_trial": trials}.get(protocol, _ranks(meta))
    strata = np.zeros(len(meta), int) if protocol != "by_trial" else subjects
    _check_enough(protocol, units, strata, n_folds)
    rng = np.random.default_rng([seed, PROTOCOLS.index(protocol)])
    fold_of = _deal(units, strata, n_folds, rng)
    return [
        _fold(meta, k, fold_of[units], units, strata, protocol, val_fraction, rng)
        for k in range(n_folds)
    ]


def _ranks(meta) -> np.ndarray:
    """Return each window's place in the order of ids, whatever the order of rows."""
    trials = group_codes(meta)[1]
    ranks = np.empty(len(meta), int)
    ranks[np.lexsort((meta["start_s"].to_numpy(float), trials))] = np.arange(len(meta))
    return ranks


def _check_enough(protocol, units, strata, n_folds) -> None:
    n_units = len(np.unique(units))
    what = {"by_subject": "subjects", "by_trial": "trials"}.get(protocol, "windows")
    if n_folds < 2 or n_folds > n_units:
        raise ValueError(
            f"n_folds must be between 2 and the {n_units} {what} there are; got "
            f"{n_folds}."
        )
    if protocol == "by_subject" and n_units < 3:
        raise ValueError(
            f"by_subject must have at least 3 subjects, to train, to validate and to "
            f"test; got {n_units}. Use 'by_trial'."
        )
    if protocol == "by_trial" and n_units == len(np.unique(strata)):
        raise ValueError(
            "by_trial must have at least 2 trials of a subject; got 1 of each. Use "
            "'by_subject'."
        )


def _deal(units, strata, n_folds, rng) -> np.ndarray:
    """Return the fold of each unit: shuffled within its stratum, dealt round."""
    fold_of = np.empty(units.max() + 1, int)
    n_dealt = rng.integers(n_folds)
    for stratum in np.unique(strata):
        shuffled = rng.permutation(np.unique(units[strata == stratum]))
        fold_of[shuffled] = (n_dealt + np.arange(len(shuffled))) % n_folds
        n_dealt += len(shuffled)
    return fold_of


def _fold(meta, k, fold_of, units, strata, protocol, val_fraction, rng) -> Fold:
    training = fold_of != k
    chosen = [
        _choose_val(np.unique(units[training & (strata == s)]), val_fraction, rng)
        for s in np.unique(strata)
    ]
    in_val = training & np.isin(units, np.concatenate(chosen))
    rows = [np.flatnonzero(side) for side in (training & ~in_val, in_val, fold_of == k)]
    audit = audit_split(meta, *rows, name=f"{protocol}, fold {k}")
    return Fold(k, *rows, protocol=protocol, audit=audit)


def _choose_val(units: np.ndarray, fraction: float, rng) -> np.ndarray:
    """Choose at least two units of four or more, one of two or three, else none."""
    least = 2 if len(units) >= 4 else min(1, len(units) - 1)
    n_val = max(round(fraction * len(units)), least)
    n_val = min(n_val, len(units) - 1) if fraction > 0 else 0
    return rng.permutation(units)[: max(n_val, 0)]


def _leakage_message(meta) -> str:
    row = meta.sort_values(["subject", "trial", "start_s"]).iloc[0]
    return (
        "split 'random_windows' puts windows of one trial in train and test (subject "
        f"{row['subject']}, trial {row['trial']}, …). Use 'by_trial', or "
        "allow_trial_leakage=True to repeat the paper's protocol."
    )


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
