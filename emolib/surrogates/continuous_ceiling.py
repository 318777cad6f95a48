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
from emolib.surrogates.continuous import (
    CUES,
    cues_of,
    label,
    latent,
    with_reading_error,
)
from emolib.surrogates.design import Knobs
from emolib.surrogates.files import read_truth
from emolib.surrogates.traces import TRACE_SFREQ

KINDS = ("face", "eeg", "muscle", "cortex")
REACH_S, EVERY_S = 4.0, 0.5
N_PEOPLE, N_TRIALS, SECONDS = 60, 10, 80.0
"""Fresh people that the observer is taught on, and what each of them sees."""
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
    knobs = Knobs(effect=truth.parameters["effect"],
                  signature=truth.parameters["signature"],
                  seed=truth.parameters["seed"])  # fmt: skip
    weights, chosen = _taught(knobs, truth.parameters["annotator_lag"],
                              tuple(sorted(modalities)))  # fmt: skip
    subject = truth.places("subjects", meta["subject"].astype(str))
    trial = truth.places("trials", meta["trial"].astype(str))
    n_steps = np.round(4 * np.array(truth.parameters["trial_seconds"])).astype(int)
    told = {}
    for i in np.unique(subject):
        shown = trial[subject == i]
        seen = with_reading_error(np.asarray(truth["cues"][i]), knobs, i + 1)
        rows = [seen[chosen, k, : n_steps[k]] for k in shown]
        told |= {
            (i, k): own @ weights for k, own in zip(shown, _read(rows), strict=True)
        }
    return [told[pair] for pair in zip(subject, trial, strict=True)]


@lru_cache(maxsize=16)
def _taught(knobs: Knobs, lag_s: float, modalities: tuple[str, ...]) -> tuple:
    """Return the weights of the best linear reader, and which cues it reads."""
    wanted = {*modalities, *(("muscle", "cortex") if "eeg" in modalities else ())}
    chosen = [i for i, cue in enumerate(CUES.values()) if cue.modality in wanted]
    fresh, gram, moment = replace(knobs, seed=knobs.seed + SEED_STEP), 0.0, 0.0
    for number in range(1, N_PEOPLE + 1):
        z = latent(fresh, number, N_TRIALS, round(SECONDS * TRACE_SFREQ))
        cues = with_reading_error(cues_of(z, fresh, number), fresh, number)[chosen]
        x = np.concatenate(_read(list(cues.swapaxes(0, 1))))
        gram, moment = gram + x.T @ x, moment + x.T @ label(z, lag_s).ravel()
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
