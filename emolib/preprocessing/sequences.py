"""Utterances of unequal length as padded sequences, and what is measured on real steps.

disk -> reader -> `Recording` of `Features` -> **`pad_sequences`** -> `Windows`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from emolib.checks import check_shape
from emolib.containers import MODALITIES_AVL, Features, Recording, Windows
from emolib.preprocessing.usable import (
    ID_COLUMNS,
    check_unique,
    ids_of,
    reason_against,
    removed_table,
)

ROWS_AT_ONCE = 256


def pad_sequences(
    recordings: Iterable[Recording],
    modalities: Sequence[str] = MODALITIES_AVL,
    *,
    target: str | None = None,
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

    Returns
    -------
    windows : Windows
        ``x[modality]`` is (n, n_steps, n_features) in single precision, zero on the
        right of ``lengths[modality]`` real steps. Where that is 0, `present` is False.
        `meta` has subject, session, trial, start_s (0), the ratings, and
        ``part_<fold>`` for each fold of the publisher ("" where an utterance has no
        part in it). Sorted by subject, session, trial.
    removed : DataFrame
        Columns subject, session, trial, reason.

    Raises
    ------
    ValueError
        When no utterance is left, two carry the same ids, or widths differ.
    """
    kept, removed, widths = [], [], {}
    targets = [target] if target else []
    for recording in recordings:
        data = _data_of(recording, modalities)
        reason = reason_against(recording, modalities, targets, partial(_faults, data))
        if reason:
            removed.append((*ids_of(recording), reason))
            continue
        _check_widths(recording, data, widths)
        kept.append((replace(recording, signals={}), data))
    table = removed_table(removed, len(kept), "utterance")
    _check_somewhere(modalities, widths)
    kept.sort(key=lambda item: ids_of(item[0]))
    meta, pieces = _meta([item[0] for item in kept]), [item[1] for item in kept]
    lengths = {m: _lengths(pieces, m) for m in modalities}
    y = meta[target].to_numpy(float) if target else np.full(len(meta), np.nan)
    windows = Windows(
        x={m: _pad(pieces, m, lengths[m], widths[m]) for m in modalities},
        y=y,
        meta=meta,
        present=np.stack([lengths[m] > 0 for m in modalities], axis=1),
        lengths=lengths,
    )
    return windows, table


def _data_of(recording: Recording, modalities) -> dict[str, np.ndarray]:
    """Return the arrays (n_steps, n_features) of the modalities that are there."""
    held = {m: recording.signals[m] for m in modalities if m in recording.signals}
    for name, features in held.items():
        if not isinstance(features, Features):
            raise TypeError(
                f"{name} must be Features; got {type(features).__name__} in "
                f"{recording.name}. Signals are cut by cut_windows."
            )
    with np.errstate(over="ignore"):
        return {m: np.asarray(held[m].data).astype(np.float32) for m in held}


def _faults(data: dict[str, np.ndarray]) -> list[str]:
    """List the modalities with values that are none; or say that all are empty."""
    n_bad = {m: np.count_nonzero(~np.isfinite(values)) for m, values in data.items()}
    reasons = [
        f"{m}: not finite in {n} of {data[m].size} values"
        for m, n in n_bad.items()
        if n
    ]
    if not any(map(len, data.values())):
        reasons.append("every modality is empty")
    return reasons


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


def _check_somewhere(modalities, widths: dict[str, int]) -> None:
    """Raise when no usable utterance has one of the modalities."""
    nowhere = [m for m in modalities if m not in widths]
    if nowhere:
        raise ValueError(
            f"modalities must occur in the recordings; got {nowhere}, which no usable "
            f"utterance has. It has {sorted(widths)}."
        )


def _meta(recordings: list[Recording]) -> pd.DataFrame:
    """Return a row per utterance: ids, start, ratings, parts; raise on twins."""
    rows = []
    for recording in recordings:
        row = dict(zip(ID_COLUMNS, ids_of(recording), strict=True)) | {"start_s": 0.0}
        row |= {name: float(value) for name, value in recording.ratings.items()}
        parts = {f"part_{fold}": part for fold, part in recording.parts.items()}
        rows.append(row | parts)
    meta = pd.DataFrame(rows)
    check_unique(meta)
    parts = [name for name in meta if name.startswith("part_")]
    return meta.fillna(dict.fromkeys(parts, ""))


def _lengths(pieces: list[dict], name: str) -> np.ndarray:
    return np.array([len(piece.get(name, ())) for piece in pieces], np.int64)


def _pad(pieces: list[dict], name: str, lengths, width: int) -> np.ndarray:
    """Return one modality of all utterances in one array, freeing each piece."""
    x = np.zeros((len(pieces), lengths.max(), width), np.float32)
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


def frame_statistics(x: np.ndarray, lengths: np.ndarray) -> FrameStatistics:
    """Return mean, SD, variance and power of one modality over real steps.

    Paper 3, Section 2.2.3. Padding does not count.

    Parameters
    ----------
    x : ndarray, shape (n, n_steps, n_features)
        The training utterances of a fold, no others.
    lengths : ndarray, shape (n,)
        Real steps of each utterance.

    Raises
    ------
    ValueError
        When there is no real step.
    """
    check_shape("x", x, "b s d")
    n_steps = int(np.sum(lengths))
    if not n_steps:
        raise ValueError(
            f"lengths must hold a real step; got {len(x)} utterances, all of length 0."
        )
    mean = sum(b.sum(axis=0) for b in _real_steps(x, lengths)) / n_steps
    squares = sum(((b - mean) ** 2).sum(axis=0) for b in _real_steps(x, lengths))
    variance = squares / n_steps
    power = float(np.mean(variance + mean**2))
    return FrameStatistics(
        mean, np.sqrt(variance), float(variance.mean()), power, n_steps
    )


def _real_steps(x, lengths):
    """Yield the real steps of blocks of rows, (n, n_features) in double precision."""
    steps = np.arange(x.shape[1])
    for start in range(0, len(x), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        yield x[rows][steps < lengths[rows, None]].astype(float)


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
