"""What the configs of the ablation notebook promise."""

import pytest

from emolib.batch.jobs import prepare_job
from emolib.papers import ecg_eeg
from emolib.papers.ecg_eeg import verdicts

ABLATION = "ecg_eeg_ablation_alignment"


def settings_of(notebook, config):
    parameters = prepare_job(notebook, config=config).parameters
    return ecg_eeg.Settings.from_parameters(parameters)


def trained(notebook, config):
    """Return what tells units apart in the store."""
    units = ecg_eeg.expand(settings_of(notebook, config))
    return {str((u.system, sorted(u.data.items()), u.settings)) for u in units}


def test_after_ecg_eeg_at_quick_the_ablation_at_quick_trains_nothing():
    assert trained(ABLATION, "quick") <= trained("ecg_eeg", "quick")


def test_the_smoke_runs_share_what_both_need():
    shared = trained(ABLATION, "smoke") & trained("ecg_eeg", "smoke")
    assert len(shared) == 4  # ours, w/o align, EEG teacher, ceiling


@pytest.mark.parametrize("seed", verdicts.NULL_SEEDS)
def test_the_null_test_stands_ready_on_each_seed_fixed_in_advance(seed):
    config = f"effect0_seed{seed}" if seed else "effect0"
    settings = settings_of(ABLATION, config)
    assert settings.surrogate["effect"] == 0
    assert settings.surrogate["seed"] == seed


def test_full_is_large_enough_for_a_finding_and_leaves_nothing_out():
    settings = settings_of(ABLATION, "full")
    assert settings.surrogate["n_subjects"] >= verdicts.FINDING_SUBJECTS
    assert len(settings.seeds) >= verdicts.FINDING_SEEDS
    assert verdicts.not_run(settings).startswith("Every row")
