"""The answer that reads nothing: the training utterances' class shares."""

from __future__ import annotations

import numpy as np
import pandas as pd

from emolib.papers.nmer.evaluate import drawn_conditions, levels_table
from emolib.papers.nmer.task import Task
from emolib.store import Outcome

READS = ()


def run(settings, context) -> Outcome:
    """Answer every test utterance, under every condition, with the largest class."""
    task = Task.of(settings, context)
    corruption, index = task.corruption(settings), task.fold.test
    shares = np.bincount(task.y[task.fold.train], minlength=task.n_classes)
    scores = np.tile(shares / shares.sum(), (len(index), 1))
    drawn = drawn_conditions(task, len(index), corruption, "test")
    tables = [
        task.predictions(index, scores, clean=name, drawn=drawn == name)
        for name in corruption.names
    ]
    return Outcome(
        predictions=pd.concat(tables, ignore_index=True),
        tables={"levels": levels_table(task, corruption, context)},
    )
