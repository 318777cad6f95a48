"""What cutting and padding share: who may be used, and the table of who may not."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from emolib.checks import check_option
from emolib.containers import MODALITIES, Recording

ID_COLUMNS = ("subject", "session", "trial")


def ids_of(recording: Recording) -> tuple[str, str, str]:
    """Return subject, session and trial as text."""
    return str(recording.subject), str(recording.session), str(recording.trial)


def reason_against(
    recording: Recording,
    modalities: Iterable[str],
    targets: Iterable[str],
    faults: Callable[[], list[str]],
) -> str:
    """Return why a recording cannot be used, or an empty string.

    Parameters
    ----------
    recording : Recording
    modalities, targets : sequence of str
        Those that are wanted: the reader's problems with others do not count.
    faults : callable () -> list of str
        What is wrong with the data; asked where the reader found no problem.
    """
    others = {*MODALITIES, *recording.signals, *recording.ratings}
    others -= {*modalities, *targets}
    reasons = [p for p in recording.problems if p.split(":")[0] not in others]
    reasons = reasons or faults()
    for target in targets:
        if recording.ratings:
            check_option("target", target, tuple(recording.ratings))
        if not np.isfinite(recording.ratings.get(target, np.nan)):
            reasons.append(f"{target}: no rating")
    return "; ".join(reasons)


def removed_table(removed: list[tuple], n_kept: int, what: str) -> pd.DataFrame:
    """Return the table of recordings left out; raise where none is left."""
    table = pd.DataFrame(sorted(removed), columns=[*ID_COLUMNS, "reason"])
    if not n_kept:
        reasons = "; ".join(table["reason"].head(3)) or "there was none"
        raise ValueError(
            f"recordings must hold at least one usable {what}; got {len(table)}, all "
            f"left out ({reasons}). See what was asked for: modalities, target, window."
        )
    return table


def check_unique(meta: pd.DataFrame) -> None:
    """Raise when two recordings carry the same ids."""
    twins = meta[meta.duplicated([*ID_COLUMNS, "start_s"])]
    if len(twins):
        row = twins.iloc[0]
        raise ValueError(
            "recordings must differ in subject, session or trial; got two for subject "
            f"{row['subject']}, session {row['session']}, trial {row['trial']}."
        )
