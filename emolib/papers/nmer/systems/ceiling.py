"""The ideal observer of a surrogate corpus, scored like any system."""

from __future__ import annotations

import pandas as pd

from emolib.containers import MODALITIES_AVL
from emolib.corruptions.conditions import CONDITIONS
from emolib.papers.nmer.data import truth_folder
from emolib.papers.nmer.evaluate import drawn_conditions, levels_table
from emolib.papers.nmer.task import Task
from emolib.store import Outcome
from emolib.surrogates.utterance_ceiling import utterance_ceiling

READS = ("modalities", "ignore")


def run(settings, context) -> Outcome:
    """Score what the planted readings allow, under every condition.

    The observer knows the dB that a level has by Eq. (5), not the one asked for. With
    ``ignore`` it reads no noisy modality, as if that were missing.
    """
    task = Task.of(settings, context)
    corruption, index = task.corruption(settings), task.fold.test
    trials = task.windows.meta.iloc[index][["subject", "trial"]]
    drawn = drawn_conditions(task, len(index), corruption, "test")
    tables = []
    for name in corruption.names:
        states = states_of(
            name, corruption, settings["modalities"], ignore=settings["ignore"]
        )
        scores = utterance_ceiling(
            truth_folder(context.data), trials.reset_index(drop=True), noisy=states
        )
        more = {"clean": name, "drawn": drawn == name}
        tables.append(task.predictions(index, scores, **more))
    return Outcome(
        predictions=pd.concat(tables, ignore_index=True),
        tables={"levels": levels_table(task, corruption, context)},
    )


def states_of(condition: str, corruption, modalities, *, ignore: bool) -> dict:
    """Return what the observer is told: dB of what is noisy, None of what is absent.

    Parameters
    ----------
    condition : str
    corruption : Corruption
    modalities : sequence of str
        Those that it may read at all.
    ignore : bool
        Do not read what is noisy.
    """
    states = {}
    for name, noisy in zip(MODALITIES_AVL, CONDITIONS[condition], strict=True):
        if name not in modalities:
            states[name] = None
        elif noisy:
            hidden = ignore or corruption.noise == "missing"
            states[name] = None if hidden else corruption.levels[name].nominal_db
    return states
