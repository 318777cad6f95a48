"""The speakers of IEMOCAP: their emotions, and what each modality says of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emolib.containers import MODALITIES_AVL
from emolib.surrogates import utterance_sizes as sizes
from emolib.surrogates.design import Knobs
from emolib.surrogates.streams import generator
from emolib.surrogates.utterance_latents import draw_emotions, read_out
from emolib.surrogates.utterance_sizes import IEMOCAP

PER_DIALOGUE, MAX_UTTERANCES = 20, 3960
"""A speaker's utterances in a dialogue; those that names have room for."""


@dataclass(frozen=True)
class Speaker:
    """Everything planted in one speaker's utterances.

    Parameters
    ----------
    names : list of str
        Of the utterances, as in ``Ses01F_impro01_F000``.
    u : ndarray, shape (n, 3)
        Valence, arousal, dominance.
    labels : ndarray of int, shape (n,)
        0 angry, 1 happy, 2 neutral, 3 sad.
    readings : ndarray, shape (n, 3 modalities, 3 axes)
    lengths : ndarray of int, shape (n, 3 modalities)
        Steps written; trailing ones may be blank.
    shown : ndarray of bool, shape (n, 50)
        False where no face was found.
    """

    names: list[str]
    u: np.ndarray
    labels: np.ndarray
    readings: np.ndarray
    lengths: np.ndarray
    shown: np.ndarray


def plant(knobs: Knobs, number: int, n: int, seconds: float) -> Speaker:
    """Draw everything planted in the utterances of speaker `number`, from 1."""
    draws = {
        stream: generator(knobs.seed, "iemocap", stream, number)
        for stream in ("latents", "signatures", "lengths", "gaps", *MODALITIES_AVL)
    }
    u, labels = draw_emotions(n, draws["latents"])
    offsets = knobs.signature * IEMOCAP.speaker_sd
    offsets = offsets * draws["signatures"].standard_normal((3, 1, 3))
    readings = [
        read_out(IEMOCAP, name, u, effect=knobs.effect, speaker=offset,
                 own=draws[name].standard_normal((n, 3)))
        for name, offset in zip(MODALITIES_AVL, offsets, strict=True)
    ]  # fmt: skip
    return Speaker(
        names_of(number, n), u, labels, np.stack(readings, axis=1),
        _lengths(draws["lengths"], n, seconds), _shown(draws["gaps"], n),
    )  # fmt: skip


def names_of(number: int, n: int) -> list[str]:
    """Return the ids of a speaker's utterances.

    Dialogues alternate between the two actors whose motion was captured; the last part
    names who speaks: F first, then M, in every session.
    """
    session, own = (number + 1) // 2, "MF"[number % 2]
    dialogue, k = np.divmod(np.arange(n), PER_DIALOGUE)
    return [
        f"Ses{session:02d}{'FM'[d % 2]}_impro{d // 2 + 1:02d}_{own}{i:03d}"
        for d, i in zip(dialogue, k, strict=True)
    ]


def _lengths(rng: np.random.Generator, n: int, seconds: float) -> np.ndarray:
    """Return the number of steps of each modality, (n, 3)."""
    spread = np.exp(sizes.AUDIO_SECONDS_SPREAD * rng.standard_normal(n))
    audio = np.round(seconds * sizes.AUDIO_STEPS_HZ * spread)
    text = rng.integers(sizes.TEXT_STEPS[0], sizes.TEXT_STEPS[1] + 1, n)
    visual = np.full(n, sizes.VISUAL_STEPS)
    audio = np.clip(audio, *sizes.AUDIO_STEPS).astype(int)
    return np.stack([audio, visual, text], axis=1)


def _shown(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return where a face was found, (n, 50): a quarter have one run without."""
    steps = np.arange(sizes.VISUAL_STEPS)
    has_gap = rng.random(n) < sizes.NO_FACE_SHARE
    low, high = sizes.NO_FACE_STEPS
    size = rng.integers(low, high + 1, n)
    start = np.floor(rng.random(n) * (sizes.VISUAL_STEPS - size + 1))
    inside = (steps >= start[:, None]) & (steps < (start + size)[:, None])
    return ~(inside & has_gap[:, None])
