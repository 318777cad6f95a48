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
from emolib.surrogates.design import Design, Knobs
from emolib.surrogates.dreamer import dreamer_design
from emolib.surrogates.files import Truth, read_truth
from emolib.surrogates.traces import TRACE_SFREQ, generator, one_pole

OBSERVERS = ("cold", "normalised", "labelled")
DESIGNS = {"dreamer": dreamer_design, "amigos": amigos_design}
N_OBSERVED, OBSERVER_SEED, PER_SET = 300, 7_000_003, 25
"""Fresh subjects that the observers' moments are estimated on, their seed's step away
from the corpus's, and how many of them see the same stimuli."""
_NAMED = {p.name: p for p in sizes.PARAMETERS}
_IN_ECG = replace(
    _NAMED["ln_resp_rate"], name="resp_rate_in_ecg", modality="ecg",
    **sizes.RESP_RATE_IN_ECG,
)  # fmt: skip
_LESS_AROUSAL = _IN_ECG.arousal - _NAMED["ln_resp_rate"].arousal
_IN_EEG = replace(
    _NAMED["heart_rate"], name="heart_rate_in_eeg", modality="eeg",
    error=sizes.HEART_RATE_IN_EEG_ERROR,
)  # fmt: skip
PLANTED = (
    *(p for p in sizes.PARAMETERS if p.modality in ("eeg", "ecg", "gsr")), _IN_ECG,
)  # fmt: skip
CUES = (*PLANTED, _IN_EEG)
"""The cues of EEG, ECG and GSR; breathing is read from the ECG, the heart rate from
the ECG and, last and where the heart has a field there, once more from the EEG."""
_READ = np.array([*range(len(PLANTED)), PLANTED.index(_NAMED["heart_rate"])])
_SPREAD = np.array([cue.subject for cue in CUES])
_PERSON = ("subject_signature", "bias", "width")
CUE_MODALITIES = ("eeg", "ecg", "gsr")


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
    modalities: Sequence[str] = ("eeg", "ecg"), observer: str = "normalised",
    n_subjects: int = N_OBSERVED,
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
    modalities : sequence of {'eeg', 'ecg', 'gsr'}
        Cues of the others are deleted, which is the ideal treatment of what is missing.
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
    for modality in modalities:
        check_option("modality", modality, CUE_MODALITIES)
    if not modalities:
        raise ValueError("modalities must name at least one; got none.")
    truth = read_truth(truth_folder)
    design, knobs = _origin(truth)
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
        score = ideal_scores(design, target, threshold, modalities, observer, *both)
        out[rows] = score[subject[rows], at_trial, at_window.ravel()]
    return out


def _origin(truth: Truth) -> tuple[Design, Knobs]:
    """Return the design and the knobs that a corpus was written with."""
    noted = truth.parameters
    check_option(
        "corpus", noted["corpus"], tuple(DESIGNS), "Only these have a ceiling."
    )
    size = {name: noted[name] for name in ("n_trials", "seconds")}
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
    own, parts = _restricted(design, trials), []
    for n in range(n_subjects):
        new = replace(knobs, seed=knobs.seed + n // PER_SET)
        subject = simulate_subject(own, new, n + 1, parameters=PLANTED)
        given = subject.rngs("observer"), knobs.heart_field
        cues = read_cues(subject.theta, windows, own.seconds[0], *given)
        person = [subject.planted[name] for name in _PERSON]
        parts.append((cues, *person, subject.liking))
    cues, signature, *others = map(np.stack, zip(*parts, strict=True))
    return CueSet(cues, knobs.signature * _SPREAD * signature[:, _READ], *others)


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
    seconds, parts = design.seconds[trials[0]], []
    names = truth.parameters["parameters"]
    columns = [
        names.index("ln_resp_rate" if cue is _IN_ECG else cue.name) for cue in PLANTED
    ]
    for i in range(len(truth["theta"])):
        theta = np.asarray(truth["theta"][i, trials], float)[:, columns]
        arousal = np.asarray(truth["z"][i, trials, 1], float)
        lagged = one_pole(arousal[..., None], _IN_ECG.lag_s)[..., 0]
        gain = truth["gains"][i, sizes.SYSTEMS.index(_IN_ECG.system)]
        theta[:, -1] += knobs.effect * gain * _LESS_AROUSAL * lagged
        rngs = [generator(knobs.seed, design.corpus, "observer", i + 1, k + 1)
                for k in trials]  # fmt: skip
        parts.append(read_cues(theta, windows, seconds, rngs, knobs.heart_field))
    signature, *others = (truth[name] for name in _PERSON)
    signature = knobs.signature * _SPREAD * signature[:, columns][:, _READ]
    return CueSet(np.stack(parts), signature, *others)


def read_cues(
    theta: np.ndarray, windows, seconds: float, rngs, heart_field: float
) -> np.ndarray:
    """Return cues with their reading errors, shape (n_trials, n_windows, n_cues).

    Parameters
    ----------
    theta : ndarray, shape (n_trials, n_planted, t)
        Noise-free traces of `PLANTED`, from onset.
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
    """
    n_cues = len(CUES) if heart_field else len(PLANTED)
    cues, theta = CUES[:n_cues], theta[:, _READ[:n_cues]]
    edges, least = np.array(windows, float), sizes.REFERENCE_WINDOW_S
    length = np.diff(edges, axis=1)[:, 0]
    missing = np.maximum(least - length, 0)
    low = np.clip(edges[:, 0] - missing / 2, 0, max(seconds - least, 0))
    wide = np.stack([low, np.minimum(low + length + missing, seconds)], axis=1)
    is_wide = [p is _IN_EEG or p.modality in sizes.OWN_TEN_SECONDS for p in cues]
    is_wide = np.array(is_wide)
    means = np.empty((len(theta), len(edges), n_cues))
    means[..., is_wide] = window_means(theta[:, is_wide], wide)
    means[..., ~is_wide] = window_means(theta[:, ~is_wide], edges)
    stretch = np.sqrt(least / length)[:, None]
    error = np.where(is_wide, np.minimum(stretch, 1.0), stretch)
    error = np.array([p.error for p in cues]) * error
    error[:, len(PLANTED) :] /= heart_field**2 or 1
    blocks = np.split(error, [len(PLANTED)], axis=1)
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
    fresh: CueSet, seen: CueSet,
) -> np.ndarray:  # fmt: skip
    """Return P(high) for the seen windows, shape (n_subjects, n_trials, n_windows).

    The best linear reader of the cues, one for each place in the trial, with the
    moments of fresh subjects.
    """
    j = sizes.AFFECT.index(target)
    x, x_seen = (_treated(part, modalities, observer) for part in (fresh, seen))
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
        weights = np.linalg.solve(cov + 1e-9 * np.diag(np.diag(cov) + 1e-12), c)
        left = max(y.var() - c @ weights, 1e-6)
        expected = y.mean() + known + (x_seen[:, :, window] - centre) @ weights
        out[:, :, window] = ndtr((expected - edge) / np.sqrt(left))
    return out


def _treated(part: CueSet, modalities, observer: str) -> np.ndarray:
    """Return the cues that are seen, less what is known to be the subject's own."""
    cues = CUES[: part.cues.shape[-1]]
    columns = [i for i, cue in enumerate(cues) if cue.modality in modalities]
    x = part.cues[..., columns]
    if observer == "labelled":
        return x - part.signature[:, None, None, columns]
    return x if observer == "cold" else x - x.mean(axis=(1, 2), keepdims=True)
