"""How well an ideal observer can do: the ceilings of a surrogate of recordings.

An observer sees no waveform. It sees cues: the mean of a planted parameter over the
window plus the error that even a perfect detector makes. Cues and ratings are jointly
Gaussian but for the scale's grid, so the likelihood-ratio observer is linear in the
cues. Its moments are estimated on fresh simulated subjects, never on the corpus it is
asked about. Responsiveness differs between people and is averaged over, so the linear
observer is a slight lower bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from emolib.checks import check_option
from emolib.surrogates import sizes
from emolib.surrogates.affect import simulate_subject
from emolib.surrogates.amigos import amigos_design
from emolib.surrogates.cues import CUES, IN_ECG, IN_EEG, LESS_AROUSAL, Cues
from emolib.surrogates.deap import deap_design
from emolib.surrogates.design import Design, Knobs
from emolib.surrogates.dreamer import dreamer_design
from emolib.surrogates.files import Truth, read_truth
from emolib.surrogates.mahnob import mahnob_design
from emolib.surrogates.traces import TRACE_SFREQ, generator, one_pole

OBSERVERS = ("cold", "normalised", "labelled")
DESIGNS = {
    "dreamer": dreamer_design, "amigos": amigos_design, "deap": deap_design,
    "mahnob": mahnob_design,
}  # fmt: skip
N_OBSERVED, OBSERVER_SEED, PER_SET = 300, 7_000_003, 25
"""Fresh subjects that the observers' moments are estimated on, their seed's step away
from the corpus's, and how many of them see the same stimuli."""
_PERSON = ("subject_signature", "bias", "width")


class CueSet(NamedTuple):
    """What observers may know of many subjects."""

    cues: np.ndarray  # (n_subjects, n_trials, n_windows, n_cues)
    signature: np.ndarray  # (n_subjects, n_cues), what of the cues is the subject's own
    bias: np.ndarray  # (n_subjects, 3), of its ratings, in SD
    width: np.ndarray  # (n_subjects, 3), of its scale
    liking: np.ndarray | None = None
    """(n_subjects, n_trials, 3), what the subject would say before scale width, grid
    and clip; None for a corpus."""


def ceiling_scores(
    truth_folder: str | Path, meta, *, target: str, threshold: float,
    modalities: Sequence[str] = ("eeg", "ecg"), present: np.ndarray | None = None,
    observer: str = "normalised", n_subjects: int = N_OBSERVED,
) -> np.ndarray:  # fmt: skip
    """Return what an ideal observer says about a surrogate's windows.

    Parameters
    ----------
    truth_folder : path
        The folder `<corpus>.truth` that the writer left beside the corpus.
    meta : DataFrame
        One row per window: subject, trial, start_s, stop_s.
    target : {'valence', 'arousal', 'dominance'}
    threshold : float
        A rating above it is high.
    modalities : sequence of str
        Cues of the others are deleted, which is the ideal treatment of what is missing.
    present : ndarray of bool, shape (n_windows, n_modalities)
        Which of them each window has; without it, all.
    observer : {'normalised', 'cold', 'labelled'}
        'cold' knows one window; 'normalised' also the subject's unlabelled windows;
        'labelled' knows the subject: signature, and level and width of its ratings. A
        reader whose training holds labels of the test subjects learns no more than
        that, however many there are, so under a split by trial this one is a bound.
    n_subjects : int
        Fresh subjects that the observer's moments are estimated on.

    Returns
    -------
    scores : ndarray, shape (n_windows,)
        The probability of a high rating.
    """
    check_option("target", target, sizes.AFFECT, "Other ratings have no ceiling yet.")
    check_option("observer", observer, OBSERVERS)
    truth = read_truth(truth_folder)
    design, knobs = _origin(truth)
    for modality in modalities:
        known = dict.fromkeys(cue.modality for cue in CUES[design.corpus].all)
        check_option("modality", modality, tuple(known))
    if not modalities:
        raise ValueError("modalities must name at least one; got none.")
    if present is None:
        present = np.ones((len(meta), len(modalities)), bool)
    others = replace(knobs, seed=knobs.seed + OBSERVER_SEED)
    subject = truth.places("subjects", meta["subject"].astype(str))
    trial = truth.places("trials", meta["trial"].astype(str))
    edges = meta[["start_s", "stop_s"]].to_numpy(float)
    alike = np.array([design.scored.index(design.scored[k]) for k in trial])
    out = np.empty(len(meta))
    for first in np.unique(alike):
        rows = alike == first
        trials, at_trial = np.unique(trial[rows], return_inverse=True)
        windows, at_window = np.unique(edges[rows], axis=0, return_inverse=True)
        which = tuple(trials.tolist()), tuple(map(tuple, windows.tolist()))
        both = (
            simulate_cues(design, others, *which, n_subjects),
            read_corpus(truth, *which),
        )
        place = subject[rows], at_trial, at_window.ravel()
        there = np.ones((*both[1].cues.shape[:3], len(modalities)), bool)
        there[place] = present[rows]
        asked = design, target, threshold, modalities, observer
        out[rows] = ideal_scores(*asked, *both, there)[place]
    return out


def _origin(truth: Truth) -> tuple[Design, Knobs]:
    """Return the design and the knobs that a corpus was written with."""
    noted = truth.parameters
    check_option(
        "corpus", noted["corpus"], tuple(DESIGNS), "Only these have a ceiling."
    )
    size = {name: noted[name] for name in ("n_trials", "seconds") if name in noted}
    knobs = {name: noted.get(name, 0.0) for name in asdict(Knobs())}
    return DESIGNS[noted["corpus"]](**size), Knobs(**knobs)


@lru_cache(maxsize=16)
def simulate_cues(
    design: Design, knobs: Knobs, trials: tuple, windows: tuple, n_subjects: int
) -> CueSet:
    """Draw the cues of fresh subjects in windows of some trials, without waveforms.

    Every 25 subjects see stimuli of their own, so that an observer is not tuned to
    one draw of a few stimuli.
    """
    own, parts, known = _restricted(design, trials), [], CUES[design.corpus]
    for n in range(n_subjects):
        new = replace(knobs, seed=knobs.seed + n // PER_SET)
        subject = simulate_subject(own, new, n + 1, parameters=known.planted)
        given = subject.rngs("observer"), knobs.heart_field, known
        cues = read_cues(subject.theta, windows, own.seconds[0], *given)
        person = [subject.planted[name] for name in _PERSON]
        parts.append((cues, *person, subject.liking))
    cues, signature, *others = map(np.stack, zip(*parts, strict=True))
    own_part = knobs.signature * known.spread * signature[:, known.read]
    return CueSet(cues, own_part, *others)


def _restricted(design: Design, trials: Sequence[int]) -> Design:
    """Return the design of some trials alone, without a baseline."""

    def of(values):
        return values and tuple(values[k] for k in trials)

    scales = tuple(replace(own, clip_means=of(own.clip_means)) for own in design.scales)
    parts = {name: of(getattr(design, name)) for name in ("seconds", "scored")}
    return replace(design, **parts, scales=scales, baseline_s=0.0)


def read_corpus(truth: Truth, trials: Sequence[int], windows: Sequence) -> CueSet:
    """Return the cues of the corpus itself, from its truth folder."""
    (design, knobs), trials = _origin(truth), list(trials)
    seconds, parts, known = design.seconds[trials[0]], [], CUES[design.corpus]
    names = truth.parameters["parameters"]
    columns = [
        names.index("ln_resp_rate" if cue is IN_ECG else cue.name)
        for cue in known.planted
    ]
    for i in range(len(truth["theta"])):
        theta = np.asarray(truth["theta"][i, trials], float)[:, columns]
        if IN_ECG in known.planted:
            arousal = np.asarray(truth["z"][i, trials, 1], float)
            lagged = one_pole(arousal[..., None], IN_ECG.lag_s)[..., 0]
            gain = truth["gains"][i, sizes.SYSTEMS.index(IN_ECG.system)]
            theta[:, -1] += knobs.effect * gain * LESS_AROUSAL * lagged
        rngs = [generator(knobs.seed, design.corpus, "observer", i + 1, k + 1)
                for k in trials]  # fmt: skip
        given = rngs, knobs.heart_field, known
        parts.append(read_cues(theta, windows, seconds, *given))
    signature, *others = (truth[name] for name in _PERSON)
    signature = knobs.signature * known.spread * signature[:, columns][:, known.read]
    return CueSet(np.stack(parts), signature, *others)


def read_cues(
    theta: np.ndarray, windows, seconds: float, rngs, heart_field: float, known: Cues
) -> np.ndarray:
    """Return cues with their reading errors, shape (n_trials, n_windows, n_cues).

    Parameters
    ----------
    theta : ndarray, shape (n_trials, n_planted, t)
        Noise-free traces of what is planted, from onset.
    windows : sequence of (start_s, stop_s)
        A heart or breathing rate needs 10 s: a shorter window is widened to those
        around it inside the trial.
    seconds : float
        Length of a trial.
    rngs : list of Generator
        One per trial; always asked for every cue, so that leaving a modality out
        changes no other cue.
    heart_field : float
        Of the corpus. The EEG tells the heart rate the better the stronger it is; at 0
        that cue is missing. A near-ideal reader's error goes with its square, nearly.
    known : Cues
        Of the corpus.
    """
    n_cues = len(known.all) if heart_field else len(known.all) - 1
    n_planted = len(known.planted)
    cues, theta = known.all[:n_cues], theta[:, known.read[:n_cues]]
    edges, least = np.array(windows, float), sizes.REFERENCE_WINDOW_S
    length = np.diff(edges, axis=1)[:, 0]
    missing = np.maximum(least - length, 0)
    low = np.clip(edges[:, 0] - missing / 2, 0, max(seconds - least, 0))
    wide = np.stack([low, np.minimum(low + length + missing, seconds)], axis=1)
    in_eeg = np.array([p is IN_EEG for p in cues])
    is_wide = in_eeg | [p.modality in sizes.OWN_TEN_SECONDS for p in cues]
    means = np.empty((len(theta), len(edges), n_cues))
    means[..., is_wide] = window_means(theta[:, is_wide], wide)
    means[..., ~is_wide] = window_means(theta[:, ~is_wide], edges)
    stretch = np.sqrt(least / length)[:, None]
    error = np.where(is_wide, np.minimum(stretch, 1.0), stretch)
    error = np.array([p.error for p in cues]) * error
    error[:, in_eeg] /= heart_field**2 or 1
    blocks = np.split(error, [n_planted], axis=1)
    drawn = [[rng.standard_normal(own.shape) for own in blocks] for rng in rngs]
    return means + error * np.stack([np.hstack(own) for own in drawn])


def window_means(traces: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return means of 4 Hz traces (b, c, t) over windows, (b, n_windows, c)."""
    low, high = np.round(edges * TRACE_SFREQ).astype(int).T
    total = np.cumsum(traces, axis=-1, dtype=float)
    total = np.concatenate([np.zeros((*traces.shape[:-1], 1)), total], axis=-1)
    means = (total[..., high] - total[..., low]) / (high - low)
    return means.transpose(0, 2, 1)


def ideal_scores(
    design: Design, target: str, threshold: float, modalities, observer: str,
    fresh: CueSet, seen: CueSet, present: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """Return P(high) for the seen windows, shape (n_subjects, n_trials, n_windows).

    The best linear reader of the cues that a window has, one for each place in the
    trial, with the moments of fresh subjects. `present` is (n_subjects, n_trials,
    n_windows, n_modalities).
    """
    j, cues = sizes.AFFECT.index(target), CUES[design.corpus].all
    x, x_seen = (_treated(part, observer) for part in (fresh, seen))
    owner = [cue.modality for cue in cues[: x.shape[-1]]]
    reads = np.array([[own == m for own in owner] for m in modalities])
    if present is None:
        present = np.ones((*x_seen.shape[:3], len(modalities)), bool)
    y, known, scale = fresh.liking[..., j], 0.0, design.scales[j]
    edge = scale.edge(threshold)
    if observer == "labelled":
        slope = design.reading(j)[1][0]  # the same in every trial
        y, known = y - slope * fresh.bias[:, [j]], slope * seen.bias[:, [j]]
        edge = scale.mu + (edge - scale.mu) / seen.width[:, [j]]
    out = np.empty(x_seen.shape[:3])
    for window in range(x.shape[2]):
        flat = x[:, :, window].reshape(-1, x.shape[-1])
        centre = flat.mean(axis=0)
        cov = np.cov(flat - centre, rowvar=False, bias=True).reshape(len(centre), -1)
        c = (flat - centre).T @ (y.ravel() - y.mean()) / len(flat)
        off, here = x_seen[:, :, window] - centre, present[:, :, window]
        for kinds in np.unique(here.reshape(-1, len(modalities)), axis=0):
            weights, left = _reader(cov, c, kinds @ reads, y.var())
            expected = y.mean() + known + off @ weights
            mine = (here == kinds).all(axis=-1)
            out[:, :, window][mine] = ndtr((expected - edge) / np.sqrt(left))[mine]
    return out


def _reader(cov, c, read, variance: float) -> tuple[np.ndarray, float]:
    """Return the best linear reader's weights, 0 where it does not read; its error."""
    weights = np.zeros(len(c))
    cov = cov[np.ix_(read, read)]
    ridge = 1e-9 * np.diag(np.diag(cov) + 1e-12)
    weights[read] = np.linalg.solve(cov + ridge, c[read])
    return weights, max(variance - c @ weights, 1e-6)


def _treated(part: CueSet, observer: str) -> np.ndarray:
    """Return the cues less what is known to be the subject's own."""
    x = part.cues
    if observer == "labelled":
        return x - part.signature[:, None, None, : x.shape[-1]]
    return x if observer == "cold" else x - x.mean(axis=(1, 2), keepdims=True)
