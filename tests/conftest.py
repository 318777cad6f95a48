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
