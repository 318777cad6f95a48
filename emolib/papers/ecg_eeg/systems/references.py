"""What stands beside the trained systems: chance, majority, plain readers, ceiling."""

from __future__ import annotations

import numpy as np

from emolib.corpora import truth_folder
from emolib.metrics import chance_predictions
from emolib.papers.ecg_eeg.data import folder
from emolib.papers.ecg_eeg.training import Task
from emolib.preprocessing.cardiac import heart_rate_features
from emolib.preprocessing.spectral import band_power
from emolib.store import Outcome
from emolib.surrogates.ceiling import ceiling_scores

BANDS = {"theta": (4, 8), "alpha": (8, 13), "beta": (14, 30), "gamma": (30, 45)}
"""Band edges in Hz: the usual ones; the paper extracts no features."""


def run(settings, context) -> Outcome:
    """Return the answers that the setting ``answer`` names, to every test window."""
    task = Task.of(settings, context)
    return Outcome(predictions=ANSWERS[settings["answer"]](task, context))


def majority(task: Task, context):
    """Return the majority class of the labelled training windows for every window."""
    prior = task.y[task.labelled].mean()
    return task.predictions(task.fold.test, np.full(len(task.fold.test), prior))


def chance(task: Task, context):
    """Return the answers of a coin that knows the class prior."""
    answers = majority(task, context)
    prior = task.y[task.labelled].mean()
    seed = task.seed_of(f"chance, fold {task.fold.fold}")  # or folds share one draw
    return chance_predictions(answers, prior, seed=seed)


def probe(task: Task, context):
    """Return what a plain linear reader says: how much of the ceiling it reaches."""
    from sklearn.linear_model import LogisticRegression

    return _read(LogisticRegression(C=0.1, max_iter=1000), task, context)


def near(task: Task, context):
    """Return the label of the nearest labelled training window.

    It finds the window of the same trial, if there is one: a linear reader hardly sees
    the leak of a random split of windows, this one does.
    """
    from sklearn.neighbors import KNeighborsClassifier

    return _read(KNeighborsClassifier(n_neighbors=1), task, context)


def ceiling(task: Task, context):
    """Return what the stored latents allow: a bound for the named modalities."""
    rows, settings = task.fold.test, task.settings
    scores = ceiling_scores(
        truth_folder(folder(context.data).path),
        task.windows.meta.iloc[rows],
        target=settings["target"],
        threshold=settings["threshold"],
        modalities=tuple(settings["modalities"]),
        observer=settings["observers"][settings["protocol"]],
    )
    return task.predictions(rows, scores)


ANSWERS = {f.__name__: f for f in (majority, chance, probe, near, ceiling)}


def _read(reader, task: Task, context):
    """Return the answers of a reader that was fitted on the labelled windows."""
    entry = context.stage(features)
    chosen = [entry.arrays[name] for name in task.settings["modalities"]]
    table = np.concatenate(chosen, axis=1)
    reader.fit(table[task.labelled], task.y[task.labelled])
    scores = reader.predict_proba(table[task.fold.test])[:, 1]
    return task.predictions(task.fold.test, scores)


def features(context) -> Outcome:
    """Return log band powers of the EEG and heart features of the ECG.

    They are computed window by window and scaled within each subject, which reads no
    label; one table serves every fold.
    """
    windows = context.windows
    power = band_power(windows.x["eeg"], sfreq=windows.sfreq["eeg"], bands=BANDS)
    heart = heart_rate_features(windows.x["ecg"], sfreq=windows.sfreq["ecg"])
    subjects = windows.meta["subject"].to_numpy()
    eeg = np.log(power).reshape(len(windows), -1)
    return Outcome(
        arrays={
            "eeg": _within_subject(eeg, subjects),
            "ecg": _within_subject(np.asarray(heart, dtype=float), subjects),
        }
    )


def _within_subject(table: np.ndarray, subjects: np.ndarray) -> np.ndarray:
    """Return each column as z-scores within each subject; a gap counts as the mean."""
    scaled = np.empty_like(table)
    for subject in np.unique(subjects):
        rows = subjects == subject
        centred = table[rows] - np.nanmean(table[rows], axis=0)
        spread = np.nanstd(table[rows], axis=0)
        scaled[rows] = centred / np.where(spread > 0, spread, 1.0)
    return np.nan_to_num(scaled, nan=0.0)
