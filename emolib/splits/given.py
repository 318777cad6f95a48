"""The folds a corpus is published with.

IEMOCAP's features come with ten: each leaves out one session, whose two speakers
validate and test. MOSEI and MOSI have one, by video.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emolib.checks import check_option
from emolib.containers import PARTS
from emolib.splits.audits import Fold, audit_split

PROTOCOL = "given"


def given_folds(meta) -> dict[str, Fold]:
    """Return the publisher's folds by name, in the order of their numbers.

    Paper 3, Section 3.1.

    Parameters
    ----------
    meta : DataFrame
        Columns subject, trial, start_s, and ``part_<fold>`` of ``"train"``, ``"val"``,
        ``"test"``, or ``""`` where the fold does not use the row.

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
    names = [str(name)[5:] for name in meta if str(name).startswith("part_")]
    if not names:
        raise ValueError(
            "meta must have columns 'part_<fold>', the publisher's split; got "
            f"{list(meta)}. Use make_folds for a corpus without one."
        )
    numbers = {name: int(name) if name.isdigit() else i for i, name in enumerate(names)}
    return {
        name: _fold(meta, name, numbers[name])
        for name in sorted(names, key=numbers.get)
    }


def _fold(meta, name: str, number: int) -> Fold:
    parts = meta[f"part_{name}"].to_numpy(str)
    for part in np.unique(parts):
        check_option(f"part_{name}", str(part), (*PARTS, ""))
    rows = [np.flatnonzero(parts == part) for part in PARTS]
    for part, side in zip(PARTS, rows, strict=True):
        if not len(side):
            raise ValueError(
                f"fold {name} must have rows in each part; got none in {part!r} of "
                f"{len(meta)} rows. Read more of the corpus."
            )
    audit = audit_split(meta, *rows, name=f"published fold {name}")
    audit = _with_sessions(meta, audit, rows)
    return Fold(number, *rows, protocol=PROTOCOL, audit=audit)


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
