"""Corpora of utterances: what modalities say of affect, and the vectors that say it.

An utterance has a point u on the axes of affect. A modality reads it as y = W u + own
noise + its speaker's offset, and spreads the reading over its feature vectors: vector t
is gain x gate(t) x U y, plus slow content in directions of its own, plus white noise; U
and the content's directions are orthonormal and the same in every corpus of that kind.
The gate rises and falls over the utterance. A feature has unit variance, whichever it
is: the directions are waves over the features, in shuffled order, so that every feature
has an equal part in them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from emolib.containers import MODALITIES_AVL
from emolib.surrogates import sizes
from emolib.surrogates.design import Knobs
from emolib.surrogates.sizes import Plan, Sentiment
from emolib.surrogates.traces import generator, ou


@dataclass(frozen=True)
class Utterances:
    """Everything planted in the n utterances of a speaker, or of a part of a split.

    Parameters
    ----------
    number : int
        Of the speaker or part, from 1.
    subjects : list of str
        Who speaks in each utterance.
    names : sequence of str, or of three texts
        The publisher's, of the utterances.
    planted : mapping of name to ndarray, first axis n
        labels; readings (n, 3 modalities, n_axes); lengths (n, 3 modalities) in steps;
        and what a corpus has besides.
    """

    number: int
    subjects: list[str]
    names: Sequence
    planted: Mapping[str, np.ndarray]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.planted[name]

    def __len__(self) -> int:
        return len(self.subjects)


def truth_of(
    groups: Sequence[Utterances], **noted
) -> tuple[dict, dict[str, np.ndarray]]:
    """Return what a corpus's truth folder notes, and its arrays; groups follow groups.

    `energy`, the sum of the squared gate over the steps that are there, is that of
    whole utterances: their number of steps.
    """
    arrays = {
        name: np.concatenate([own[name] for own in groups])
        for name in groups[0].planted
    }
    names = {
        "subjects": [name for own in groups for name in own.subjects],
        "trials": [name for own in groups for name in own.names],
    }
    return noted | names, arrays | {"energy": arrays["lengths"].astype(float)}


def emotions(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return affect u (n, 3) of utterances of the classes y."""
    spread = sizes.EMOTION_SD * rng.standard_normal((len(y), 3))
    return np.array(sizes.EMOTION_CENTRES)[y] + spread


def sentiment(law: Sentiment, chance: np.ndarray, normal: np.ndarray):
    """Return sentiment s, its label and affect u (n, 1).

    Parameters
    ----------
    law : Sentiment
    chance, normal : ndarray, shape (n,), (n, 2)
        Uniform and standard normal numbers.
    """
    s = np.where(chance < law.neutral_share, 0.0, law.level + law.spread * normal[:, 0])
    rated = s + law.rating_sd * normal[:, 1] * (s != 0)
    label = np.clip(np.round(rated / law.grid) * law.grid, -3, 3)
    return s, label, ((s - law.centre) / law.unit)[:, None]


def read_out(
    plan: Plan, knobs: Knobs, number: int, u: np.ndarray, offsets: np.ndarray
) -> np.ndarray:
    """Return what every modality says of each utterance, (n, 3 modalities, n_axes).

    Parameters
    ----------
    u : ndarray, shape (n, n_axes)
    offsets : ndarray, shape (3 modalities, n or 1, n_axes)
        The speaker's, standard normal.
    """
    out = []
    for name, offset in zip(MODALITIES_AVL, offsets, strict=True):
        carrier = plan.carriers[name]
        rng = generator(knobs.seed, plan.corpus, name, number)
        own = carrier.own_sd * rng.standard_normal(u.shape)
        said = knobs.effect * np.array(carrier.weights) * u
        out.append(said + own + knobs.signature * plan.speaker_sd * offset)
    return np.stack(out, axis=1)


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
    width = plan.carriers[name].width
    affect, content = directions(plan.corpus, name, width, plan.n_axes)
    gates = np.zeros((len(lengths), lengths.max()))
    slow = np.zeros((*gates.shape, content.shape[1]))
    x = np.zeros((*gates.shape, width), np.float32)
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


def content_sd(plan: Plan, name: str) -> float:
    """Return the SD of the content along each of its directions.

    It fills a feature's variance up to 1 at effect 1 and signature 1, and does not
    change with either.
    """
    carrier, mean_square = plan.carriers[name], np.ones(1)
    if plan.corpus == "iemocap":
        centres = np.array(sizes.EMOTION_CENTRES) ** 2
        mean_square = np.average(centres, axis=0, weights=sizes.EMOTION_COUNTS)
        mean_square = mean_square + sizes.EMOTION_SD**2
    readings = np.array(carrier.weights) ** 2 * mean_square
    readings = readings + plan.noise_variance(name, 1.0)
    affect = plan.affect_share * np.mean(readings)
    n_dims = n_content(carrier.width, plan.n_axes)
    return np.sqrt((1 - plan.white_share - affect) * carrier.width / n_dims)


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
