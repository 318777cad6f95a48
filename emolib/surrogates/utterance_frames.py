"""From what a modality says of an utterance to its sequence of feature vectors.

Vector t is gain x gate(t) x U y, plus slow content in directions of its own, plus white
noise; y is the reading, U and the content's directions are orthonormal and the same in
every corpus of that kind. The gate rises and falls over the utterance. A feature has
unit variance, whichever it is: the directions are waves over the features, in shuffled
order, so that every feature has an equal part in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from emolib.containers import MODALITIES_AVL
from emolib.surrogates import utterance_sizes as sizes
from emolib.surrogates.streams import generator
from emolib.surrogates.traces import ou
from emolib.surrogates.utterance_sizes import Plan


def frames(
    plan: Plan, name: str, readings: np.ndarray, lengths: np.ndarray,
    rngs: Sequence[np.random.Generator],
) -> np.ndarray:  # fmt: skip
    """Return the feature vectors of one modality of several utterances.

    Parameters
    ----------
    plan : Plan
    name : str
        The modality.
    readings : ndarray, shape (b, n_axes)
        What the modality says of each utterance.
    lengths : ndarray of int, shape (b,)
    rngs : sequence of Generator
        One per utterance.

    Returns
    -------
    x : ndarray of float32, shape (b, n_steps, width)
        Of unit variance on average, with zeros to the right of each length.
    """
    affect, content = directions(plan.corpus, name, plan.carriers[name].width,
                                 plan.n_axes)  # fmt: skip
    gates = np.zeros((len(lengths), lengths.max()))
    slow = np.zeros((*gates.shape, content.shape[1]))
    x = np.zeros((*gates.shape, len(affect)), np.float32)
    for i, (n_steps, rng) in enumerate(zip(lengths, rngs, strict=True)):
        gates[i, :n_steps] = gate(n_steps)
        slow[i, :n_steps] = rng.standard_normal((n_steps, content.shape[1]))
        if plan.white_share:
            rng.standard_normal(out=x[i, :n_steps], dtype=np.float32)
    x *= np.float32(np.sqrt(plan.white_share))
    slow = content_sd(plan, name) * ou(slow, -1 / np.log(sizes.CONTENT_MEMORY), 1.0)
    slow[np.arange(gates.shape[1]) >= lengths[:, None]] = 0
    x += slow.astype(np.float32) @ content.T.astype(np.float32)
    planted = plan.gain(name) * readings @ affect.T
    x += gates.astype(np.float32)[..., None] * planted.astype(np.float32)[:, None]
    return x


@lru_cache(maxsize=64)
def gate(n_steps: int) -> np.ndarray:
    """Return a triangle over an utterance, of mean square 1, shape (n_steps,)."""
    middle = (np.arange(n_steps) + 0.5) / n_steps
    triangle = 1 - np.abs(2 * middle - 1)
    return triangle / np.sqrt(np.mean(triangle**2))


def gate_energy(lengths: np.ndarray, shown: np.ndarray | None = None) -> np.ndarray:
    """Return the sum of the squared gate over the steps that are shown, (b,).

    Parameters
    ----------
    lengths : ndarray of int, shape (b,)
    shown : ndarray of bool, shape (b, n_steps)
        False where a step was blanked; None: all are there.
    """
    if shown is None:
        return lengths.astype(float)
    return np.array(
        [
            np.sum(gate(n_steps)[own[:n_steps]] ** 2)
            for n_steps, own in zip(lengths, shown, strict=True)
        ]
    )


def content_sd(plan: Plan, name: str) -> float:
    """Return the SD of the content along each of its directions.

    It fills a feature's variance up to 1 at effect 1 and signature 1, and does not
    change with either.
    """
    carrier = plan.carriers[name]
    mean_square = np.array(axis_mean_squares(plan.corpus))
    readings = np.array(carrier.weights) ** 2 * mean_square
    readings = readings + plan.noise_variance(name, 1.0)
    affect = plan.affect_share * np.mean(readings)
    n_dims = n_content(carrier.width, plan.n_axes)
    return np.sqrt((1 - plan.white_share - affect) * carrier.width / n_dims)


def axis_mean_squares(corpus: str) -> list[float]:
    """Return the mean square of u on each axis."""
    if corpus != "iemocap":
        return [1.0]
    centres = np.array(sizes.EMOTION_CENTRES) ** 2
    spread = sizes.EMOTION_SD**2
    return list(np.average(centres, axis=0, weights=sizes.EMOTION_COUNTS) + spread)


def n_content(width: int, n_axes: int) -> int:
    """Return how many directions the content has: an even number."""
    return 2 * min(sizes.CONTENT_DIMS // 2, (width - n_axes) // 2)


@lru_cache(maxsize=64)
def directions(
    corpus: str, name: str, width: int, n_axes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the directions of affect (width, n_axes) and of content (width, n).

    All are orthonormal. They depend on the kind of features and on no seed.
    """
    rng = generator(0, corpus, "directions", MODALITIES_AVL.index(name), width)
    pairs, single = _waves(width)
    pairs = pairs[:, rng.permutation(pairs.shape[1])]
    n_pairs = n_content(width, n_axes) // 2
    content = pairs[:, :n_pairs].reshape(width, -1)
    rest = [single, pairs[:, n_pairs:].reshape(width, -1)]
    affect = np.concatenate(rest, axis=1)[:, :n_axes]
    order, sign = rng.permutation(width), rng.choice([-1.0, 1.0], (width, 1))
    return sign * affect[order], sign * content[order]


def _waves(width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the discrete Fourier basis: (width, n_pairs, 2) and what has no pair."""
    place = np.arange(width)[:, None]
    angle = 2 * np.pi * place * np.arange(1, (width - 1) // 2 + 1) / width
    pairs = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * np.sqrt(2 / width)
    single = np.ones((width, 1))
    if width % 2 == 0:
        single = np.concatenate([single, (-1.0) ** place], axis=1)
    return pairs, single / np.sqrt(width)
