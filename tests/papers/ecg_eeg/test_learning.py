"""What is planted is learnt; where nothing is planted, nothing is found."""

from dataclasses import replace

import pytest

from emolib.metrics import holm, permutation_test, score_folds
from emolib.papers import ecg_eeg
from emolib.papers.ecg_eeg.settings import Settings, named

READERS = named("reader")
SURROGATE_SEEDS = (0, 1, 2)
"""Fixed in advance: no seed was chosen for what it shows."""


def run(**parameters):
    study = ecg_eeg.run(Settings.of({"device": "cpu", **parameters}))
    assert study.failures == []
    return study


def read(study, **labels):
    """Return R squared on held-out windows: 0 for the mean answer, 1 for a perfect."""
    ((_, entry),) = study.select(system="readability", **labels)
    table = entry.predictions
    error = ((table["y_pred"] - table["y_true"]) ** 2).mean()
    return 1 - error / table["y_true"].var(ddof=0)


def one_curve(*, quantities, stems, n_epochs):
    """Train encoders on 500 windows for a few epochs."""

    def grid(settings):
        return [
            unit
            for unit in ecg_eeg.PAPER.grid(settings)
            if unit.system == "readability"
            and unit.labels["quantity"] in quantities
            and unit.labels["stem"] in stems
        ]

    settings = Settings(
        device="cpu", readability=[500], readability_test=100,
        overrides={"max_epochs": n_epochs, "lr": 1e-3},
    )  # fmt: skip
    study = replace(ecg_eeg.PAPER, grid=grid).run(settings)
    assert study.failures == []
    return study


def test_the_conv_stem_reads_a_planted_heart_rate_from_500_windows():
    study = one_curve(quantities=["heart rate"], stems=["conv"], n_epochs=6)
    assert read(study, stem="conv") > 0.3


@pytest.mark.slow
def test_from_500_windows_the_conv_stem_reads_more_than_the_linear():
    quantities = ["heart rate", "alpha power"]
    study = one_curve(quantities=quantities, stems=["conv", "linear"], n_epochs=8)
    for quantity in quantities:
        conv, linear = (
            read(study, stem=stem, quantity=quantity) for stem in ("conv", "linear")
        )
        assert conv > max(0.3, linear)


@pytest.mark.slow
def test_the_teacher_and_the_encoder_without_it_beat_chance_on_a_large_effect():
    study = run(
        systems=["EEG teacher", "w/o align"], n_subjects=12, n_folds=4,
        surrogate={"n_trials": 8, "seconds": 41.0, "effect": 3.0, "signature": 0.3},
        overrides={"max_epochs": 12, "patience": 12, "lr": 1e-3},
    )  # fmt: skip
    scores = score_folds(study.table(), by=("system", "fold", "seed"))
    auc = scores[scores["metric"] == "auc"].set_index("system")["value"]
    assert auc["EEG teacher"] > 0.65
    assert auc["w/o align"] > 0.65


def found_by_readers(seed, n_draws, targets, **size):
    """Return AUC and p of every plain reader where no effect is planted, by subject."""
    study = run(
        systems=READERS, targets=targets, n_folds=3, folds=[0, 1, 2],
        n_subjects=size["n_subjects"],
        surrogate={
            "n_trials": size["n_trials"], "seconds": size["seconds"],
            "effect": 0.0, "seed": seed,
        },
    )  # fmt: skip
    found = {}
    for names, table in study.table().groupby(["system", "target"]):
        scores = score_folds(table, by=("fold", "seed"))
        auc = scores.loc[scores["metric"] == "auc", "value"].mean()
        found[names] = auc, permutation_test(table, n_draws=n_draws, seed=0)
    return found


def assert_nothing_is_found(found, n_targets):
    p_values = {
        (seed, *names): p
        for seed, cells in found.items()
        for names, (_, p) in cells.items()
    }
    assert len(p_values) == len(SURROGATE_SEEDS) * len(READERS) * n_targets
    assert min(holm(list(p_values.values()))) > 0.01


def test_without_effect_no_plain_reader_is_above_chance_by_subject():
    size = {"n_subjects": 6, "n_trials": 6, "seconds": 11.0}
    found = {s: found_by_readers(s, 2000, ["arousal"], **size) for s in SURROGATE_SEEDS}
    assert_nothing_is_found(found, 1)


@pytest.mark.slow
def test_without_effect_the_probe_stays_near_one_half_on_more_subjects():
    size = {"n_subjects": 16, "n_trials": 18, "seconds": 41.0}
    targets = ["arousal", "valence"]
    found = {s: found_by_readers(s, 10_000, targets, **size) for s in SURROGATE_SEEDS}
    assert_nothing_is_found(found, 2)
    for cells in found.values():
        for (system, _), (auc, _) in cells.items():
            if system == "linear probe":
                assert 0.38 < auc < 0.62
