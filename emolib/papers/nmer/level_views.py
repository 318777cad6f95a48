"""The dB that a run's noise was asked to have, has by Eq. (5), and has on the data.

Fan et al. 2024 (paper 3), Sections 2.2.3 and 3.5, as frames for tables and
figures and as tidy Results.
"""

from __future__ import annotations

import pandas as pd

from emolib.papers.nmer.settings import LETTERS, PAPER
from emolib.papers.nmer.study import RECIPE
from emolib.papers.nmer.task import Task
from emolib.papers.nmer.words import noise_words
from emolib.study import Study

CELL = ["dataset", "source", "target", "protocol", "fold"]
LEVEL = [
    "name", "noise", "exact", "asked_db", "n_steps", "alpha_bar", "nominal_db",
    "measured_db", "variance", "power",
]  # fmt: skip


def task_of(settings, corpus: str) -> Task:
    """Return the fold of one corpus that the first unit of a run is tested on."""
    units = RECIPE.expand(settings)
    unit = next(u for u in units if u.labels["dataset"] == corpus)
    return Task.of(unit.settings, RECIPE.context(settings, corpus))


def level_frame(study: Study, **labels) -> pd.DataFrame:
    """Return the dB asked for, nominal and measured, of every level of a run.

    Paper 3, Section 2.2.3.

    Parameters
    ----------
    study : Study
    **labels
        Of the units to read, for example a dataset; all systems have the same noise.

    Returns
    -------
    levels : DataFrame
        Columns dataset, source, target, protocol, fold, name (of the modality), noise,
        exact, asked_db, n_steps (NaN: solved exactly), alpha_bar, nominal_db,
        measured_db, variance, power.
    """
    seen = {}
    for unit, entry in study.select(**labels):
        table = entry.tables.get("levels", ())
        if len(table):
            row = table.iloc[0]
            level = (row["noise"], bool(row["exact"]), float(row["asked_db"]))
            seen.setdefault(
                (unit.labels["dataset"], unit.settings["fold"], *level), (unit, table)
            )
    parts = [
        table.assign(
            source=study.sources[unit.labels["dataset"]],
            fold=unit.settings["fold"],
            **{key: unit.labels[key] for key in ("dataset", "target", "protocol")},
        )
        for unit, table in seen.values()
    ]
    if not parts:
        return pd.DataFrame(columns=[*CELL, *LEVEL])
    levels = pd.concat(parts, ignore_index=True).rename(columns={"modality": "name"})
    levels = levels.assign(n_steps=levels["n_steps"].where(levels["n_steps"] > 0))
    return levels[[*CELL, *LEVEL]]


def level_results(levels: pd.DataFrame) -> pd.DataFrame:
    """Return T, nominal and measured dB, and σ² as Results, a row a number.

    They stand under the labels of the triple that the paper prints in Section 2.2.3.
    """
    metrics = {"n_steps": "n_noise_steps"} | {
        name: name for name in ("nominal_db", "measured_db", "variance")
    }
    rows = _labelled(levels, "Section 2.2.3")
    parts = [rows.assign(metric=m, value=levels[c]) for c, m in metrics.items()]
    return pd.concat(parts, ignore_index=True).dropna(subset="value")


def distance_results(distances: pd.DataFrame, task: Task, levels: pd.DataFrame):
    """Return the average distances of Fig. 3 as Results.

    Parameters
    ----------
    distances : DataFrame
        Of `emolib.papers.nmer.noise_views.map_frames`, Gaussian noise.
    task : Task
        Whose utterances they are.
    levels : DataFrame
        Of `level_frame`.
    """
    here = (levels["dataset"] == task.corpus) & (levels["fold"] == task.fold.fold)
    cell = levels.loc[here, CELL].iloc[0].to_dict()
    rows = distances.assign(**cell, noise="gaussian", exact=False)
    return _labelled(rows, "Fig. 3").assign(
        metric="average_distance", value=distances["distance"]
    )


def _labelled(levels: pd.DataFrame, item: str) -> pd.DataFrame:
    """Return the labels of each row's cell, as Results have them."""
    words = [
        noise_words(row.noise, row.asked_db, row.exact, "paper")
        for row in levels.itertuples()
    ]
    return levels[CELL].assign(
        paper=PAPER, item=item, method="", variant=levels["name"].map(LETTERS),
        condition=words, seed=0,
    )  # fmt: skip
