"""z-scores per channel, with the windows they were fitted on stated by name.

| scope | mean and SD of a channel come from | uses test windows |
|---|---|---|
| ``"subject"`` | all windows of the same subject | yes, unlabelled |
| ``"pooled"`` | all windows of all subjects | yes, unlabelled |
| ``"train"`` | the training windows of the fold | no |
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emolib.checks import check_option
from emolib.containers import Windows

SCOPES = ("subject", "pooled", "train")
ROWS_AT_ONCE = 256


def zscore(
    windows: Windows,
    *,
    scope: str = "subject",
    train: np.ndarray | None = None,
) -> Windows:
    """Return windows whose channels have mean 0 and SD 1 over the named scope.

    Paper 2, Section 2.1, whose sentence allows the scopes ``"subject"`` and
    ``"pooled"``. Only windows in which the modality is present count and change.

    Parameters
    ----------
    windows : Windows
    scope : {'subject', 'pooled', 'train'}
        See the table at the top of this file.
    train : ndarray of int
        Rows of the training windows, for ``scope="train"`` only.

    Returns
    -------
    scaled : Windows
        A copy; nothing is changed in place.

    Raises
    ------
    ValueError
        When a channel is flat over the scope, naming subject and channel.
    """
    check_option("scope", scope, SCOPES)
    if (scope == "train") != (train is not None):
        raise ValueError(
            f"train must be given with scope='train' and only there; got scope="
            f"{scope!r} and train={'given' if train is not None else None}."
        )
    x = dict(windows.x)
    for column, name in enumerate(windows.x):
        here = np.asarray(windows.present)[:, column]
        x[name] = _scaled(windows, name, _groups(windows.meta, here, scope, train))
    return replace(windows, x=x)


def _groups(meta, here: np.ndarray, scope: str, train):
    """Return (who, rows to measure, rows to scale) of each group."""
    if scope == "subject":
        subjects = meta["subject"].to_numpy(str)
        groups = [(f"subject {s}", subjects == s) for s in np.unique(subjects)]
        rows = [(who, np.flatnonzero(mask & here)) for who, mask in groups]
        return [(who, index, index) for who, index in rows]
    everyone = np.flatnonzero(here)
    if scope == "pooled":
        return [("all subjects", everyone, everyone)]
    fitted = np.unique(np.asarray(train, int))
    return [("the training windows", fitted[here[fitted]], everyone)]


def _scaled(windows: Windows, name: str, groups) -> np.ndarray:
    source = windows.x[name]
    kind = source.dtype if source.dtype.kind == "f" else np.float32
    scaled = np.array(source, kind)
    for who, fitted, changed in groups:
        if not len(changed):
            continue
        mean, sd = _moments(source, fitted)
        _check_flat(windows, name, who, mean, sd)
        factor = (1 / sd).astype(kind)[:, None]
        for rows in _blocks(changed):
            centred = source[rows] - mean[:, None]
            scaled[rows] = centred.astype(kind) * factor
    return scaled


def _moments(x: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and SD per channel, in two passes over blocks of rows."""
    n_points = max(len(rows) * x.shape[2], 1)
    total = np.zeros(x.shape[1])
    for block in _blocks(rows):
        total += x[block].sum(axis=(0, 2), dtype=float)
    mean = total / n_points
    squares = np.zeros(x.shape[1])
    for block in _blocks(rows):
        squares += np.square(x[block] - mean[:, None]).sum(axis=(0, 2))
    return mean, np.sqrt(squares / n_points)


def _blocks(rows: np.ndarray):
    """Yield the rows in blocks, so that nothing is held twice in float64."""
    for start in range(0, len(rows), ROWS_AT_ONCE):
        yield rows[start : start + ROWS_AT_ONCE]


def _check_flat(windows: Windows, name: str, who: str, mean, sd) -> None:
    """Raise when a channel does not vary beyond the rounding of its dtype."""
    flat = ~(sd > 1e-7 * np.abs(mean))
    if flat.any():
        names = windows.ch_names.get(name) or tuple(map(str, range(len(sd))))
        listed = ", ".join(np.array(names)[flat])
        raise ValueError(
            f"{name} must vary in every channel; got a flat or missing {listed} for "
            f"{who}. Leave out those trials or that channel."
        )
