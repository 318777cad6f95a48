"""A toy project to write reports into, and the settings of its config."""

import pytest
from toy_notebooks import write_project

VALUES = {
    "config": "quick", "data": "surrogate", "n_folds": 4, "lr": "1e-3",
    "targets": ["valence"], "run_name": "", "seed": 0,
}  # fmt: skip


@pytest.fixture
def project(tmp_path, monkeypatch):
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("emolib.reporting.notebooks.other_cells", lambda path: [])
    return tmp_path
