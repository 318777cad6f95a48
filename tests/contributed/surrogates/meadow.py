"""Writer of MEADOW surrogates: noise that is larger in trials that were not calm."""

from pathlib import Path

import numpy as np
from emolib.datasets.meadow import MODALITIES

from emolib.surrogates.files import save_mat, write


def write_meadow(
    folder: str | Path, *, n_subjects: int = 6, n_trials: int = 6,
    seconds: float = 20.0, effect: float = 1.0, signature: float = 1.0,
    nuisance: float = 1.0, seed: int = 0,
) -> Path:  # fmt: skip
    """Write a small corpus in MEADOW's format."""

    def fill(aside: Path):
        for i in range(n_subjects):
            rng = np.random.default_rng([seed, i])
            calm = rng.permutation(np.linspace(2, 8, n_trials))
            held = {"calm": calm}
            for name, (channels, sfreq, _) in MODALITIES.items():
                shape = (n_trials, len(channels), round(seconds * sfreq))
                size = 1 + 0.1 * effect * (5 - calm)[:, None, None]
                held[name] = size * nuisance * rng.standard_normal(shape)
                held[name] += signature * rng.standard_normal()
            save_mat(aside / f"Meadow_P{i + 1:02d}.mat", held)
        return {"corpus": "meadow", "n_subjects": n_subjects}, {}

    return write(folder, fill)
