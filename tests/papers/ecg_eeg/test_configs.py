"""What the configs of the notebooks promise."""

from collections import Counter

from emolib.papers import ecg_eeg
from emolib.papers.ecg_eeg import tables
from emolib.papers.ecg_eeg.settings import ALIGNMENT, SWEEPS, named
from emolib.reporting import load_reported
from emolib.reporting.notebooks import notebook_path, parameters_of

CELL = ["dataset", "target", "method", "variant"]
ABLATION = "ecg_eeg_ablation_alignment"


def settings_of(notebook, config):
    return ecg_eeg.Settings.of(parameters_of(notebook_path(notebook), config))


def expanded(notebook, config):
    """Return the units of a config by what tells them apart in the store."""
    units = ecg_eeg.expand(settings_of(notebook, config))
    return {str((u.system, sorted(u.data.items()), u.settings)): u for u in units}


def trained(notebook, config):
    return set(expanded(notebook, config))


def test_notebooks_share_what_both_need():
    assert trained(ABLATION, "quick") <= trained("ecg_eeg", "quick")
    shared = trained(ABLATION, "smoke") & trained("ecg_eeg", "smoke")
    assert len(shared) == 4  # the method, w/o align, EEG teacher, ceiling


def test_full_fills_every_printed_cell_by_subject_and_names_what_it_cuts_short():
    settings = settings_of("ecg_eeg", "full")
    units = [u.labels for u in ecg_eeg.expand(settings) if u.labels["condition"] == ""]
    folds = Counter(
        tuple(u[name] for name in CELL) for u in units if u["protocol"] == "by_subject"
    )
    printed = load_reported("ecg_eeg").query("item != 'Fig. 2'")
    assert len(printed) == 135
    filled = [folds[tuple(row)] for row in printed[CELL].to_numpy()]
    assert set(filled) == {3}
    within = {u["system"] for u in units if u["protocol"] == "random_windows"}
    assert within >= {ALIGNMENT, "w/o align", "TS-TCC"}
    assert "SSL-ECG 10 of 100" in tables.shortened(settings)


def test_the_ablation_at_full_trains_few_labels_alone_beside_what_tables_1_and_2_need():
    shared = trained(ABLATION, "full") & trained("ecg_eeg", "full")
    fresh = expanded(ABLATION, "full").keys() - shared
    labels = [expanded(ABLATION, "full")[key].labels for key in fresh]
    assert {u["label_fraction"] for u in labels} == {0.1}


def test_finding_is_large_enough_for_one_and_leaves_nothing_out():
    settings = settings_of(ABLATION, "finding")
    assert settings.surrogate["n_subjects"] >= tables.FINDING_SUBJECTS
    assert len(settings.seeds) >= tables.FINDING_SEEDS
    assert set(named("method", "ablation")) <= set(settings.systems)
    assert set(settings.sweep) == set(SWEEPS)
