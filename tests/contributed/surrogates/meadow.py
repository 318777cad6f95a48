"""Writer of MEADOW surrogates: noise that is larger in trials that were not calm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from emolib.datasets.meadow import CH_NAMES, N_TRIALS, SFREQ

from emolib.surrogates.files import save_mat, written_aside


def write_meadow(
    folder: str | Path,
    *,
    n_subjects: int = 6,
    n_trials: int = N_TRIALS,
    seconds: float = 20.0,
    effect: float = 1.0,
    signature: float = 1.0,
    nuisance: float = 1.0,
    seed: int = 0,
) -> Path:
    """Write a small corpus in MEADOW's format."""
    folder = Path(folder)
    with written_aside(folder) as aside:
        for i in range(n_subjects):
            rng = np.random.default_rng([seed, i])
            calm = rng.permutation(np.linspace(2, 8, n_trials))
            held = {"calm": calm}
            for name, channels in CH_NAMES.items():
                shape = (n_trials, len(channels), round(seconds * SFREQ[name]))
                size = 1 + 0.1 * effect * (5 - calm)[:, None, None]
                held[name] = size * nuisance * rng.standard_normal(shape)
                held[name] += signature * rng.standard_normal()
            save_mat(aside / f"Meadow_P{i + 1:02d}.mat", held)
    return folder
