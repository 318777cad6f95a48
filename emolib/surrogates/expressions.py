"""Drawn expressions of people who are in no corpus: what the small backbone learns on.

They play the part of FER+ in paper 4: eight classes, other people, no film, no label of
a trial.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emolib.surrogates.faces import draw_faces, draw_identity
from emolib.surrogates.traces import generator

SEED_STEP = 1_000_000
EXPRESSIONS = {
    "neutral": (0, 0, 0), "happiness": (1.8, 0, 0.8), "surprise": (0.2, -1, -1),
    "sadness": (-0.5, 0.3, 0.8), "anger": (-0.4, 1.6, 0.2), "disgust": (-0.1, 0.9, 1.6),
    "fear": (-0.4, -0.8, -0.6), "contempt": (0.7, 0.8, 0.4),
}  # fmt: skip
"""Smile, brow and eye at full intensity."""
INTENSITY, OWN_SD = (0.3, 1.2), 0.1


class Expressions(NamedTuple):
    """Many drawings; n of them."""

    frames: np.ndarray  # (n, 64, 64) of uint8
    code: np.ndarray  # (n,) of int, into EXPRESSIONS
    person: np.ndarray  # (n,) of int
    shapes: np.ndarray  # (n_people, 8)


def draw_expressions(seed: int, n_people: int = 200) -> Expressions:
    """Return every expression of every person, at random intensity."""
    full, parts, shapes = np.array([*EXPRESSIONS.values()], float), [], []
    awake = np.zeros(len(full), bool)
    for person in range(n_people):
        rng = generator(seed + SEED_STEP, "expressions", "face", person)
        who = draw_identity(rng)
        shown = full * rng.uniform(*INTENSITY, (len(full), 1))
        shown += OWN_SD * rng.standard_normal(full.shape)
        parts.append(draw_faces(who, shown.T, awake, rng, sfreq=0.5))
        shapes.append(who.shape)
    code, whose = np.arange(len(full)), np.arange(n_people)
    return Expressions(
        np.concatenate(parts), np.tile(code, n_people), np.repeat(whose, len(full)),
        np.stack(shapes),
    )  # fmt: skip
