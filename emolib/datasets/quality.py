"""Say in sentences what is wrong with a trial.

A reader yields every trial; what is missing or odd stands in `Recording.problems`, a
sentence each, beginning with the modality or rating it is about: ``"eeg: …"``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np


def signal_problems(
    modality: str, data: np.ndarray, ch_names: Sequence[str]
) -> list[str]:
    """Return a sentence for channels with values that are not finite, or that are flat.

    Parameters
    ----------
    modality : str
    data : ndarray, shape (n_chans, n_times)
    ch_names : sequence of str

    Returns
    -------
    problems : list of str
        Empty when every channel is finite and moves.
    """
    if data.shape[1] == 0:
        return [f"{modality}: no signal was recorded."]
    low, high = data.min(axis=1), data.max(axis=1)  # NaN and inf come through
    bad = ~(np.isfinite(low) & np.isfinite(high))
    flat = ~bad & (low == high)
    problems = []
    if bad.any():
        n_bad = np.count_nonzero(~np.isfinite(data[bad]))
        problems.append(
            f"{modality}: {_channels(bad, ch_names)} not finite (NaN) in {n_bad} of "
            f"{data[bad].size} values."
        )
    if flat.any():
        problems.append(f"{modality}: {_channels(flat, ch_names)} constant (flat).")
    return problems


def _channels(which: np.ndarray, ch_names: Sequence[str]) -> str:
    """Return the names of the channels where `which` is True, or 'all channels'."""
    if which.all() and len(which) > 1:
        return f"all {len(which)} channels are"
    names = [name for name, hit in zip(ch_names, which, strict=True) if hit]
    return ", ".join(names) + (" is" if len(names) == 1 else " are")


def rating_problems(
    ratings: Mapping[str, float], scale: tuple[float, float]
) -> list[str]:
    """Return a sentence for each rating that is missing or outside the scale."""
    low, high = scale
    problems = []
    for name, value in ratings.items():
        if not np.isfinite(value):
            problems.append(f"{name}: no rating was given.")
        elif not low - 1e-6 <= value <= high + 1e-6:
            problems.append(f"{name}: rating {value:g} lies outside {low} to {high}.")
    return problems
