"""What stands beside the systems and trains nothing: the majority, ideal readers.

Who reads no modality answers with the training utterances' class shares. Who reads
some, of a surrogate, is the ideal observer of what was planted in it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from emolib.containers import MODALITIES_AVL
from emolib.corruptions.conditions import CONDITIONS
from emolib.papers.nmer.data import truth_folder
from emolib.papers.nmer.training import Task
from emolib.store import Outcome
from emolib.surrogates.utterance_ceiling import utterance_ceiling

READS = ("modalities", "ignore")
READS_IF = {"modalities": ("ignore",)}


def run(settings, context) -> Outcome:
    """Answer every test utterance under every condition.

    An ideal reader answers twice: for accuracy, and for UA in the table "best_ua".
    """
    task = Task.of(settings, context)
    answer, tables = majority, {"levels": task.levels()}
    if settings["modalities"]:
        answer, tables["best_ua"] = ceiling, _answers(task, partial(ceiling, best="ua"))
    return Outcome(predictions=_answers(task, answer), tables=tables)


def _answers(task: Task, answer: Callable):
    """Return the Predictions of who answers so."""
    scores = {name: answer(task, name) for name in task.noise.names}
    return task.predictions("test", task.noise, scores)


def majority(task: Task, condition: str) -> np.ndarray:
    """Return the class shares of training, whatever the utterance and condition."""
    shares = np.bincount(task.y[task.fold.train], minlength=task.n_classes)
    return np.tile(shares / shares.sum(), (len(task.fold.test), 1))


def ceiling(task: Task, condition: str, best: str = "wa") -> np.ndarray:
    """Return what the planted readings allow to say, (n, n_classes).

    The observer is told the dB that a level has by Eq. (5), not the one asked for.
    Impulses of one size can be subtracted, so there only the clean reading is a bound.
    With ``ignore`` it reads no noisy modality, as if that were missing.
    """
    settings, noise, states = task.settings, task.noise, {}
    for name, is_noisy in zip(MODALITIES_AVL, CONDITIONS[condition], strict=True):
        hidden = settings["ignore"] or noise.noise == "missing"
        if name not in settings["modalities"] or (is_noisy and hidden):
            states[name] = None
        elif is_noisy and noise.noise == "gaussian":
            states[name] = noise.levels[name].nominal_db
    trials = task.windows.meta.iloc[task.fold.test][["subject", "trial"]]
    rule = {} if settings["labels"] == "class" else {"positive": settings["labels"]}
    return utterance_ceiling(
        truth_folder(task.context.data),
        trials.reset_index(drop=True),
        noisy=states,
        best_for=best,
        **rule,
    )
