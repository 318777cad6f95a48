"""The dB that a unit's noise was asked to have, has by Eq. (5), and has on the data."""

from __future__ import annotations

import pandas as pd
import torch

from emolib.containers import MODALITIES_AVL
from emolib.corruptions.noise_levels import level_for
from emolib.corruptions.noise_schedule import snr_db
from emolib.corruptions.noise_scheduler import added_noise, corrupt, real_steps
from emolib.papers.nmer.frames import fold_of, measure_frames, scales_of, sequences
from emolib.store import Outcome
from emolib.training.seeding import derive_seed

ROWS_AT_ONCE = 256


def measure_levels(context, *, fold, z_scored, noise, db, exact) -> Outcome:
    """Add the noise of a level to all real training frames and measure what it is.

    Paper 3, Section 2.2.3, Eq. (4), (5). Signal power is the variance by which T was
    chosen, of the same frames; noise power is the mean square of what was added.

    Returns
    -------
    outcome : Outcome
        Table "levels", one row a modality: modality, noise, exact, asked_db,
        n_steps (0 when exact), alpha_bar, nominal_db, measured_db, variance, power.
    """
    frames = context.stage(measure_frames, fold=fold, z_scored=z_scored)
    measured = frames.tables["frames"].set_index("modality")
    rows = fold_of(context.windows, {"fold": fold}).train
    scales, found = scales_of(frames, z_scored), []
    for name in MODALITIES_AVL:
        variance = float(measured.loc[name, "variance"])
        level = level_for(db, variance, noise=noise, exact=exact)
        x, lengths = sequences(context.windows, name, rows, scales)
        power = noise_power(name, x, lengths, level)
        found.append(
            {
                "modality": name,
                "noise": noise,
                "exact": exact,
                "asked_db": db,
                "n_steps": level.n_steps or 0,
                "alpha_bar": level.alpha_bar,
                "nominal_db": level.nominal_db,
                "measured_db": snr_db(level.alpha_bar, variance, power),
                "variance": variance,
                "power": float(measured.loc[name, "power"]),
            }
        )
    return Outcome(tables={"levels": pd.DataFrame(found)})


def noise_power(name: str, x, lengths, level) -> float:
    """Return the mean square of the noise that `corrupt` adds to all real frames.

    Parameters
    ----------
    name : str
        The modality.
    x : ndarray, shape (n, t, d)
    lengths : ndarray of int, shape (n,)
    level : Level
    """
    seed = derive_seed(0, f"measured, {name}, {level.noise} {level.asked_db:g}")
    generator = torch.Generator().manual_seed(seed)
    total, n_values = 0.0, 0
    for start in range(0, len(x), ROWS_AT_ONCE):
        clean = torch.from_numpy(x[start : start + ROWS_AT_ONCE])
        steps = torch.from_numpy(lengths[start : start + ROWS_AT_ONCE])
        everyone = torch.ones(len(clean), 3, dtype=torch.bool)
        seen = corrupt({name: clean}, {name: steps}, everyone, {name: level}, generator)
        real = real_steps(steps, clean.shape[1])
        noise = added_noise(clean[real], seen[name][real], level.alpha_bar)
        total += float(noise.square().sum())
        n_values += noise.numel()
    return total / n_values
