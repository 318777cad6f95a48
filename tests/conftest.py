"""What tests share: the project's root, real recordings, pictures without a screen."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")
PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def project_root() -> Path:
    return PROJECT


@pytest.fixture(scope="session", autouse=True)
def notes_untouched():
    """Fail where a test has written into the notes of whoever runs the tests."""
    notes = PROJECT / "corpora.local.yaml"
    before = notes.read_bytes() if notes.is_file() else None
    yield
    assert (notes.read_bytes() if notes.is_file() else None) == before


@pytest.fixture
def realdata() -> Path:
    """Return the folder of real, open recordings; skip where it is not there."""
    named = os.environ.get("EMOLIB_REALDATA")
    beside = (PROJECT.parent / "realdata", PROJECT.parent / "shared" / "realdata")
    for folder in [Path(named)] if named else beside:
        if folder.is_dir():
            return folder
    pytest.skip("no real recordings: set EMOLIB_REALDATA to their folder")


@pytest.fixture
def toy_folder(tmp_path, monkeypatch) -> Path:
    """Return the folder of a project whose notebook is of no paper, and work there."""
    from toy_notebooks import write_project

    monkeypatch.chdir(write_project(tmp_path))
    return tmp_path


@pytest.fixture
def lab(tmp_path):
    """Return a project that stands where no shell and no format string expects it."""
    from toy_notebooks import Project

    return Project(tmp_path / "O'Brien {lab} — é")
