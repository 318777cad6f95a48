"""The shared latent affect, the signatures, the nuisances and the ratings.

One latent drives every signal of a trial; only it and the two named nuisances,
vigilance and movement, link the modalities. Ratings are noisy readings of the latent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from emolib.checks import check_range, check_whole
from emolib.surrogates import sizes
from emolib.surrogates.sizes import PARAMETERS, SYSTEMS, Parameter
from emolib.surrogates.traces import TRACE_SFREQ, one_pole, ou

CORPUS_KEYS = {"dreamer": 1, "amigos": 2, "deap": 3, "mahnob": 4}
STREAMS = {
    "latents": 0, "ratings": 1, "signatures": 2, "nuisances": 3, "artefacts": 4,
    "gaps": 5, "observer": 6, "questions": 7, "line": 8, "eeg": 10,
    "ecg": 11, "gsr": 12,
}  # fmt: skip


@dataclass(frozen=True)
class Knobs:
    """The knobs every writer has.

    Parameters
    ----------
    effect : float
        Multiplies every loading of affect on every signal; 0 makes the signals
        independent of affect and leaves all else as it was.
    signature : float
        Multiplies everything that is constant over a subject or a trial.
    nuisance : float
        Multiplies the loadings of vigilance and movement.
    seed : int
        Root of every random stream.
    """

    effect: float = 1.0
    signature: float = 1.0
    nuisance: float = 1.0
    seed: int = 0

    def __post_init__(self):
        for name in ("effect", "signature", "nuisance"):
            check_range(name, getattr(self, name), 0.0, 10.0)
        check_range("seed", check_whole("seed", self.seed, "units"), 0, 2**63)


@dataclass(frozen=True)
class Scale:
    """How one rating reads the latent.

    `rating = clip(grid(level + width * zeta))`; with `clip_means` the stimulus part
    of zeta is replaced by the published mean of the stimulus. `threshold` is the usual
    one; "high" lies above it.
    """

    mu: float
    sigma: float
    low: float
    high: float
    grid: float
    threshold: float
    clip_means: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Design:
    """What a corpus shows and asks: stimuli, lengths, scored part, scales.

    Parameters
    ----------
    corpus : str
    n_trials : int
        Stimuli written.
    seconds : tuple of float, length n_trials
        Length of each trial.
    scored : tuple of (start_s, stop_s), length n_trials
        What each rating is about. It is fixed, so that ratings do not depend on how
        many seconds are written.
    blocks : tuple of int, length n_trials
        Stimuli are standardised within a block.
    scales : mapping of affect to Scale, as a tuple of pairs
    rho : tuple of three (stimulus, person, moment), for valence, arousal, own dominance
    baseline_s : float
    """

    corpus: str
    seconds: tuple[float, ...]
    scored: tuple[tuple[float, float], ...]
    blocks: tuple[int, ...]
    scales: tuple[tuple[str, Scale], ...]
    rho: tuple[tuple[float, float, float], ...]
    baseline_s: float = 0.0

    @property
    def n_trials(self) -> int:
        """Number of stimuli."""
        return len(self.seconds)

    @property
    def n_before(self) -> int:
        """Trace points before stimulus onset."""
        return round(self.baseline_s * TRACE_SFREQ)

    @property
    def n_steps(self) -> int:
        """Trace points from onset to the end of the longest trial or scored part."""
        longest = max(*self.seconds, *(stop for _, stop in self.scored))
        return int(np.ceil(longest * TRACE_SFREQ)) + 1


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


def onset(times_s: np.ndarray) -> np.ndarray:
    """Return q(t), how far affect has built up after stimulus onset."""
    return np.where(times_s > 0, -np.expm1(-np.maximum(times_s, 0) / 6.0), 0.0)


@lru_cache(maxsize=64)
def scored_moments(
    scored: tuple[float, float], rho: tuple[float, float, float]
) -> tuple[float, float]:
    """Return the theoretical SD of the mean latent and its stimulus part's weight."""
    start, stop = (round(edge * TRACE_SFREQ) for edge in scored)
    times = np.arange(start, stop) / TRACE_SFREQ
    q = onset(times)
    lag = np.abs(times[:, None] - times)
    moment = (8 * np.exp(-lag / 8) - 0.4 * np.exp(-lag / 0.4)) / 7.6
    within = q @ moment @ q / len(q) ** 2
    variance = q.mean() ** 2 * (rho[0] + rho[1]) + rho[2] * within
    return float(np.sqrt(variance)), float(np.sqrt(rho[0]) * q.mean())


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
    rated = _rate(design, knobs.seed, subject, z, streams["ratings"])
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


def _rate(design: Design, seed: int, subject: int, z: np.ndarray, rngs) -> dict:
    """Return bias, width, zeta, liking and ratings of one subject."""
    own = generator(seed, design.corpus, "ratings", subject)
    bias = sizes.BIAS_SD * own.standard_normal(3)
    width = np.exp(sizes.SCALE_SD * own.standard_normal(3))
    noise = np.stack([rng.standard_normal(3) for rng in rngs])
    m, means = stimuli(design, seed), _scored_means(design, z)
    zeta, liking, ratings = (np.empty((design.n_trials, 3)) for _ in range(3))
    for j, (_, scale) in enumerate(design.scales):
        reading = read_scale(design, j)
        zeta[:, j] = (
            np.sqrt(sizes.KAPPA) * means[:, j] / reading.mean_sd
            + np.sqrt(1 - sizes.KAPPA) * noise[:, j]
            + bias[j]
        )
        spread = reading.slope * (zeta[:, j] - reading.replaced * m[:, j])
        liking[:, j] = reading.centre + spread
        ratings[:, j] = to_scale(reading.centre + width[j] * spread, scale)
    return dict(bias=bias, width=width, zeta=zeta, liking=liking, ratings=ratings)


@dataclass(frozen=True)
class Reading:
    """How zeta becomes a rating, one value per trial.

    rating = centre + a_s * slope * (zeta - replaced * stimulus), on the grid.
    """

    centre: np.ndarray
    slope: np.ndarray
    replaced: np.ndarray
    mean_sd: np.ndarray


def read_scale(design: Design, affect: int) -> Reading:
    """Return how the rating of one affect (0 valence, 1 arousal, 2 dominance) is read.

    Where clip means are published they stand for the stimulus's part of zeta, and what
    is left is scaled to unit SD.
    """
    scale = design.scales[affect][1]
    moments = [scored_moments(part, design.rho[affect]) for part in design.scored]
    sd, weight = np.array(moments).T
    ones = np.ones(design.n_trials)
    if scale.clip_means is None:
        return Reading(scale.mu * ones, scale.sigma * ones, 0 * ones, sd)
    planted = np.sqrt(sizes.KAPPA) * weight / sd
    rest = np.sqrt(1 + sizes.BIAS_SD**2 - planted**2)
    return Reading(np.array(scale.clip_means), scale.sigma / rest, planted, sd)


def to_scale(values: np.ndarray, scale: Scale) -> np.ndarray:
    """Return values on the scale's grid, inside its ends."""
    if scale.grid:
        values = np.round(values / scale.grid) * scale.grid
    return np.clip(values, scale.low, scale.high)


def _scored_means(design: Design, z: np.ndarray) -> np.ndarray:
    """Return the mean latent over each trial's scored part, (n_trials, 3)."""
    edges = np.round(np.array(design.scored) * TRACE_SFREQ).astype(int)
    return np.stack(
        [
            own[:, design.n_before + start : design.n_before + stop].mean(axis=1)
            for own, (start, stop) in zip(z, edges, strict=True)
        ]
    )
