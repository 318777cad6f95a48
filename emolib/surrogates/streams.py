"""Random streams: no stream, subject or trial consumes the numbers of another."""

from __future__ import annotations

import numpy as np

CORPUS_KEYS = {
    "dreamer": 1, "amigos": 2, "deap": 3, "mahnob": 4, "iemocap": 5, "mosei": 6,
    "mosi": 7,
}  # fmt: skip
STREAMS = {
    "latents": 0, "ratings": 1, "signatures": 2, "nuisances": 3, "artefacts": 4,
    "gaps": 5, "observer": 6, "questions": 7, "line": 8, "eeg": 10,
    "ecg": 11, "gsr": 12, "audio": 13, "visual": 14, "text": 15, "lengths": 16,
    "directions": 17,
}  # fmt: skip


def generator(
    seed: int, corpus: str, stream: str, subject: int = 0, trial: int = 0
) -> np.random.Generator:
    """Return the generator of one stream of one subject and trial (0: all of them)."""
    key = (CORPUS_KEYS[corpus], STREAMS[stream], subject, trial)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def trial_generators(
    seed: int, corpus: str, stream: str, subject: int, n_trials: int
) -> list[np.random.Generator]:
    """Return one generator per trial of a subject."""
    return [
        generator(seed, corpus, stream, subject, trial + 1) for trial in range(n_trials)
    ]
