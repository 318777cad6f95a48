"""A nearest-neighbour reader: it finds the window of the same trial, if there is one.

A linear reader hardly sees the leak of a random split of windows; this one does.
"""

from __future__ import annotations

from emolib.papers.ecg_eeg.systems.features import chosen
from emolib.papers.ecg_eeg.task import Task
from emolib.store import Outcome

READS = ("modalities",)


def run(settings, context) -> Outcome:
    """Answer with the label of the nearest labelled training window."""
    from sklearn.neighbors import KNeighborsClassifier

    task = Task.of(settings, context)
    table = chosen(context, settings["modalities"])
    reader = KNeighborsClassifier(n_neighbors=1)
    reader.fit(table[task.labelled], task.y[task.labelled])
    scores = reader.predict(table[task.fold.test]).astype(float)
    return Outcome(predictions=task.predictions(task.fold.test, scores))
