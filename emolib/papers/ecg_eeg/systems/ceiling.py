"""The ideal observer of a surrogate corpus, scored like any system."""

from __future__ import annotations

from emolib.papers.ecg_eeg.data import truth_folder
from emolib.papers.ecg_eeg.task import Task
from emolib.store import Outcome
from emolib.surrogates.ceiling import ceiling_scores

READS = ("observer", "modalities")


def run(settings, context) -> Outcome:
    """Score what the stored latents allow: an upper bound for the named modalities."""
    task = Task.of(settings, context)
    index = task.fold.test
    scores = ceiling_scores(
        truth_folder(context.data),
        task.windows.meta.iloc[index].reset_index(drop=True),
        target=settings["target"],
        threshold=settings["threshold"],
        modalities=tuple(settings["modalities"]),
        observer=settings["observer"],
    )
    return Outcome(predictions=task.predictions(index, scores))
