"""Utterances of unequal length as padded sequences, and what is measured on real steps.

disk -> reader -> `Recording` of `Features` -> **`pad_sequences`** -> `Windows`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from emolib.checks import check_option, check_shape
from emolib.containers import MODALITIES, MODALITIES_AVL, Features, Recording, Windows

ID_COLUMNS = ("subject", "session", "trial")
REMOVED_COLUMNS = (*ID_COLUMNS, "reason")
ROWS_AT_ONCE = 256


def pad_sequences(
    recordings: Iterable[Recording],
    modalities: Sequence[str] = MODALITIES_AVL,
    *,
    target: str | None = None,
    dtype=np.float32,
):
    """Return all usable utterances, a window each, and the table of those left out.

    Paper 3, Section 2.1: an utterance is three sequences of feature vectors. An
    utterance is left out, with its reason, when its reader found a problem with one of
    `modalities` or with `target`, a value is not finite, the rating is missing, or
    every modality is empty.

    Parameters
    ----------
    recordings : iterable of Recording
        Their signals are `Features`; in any order. Read once.
    modalities : sequence of str
    target : str or None
        The rating that becomes `y`; None: no rating is wanted (`y` is then NaN).
    dtype : numpy dtype of `x`

    Returns
    -------
    windows : Windows
        ``x[modality]`` is (n, n_steps, n_features), zero on the right of
        ``lengths[modality]`` real steps. Where that is 0, `present` is False. `meta`
        has subject, session, trial, start_s (0), the ratings, and ``part_<fold>`` for
        each fold of the publisher ("" where an utterance has no part in it). Sorted by
        subject, session, trial.
    removed : DataFrame
        Columns subject, session, trial, reason.

    Raises
    ------
    ValueError
        When no utterance is left, two carry the same ids, or widths differ.
    """
    kept, removed, widths = [], [], {}
    wanted = {*modalities, target} - {None}
    for recording in recordings:
        data = _data_of(recording, modalities, dtype)
        reasons = [
            _reason_against(recording, data, wanted),
            _rating_missing(recording, target),
        ]
        if any(reasons):
            reason = "; ".join(filter(None, reasons))
            removed.append((*_ids(recording), reason))
            continue
        _check_widths(recording, data, widths)
        kept.append((replace(recording, signals={}), data))
    table = _table(removed, kept, modalities, widths)
    kept.sort(key=lambda item: _ids(item[0]))
    meta, pieces = _meta([item[0] for item in kept]), [item[1] for item in kept]
    lengths = {m: _lengths(pieces, m) for m in modalities}
    y = meta[target].to_numpy(float) if target else np.full(len(meta), np.nan)
    windows = Windows(
        x={m: _pad(pieces, m, lengths[m], widths[m], dtype) for m in modalities},
        y=y,
        meta=meta,
        present=np.stack([lengths[m] > 0 for m in modalities], axis=1),
        lengths=lengths,
    )
    return windows, table


def _ids(recording: Recording) -> tuple[str, str, str]:
    return str(recording.subject), str(recording.session), str(recording.trial)


def _data_of(recording: Recording, modalities, dtype) -> dict[str, np.ndarray]:
    """Return the arrays (n_steps, n_features) of the modalities that are there."""
    held = {m: recording.signals[m] for m in modalities if m in recording.signals}
    for name, features in held.items():
        if not isinstance(features, Features):
            raise TypeError(
                f"{name} must be Features; got {type(features).__name__} in "
                f"{recording.name}. Signals are cut by cut_windows."
            )
    with np.errstate(over="ignore"):
        return {m: np.asarray(held[m].data).astype(dtype, copy=False) for m in held}


def _reason_against(recording, data, wanted) -> str:
    """Return why an utterance cannot be used, or an empty string."""
    others = {*MODALITIES, *recording.ratings} - {*wanted}
    reasons = [p for p in recording.problems if p.split(":")[0] not in others]
    for name, values in {} if reasons else data.items():
        n_bad = np.count_nonzero(~np.isfinite(values))
        if n_bad:
            reasons.append(f"{name}: not finite in {n_bad} of {values.size} values")
    if not reasons and not any(map(len, data.values())):
        reasons.append("every modality is empty")
    return "; ".join(reasons)


def _rating_missing(recording, target: str | None) -> str:
    """Return why the rating cannot be used, or an empty string."""
    if target is None:
        return ""
    if recording.ratings:
        check_option("target", target, tuple(recording.ratings))
    rating = recording.ratings.get(target, np.nan)
    return "" if np.isfinite(rating) else f"{target}: no rating"


def _check_widths(recording, data, widths: dict[str, int]) -> None:
    """Raise when a modality is wider or narrower than in the first utterance."""
    for name, values in data.items():
        first = widths.setdefault(name, values.shape[1])
        if values.shape[1] != first:
            raise ValueError(
                f"{name} must be equally wide in every utterance; got "
                f"{values.shape[1]} features in {recording.name} after {first}. Two "
                "packages seem to be mixed: give one folder each."
            )


def _table(removed, kept, modalities, widths):
    """Return the table of utterances left out; raise when none or nothing is left."""
    import pandas as pd

    table = pd.DataFrame(sorted(removed), columns=list(REMOVED_COLUMNS))
    if not kept:
        reasons = "; ".join(table["reason"].head(3)) or "there was none"
        raise ValueError(
            f"recordings must hold at least one usable utterance; got {len(table)}, "
            f"all left out ({reasons}). See modalities and target."
        )
    nowhere = [m for m in modalities if m not in widths]
    if nowhere:
        raise ValueError(
            f"modalities must occur in the recordings; got {nowhere}, which no usable "
            f"utterance has. It has {sorted(widths)}."
        )
    return table


def _meta(recordings: list[Recording]):
    """Return a row per utterance: ids, start, ratings, parts; raise on twins."""
    import pandas as pd

    rows = []
    for recording in recordings:
        row = dict(zip(ID_COLUMNS, _ids(recording), strict=True)) | {"start_s": 0.0}
        row |= {name: float(value) for name, value in recording.ratings.items()}
        rows.append(
            row | {f"part_{fold}": part for fold, part in recording.parts.items()}
        )
    meta = pd.DataFrame(rows)
    parts = [name for name in meta if name.startswith("part_")]
    meta = meta.fillna(dict.fromkeys(parts, ""))
    twins = meta[meta.duplicated(list(ID_COLUMNS))]
    if len(twins):
        row = twins.iloc[0]
        raise ValueError(
            "recordings must differ in subject, session or trial; got two for subject "
            f"{row['subject']}, session {row['session']}, trial {row['trial']}."
        )
    return meta


def _lengths(pieces: list[dict], name: str) -> np.ndarray:
    return np.array([len(piece.get(name, ())) for piece in pieces], np.int64)


def _pad(pieces: list[dict], name: str, lengths, width: int, dtype) -> np.ndarray:
    """Return one modality of all utterances in one array, freeing each piece."""
    x = np.zeros((len(pieces), lengths.max(), width), dtype)
    for row, piece in enumerate(pieces):
        values = piece.pop(name, None)
        if values is not None:
            x[row, : len(values)] = values
    return x


@dataclass(frozen=True)
class FrameStatistics:
    """What one modality's real steps look like over the utterances of a training set.

    Parameters
    ----------
    mean, std : ndarray, shape (n_features,)
        Over all real steps; the SD with divisor n.
    variance : float
        Mean over features of the variance: the signal power of Eq. (4)–(5) of paper 3,
        because the noise is added to values whose mean carries no information.
    power : float
        Mean over features of the mean square. It exceeds `variance` by the mean of
        ``mean ** 2``; the two differ by decibels where means are far from zero.
    n_steps : int
        Real steps measured.
    """

    mean: np.ndarray
    std: np.ndarray
    variance: float
    power: float
    n_steps: int


def frame_statistics(x: np.ndarray, lengths: np.ndarray, rows=None) -> FrameStatistics:
    """Return mean, SD, variance and power of one modality over real steps.

    Paper 3, Section 2.2.3. Padding does not count, and neither does any utterance that
    `rows` leaves out: give the training rows of a fold.

    Parameters
    ----------
    x : ndarray, shape (n, n_steps, n_features)
    lengths : ndarray, shape (n,)
        Real steps of each utterance.
    rows : ndarray of int or None
        Utterances to measure; None: all.

    Raises
    ------
    ValueError
        When these rows have no real step.
    """
    check_shape("x", x, "b s d")
    rows = np.arange(len(x)) if rows is None else np.unique(np.asarray(rows, int))
    n_steps = int(np.sum(lengths[rows]))
    if not n_steps:
        raise ValueError(
            f"rows must hold a real step; got {len(rows)} utterances, all of length 0."
        )
    mean = sum(b.sum(axis=0) for b in _real_steps(x, lengths, rows)) / n_steps
    blocks = _real_steps(x, lengths, rows)
    variance = sum(((b - mean) ** 2).sum(axis=0) for b in blocks) / n_steps
    power = float(np.mean(variance + mean**2))
    return FrameStatistics(
        mean, np.sqrt(variance), float(variance.mean()), power, n_steps
    )


def _real_steps(x, lengths, rows):
    """Yield the real steps of blocks of rows, (n, n_features) in double precision."""
    steps = np.arange(x.shape[1])
    for start in range(0, len(rows), ROWS_AT_ONCE):
        block = rows[start : start + ROWS_AT_ONCE]
        yield x[block][steps < lengths[block, None]].astype(float)


def standardise(
    x: np.ndarray, lengths: np.ndarray, statistics: FrameStatistics
) -> np.ndarray:
    """Return real steps less the mean, divided by the SD; padding stays zero.

    A feature that never moved (SD 0) is centred only, as the publisher's own loader of
    IEMOCAP does.

    Parameters
    ----------
    x : ndarray, shape (n, n_steps, n_features)
    lengths : ndarray, shape (n,)
    statistics : FrameStatistics
        Of the fold's training rows.

    Returns
    -------
    scaled : ndarray, same shape and dtype
        A copy.
    """
    check_shape("x", x, "b s d", d=len(statistics.mean))
    scale = np.where(statistics.std > 0, statistics.std, 1.0)
    scaled = np.zeros_like(x)
    steps = np.arange(x.shape[1])
    for start in range(0, len(x), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        real = steps < np.asarray(lengths)[rows, None]
        scaled[rows][real] = (x[rows][real] - statistics.mean) / scale
    return scaled
