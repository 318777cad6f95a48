"""What ideal readers of the surrogates score at each level: no system stands above it.

Utterances are drawn from the generative model itself, so nothing is trained and nothing
is read from disk.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from emolib.corruptions.conditions import ALL_NOISY, SIX
from emolib.papers.nmer.evaluate import mean_recall
from emolib.papers.nmer.noise_views import DBS
from emolib.surrogates.utterance_ceiling import in_condition, model_scores

READERS = {
    "ceiling, six": (SIX, False),
    "ceiling, noisy ignored": (SIX, True),
    "ceiling, all noisy": ((ALL_NOISY,), False),
}
"""Conditions that a reader's score is the mean of, and whether it leaves out what is
noisy."""


def ideal_readers(
    corpus: str, dbs: Sequence[float] = DBS, *, n: int = 10_000
) -> pd.DataFrame:
    """Return WA and UA of ideal readers, by level.

    Paper 3, Section 3.1; the planted model of the corpus, lengths as usual.

    Parameters
    ----------
    corpus : {'iemocap', 'mosei', 'mosi'}
    dbs : sequence of float
        The SNR that noisy modalities have. Impulses at a T of the paper have 5.23 dB
        more than was asked for.
    n : int
        Utterances drawn, the same at every level.

    Returns
    -------
    scores : DataFrame
        Columns system, db, wa, ua.
    """
    rows = []
    for name, (conditions, ignored) in READERS.items():
        for db in dbs:
            found = [_scores(corpus, c, None if ignored else db, n) for c in conditions]
            wa, ua = np.mean(found, axis=0)
            rows.append({"system": name, "db": db, "wa": wa, "ua": ua})
    return pd.DataFrame(rows)


def _scores(corpus: str, condition: str, db: float | None, n: int):
    """Return WA and UA of the most probable class."""
    y, scores = model_scores(corpus, in_condition(condition, db), n=n)
    answers = scores.argmax(axis=1)
    return np.mean(answers == y), mean_recall(y, answers)


def one_modality_readers(
    dbs: Sequence[float] = (0.0, *DBS), *, corpus: str = "iemocap", n: int = 10_000
) -> pd.DataFrame:
    """Return WA and UA of ideal readers of one modality, clean and by level.

    Paper 3, Table 4.

    Returns
    -------
    scores : DataFrame
        Columns modality (a, v, l), db (NaN: clean), wa, ua.
    """
    rows = []
    for letter in "avl":
        for db in (np.nan, *dbs):
            clean = letter if np.isnan(db) else ALL_NOISY
            states = in_condition(clean, db, modalities=letter)
            y, scores = model_scores(corpus, states, n=n)
            answers = scores.argmax(axis=1)
            wa, ua = np.mean(answers == y), mean_recall(y, answers)
            rows.append({"modality": letter, "db": db, "wa": wa, "ua": ua})
    return pd.DataFrame(rows)


def open_gain(scores: pd.DataFrame, metric: str = "wa") -> pd.DataFrame:
    """Return what weighing noisy modalities by their SNR adds to leaving them out.

    The most that a joint representation can gain from what is noisy.

    Parameters
    ----------
    scores : DataFrame
        Of `ideal_readers`.
    metric : {'wa', 'ua'}

    Returns
    -------
    gains : DataFrame
        Columns db, ceiling, ignored, open.
    """
    wide = scores.pivot(index="db", columns="system", values=metric)
    wide = wide.sort_index(ascending=False)
    read, ignored = wide["ceiling, six"], wide["ceiling, noisy ignored"]
    found = {"ceiling": read, "ignored": ignored, "open": read - ignored}
    return pd.DataFrame(found).reset_index()
