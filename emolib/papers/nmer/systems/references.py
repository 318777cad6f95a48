"""What stands beside the systems and trains nothing: the majority, ideal readers.

Who reads no modality answers with the training utterances' class shares. Who reads
some, of a surrogate, is the ideal observer of what was planted in it.
"""

from __future__ import annotations

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
    """Answer every test utterance under every condition."""
    task = Task.of(settings, context)
    answer = ceiling if settings["modalities"] else majority
    scores = {name: answer(task, name) for name in task.noise.names}
    return Outcome(
        predictions=task.predictions("test", task.noise, scores),
        tables={"levels": task.levels()},
    )


def majority(task: Task, condition: str) -> np.ndarray:
    """Return the class shares of training, whatever the utterance and condition."""
    shares = np.bincount(task.y[task.fold.train], minlength=task.n_classes)
    return np.tile(shares / shares.sum(), (len(task.fold.test), 1))


def ceiling(task: Task, condition: str) -> np.ndarray:
    """Return what the planted readings allow to say, (n, n_classes).

    The observer knows the dB that a level has by Eq. (5), not the one asked for. With
    ``ignore`` it reads no noisy modality, as if that were missing.
    """
    trials = task.windows.meta.iloc[task.fold.test][["subject", "trial"]]
    truth = truth_folder(task.context.data)
    states = states_of(condition, task.noise, **_reads(task.settings))
    return utterance_ceiling(truth, trials.reset_index(drop=True), noisy=states)


def _reads(settings) -> dict:
    return {name: settings[name] for name in READS}


def states_of(condition: str, noise, modalities, *, ignore: bool) -> dict:
    """Return what the observer is told: dB of what is noisy, None of what is absent.

    Parameters
    ----------
    condition : str
    noise : Corruption
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
            hidden = ignore or noise.noise == "missing"
            states[name] = None if hidden else noise.levels[name].nominal_db
    return states
