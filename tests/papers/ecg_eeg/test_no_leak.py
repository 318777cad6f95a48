"""Labels that a reader or a stage may not know move nothing that it says."""

from dataclasses import replace

import numpy as np
import pytest

from emolib.papers.ecg_eeg.settings import ALIGNMENT, named
from emolib.papers.ecg_eeg.training import Task, fold_of

from ..test_every_paper import differences
from ..worlds import WORLDS, with_permuted_ratings

WORLD = WORLDS["ecg_eeg"]
KEPT = ("fold", "seed", "window", "y_pred", "y_score_1")


@pytest.mark.parametrize("system", named("reader", "reference"))
def test_labels_of_the_test_fold_move_no_plain_reader(study, system):
    ((unit, entry),) = study.select(system=system)
    windows = study.windows("dreamer")
    rows = fold_of(windows, unit.settings).test
    poisoned = WORLD.context(with_permuted_ratings(windows, rows))
    told = WORLD.run(unit, poisoned).predictions
    assert (told["y_true"] != entry.predictions["y_true"]).any()
    assert told[[*KEPT]].equals(entry.predictions[[*KEPT]])


def test_labels_that_were_taken_away_are_read_by_no_stage(monkeypatch):
    unit, of = WORLD.unit(ALIGNMENT, label_fractions=[0.5]), Task.of
    whole = WORLD.run(unit, WORLD.context())

    def poisoned(settings, context):
        task = of(settings, context)
        if task.y is None:
            return task
        y = task.y.copy()
        y[np.setdiff1d(task.fold.train, task.labelled)] ^= 1
        return replace(task, y=y)

    monkeypatch.setattr(Task, "of", poisoned)
    assert differences(whole, WORLD.run(unit, WORLD.context())) == []
