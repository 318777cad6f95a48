"""One tiny surrogate, one store and a few finished units for the tests that need it."""

import os

import pytest

from emolib.papers import nmer

BRIEF = {"n_epochs": 1, "teacher_epochs": 1, "baseline_epochs": 1, "n_layers": 1}
TINY = {
    "surrogate": {"n_trials": 4},
    "systems": ["NMER", "w/o VAE", "MMIN", "MEN", "majority"],
    "dbs": [-10.0, -40.0],
    "overrides": BRIEF,
    "device": "cpu",
}
"""40 utterances of IEMOCAP's widths; one epoch of each stage."""


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Return the folder of surrogate and store; workers of one test run share it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    return folder / "nmer_cache"


@pytest.fixture
def in_cache(cache, monkeypatch):
    """Let surrogate and store lie in the folder that these tests share."""
    monkeypatch.setenv("EMOLIB_CACHE", str(cache))


@pytest.fixture(scope="session")
def settings():
    return nmer.Settings.of(TINY)


@pytest.fixture(scope="session")
def study(cache, settings):
    """Return the finished units of some systems at two levels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOLIB_CACHE", str(cache))
        return nmer.run(settings)
