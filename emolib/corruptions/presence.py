"""Which modalities are missing: drawn once before the split, or dropped in a batch.

Paper 1, Sections 2.1 and 3.2, which name rates and no protocol.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from emolib.checks import check_option, check_range, check_shape

READINGS = ("modalities", "samples", "gaps")
GAP = 5
"""Windows over which the fate of a modality hangs together in the reading 'gaps'."""


def draw_presence(
    available: np.ndarray, rate: float, *, seed: int, reading: str = "modalities",
    trials: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """Return which modalities stay: a share `rate` of the available ones is hidden.

    One modality of each window always stays, so at most (m - 1) / m can be hidden;
    `realised_rate` says what was. Up to there the rate over the whole corpus is exact,
    to a window's modality.

    Parameters
    ----------
    available : ndarray of bool, shape (n_windows, n_modalities)
        What was recorded; nothing else can be hidden.
    rate : float
        In [0, 1).
    seed : int
        Equal arguments give equal presence, in any process.
    reading : {'modalities', 'samples', 'gaps'}
        ``modalities``: each is hidden alike. ``samples``: `rate` is the share of
        windows that are incomplete; such a window loses one modality or more, each
        number alike. ``gaps``: as the first, but in runs of windows (Fig. 1).
    trials : ndarray, shape (n_windows,)
        The trial of each window, in order of time within it; for ``gaps``.

    Returns
    -------
    present : ndarray of bool, shape (n_windows, n_modalities)
    """
    hint = "At 1.0 no modality is left."
    check_range("rate", rate, 0, 1, closed="left", hint=hint)
    check_option("reading", reading, READINGS)
    check_shape("available", available, "b m")
    if (reading == "gaps") != (trials is not None):
        raise ValueError(
            f"trials must be given with reading='gaps' and only there; got {reading!r} "
            f"and trials {'given' if trials is not None else None}."
        )
    if not np.asarray(available).any(axis=1).all():
        raise ValueError(
            "available must hold a modality of each window; got windows without any. "
            "Leave them out first."
        )
    rng = np.random.default_rng([seed, round(rate * 1e6), READINGS.index(reading)])
    score = rng.standard_normal(available.shape)
    if trials is not None:
        score = _smoothed(score, np.asarray(trials))
    score[~np.asarray(available)] = -np.inf  # the highest of a window is what stays
    if reading == "samples":
        return available & ~_of_samples(score, rate, rng)
    return available & ~_lowest(score, rate)


def _lowest(score: np.ndarray, rate: float) -> np.ndarray:
    """Return the lowest scores of all, but no window's highest; -inf does not count."""
    n_hidden = round(rate * np.isfinite(score).sum())
    droppable = np.isfinite(score)
    droppable[np.arange(len(score)), score.argmax(axis=1)] = False
    place = np.flatnonzero(droppable)
    hidden = np.zeros(score.size, bool)
    hidden[place[np.argsort(score.ravel()[place], kind="stable")[:n_hidden]]] = True
    return hidden.reshape(score.shape)


def _of_samples(score: np.ndarray, rate: float, rng) -> np.ndarray:
    """Return a number from 1 to all but one of the lowest scores of some windows."""
    n_there = np.isfinite(score).sum(axis=1)
    several = rng.permutation(np.flatnonzero(n_there > 1))
    n_lost = np.zeros(len(score), int)
    chosen = several[: round(rate * len(score))]
    n_lost[chosen] = rng.integers(1, n_there[chosen])
    last = np.where(np.isfinite(score), score, np.inf).argsort(axis=1).argsort(axis=1)
    return last < n_lost[:, None]


def _smoothed(score: np.ndarray, trials: np.ndarray) -> np.ndarray:
    """Return the mean score of `GAP` windows in a row, within each trial."""
    from scipy.ndimage import uniform_filter1d

    smooth = np.empty_like(score)
    for trial in np.unique(trials):
        rows = trials == trial
        smooth[rows] = uniform_filter1d(score[rows], GAP, axis=0, mode="wrap")
    return smooth


def realised_rate(present: np.ndarray, available: np.ndarray) -> float:
    """Return the share of the available modalities that is hidden."""
    return 1 - np.asarray(present).sum() / np.asarray(available).sum()


def hide(x: Mapping[str, np.ndarray], present: np.ndarray) -> dict[str, np.ndarray]:
    """Return a copy of the features with NaN where a modality is not present.

    Parameters
    ----------
    x : mapping of str to ndarray, shape (n_windows, ...) each
    present : ndarray of bool, shape (n_windows, n_modalities)
        Columns in the order of `x`.
    """
    check_shape("present", present, "b m", m=len(x))
    hidden = {name: np.array(array, np.float32) for name, array in x.items()}
    for array, here in zip(hidden.values(), np.asarray(present).T, strict=True):
        array[~here] = np.nan
    return hidden


def drop_modalities(
    present: Tensor, probability: float, generator: torch.Generator | None = None
) -> Tensor:
    """Return what stays when a method itself drops more: one modality at least.

    Parameters
    ----------
    present : Tensor of bool, shape (b, m)
    probability : float
        With which each present modality is dropped; one drawn at random never is.
    generator : torch.Generator
        On the device of `present`.
    """
    check_range("probability", probability, 0, 1)
    shape, device = present.shape, present.device
    draw = torch.rand(shape, generator=generator, device=device)
    last = torch.rand(shape, generator=generator, device=device)
    last = last.masked_fill(~present, -1).argmax(1, keepdim=True)
    return present & (draw >= probability).scatter(1, last, True)
