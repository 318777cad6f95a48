"""Running the units of a grid, and gathering what they predicted."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from emolib import corpora
from emolib.containers import PREDICTION_COLUMNS, RESULT_COLUMNS, Windows
from emolib.metrics import score_folds
from emolib.recipes.ecg_eeg.grid import LABELS
from emolib.recipes.ecg_eeg.grid import expand as expand_grid
from emolib.recipes.ecg_eeg.settings import (
    BASELINES,
    PAPER,
    TARGETS,
    VARIANTS,
    Settings,
)
from emolib.recipes.ecg_eeg.task import FOLD_KEYS
from emolib.store import Store
from emolib.units import estimate, run_units
from emolib.units.context import Context
from emolib.units.machine import kind_of, local_devices
from emolib.units.unit import Keyring

ITEMS = {
    **{name: corpora.CORPORA[name].title for name in TARGETS},
    "dreamer": "Table 1",
    "amigos": "Table 2",
}
"""The paper's table of each corpus; one that the paper does not use has its own."""


@dataclass(frozen=True)
class Study:
    """The finished units of one run.

    Parameters
    ----------
    settings : Settings
    finished : list of (Unit, Entry)
    failures : list of (Unit, str)
        Units that did not finish, with the reason; they cost their cell of a table.
    sources : dict of corpus to {'surrogate', 'licensed', 'open'}
    """

    settings: Settings
    finished: list = field(repr=False)
    failures: list = field(repr=False)
    sources: dict

    def select(self, **labels) -> list:
        """Return the (unit, entry) pairs whose labels have all the given values."""
        return [
            (unit, entry)
            for unit, entry in self.finished
            if all(unit.labels[k] == v for k, v in labels.items())
        ]

    def windows(self, corpus: str) -> Windows:
        """Return the windows of one corpus, as its units read them."""
        return windows(self.settings, corpus)

    def table(self, name: str = "predictions", **labels) -> pd.DataFrame:
        """Return one stored table of every selected unit, with the units' labels."""
        parts = [
            entry.tables[name].assign(**{k: unit.labels[k] for k in LABELS})
            for unit, entry in self.select(**labels)
            if name in entry.tables
        ]
        if not parts:
            return pd.DataFrame(columns=[*LABELS])
        return pd.concat(parts, ignore_index=True)


def windows(parameters: dict | Settings, corpus: str) -> Windows:
    """Return the windows that every system of a run reads, prepared if they must be."""
    settings = typed(parameters)
    unit = next(u for u in expand(settings) if u.labels["dataset"] == corpus)
    place = local_devices(settings.device)[0]
    return Context(unit, Store(), Keyring(kind_of(place)), place).windows


def expand(parameters: dict | Settings) -> list:
    """Return the units of a run, in the order in which to compute them."""
    return in_running_order(expand_grid(typed(parameters)))


def in_running_order(units: list) -> list:
    """Return units so ordered that two workers seldom wait for one shared stage.

    Of the units that need an EEG teacher the first of each fold comes first; while it
    trains the teacher, others work on systems without one.
    """
    seen, ranked = set(), []
    for unit in units:
        taught = unit.system == "teacher" or unit.settings.get("align", False)
        where = (*(str(unit.settings.get(key)) for key in FOLD_KEYS), str(unit.data))
        if taught:
            rank = 2 if where in seen else 0
            seen.add(where)
        else:
            rank = 1 if unit.labels["system"] in (*BASELINES, *VARIANTS) else 3
        ranked.append((rank, unit))
    return [unit for _, unit in sorted(ranked, key=lambda pair: pair[0])]


def plan(parameters: dict | Settings):
    """Return what a run will cost: units done and to do, time, memory, disk."""
    settings = typed(parameters)
    return estimate(
        expand(settings), n_workers=settings.n_workers, device=settings.device
    )


def typed(parameters: dict | Settings) -> Settings:
    """Return settings, built and checked where plain parameters came."""
    if isinstance(parameters, Settings):
        return parameters
    return Settings.from_parameters(parameters)


def run(settings: Settings) -> Study:
    """Train what the store lacks and return every finished unit of the run."""
    units = expand_grid(settings)
    done = run_units(
        in_running_order(units), n_workers=settings.n_workers, device=settings.device
    )
    place = {id(unit): i for i, unit in enumerate(units)}
    finished = sorted(done.entries, key=lambda pair: place[id(pair[0])])
    sources = {
        corpus: corpora.identify(corpus, data=settings.data).source
        for corpus in settings.corpora
    }
    return Study(settings, finished, list(done.failures), sources)


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
