"""The folds a corpus is published with.

IEMOCAP's features come with ten: each leaves out one session, whose two speakers
validate and test. MOSEI and MOSI have one, by video.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emolib.checks import check_option, check_range
from emolib.containers import PARTS
from emolib.splits.audits import Fold, audit_split, group_codes
from emolib.splits.protocols import choose_val

PROTOCOL = "given"


def given_folds(meta, *, val_fraction: float = 0.2, seed: int = 0) -> dict[str, Fold]:
    """Return the publisher's folds by name, in the order of their numbers.

    Paper 3, Section 3.1.

    Parameters
    ----------
    meta : DataFrame
        Columns subject, trial, start_s, and ``part_<fold>`` of ``"train"``, ``"val"``,
        ``"test"``, or ``""`` where the fold does not use the row.
    val_fraction : float
        Share of the training subjects that validates in a fold which the publisher
        gave no validation part; nothing is drawn in the others.
    seed : int
        Of that draw.

    Returns
    -------
    folds : dict of str to Fold
        Their audits count sessions as well: the two speakers of one session answer
        each other.

    Raises
    ------
    ValueError
        When there is no such column, a part has another name, or a fold has nothing to
        train, validate or test on.
    """
    check_range("val_fraction", val_fraction, 0, 1, closed="neither")
    names = [str(name)[5:] for name in meta if str(name).startswith("part_")]
    if not names:
        raise ValueError(
            "meta must have columns 'part_<fold>', the publisher's split; got "
            f"{list(meta)}. Use make_folds for a corpus without one."
        )
    numbers = {name: int(name) if name.isdigit() else i for i, name in enumerate(names)}
    return {
        name: _fold(meta, name, numbers[name], val_fraction, seed)
        for name in sorted(names, key=numbers.get)
    }


def _fold(meta, name: str, number: int, val_fraction: float, seed: int) -> Fold:
    parts = meta[f"part_{name}"].to_numpy(str)
    for part in np.unique(parts):
        check_option(f"part_{name}", str(part), (*PARTS, ""))
    sides = {part: np.flatnonzero(parts == part) for part in PARTS}
    drawn = ""
    if not len(sides["val"]):
        sides |= _draw_val(meta, sides["train"], val_fraction, seed)
        drawn = "; validation drawn here from the training subjects"
    for part, rows in sides.items():
        if not len(rows):
            raise ValueError(
                f"fold {name} must have rows in each part; got none in {part!r} of "
                f"{len(meta)} rows. Read more of the corpus."
            )
    rows = list(sides.values())
    audit = audit_split(meta, *rows, name=f"published fold {name}{drawn}")
    return Fold(
        number, *rows, protocol=PROTOCOL, audit=_with_sessions(meta, audit, rows)
    )


def _draw_val(meta, train: np.ndarray, fraction: float, seed: int) -> dict:
    """Return training rows without, and of, the subjects that validate."""
    subjects = group_codes(meta)[0]
    rng = np.random.default_rng([seed, len(train)])
    chosen = choose_val(np.unique(subjects[train]), fraction, rng)
    in_val = np.isin(subjects[train], chosen)
    return {"train": train[~in_val], "val": train[in_val]}


def _with_sessions(meta, audit, sides):
    """Return the audit with the sessions that test shares, where there are several."""
    if "session" not in meta or meta["session"].nunique() < 2:
        return audit
    train, val, test = (set(meta["session"].iloc[rows]) for rows in sides)
    shared = test & (train | val)
    text = (
        f"{audit.text} Sessions of test: {len(test & train)} in train, "
        f"{len(test & val)} in val."
    )
    return replace(audit, sessions=len(shared), text=text)
