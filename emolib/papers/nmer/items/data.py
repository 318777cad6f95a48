"""Table 1: how many utterances of each class there are, and in which part."""

from __future__ import annotations

import pandas as pd

from emolib.containers import RESULT_COLUMNS, Windows
from emolib.papers.nmer.frames import fold_of
from emolib.papers.nmer.grid import PROTOCOLS
from emolib.papers.nmer.settings import CLASSES, PAPER, RATED, TARGETS
from emolib.papers.nmer.task import labels_of
from emolib.study import Study

PRINTED_FOLD = 1
"""Table 1 gives the parts of one fold of IEMOCAP: its first leaves out session 1."""


def table_1(windows: Windows, corpus: str, positive: str = "at_least_0") -> pd.Series:
    """Return the counts of Table 1 for one corpus, as its reader gives it.

    Paper 3, Table 1. It counts a class over training and test; validation is left out
    of the counts of CMU-MOSEI, and of nothing in IEMOCAP.

    Parameters
    ----------
    windows : Windows
    corpus : str
    positive : str
        The rule by which a sentiment is positive (`task.labels_of`).

    Returns
    -------
    counts : Series
        By class, then train, test, and test under six conditions where each test
        utterance is tested under all of them.
    """
    fold = fold_of(windows, {"fold": PRINTED_FOLD})
    rule = positive if corpus in RATED else "class"
    y = pd.Series(labels_of(windows.y, rule))
    whole = corpus == "iemocap"
    counted = y if whole else y.iloc[[*fold.train, *fold.test]]
    names = CLASSES[TARGETS[corpus]]
    classes = {name: int((counted == k).sum()) for k, name in enumerate(names)}
    parts = {"train": len(fold.train), "test": len(fold.test)}
    six = {"test under six conditions": 6 * len(fold.test)} if whole else {}
    return pd.Series({**classes, **parts, **six}, name=corpus)


def table_1_results(study: Study) -> pd.DataFrame:
    """Return Table 1 as Results: one row a count, of the corpora that were run."""
    method, rows = study.settings.method(study.settings.presets[0]), []
    for corpus in dict.fromkeys(unit.labels["dataset"] for unit, _ in study.finished):
        known = {
            "paper": PAPER, "item": "Table 1", "dataset": corpus, "method": "",
            "source": study.sources[corpus], "target": TARGETS[corpus], "variant": "",
            "protocol": PROTOCOLS[corpus], "fold": PRINTED_FOLD, "seed": 0,
            "metric": "n_windows",
        }  # fmt: skip
        counts = table_1(study.windows(corpus), corpus, method.positive)
        rows += [{**known, "condition": k, "value": n} for k, n in counts.items()]
    return pd.DataFrame(rows, columns=list(RESULT_COLUMNS))


def shape_ledger(windows: Windows) -> pd.DataFrame:
    """Return the size of each modality: widths, steps, and utterances that lack it."""
    rows = {
        name: {
            "width": x.shape[2],
            "longest": int(windows.lengths[name].max()),
            "median steps": float(pd.Series(windows.lengths[name]).median()),
            "without": int((windows.lengths[name] == 0).sum()),
        }
        for name, x in windows.x.items()
    }
    return pd.DataFrame(rows).T.rename_axis("modality").reset_index()
