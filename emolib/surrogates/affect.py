"""The shared latent affect, the signatures, the nuisances and the ratings.

One latent drives every signal of a trial; only it and the two named nuisances,
vigilance and movement, link the modalities. Ratings are noisy readings of the latent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from emolib.surrogates import sizes
from emolib.surrogates.design import Design, Knobs
from emolib.surrogates.ratings import onset, rate
from emolib.surrogates.sizes import PARAMETERS, SYSTEMS, Parameter
from emolib.surrogates.streams import generator, trial_generators
from emolib.surrogates.traces import TRACE_SFREQ, one_pole, ou


@dataclass(frozen=True)
class Subject:
    """Everything planted in one subject; traces at 4 Hz from the baseline's start.

    Parameters
    ----------
    z : ndarray, shape (n_trials, 3, n_times)
        Valence, arousal, dominance.
    theta : ndarray, shape (n_trials, n_parameters, n_times)
        Noise-free parameters, in the order of `names`.
    subject_signature, trial_signature : ndarray
        S (n_parameters,) and T (n_trials, n_parameters), unit SD.
    vigilance, movement : ndarray, shape (n_trials, n_times)
    gains : ndarray, shape (n_systems,)
    bias, width : ndarray, shape (3,)
        The person's rating bias b_s and scale width a_s.
    zeta : ndarray, shape (n_trials, 3)
        What the person would like to say, in SD.
    liking : ndarray, shape (n_trials, 3)
        The rating before the person's scale width, the grid and the clip.
    ratings : ndarray, shape (n_trials, 3)
    """

    names: tuple[str, ...]
    z: np.ndarray
    theta: np.ndarray
    subject_signature: np.ndarray
    trial_signature: np.ndarray
    vigilance: np.ndarray
    movement: np.ndarray
    gains: np.ndarray
    bias: np.ndarray
    width: np.ndarray
    zeta: np.ndarray
    liking: np.ndarray
    ratings: np.ndarray

    def trace(self, name: str) -> np.ndarray:
        """Return one parameter's trace, shape (n_trials, n_times)."""
        return self.theta[:, self.names.index(name)]


def stimuli(design: Design, seed: int) -> np.ndarray:
    """Return the stimuli's part of the latent, shape (n_trials, 3).

    Standardised within each block; valence is made orthogonal to arousal, because few
    draws correlate by chance. Published clip means are used where a corpus has them.
    """
    rng = generator(seed, design.corpus, "latents")
    m = rng.standard_normal((design.n_trials, 3))
    blocks = np.array(design.blocks)
    published = [scale.clip_means for _, scale in design.scales]
    for j, means in enumerate(published):
        if means is not None:
            m[:, j] = means
    for block in np.unique(blocks):
        rows = blocks == block
        part = _standardise(m[rows])
        if published[0] is None and rows.sum() > 2:
            slope = part[:, 1] @ part[:, 0] / (part[:, 1] @ part[:, 1])
            part[:, 0] = part[:, 0] - slope * part[:, 1]
            part = _standardise(part)
        m[rows] = part
    return m


def _standardise(x: np.ndarray) -> np.ndarray:
    """Return columns with mean 0 and SD 1; a column without spread becomes 0."""
    centred = x - x.mean(axis=0)
    sd = centred.std(axis=0)
    return centred / np.where(sd > 1e-12, sd, 1.0)


def simulate_subject(
    design: Design, knobs: Knobs, subject: int, *,
    parameters: Sequence[Parameter] = PARAMETERS,
) -> Subject:  # fmt: skip
    """Draw everything planted in one subject.

    Parameters
    ----------
    design : Design
    knobs : Knobs
    subject : int
        Number of the subject, from 1.
    parameters : sequence of Parameter
        All of them in a corpus; the observers ask for the cues they read.
    """
    streams = {
        name: trial_generators(
            knobs.seed, design.corpus, name, subject, design.n_trials
        )
        for name in ("latents", "ratings", "signatures", "nuisances")
    }
    z = _latents(design, knobs.seed, streams["latents"])
    own = generator(knobs.seed, design.corpus, "signatures", subject)
    gains = np.exp(sizes.GAIN_SD * own.standard_normal(len(SYSTEMS)) + sizes.GAIN_MEAN)
    n_times = z.shape[-1]
    mix = _group_mix(tuple(parameters))
    s = mix @ own.standard_normal(mix.shape[1])
    trial = np.stack(
        [mix @ g.standard_normal(mix.shape[1]) for g in streams["signatures"]]
    )
    vigilance, movement = _nuisances(streams["nuisances"], knobs.signature, n_times)
    theta = (
        np.array([p.base for p in parameters])[:, None]
        + _affect_part(parameters, z, gains) * knobs.effect
        + _signature_part(parameters, s, trial)[..., None] * knobs.signature
        + _drift_part(parameters, mix, streams["signatures"], n_times)
        + _column(parameters, "vigilance") * vigilance[:, None] * knobs.nuisance
        + _column(parameters, "movement") * movement[:, None] * knobs.nuisance
    )
    rated = rate(
        design, z, stimuli(design, knobs.seed),
        generator(knobs.seed, design.corpus, "ratings", subject), streams["ratings"],
    )  # fmt: skip
    return Subject(
        tuple(p.name for p in parameters), z, theta, s, trial, vigilance, movement,
        gains, **rated,
    )  # fmt: skip


def _latents(design: Design, seed: int, rngs) -> np.ndarray:
    """Return z (n_trials, 3, n_times); zero before onset."""
    m = stimuli(design, seed)
    rho = np.sqrt(np.array(design.rho))
    person = np.stack([rng.standard_normal(3) for rng in rngs])
    moments = _moments(rngs, design.n_steps)
    q = onset(np.arange(design.n_steps) / TRACE_SFREQ)
    steady = rho[:, 0] * m + rho[:, 1] * person
    z = q[:, None] * (steady[:, None] + rho[:, 2] * moments)
    mix_v, mix_a, mix_own = sizes.DOMINANCE_MIX
    z[..., 2] = mix_v * z[..., 0] + mix_a * z[..., 1] + mix_own * z[..., 2]
    before = np.zeros((len(rngs), 3, design.n_before))
    return np.concatenate([before, z.transpose(0, 2, 1)], axis=-1)


def _moments(rngs, n_steps: int) -> np.ndarray:
    """Return x (b, n_steps, 3): smoothed OU of unit variance, started earlier."""
    n_burn = round(10 * sizes.TAU_SMOOTH_S * TRACE_SFREQ)
    white = np.stack([rng.standard_normal((n_burn + n_steps, 3)) for rng in rngs])
    x = one_pole(ou(white, sizes.TAU_MOMENT_S), sizes.TAU_SMOOTH_S)
    share = sizes.TAU_MOMENT_S / (sizes.TAU_MOMENT_S + sizes.TAU_SMOOTH_S)
    return x[:, n_burn:] / np.sqrt(share)


@lru_cache(maxsize=8)
def _group_mix(parameters: tuple[Parameter, ...]) -> np.ndarray:
    """Return the matrix from own and common draws to parameters, unit variance."""
    groups = sorted({p.group for p in parameters if p.group != p.name})
    mix = np.eye(len(parameters), len(parameters) + len(groups))
    for row, parameter in enumerate(parameters):
        if parameter.group in groups:
            mix[row, row] = np.sqrt(1 - sizes.COMMON_SHARE)
            column = len(parameters) + groups.index(parameter.group)
            mix[row, column] = np.sqrt(sizes.COMMON_SHARE)
    return mix


def _column(parameters, field: str) -> np.ndarray:
    """Return one size of every parameter, shape (n_parameters, 1)."""
    return np.array([getattr(p, field) for p in parameters])[:, None]


def _affect_part(parameters, z: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """Return what affect does to each parameter at effect 1, (b, n_parameters, t)."""
    gain = np.array([gains[SYSTEMS.index(p.system)] for p in parameters])[:, None]
    out = np.empty((len(z), len(parameters), z.shape[-1]))
    for lag_s in {p.lag_s for p in parameters}:
        rows = [i for i, p in enumerate(parameters) if p.lag_s == lag_s]
        lagged = one_pole(z[:, :2].transpose(0, 2, 1), lag_s)
        loadings = [[parameters[i].valence, parameters[i].arousal] for i in rows]
        out[:, rows] = (lagged @ np.array(loadings).T).transpose(0, 2, 1)
    return gain * out


def _signature_part(parameters, s: np.ndarray, trial: np.ndarray) -> np.ndarray:
    """Return sub S + tri T, shape (n_trials, n_parameters)."""
    sub, tri = (_column(parameters, name)[:, 0] for name in ("subject", "trial"))
    return sub * s + tri * trial


def _drift_part(parameters, mix, rngs, n_times: int) -> np.ndarray:
    """Return dr D(t), shape (n_trials, n_parameters, n_times)."""
    white = np.stack([rng.standard_normal((n_times, mix.shape[1])) for rng in rngs])
    drift = ou(white, sizes.TAU_DRIFT_S) @ (mix * _column(parameters, "drift")).T
    return drift.transpose(0, 2, 1)


def _nuisances(rngs, signature: float, n_times: int) -> tuple[np.ndarray, np.ndarray]:
    """Return vigilance and movement, each (n_trials, n_times)."""
    trial = np.stack([rng.standard_normal(2) for rng in rngs])
    white = np.stack([rng.standard_normal((n_times, 2)) for rng in rngs])
    out = []
    for j, (share, tau) in enumerate(
        [
            (sizes.VIGILANCE_TRIAL_SHARE, sizes.TAU_VIGILANCE_S),
            (sizes.MOVEMENT_TRIAL_SHARE, sizes.TAU_MOVEMENT_S),
        ]
    ):
        moving = ou(white[..., j : j + 1], tau)[..., 0]
        level = signature * np.sqrt(share) * trial[:, j : j + 1]
        out.append(level + np.sqrt(1 - share) * moving)
    return out[0], out[1]
