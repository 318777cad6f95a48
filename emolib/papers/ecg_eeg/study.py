"""Running the units of a grid, and gathering what they predicted."""

from __future__ import annotations

import pandas as pd

from emolib import corpora
from emolib.containers import PREDICTION_COLUMNS, RESULT_COLUMNS
from emolib.metrics import score_folds
from emolib.papers.ecg_eeg.grid import LABELS
from emolib.papers.ecg_eeg.grid import expand as expand_grid
from emolib.papers.ecg_eeg.settings import (
    BASELINES,
    PAPER,
    TARGETS,
    VARIANTS,
    Settings,
)
from emolib.papers.ecg_eeg.task import FOLD_KEYS
from emolib.study import Paper, Study
from emolib.study import in_running_order as units_in_order

ITEMS = {
    **{name: corpora.CORPORA[name].title for name in TARGETS},
    "dreamer": "Table 1",
    "amigos": "Table 2",
}
"""The paper's table of each corpus; one that the paper does not use has its own."""


def in_running_order(units: list) -> list:
    """Return units so ordered that two workers seldom wait for one shared stage.

    Of the units that need an EEG teacher the first of each fold comes first; while it
    trains the teacher, others work on systems without one.
    """

    def teacher(unit):
        if unit.system != "teacher" and not unit.settings.get("align", False):
            return None
        return (*(str(unit.settings.get(key)) for key in FOLD_KEYS), str(unit.data))

    return units_in_order(
        units,
        shares=teacher,
        trains=lambda unit: unit.labels["system"] in (*BASELINES, *VARIANTS),
    )


RECIPE = Paper(Settings, expand_grid, LABELS, in_running_order)
expand, plan, run = RECIPE.expand, RECIPE.plan, RECIPE.run
windows = RECIPE.windows

CELL = [c for c in RESULT_COLUMNS if c not in ("metric", "value")]
"""What names the predictions that are scored together."""


def cells(study: Study) -> pd.DataFrame:
    """Return the predictions of every system with what names their cell of a table."""
    labels = ["dataset", "sweep", "label_fraction"]
    predictions = study.table()
    predictions = predictions[predictions["system"] != "readability"]
    kinds = predictions[labels].drop_duplicates()
    kinds = kinds.assign(
        paper=PAPER,
        item=[item_of(row) for row in kinds.to_dict("records")],
        source=kinds["dataset"].map(study.sources),
    )
    columns = [*CELL, *[c for c in PREDICTION_COLUMNS if c not in CELL]]
    return predictions.merge(kinds, on=labels)[columns]


def results_of(study: Study) -> pd.DataFrame:
    """Return Results: every fold and seed of every system, one row a number."""
    return score_folds(cells(study), by=CELL)[list(RESULT_COLUMNS)]


def item_of(row: dict) -> str:
    """Return the table or figure of the paper, or of ours, that a row belongs to."""
    if row["sweep"]:
        return "sweep"
    if row["label_fraction"] < 1:
        return "label efficiency"
    return ITEMS[row["dataset"]]
