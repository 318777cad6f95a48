"""What the noise of a run was: dB asked, nominal and measured; Fig. 3; scores by dB."""

from __future__ import annotations

import numpy as np
import pandas as pd

from emolib.containers import MODALITIES_AVL
from emolib.corpora.registry import CORPORA
from emolib.corruptions.noise_levels import NOISES
from emolib.metrics.summaries import OVER_FOLDS
from emolib.papers.nmer.grid import PROTOCOLS
from emolib.papers.nmer.level_views import level_frame, task_of
from emolib.papers.nmer.noise_views import DBS, map_frames
from emolib.papers.nmer.scoring import ORDER
from emolib.papers.nmer.settings import LETTERS
from emolib.study import Study

MIN_FOLDS = 5
"""Below this an interval over folds is too wide to be worth drawing."""


def levels(study: Study, **labels) -> pd.DataFrame:
    """Return what each level asked for, has by Eq. (5), and has on the training frames.

    Paper 3, Section 2.2.3.

    Returns
    -------
    levels : DataFrame
        Columns dataset, noise, exact, asked_db, name (of the modality), n_steps (the
        median over folds; NaN when exact), alpha_bar, nominal_db, measured_db,
        variance, power (means over folds), n_folds; for
        `emolib.figures.noise.plot_levels`.
    """
    keys = ["dataset", "noise", "exact", "asked_db", "name"]
    frame = level_frame(study, **labels)
    groups = frame.groupby(keys, sort=False)
    means = ["alpha_bar", "nominal_db", "measured_db", "variance", "power"]
    found = groups[means].mean()
    found.insert(0, "n_steps", groups["n_steps"].median())
    found = found.assign(n_folds=groups["fold"].nunique()).reset_index()
    place = found["name"].map({m: i for i, m in enumerate(MODALITIES_AVL)})
    found = found.assign(place=place).sort_values(
        ["dataset", "noise", "asked_db", "place"], ascending=[True, True, False, True]
    )
    return found.drop(columns="place").reset_index(drop=True)


ONE_SCORE = {
    "six": ("avg", ("Table 2",)),
    "all": ("none", ("Table 5", "Table 5, impulse")),
    "one": ("none", ("Table 4", "Table 4, impulse")),
}
"""What has one score a level: the mean of the six, all noisy, or one modality."""


def by_db(
    study: Study, found: pd.DataFrame, dataset: str, metric: str = "wa",
    conditions: str = "six",
) -> pd.DataFrame:  # fmt: skip
    """Return every system's score against the dB that its noise had.

    The picture that paper 3 lacks, for `emolib.figures.noise_effects.plot_under_noise`.

    Parameters
    ----------
    study : Study
    found : DataFrame
        `scoring.summary` of it.
    dataset : str
    metric : {'wa', 'ua'}
    conditions : {'six', 'all', 'one'}
        See `ONE_SCORE`.

    Returns
    -------
    frame : DataFrame
        Columns noise, system, measured_db (mean over modalities and folds, or of the
        one modality), asked_db, mean, low, high. The majority answer is left out: see
        `majority`. Intervals over fewer than `MIN_FOLDS` folds are not drawn.
    """
    tail, items = ONE_SCORE[conditions]
    own = CORPORA[dataset].title  # a corpus that the paper does not use
    found = found[
        found["item"].isin((*items, own))
        & found["noise"].isin(NOISES)
        & (found["reading"] == "paper")
        & (found["dataset"] == dataset)
        & (found["metric"] == metric)
        & (found["clean"] == tail)
        & (found["system"] != "majority")
        & (found["protocol"] == PROTOCOLS[dataset])
    ]
    names = found["system"] if conditions != "one" else found.apply(_alone, axis=1)
    frame = drawn(found).assign(system=names).rename(columns={"db": "asked_db"})
    measured = levels(study, dataset=dataset)
    frame["measured_db"] = [_measured(measured, r) for r in frame.to_dict("records")]
    place = {name: i for i, name in enumerate(ORDER)}
    frame["rank"] = found["system"].map(place)
    columns = ["noise", "system", "measured_db", "asked_db", "mean", "low", "high"]
    order = ["noise", "rank", "measured_db"]
    frame = frame.sort_values(order, ascending=[True, True, False], kind="stable")
    return frame[columns].reset_index(drop=True)


def _alone(row) -> str:
    """Return the name of a system of one modality: "uni-modal a", "ceiling, a"."""
    if row["method"].startswith("ceiling"):
        return row["method"].replace(" ", ", ", 1)
    return f"{row['method']} {row['variant']}"


def _measured(levels_: pd.DataFrame, row: dict) -> float:
    """Return the measured dB of a row's level: of its modality, or of all."""
    mine = levels_[
        (levels_["noise"] == row["noise"])
        & (levels_["asked_db"] == row["asked_db"])
        & (levels_["exact"] == row["exact"])
    ]
    own = {letter: name for name, letter in LETTERS.items()}.get(row["system"][-1:])
    if row["item"].startswith("Table 4") and own:
        mine = mine[mine["name"] == own]
    return float(mine["measured_db"].mean())


def drawn(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a summary without the intervals of fewer than `MIN_FOLDS` folds."""
    few = (frame["n"] < MIN_FOLDS) & (frame["interval"] == OVER_FOLDS)
    return frame.assign(**{c: frame[c].mask(few) for c in ("low", "high")})


def majority(found: pd.DataFrame, dataset: str, metric: str = "wa") -> float:
    """Return the majority answer's score in a `summary`, NaN where it was not run."""
    mine = (found["dataset"] == dataset) & (found["system"] == "majority")
    return float(found.loc[mine & (found["metric"] == metric), "mean"].mean())


def figure_3(
    study: Study, corpus: str = "iemocap", *, dbs=DBS, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return maps of original and noisy utterances, and their average distances.

    Paper 3, Section 3.5, Fig. 3 and Algorithm 2: 128 training utterances of the first
    fold of the run, as models get them; Gaussian noise.

    Parameters
    ----------
    study : Study
    corpus : str
    dbs : sequence of float
    seed : int

    Returns
    -------
    points, distances : DataFrame
        For `emolib.figures.noise_effects.plot_noise_maps`, and for
        `emolib.papers.nmer.level_views.distance_results`.
    """
    x, lengths, variances = drawn_utterances(study.settings, corpus, seed)
    n_pairs = len(next(iter(lengths.values())))
    return map_frames(x, lengths, variances, dbs=dbs, n_pairs=n_pairs, seed=seed)


def drawn_utterances(settings, corpus: str, seed: int = 0) -> tuple[dict, dict, dict]:
    """Return the utterances of Fig. 3 as models get them, with σ² of their modalities.

    Paper 3, Section 3.5: as many training utterances as the settings say, of the first
    fold of the run, that lack no modality.

    Returns
    -------
    x : dict of modality to ndarray, shape (n, s, d)
    lengths : dict of modality to ndarray of int, shape (n,)
    variances : dict of modality to float
    """
    task = task_of(settings, corpus)
    lengths = [task.windows.lengths[m][task.fold.train] for m in MODALITIES_AVL]
    whole = task.fold.train[np.all(np.array(lengths) > 0, axis=0)]
    n_pairs = min(settings.n_pairs, len(whole))
    rows = np.sort(np.random.default_rng(seed).permutation(whole)[:n_pairs])
    arrays = task.arrays(rows)
    return (
        {name: arrays[name] for name in MODALITIES_AVL},
        {name: arrays[f"{name}_length"] for name in MODALITIES_AVL},
        task.variances,
    )
