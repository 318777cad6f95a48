"""What stands beside the trained systems: a constant, and the plainest reader.

The constant is the mean of all training steps: its RMSE is the floor that an answer
must beat, its CCC is 0. ``ridge`` reads the features of both modalities, each step by
itself, by a linear map (the penalty, 1e-2 of a feature's variance, is ours).
"""

from __future__ import annotations

import numpy as np

from emolib.papers.rmmt.training import Fitted, Task, as_unit
from emolib.store import Outcome

PENALTY = 1e-2


def constant(task: Task) -> Fitted:
    """Return the mean of the training steps as the answer to every step."""
    rows = task.fold.train
    mean = task.y[rows].sum() / task.lengths[rows].sum()
    return Fitted(lambda name: np.full_like(_rows(task, name), mean), {})


def ridge(task: Task) -> Fitted:
    """Return a linear reader of every step by itself."""
    rows = task.fold.train
    here = np.arange(task.y.shape[1]) < task.lengths[rows][:, None]
    x, y = _features(task, rows)[here], task.y[rows][here]
    centre, level = x.mean(axis=0), y.mean()
    square = (x - centre).T @ (x - centre)
    square[np.diag_indices_from(square)] += PENALTY * len(x)
    weights = np.linalg.solve(square, (x - centre).T @ (y - level))

    def answers(name):
        return (_features(task, getattr(task.fold, name)) - centre) @ weights + level

    return Fitted(answers, {"weights": weights})


def _features(task: Task, rows) -> np.ndarray:
    return np.concatenate([x[rows] for x in task.x.values()], axis=-1).astype(float)


def _rows(task: Task, name: str) -> np.ndarray:
    return task.y[getattr(task.fold, name)].astype(float)


ANSWERS = {"constant": constant, "ridge": ridge}


def run(settings, context) -> Outcome:
    """Return the answers that the setting ``answer`` names, to every test step."""
    return as_unit(ANSWERS[settings["answer"]])(settings, context)
