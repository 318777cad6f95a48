"""One tiny surrogate, one store and one finished grid for all tests of this paper."""

import os

import pytest

from emolib.papers import ecg_eeg
from emolib.papers.ecg_eeg.settings import SYSTEMS

SMALL = {"d_patch": 8, "n_layers": 1, "n_heads": 2, "d_ff": 16}
TINY = {
    "n_subjects": 6, "surrogate": {"n_trials": 4, "seconds": 11.0}, "n_folds": 3,
    "systems": list(SYSTEMS), "device": "cpu",
    "overrides": {"max_epochs": 2, "baseline_epochs": 1, **SMALL},
}  # fmt: skip
"""Every system, on 24 windows; one epoch of each baseline, two of each other stage."""


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Return the folder of surrogate and store; workers of one test run share it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    return folder / "ecg_eeg_cache"


@pytest.fixture(autouse=True)
def in_cache(cache, monkeypatch):
    """Let surrogate and store lie in the folder that all of these tests share."""
    monkeypatch.setenv("EMOLIB_CACHE", str(cache))


@pytest.fixture(scope="session")
def settings():
    return ecg_eeg.Settings.of(TINY)


@pytest.fixture(scope="session")
def study(cache, settings):
    """Return the finished units of every system."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOLIB_CACHE", str(cache))
        return ecg_eeg.run(settings)
