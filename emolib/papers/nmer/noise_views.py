"""What the noise scheduler does, as the frames that its figures take.

Fan et al. 2024 (paper 3), Sections 2.2 and 3.5. Closed form but for `map_frames`,
which draws noise for utterances and maps both (Fig. 3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch

from emolib.checks import check_range
from emolib.corruptions.noise_levels import Level, level_for
from emolib.corruptions.noise_released import released_alpha_bars
from emolib.corruptions.noise_schedule import alpha_bar, beta_schedule, snr_db
from emolib.corruptions.noise_scheduler import corrupt, draw_noise, mix
from emolib.figures.maps import tsne_map
from emolib.metrics.distances import average_distance, time_average

DBS = (-10.0, -20.0, -30.0, -40.0)  # Section 3.3


def schedule_frames(
    variances: Mapping[str, float], dbs: Sequence[float] = DBS
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return what `emolib.figures.noise.plot_schedule` draws.

    Paper 3, Section 2.2.3: T of each modality and level, and all T up to the longest.

    Parameters
    ----------
    variances : mapping of name to float
        σ² of each modality.
    dbs : sequence of float
        Wanted levels in dB.

    Returns
    -------
    betas, curves, chosen : DataFrame
        The schedules are those of unit variance.
    """
    chosen = pd.DataFrame(
        {"name": name, "asked_db": db, **_row(level_for(db, variance))}
        for name, variance in variances.items()
        for db in dbs
    )
    steps = np.arange(1, int(1.1 * chosen["n_steps"].max()) + 1)
    kept = np.array([alpha_bar(beta_schedule(n))[-1].item() for n in steps.tolist()])
    curves = [
        {"name": name, "variance": variance, "n_steps": steps, "alpha_bar": kept,
         "snr_db": snr_db(torch.from_numpy(kept), variance).numpy()}
        for name, variance in variances.items()
    ]  # fmt: skip
    lengths = sorted({level_for(db, 1.0).n_steps for db in dbs})
    betas = [
        {"n_steps": n, "step": np.arange(1, n + 1), "beta": beta_schedule(n).numpy()}
        for n in lengths
    ]
    return _stacked(betas), _stacked(curves), chosen


def _row(level: Level) -> dict:
    return {"n_steps": level.n_steps, "nominal_db": level.nominal_db}


def _stacked(parts: list[dict]) -> pd.DataFrame:
    return pd.concat(map(pd.DataFrame, parts), ignore_index=True)


def released_frame(variances: Mapping[str, float]) -> pd.DataFrame:
    """Return the dB that a call of the released code may have, all equally likely.

    Returns
    -------
    released : DataFrame
        Columns `name`, `snr_db`, for `emolib.figures.noise.plot_readings`.
    """
    kept = released_alpha_bars()
    return _stacked(
        [
            {"name": name, "snr_db": snr_db(kept, variance).numpy()}
            for name, variance in variances.items()
        ]
    )


def example_frame(
    feature: np.ndarray,
    *,
    dbs: Sequence[float] = (-10.0, -20.0, -40.0),
    noises: Sequence[str] = ("gaussian", "impulse"),
    seed: int = 0,
) -> pd.DataFrame:
    """Return one feature of an utterance, clean and at rising noise.

    Paper 3, Section 2.2.2, Eq. (3), for `emolib.figures.noise.plot_examples`.

    Parameters
    ----------
    feature : ndarray, shape (s,)
        Set to mean 0 and variance 1 before noise is mixed in.
    """
    values = np.asarray(feature, float)
    clean = torch.from_numpy((values - values.mean()) / values.std())
    generator = torch.Generator().manual_seed(seed)
    parts = []
    for noise in noises:
        parts.append(_example(clean, clean, 1.0, noise, "clean", np.nan))
        for db in dbs:
            level = level_for(db, 1.0, noise=noise)
            epsilon = draw_noise(tuple(clean.shape), level, generator, clean.dtype)
            noisy = mix(clean, level.alpha_bar, epsilon)
            name = f"{db:g} dB".replace("-", "−")
            left = level.alpha_bar**0.5
            parts.append(_example(clean, noisy, left, noise, name, level.nominal_db))
    return _stacked(parts)


def _example(clean, noisy, left: float, noise: str, name: str, nominal: float) -> dict:
    return {
        "noise": noise.capitalize(), "level": name, "nominal_db": nominal,
        "step": np.arange(1, len(clean) + 1), "clean": left * clean.numpy(),
        "noisy": noisy.numpy(),
    }  # fmt: skip


def map_frames(
    x: Mapping[str, np.ndarray],
    lengths: Mapping[str, np.ndarray],
    variances: Mapping[str, float],
    *,
    dbs: Sequence[float] = DBS,
    n_pairs: int = 128,
    noise: str = "gaussian",
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return utterances and their noisy twins, mapped, with their average distance.

    Paper 3, Section 3.5, Fig. 3 and Algorithm 2: 128 utterances a modality.

    Parameters
    ----------
    x : mapping of modality to ndarray, shape (n, s, d)
        Normalised as a model gets them.
    lengths : mapping of modality to ndarray of int, shape (n,)
        Real steps; an utterance that lacks a modality is not drawn.
    variances : mapping of modality to float
        σ² of training frames, which sets T.
    n_pairs : int
        Utterances drawn, the same for every modality and level.

    Returns
    -------
    points, distances : DataFrame
        For `emolib.figures.noise_effects.plot_noise_maps`. A point is a sequence's
        `time_average`; distances are those in feature space.
    """
    whole = np.flatnonzero(np.all([lengths[m] > 0 for m in x], axis=0))
    check_range("n_pairs", n_pairs, 2, len(whole), hint="So many utterances are whole.")
    rows = np.sort(np.random.default_rng(seed).permutation(whole)[:n_pairs])
    points, distances = [], []
    for name in x:
        steps = np.asarray(lengths[name])[rows]
        clean = np.asarray(x[name])[rows, : steps.max()]
        for db in dbs:
            level = level_for(db, variances[name], noise=noise)
            twins = time_average(_noisy(name, clean, steps, level, seed), steps)
            original = time_average(clean, steps)
            cell = {"name": name, "asked_db": db}
            points.append({**cell, **_joint_map(original, twins, seed)})
            distances.append({**cell, "distance": average_distance(original, twins)})
    return _stacked(points), pd.DataFrame(distances)


def _noisy(name: str, clean, steps, level: Level, seed: int) -> np.ndarray:
    """Return sequences with noise on all their real steps."""
    everyone = torch.ones(len(clean), 3, dtype=torch.bool)
    seen = corrupt(
        {name: torch.from_numpy(clean)}, {name: torch.from_numpy(steps)}, everyone,
        {name: level}, torch.Generator().manual_seed(seed),
    )  # fmt: skip
    return seen[name].numpy()


def _joint_map(original: np.ndarray, twins: np.ndarray, seed: int) -> dict:
    """Return one t-SNE map of points and their twins, in columns."""
    n = len(original)
    both = np.concatenate([original, twins])
    place = tsne_map(both, seed=seed, perplexity=min(30.0, n / 2))
    kind = np.repeat(["original", "noisy"], n)
    return {"kind": kind, "x": place[:, 0], "y": place[:, 1]}
