"""Build a trial, and say in sentences what is wrong with it.

A reader yields every trial; what is missing or odd stands in `Recording.problems`, a
sentence each, beginning with the modality or rating it is about: ``"eeg: …"``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from emolib.checks import printable
from emolib.containers import Features, Recording, Signal, Video
from emolib.datasets.corpus import Corpus


def build_trial(
    corpus: Corpus, who: tuple, found: Mapping, ratings: Mapping, problems=(), **more
) -> Recording:
    """Return a recording that says what is missing, flat or not finite in it.

    Parameters
    ----------
    corpus : Corpus
    who : tuple of str
        Subject, session and trial.
    found : mapping of modality to Signal, Features, or the sentence why there is none
    ratings : mapping of str to float
        NaN where none was given.
    problems : sequence of str
        What else is wrong.
    more
        Baseline (as `found`), notes, parts.
    """
    told = list(problems)
    for modality, held in found.items():
        told += [f"{modality}: {words}" for words in _problems(held)]
    for name, value in ratings.items():
        told += [f"{name}: {words}" for words in _rating_problems(value, corpus)]
    ratings = {name: value for name, value in ratings.items() if np.isfinite(value)}
    before = _without_words(more.pop("baseline", {}))
    notes = tuple(dict.fromkeys(map(printable, more.pop("notes", ()))))
    who, told = map(printable, who), map(printable, told)
    return Recording(
        corpus.name, *who, _without_words(found), ratings, before,
        problems=tuple(told), notes=notes, **more,
    )  # fmt: skip


def _without_words(found: Mapping) -> dict:
    return {name: held for name, held in found.items() if not isinstance(held, str)}


def _problems(held: Signal | Features | Video | str) -> list[str]:
    """Return what is wrong with one modality, its name left out."""
    if isinstance(held, str | Video):
        return [held] * isinstance(held, str)
    if isinstance(held, Features):
        n_bad = held.data.size - np.count_nonzero(np.isfinite(held.data))
        words = f"{n_bad} of {held.data.size} values are not finite (NaN or infinite)."
        return [words] * bool(n_bad)
    if held.data.shape[1] == 0:
        return ["no signal was recorded."]
    low, high = held.data.min(axis=1), held.data.max(axis=1)  # NaN and inf come through
    bad = ~(np.isfinite(low) & np.isfinite(high))
    flat, told = ~bad & (low == high), []
    if bad.any():
        n_bad = np.count_nonzero(~np.isfinite(held.data[bad]))
        told.append(
            f"{_channels(bad, held.ch_names)} not finite (NaN) in {n_bad} of "
            f"{held.data[bad].size} values."
        )
    if flat.any():
        told.append(f"{_channels(flat, held.ch_names)} constant (flat).")
    return told


def _channels(which: np.ndarray, ch_names: Sequence[str]) -> str:
    """Return the names of the channels where `which` is True, or 'all channels'."""
    if which.all() and len(which) > 1:
        return f"all {len(which)} channels are"
    names = [name for name, hit in zip(ch_names, which, strict=True) if hit]
    return ", ".join(names) + (" is" if len(names) == 1 else " are")


def _rating_problems(value: float, corpus: Corpus) -> list[str]:
    """Return a sentence when a rating is missing or outside the scale."""
    low, high = corpus.rating_scale
    if not np.isfinite(value):
        return ["no rating was given."]
    if not low - 1e-6 <= value <= high + 1e-6:
        return [f"rating {value:g} lies outside {low} to {high}."]
    return []
