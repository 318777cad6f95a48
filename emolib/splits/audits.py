"""What training and test of one fold have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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
    sessions : int
        Sessions on both sides: where two people speak to each other in one, what one
        of them says may tell of the other.
    """

    subjects: int
    trials: int
    windows: int
    stimuli: int
    n_subjects: tuple[int, int, int]
    n_trials: tuple[int, int, int]
    n_windows: tuple[int, int, int]
    text: str
    sessions: int = 0

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
    subject, trial = group_codes(meta)
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


def group_codes(meta) -> tuple[np.ndarray, np.ndarray]:
    """Return subject codes and (subject, session, trial) codes, in sorted order."""
    subject = np.unique(meta["subject"].to_numpy(str), return_inverse=True)[1]
    session = np.unique(meta["session"].to_numpy(str), return_inverse=True)[1]
    trial = np.unique(meta["trial"].to_numpy(str), return_inverse=True)[1]
    keys = np.stack([subject, session, trial])
    return subject, np.unique(keys, axis=1, return_inverse=True)[1].ravel()
