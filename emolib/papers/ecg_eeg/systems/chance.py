"""The answer of a coin that knows the class prior."""

from __future__ import annotations

from emolib.metrics import chance_predictions
from emolib.papers.ecg_eeg.systems import majority
from emolib.papers.ecg_eeg.task import Task
from emolib.store import Outcome

READS = ()


def run(settings, context) -> Outcome:
    """Draw every window's score at random; class 1 as often as in training."""
    task = Task.of(settings, context)
    windows = majority.run(settings, context).predictions
    prior = task.y[task.labelled].mean()
    seed = task.seed_of(f"chance, fold {task.fold.fold}")  # or folds share one draw
    return Outcome(predictions=chance_predictions(windows, prior, seed=seed))
