"""A plain linear reader of the written waveforms: how much of the ceiling it reaches.

Logistic regression on log band powers and heart features, scaled within each subject.
"""

from __future__ import annotations

from emolib.papers.ecg_eeg.systems.features import chosen
from emolib.papers.ecg_eeg.task import Task
from emolib.store import Outcome

READS = ("modalities",)


def run(settings, context) -> Outcome:
    """Fit the linear reader on the labelled training windows and test it."""
    from sklearn.linear_model import LogisticRegression

    task = Task.of(settings, context)
    table = chosen(context, settings["modalities"])
    reader = LogisticRegression(C=0.1, max_iter=1000)
    reader.fit(table[task.labelled], task.y[task.labelled])
    scores = reader.predict_proba(table[task.fold.test])[:, 1]
    return Outcome(predictions=task.predictions(task.fold.test, scores))
