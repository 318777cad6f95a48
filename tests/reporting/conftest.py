"""A toy project to write reports into, and the settings of its config."""

import pandas as pd
import pytest

from emolib.containers import RESULT_COLUMNS

VALUES = {
    "config": "quick", "data": "surrogate", "n_folds": 4, "lr": "1e-3",
    "targets": ["valence"], "run_name": "", "seed": 0,
}  # fmt: skip


@pytest.fixture
def project(toy_folder, monkeypatch):
    monkeypatch.setattr("emolib.reporting.notebooks.other_cells", lambda path: [])
    return toy_folder


def results(source="surrogate", n_folds=2):
    """Return a run's results; every word of them is "toy"."""
    row = dict.fromkeys(RESULT_COLUMNS, "toy")
    row |= {"source": source, "seed": 0, "value": 0.5}
    return pd.DataFrame([row] * n_folds).assign(fold=range(n_folds))
