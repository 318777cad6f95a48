"""How well valence by the moment can be read from a surrogate: a linear observer.

It sees every cue with a perfect detector's error, four seconds before and after each
label, each person's cues scaled by that person; positive and negative parts stand
apart, as the face moves differently above and below zero. It is taught on fresh people,
never on the corpus it is asked about, and is a lower bound of the ideal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from emolib.checks import check_option
from emolib.surrogates import continuous
from emolib.surrogates.design import Knobs
from emolib.surrogates.files import read_truth
from emolib.surrogates.traces import TRACE_SFREQ

KINDS = ("face", "eeg", "muscle", "cortex")
REACH_S, EVERY_S = 4.0, 0.5
N_PEOPLE, N_TRIALS = 60, 10
"""Fresh people that the observer is taught on, and trials of each, as long as here."""
SEED_STEP, RIDGE = 7_000_003, 1e-3


def ceiling_traces(
    truth_folder: str | Path, meta, *, modalities: Sequence[str] = ("face", "eeg")
) -> list[np.ndarray]:
    """Return the observer's valence of a surrogate's trials, one array a trial.

    Parameters
    ----------
    truth_folder : path
        The folder `<corpus>.truth` that the writer left beside the corpus.
    meta : DataFrame
        One row per trial: subject, trial.
    modalities : sequence of {'face', 'eeg', 'muscle', 'cortex'}
        EEG is muscle and cortex. Cues of the others are not read.
    """
    for kind in modalities:
        check_option("modality", kind, KINDS)
    truth = read_truth(truth_folder)
    noted, told = truth.parameters, {}
    knobs = Knobs(
        *(noted[name] for name in ("effect", "signature", "nuisance", "seed"))
    )
    n_steps = np.round(TRACE_SFREQ * np.array(noted["clips_s"])).astype(int)
    asked = tuple(sorted(modalities)), round(n_steps.mean())
    weights, chosen = _taught(knobs, noted["annotator_lag"], *asked)
    subject = truth.places("subjects", meta["subject"].astype(str))
    trial = truth.places("trials", meta["trial"].astype(str))
    for i in np.unique(subject):
        shown = trial[subject == i]
        seen = continuous.with_reading_error(np.asarray(truth["cues"][i]), knobs, i + 1)
        read = _read([seen[chosen, k, : n_steps[k]] for k in shown])
        told |= {(i, k): x @ weights for k, x in zip(shown, read, strict=True)}
    return [told[pair] for pair in zip(subject, trial, strict=True)]


@lru_cache(maxsize=16)
def _taught(
    knobs: Knobs, lag_s: float, modalities: tuple[str, ...], n_steps: int
) -> tuple:
    """Return the weights of the best linear reader, and which cues it reads."""
    wanted = {*modalities, *(("muscle", "cortex") if "eeg" in modalities else ())}
    kinds = [cue.modality for cue in continuous.CUES]
    chosen = [i for i, kind in enumerate(kinds) if kind in wanted]
    fresh, gram, moment = replace(knobs, seed=knobs.seed + SEED_STEP), 0.0, 0.0
    for number in range(1, N_PEOPLE + 1):
        z = continuous.latent(fresh, number, N_TRIALS, n_steps)
        cues = continuous.cues_of(z, fresh, number)
        cues = continuous.with_reading_error(cues, fresh, number)[chosen]
        x = np.concatenate(_read(list(cues.swapaxes(0, 1))))
        gram, moment = gram + x.T @ x, moment + x.T @ continuous.label(z, lag_s).ravel()
    scale = RIDGE * np.trace(gram) / len(gram)
    return np.linalg.solve(gram + scale * np.eye(len(gram)), moment), chosen


def _read(trials: list[np.ndarray]) -> list[np.ndarray]:
    """Return what the observer sees at each step of one person's trials.

    Each trial (n_cues, n_steps) becomes (n_steps, 1 + 3 n_cues n_lags).
    """
    steps = np.concatenate(trials, axis=1)
    mean, sd = steps.mean(axis=1, keepdims=True), steps.std(axis=1, keepdims=True)
    reach, every = round(REACH_S * TRACE_SFREQ), round(EVERY_S * TRACE_SFREQ)
    found = []
    for trial in trials:
        scaled = (trial - mean) / sd
        parts = np.concatenate([scaled, np.maximum(scaled, 0), np.minimum(scaled, 0)])
        wide = np.pad(parts, ((0, 0), (reach, reach)), mode="edge")
        lags = [wide[:, k : k + trial.shape[1]]
                for k in range(0, 2 * reach + 1, every)]  # fmt: skip
        found.append(np.vstack([np.ones(trial.shape[1]), *lags]).T)
    return found
