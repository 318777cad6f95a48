"""A finished study of made-up predictions: one entry a unit, nothing trained."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from emolib.papers.nmer.grid import PAPER_3, expand
from emolib.papers.nmer.noise import NAMES
from emolib.papers.nmer.settings import Settings
from emolib.study import Study

GAIN = {"majority": -9.0, "MEN": 0.6, "IF-MMIN": 1.0, "NMER": 1.2, "ceiling": 2.0,
        "uni-modal a": 3.0}  # fmt: skip
"""How far a system's score leans towards the right class, at -10 dB."""


def predictions(lean, names, *, n_classes, fold, n_speakers, n_each):
    """Return predictions of some speakers, each utterance under each condition."""
    rng = np.random.default_rng([fold, int(1000 * (lean + 20))])
    n = n_speakers * n_each
    y, tables = np.arange(n) % n_classes, []
    drawn = np.random.default_rng(fold).integers(len(names), size=n)
    for k, name in enumerate(names):
        logits = rng.normal(size=(n, n_classes)) + lean * np.eye(n_classes)[y]
        if lean < -5:
            logits = np.tile(np.arange(n_classes, 0, -1.0), (n, 1))
        tables.append(pd.DataFrame({
            "window": np.arange(n) + 1000 * fold, "session": "1", "start_s": 0.0,
            "subject": [f"f{fold}s{i // n_each:02d}" for i in range(n)],
            "trial": [f"u{i:03d}" for i in range(n)], "fold": fold, "seed": 0,
            "clean": name, "drawn": drawn == k, "y_true": y,
            "y_pred": logits.argmax(1),
        }))  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def level_rows(noise, db, exact):
    """Return what a unit keeps of its noise."""
    nominal = db + 5.23 * (noise == "impulse")
    return pd.DataFrame({
        "modality": ["audio", "visual", "text"], "n_steps": [140, 60, 5],
        "variance": [150.8, 2.204, 0.03], "noise": noise, "exact": exact,
        "asked_db": db, "nominal_db": nominal, "measured_db": nominal + 0.01,
        "alpha_bar": 0.1, "power": 1.0,
    })  # fmt: skip


def made_study(systems=tuple(GAIN)[:-1], *, lost=(), leans=GAIN, **grid):
    """Return a study; units of the systems in `lost` have failed in the last fold."""
    grid = {"corpora": ["iemocap", "mosei"], "dbs": [-10.0, -40.0], "folds": [1, 2],
            "conditions": ["six", "all"], "device": "cpu", **grid}  # fmt: skip
    settings = Settings.of({"systems": list(systems), **grid})
    finished, failures = [], []
    for unit in expand(settings):
        of = SimpleNamespace(**unit.labels)
        if of.system in lost and of.fold == max(grid["folds"]):
            failures.append((unit, "ValueError: made to fail"))
            continue
        few = of.dataset == "iemocap"
        table = predictions(
            leans.get(of.system, 0.8) * (1.0 if of.db > -30 else 0.6),
            NAMES[of.conditions], fold=of.fold, n_classes=4 if few else 2,
            n_speakers=1 if few else 24, n_each=40 if few else 6,
        )  # fmt: skip
        levels = level_rows(of.noise, of.db, of.exact)
        held = {"predictions": table, "levels": levels, "validation": table[:36]}
        entry = SimpleNamespace(tables=held)
        finished.append((unit, entry))
    sources = dict.fromkeys(grid["corpora"], "surrogate")
    return Study(settings, finished, failures, sources, PAPER_3)
