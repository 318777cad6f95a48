"""The shared latent affect, the signatures and the nuisances of one subject.

One latent drives every signal of a trial; only it and the two named nuisances,
vigilance and movement, link the modalities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from emolib.surrogates import sizes
from emolib.surrogates.design import Design, Knobs, onset, rate
from emolib.surrogates.sizes import PARAMETERS, SYSTEMS, Parameter
from emolib.surrogates.traces import (
    TRACE_SFREQ,
    generator,
    one_pole,
    ou,
    trial_generators,
)


@dataclass(frozen=True)
class Trials:
    """Trials of one length at one rate, and all that one signal of theirs is made of.

    Parameters
    ----------
    rngs : sequence of Generator
        One per trial.
    persons : sequence of Generator
        From which what is a person's own is drawn: one for all trials, or one each.
    traces : mapping of parameter to ndarray, shape (n_trials, t)
        At 4 Hz.
    sfreq : float
        Of the signal, in Hz, a multiple of 4.
    n_times : int
    signature : float
    """

    rngs: Sequence[np.random.Generator]
    persons: Sequence[np.random.Generator]
    traces: Mapping[str, np.ndarray]
    sfreq: float
    n_times: int
    signature: float = 1.0


@dataclass(frozen=True)
class Subject:
    """Everything planted in one subject; traces at 4 Hz from the baseline's start.

    Parameters
    ----------
    design, knobs, number
        Of the corpus, of its writer, and of the subject, from 1.
    names : tuple of str
        Of the parameters.
    z : ndarray, shape (n_trials, 3, n_times)
        Valence, arousal, dominance.
    theta : ndarray, shape (n_trials, n_parameters, n_times)
        Noise-free parameters, in the order of `names`.
    liking : ndarray, shape (n_trials, 3)
        The rating before the person's scale width, the grid and the clip.
    planted : mapping of name to ndarray
        subject_signature S (n_parameters,), trial_signature T (n_trials, n_parameters),
        both of unit SD; vigilance, movement (n_trials, n_times); gains (n_systems,);
        bias b_s, width a_s (3,); zeta, what the person would like to say, in SD, and
        ratings (n_trials, 3).
    """

    design: Design
    knobs: Knobs
    number: int
    names: tuple[str, ...]
    z: np.ndarray
    theta: np.ndarray
    liking: np.ndarray
    planted: Mapping[str, np.ndarray]

    def rngs(self, stream: str) -> list[np.random.Generator]:
        """Return one generator per trial of one of the subject's streams."""
        of = self.knobs.seed, self.design.corpus, stream, self.number
        return trial_generators(*of, self.design.n_trials)

    def rng(self, stream: str) -> np.random.Generator:
        """Return the generator of what one stream has for all trials."""
        return generator(self.knobs.seed, self.design.corpus, stream, self.number)

    def trials(self, stream: str, sfreq: float, rows: slice = slice(None)) -> Trials:
        """Return what a signal of some trials, all of one length, is made of."""
        seconds = self.design.baseline_s + self.design.seconds[rows][0]
        traces = dict(zip(self.names, self.theta[rows].swapaxes(0, 1), strict=True))
        return Trials(
            self.rngs(stream)[rows], [self.rng(stream)], traces, sfreq,
            round(seconds * sfreq), self.knobs.signature,
        )  # fmt: skip

    def truth(self, **events: list[np.ndarray]) -> dict[str, object]:
        """Return what the truth keeps; traces from onset to the longest trial's end.

        Parameters
        ----------
        **events : list of ndarray, length n_trials
            Times in seconds from the baseline's start; kept are those inside the
            stimulus, counted from its onset.
        """
        before, longest = self.design.n_before, max(self.design.seconds)
        later = slice(before, before + round(longest * TRACE_SFREQ) + 1)
        return {
            **self.planted,
            "z": self.z[..., later].astype(np.float32),
            "theta": self.theta[..., later].astype(np.float32),
            "vigilance": self.planted["vigilance"][:, later],
            "movement": self.planted["movement"][:, later],
            **{name: self._from_onset(times) for name, times in events.items()},
        }

    def _from_onset(self, times: list[np.ndarray]) -> list[np.ndarray]:
        moved = [own - self.design.baseline_s for own in times]
        ends = zip(moved, self.design.seconds, strict=True)
        return [own[(own >= 0) & (own < seconds)] for own, seconds in ends]


def truth_of(
    design: Design, held: Sequence[Mapping], subjects: Sequence[str],
    trials: Sequence[str], **knobs,
) -> tuple[dict, dict[str, np.ndarray]]:  # fmt: skip
    """Return what a corpus's truth folder notes, and its arrays.

    Parameters
    ----------
    held : sequence of mapping
        Of `Subject.truth`, one per subject. Event times are padded with NaN to
        (n_subjects, n_trials, n).
    subjects, trials : sequence of str
        Their names.
    **knobs
        The writer's. A corpus without the heart's field notes none.
    """
    columns = {name: [own[name] for own in held] for name in held[0]}
    arrays = {
        name: _padded(own) if isinstance(own[0], list) else np.stack(own)
        for name, own in columns.items()
    }
    has_field = knobs["heart_field"] > 0
    noted = {
        **{k: own for k, own in knobs.items() if has_field or k != "heart_field"},
        "corpus": design.corpus,
        "subjects": list(subjects),
        "trials": list(trials),
        "trial_seconds": list(design.seconds),
        "parameters": [p.name for p in PARAMETERS],
        "trace_sfreq": TRACE_SFREQ,
    }
    return noted, arrays


def _padded(events: Sequence[list[np.ndarray]]) -> np.ndarray:
    longest = max(len(own) for trials in events for own in trials)
    out = np.full((len(events), len(events[0]), longest), np.nan)
    for i, j in np.ndindex(out.shape[:2]):
        out[i, j, : len(events[i][j])] = events[i][j]
    return out


def stimuli(design: Design, seed: int) -> np.ndarray:
    """Return the stimuli's part of the latent, shape (n_trials, 3).

    Standardised over the stimuli that are rated alike; valence is made orthogonal to
    arousal, because few draws correlate by chance. Published clip means are used where
    a corpus has them.
    """
    rng = generator(seed, design.corpus, "latents")
    m = rng.standard_normal((design.n_trials, 3))
    published = [scale.clip_means for scale in design.scales]
    for j, means in enumerate(published):
        if means is not None:
            m[:, j] = means
    for scored in set(design.scored):
        rows = [own == scored for own in design.scored]
        part = _standardise(m[rows])
        if published[0] is None and sum(rows) > 2:
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
    design: Design, knobs: Knobs, number: int, *,
    parameters: Sequence[Parameter] = PARAMETERS, valence: np.ndarray | None = None,
) -> Subject:  # fmt: skip
    """Draw everything planted in one subject.

    Parameters
    ----------
    design : Design
    knobs : Knobs
    number : int
        Of the subject, from 1.
    parameters : sequence of Parameter
        All of them in a corpus; the observers ask for the cues they read.
    valence : ndarray, shape (n_trials, n_steps)
        From onset, in place of the one that would be drawn.
    """
    root = knobs.seed, design.corpus
    rngs = {
        name: trial_generators(*root, name, number, design.n_trials)
        for name in ("latents", "ratings", "signatures", "nuisances")
    }
    m = stimuli(design, knobs.seed)
    z = _latents(design, m, rngs["latents"])
    if valence is not None:
        z[:, 0, design.n_before :] = valence
    own = generator(*root, "signatures", number)
    gains = np.exp(sizes.GAIN_SD * own.standard_normal(len(SYSTEMS)) + sizes.GAIN_MEAN)
    mix = _group_mix(tuple(parameters))
    s = mix @ own.standard_normal(mix.shape[1])
    trial = [mix @ rng.standard_normal(mix.shape[1]) for rng in rngs["signatures"]]
    trial = np.stack(trial)
    vigilance, movement = _nuisances(rngs["nuisances"], knobs.signature, z.shape[-1])
    size = {
        field: np.array([getattr(p, field) for p in parameters])[:, None]
        for field in ("base", "subject", "trial", "drift", "vigilance", "movement")
    }
    signature = size["subject"][:, 0] * s + size["trial"][:, 0] * trial
    theta = (
        size["base"]
        + _affect_part(parameters, z, gains) * knobs.effect
        + signature[..., None] * knobs.signature
        + _drift_part(mix * size["drift"], rngs["signatures"], z.shape[-1])
        + size["vigilance"] * vigilance[:, None] * knobs.nuisance
        + size["movement"] * movement[:, None] * knobs.nuisance
    )
    rated = rate(design, z, m, generator(*root, "ratings", number), rngs["ratings"])
    planted = dict(
        subject_signature=s, trial_signature=trial, vigilance=vigilance,
        movement=movement, gains=gains, **rated,
    )  # fmt: skip
    names, liking = tuple(p.name for p in parameters), planted.pop("liking")
    return Subject(design, knobs, number, names, z, theta, liking, planted)


def _latents(design: Design, m: np.ndarray, rngs) -> np.ndarray:
    """Return z (n_trials, 3, n_times); zero before onset."""
    rho = np.sqrt(np.array([scale.rho for scale in design.scales]))
    person = np.stack([rng.standard_normal(3) for rng in rngs])
    moments = smooth_moments(rngs, design.n_steps, 3)
    q = onset(np.arange(design.n_steps) / TRACE_SFREQ)
    steady = rho[:, 0] * m + rho[:, 1] * person
    z = q[:, None] * (steady[:, None] + rho[:, 2] * moments)
    mix_v, mix_a, mix_own = sizes.DOMINANCE_MIX
    z[..., 2] = mix_v * z[..., 0] + mix_a * z[..., 1] + mix_own * z[..., 2]
    before = np.zeros((len(rngs), 3, design.n_before))
    return np.concatenate([before, z.transpose(0, 2, 1)], axis=-1)


def smooth_moments(rngs, n_steps: int, n: int) -> np.ndarray:
    """Return x (b, n_steps, n): smoothed OU of unit variance, started earlier."""
    n_burn = round(10 * sizes.TAU_SMOOTH_S * TRACE_SFREQ)
    white = np.stack([rng.standard_normal((n_burn + n_steps, n)) for rng in rngs])
    x = one_pole(ou(white, sizes.TAU_MOMENT_S), sizes.TAU_SMOOTH_S)
    share = sizes.TAU_MOMENT_S / (sizes.TAU_MOMENT_S + sizes.TAU_SMOOTH_S)
    return x[:, n_burn:] / np.sqrt(share)


@lru_cache(maxsize=8)
def _group_mix(parameters: tuple[Parameter, ...]) -> np.ndarray:
    """Return the matrix from own and common draws to parameters, unit variance."""
    groups = sorted({p.group for p in parameters if p.group != p.name})
    shared = np.array([[p.group == group for group in groups] for p in parameters])
    own = np.where(shared.any(axis=1), np.sqrt(1 - sizes.COMMON_SHARE), 1.0)
    return np.hstack([np.diag(own), np.sqrt(sizes.COMMON_SHARE) * shared])


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


def _drift_part(mix: np.ndarray, rngs, n_times: int) -> np.ndarray:
    """Return dr D(t), shape (n_trials, n_parameters, n_times)."""
    white = np.stack([rng.standard_normal((n_times, mix.shape[1])) for rng in rngs])
    return (ou(white, sizes.TAU_DRIFT_S) @ mix.T).transpose(0, 2, 1)


def _nuisances(rngs, signature: float, n_times: int) -> list[np.ndarray]:
    """Return vigilance and movement, each (n_trials, n_times)."""
    trial = np.stack([rng.standard_normal(2) for rng in rngs])
    white = np.stack([rng.standard_normal((n_times, 2)) for rng in rngs])
    out = []
    for j, (share, tau) in enumerate((sizes.VIGILANCE, sizes.MOVEMENT)):
        moving = ou(white[..., j : j + 1], tau)[..., 0]
        level = signature * np.sqrt(share) * trial[:, j : j + 1]
        out.append(level + np.sqrt(1 - share) * moving)
    return out
