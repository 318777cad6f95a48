"""What the configs of the notebooks promise."""

import pytest

from emolib.papers import ecg_eeg
from emolib.papers.ecg_eeg import tables
from emolib.papers.ecg_eeg.settings import SWEEPS, named
from emolib.reporting.notebooks import notebook_path, parameters_of

ABLATION = "ecg_eeg_ablation_alignment"


def settings_of(notebook, config):
    return ecg_eeg.Settings.of(parameters_of(notebook_path(notebook), config))


def trained(notebook, config):
    """Return what tells units apart in the store."""
    units = ecg_eeg.expand(settings_of(notebook, config))
    return {str((u.system, sorted(u.data.items()), u.settings)) for u in units}


def test_notebooks_share_what_both_need():
    assert trained(ABLATION, "quick") <= trained("ecg_eeg", "quick")
    shared = trained(ABLATION, "smoke") & trained("ecg_eeg", "smoke")
    assert len(shared) == 4  # the method, w/o align, EEG teacher, ceiling


@pytest.mark.parametrize("seed", (0, 1, 2))
def test_the_null_test_stands_ready_on_each_seed_fixed_in_advance(seed):
    settings = settings_of(ABLATION, f"effect0_seed{seed}" if seed else "effect0")
    assert settings.surrogate["effect"] == 0
    assert settings.surrogate["seed"] == seed


def test_full_is_large_enough_for_a_finding_and_leaves_nothing_out():
    settings = settings_of(ABLATION, "full")
    assert settings.surrogate["n_subjects"] >= tables.FINDING_SUBJECTS
    assert len(settings.seeds) >= tables.FINDING_SEEDS
    assert set(named("method", "ablation")) <= set(settings.systems)
    assert set(settings.sweep) == set(SWEEPS)
