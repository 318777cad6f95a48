"""A finished study of made-up predictions: one entry a unit, nothing trained."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from emolib.papers import nmer
from emolib.papers.nmer.corruption import NAMES
from emolib.papers.nmer.grid import unit_labels
from emolib.papers.nmer.settings import N_FOLDS
from emolib.study import Study

GAIN = {"majority": -9.0, "MEN": 0.6, "IF-MMIN": 1.0, "ours": 1.2, "ceiling": 2.0}
"""How far a system's score leans towards the right class, at -10 dB."""


def predictions(lean, names, *, n_classes, fold, seed, n_speakers=1, n_each=40):
    """Return predictions of some speakers, each utterance under each condition."""
    rng = np.random.default_rng([seed, fold, int(1000 * (lean + 20))])
    n = n_speakers * n_each
    y = np.arange(n) % n_classes
    drawn = np.random.default_rng(fold).integers(len(names), size=n)
    tables = []
    for k, name in enumerate(names):
        logits = rng.normal(size=(n, n_classes)) + lean * np.eye(n_classes)[y]
        if lean < -5:
            logits = np.tile(np.arange(n_classes, 0, -1.0), (n, 1))
        score = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        columns = {f"y_score_{c}": score[:, c] for c in range(n_classes)}
        tables.append(
            pd.DataFrame(
                {
                    "window": np.arange(n) + 1000 * fold, "session": "1",
                    "subject": [f"f{fold}s{i // n_each:02d}" for i in range(n)],
                    "trial": [f"u{i:03d}" for i in range(n)], "start_s": 0.0,
                    "fold": fold, "seed": seed, "clean": name, "drawn": drawn == k,
                    "y_true": y, "y_pred": score.argmax(1), **columns,
                }
            )
        )  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def level_rows(noise, db):
    """Return what a unit keeps of its noise."""
    nominal = db + 5.23 * (noise == "impulse")
    known = {"noise": noise, "exact": False, "asked_db": db, "nominal_db": nominal,
             "measured_db": nominal + 0.01, "alpha_bar": 0.1, "power": 1.0}  # fmt: skip
    rows = [
        {"modality": m, "n_steps": n, "variance": v, **known}
        for m, n, v in (("audio", 140, 150.8), ("visual", 60, 2.204), ("text", 5, 0.03))
    ]
    return pd.DataFrame(rows)


def made_study(
    systems=tuple(GAIN), *, corpora=("iemocap", "mosei"), dbs=(-10.0, -40.0),
    noises=("gaussian",), conditions=("six", "all"), folds=(1, 2), lost=(), leans=GAIN,
):  # fmt: skip
    """Return a study; units of the systems in `lost` have failed in the last fold."""
    settings = nmer.Settings(
        corpora=list(corpora), systems=list(systems), dbs=list(dbs), folds=list(folds),
        noises=list(noises), conditions=list(conditions),
    )  # fmt: skip
    finished, failures = [], []
    for corpus, system, condition, noise, db, fold in (
        (corpus, system, condition, noise, db, fold)
        for corpus in corpora
        for system in systems
        for condition in conditions
        for noise in noises
        for db in dbs
        for fold in folds
        if fold <= N_FOLDS[corpus]
    ):
        cell = {
            "dataset": corpus, "preset": "ours", "system": system, "noise": noise,
            "conditions": condition, "db": db, "exact": False, "reading": "paper",
            "fold": fold, "seed": 0,
        }  # fmt: skip
        unit = SimpleNamespace(labels=unit_labels(cell), settings={"fold": fold},
                               system=system)  # fmt: skip
        if system in lost and fold == max(folds):
            failures.append((unit, "ValueError: made to fail"))
            continue
        lean = leans.get(system, 0.8) * (1.0 if db > -30 else 0.6)
        table = predictions(
            lean, NAMES[condition], fold=fold, seed=0,
            n_classes=4 if corpus == "iemocap" else 2,
            n_speakers=1 if corpus == "iemocap" else 24,
            n_each=40 if corpus == "iemocap" else 6,
        )  # fmt: skip
        tables = {"predictions": table, "levels": level_rows(noise, db)}
        finished.append((unit, SimpleNamespace(tables=tables)))
    sources = dict.fromkeys(corpora, "surrogate")
    return Study(settings, finished, failures, sources, nmer.RECIPE)
