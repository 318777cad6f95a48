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

from dataclasses import dataclass

import numpy as np

from emolib.checks import check_option, check_range

PROTOCOLS = ("by_subject", "by_trial", "random_windows")


@dataclass(frozen=True)
class Audit:
    """What training (with validation) and test of one fold have in common.

    Parameters
    ----------
    subjects, trials, windows : int
        Subjects and trials on both sides; test windows that overlap in time with a
        training window of the same trial.
    stimuli : int
        Trial ids (the stimulus shown) on both sides, whoever saw it. Not a leak of
        signals, but a reader may learn what people feel about a clip.
    n_subjects, n_trials, n_windows : tuple of int
        In train, val, test.
    text : str
        The badge a notebook prints.
    """

    subjects: int
    trials: int
    windows: int
    stimuli: int
    n_subjects: tuple[int, int, int]
    n_trials: tuple[int, int, int]
    n_windows: tuple[int, int, int]
    text: str

    @property
    def leaky(self) -> bool:
        """Whether windows of one trial stand on both sides."""
        return self.trials > 0 or self.windows > 0


@dataclass(frozen=True)
class Fold:
    """Rows of one fold: train, val and test are disjoint, sorted window rows."""

    fold: int
    train: np.ndarray
    val: np.ndarray
    test: np.ndarray
    protocol: str
    audit: Audit


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
    subjects, trials = _group_codes(meta)
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


def _group_codes(meta) -> tuple[np.ndarray, np.ndarray]:
    """Return subject codes and (subject, session, trial) codes, in sorted order."""
    subject = np.unique(meta["subject"].to_numpy(str), return_inverse=True)[1]
    session = np.unique(_sessions(meta), return_inverse=True)[1]
    trial = np.unique(meta["trial"].to_numpy(str), return_inverse=True)[1]
    keys = np.stack([subject, session, trial])
    return subject, np.unique(keys, axis=1, return_inverse=True)[1].ravel()


def _sessions(meta) -> np.ndarray:
    if "session" in meta:
        return meta["session"].to_numpy(str)
    return np.full(len(meta), "")


def _ranks(meta) -> np.ndarray:
    """Return each window's place in the order of ids, whatever the order of rows."""
    trials = _group_codes(meta)[1]
    ranks = np.empty(len(meta), int)
    ranks[np.lexsort((meta["start_s"].to_numpy(float), trials))] = np.arange(len(meta))
    return ranks


def _check_enough(protocol, units, strata, n_folds) -> None:
    n_units = len(np.unique(units))
    if n_folds < 2 or n_folds > n_units:
        raise ValueError(
            f"n_folds must be between 2 and the {n_units} "
            f"{_unit_name(protocol)} there are; got {n_folds}."
        )
    if protocol == "by_subject" and n_units < 3:
        raise ValueError(
            f"by_subject must have at least 3 subjects, to train, to validate and to "
            f"test; got {n_units}. Use 'by_trial'."
        )
    if protocol == "by_trial":
        most = max(len(np.unique(units[strata == s])) for s in np.unique(strata))
        if most < 2:
            raise ValueError(
                "by_trial must have at least 2 trials of a subject; got 1 of each. "
                "Use 'by_subject'."
            )


def _unit_name(protocol: str) -> str:
    names = {"by_subject": "subjects", "by_trial": "trials"}
    return names.get(protocol, "windows")


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


def audit_split(meta, train, val, test, *, name: str = "split") -> Audit:
    """Return what any split shares between training (with validation) and test.

    Parameters
    ----------
    meta : DataFrame
    train, val, test : ndarray of int
        Rows of `meta`; `val` may be empty.
    name : str
        Begins the text.
    """
    subject, trial = _group_codes(meta)
    stimulus = np.unique(meta["trial"].to_numpy(str), return_inverse=True)[1]
    sides = [np.asarray(side, int) for side in (train, val, test)]
    known = np.concatenate(sides[:2])
    shared = [_n_shared(code, known, sides[2]) for code in (subject, trial, stimulus)]
    windows = _n_overlapping(meta, trial, known, sides[2])
    counts = [
        tuple(len(np.unique(code[side])) for side in sides) for code in (subject, trial)
    ]
    n_windows = tuple(len(side) for side in sides)
    verdict = (
        "LEAKY: windows of one trial on both sides"
        if shared[1] or windows
        else "no trial on both sides"
    )
    text = (
        f"{name}: {verdict}. Train / val / test: {_listed(counts[0])} subjects, "
        f"{_listed(counts[1])} trials, {_listed(n_windows)} windows. Shared with test: "
        f"{shared[0]} subjects, {shared[1]} trials, {windows} overlapping windows, "
        f"{shared[2]} stimuli."
    )
    return Audit(shared[0], shared[1], windows, shared[2], *counts, n_windows, text)


def _listed(counts) -> str:
    return " / ".join(map(str, counts))


def _n_shared(code, known, test) -> int:
    return len(np.intersect1d(code[known], code[test]))


def _n_overlapping(meta, trial, known, test) -> int:
    """Count test windows that overlap in time with a known window of their trial."""
    start = meta["start_s"].to_numpy(float)
    stop = meta["stop_s"].to_numpy(float) if "stop_s" in meta else start
    total = 0
    for code in np.intersect1d(trial[known], trial[test]):
        mine, theirs = test[trial[test] == code], known[trial[known] == code]
        overlap = (start[mine, None] < stop[theirs] - 1e-9) & (
            stop[mine, None] > start[theirs] + 1e-9
        )
        total += int(overlap.any(axis=1).sum())
    return total


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
    trials = _group_codes(meta)[1]
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
