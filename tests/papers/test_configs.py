"""What the configs of the papers' notebooks promise."""

from collections import Counter
from importlib import import_module
from itertools import product

import pytest

from emolib.papers import ecg_eeg, mmqnet, rmmt
from emolib.papers.ecg_eeg.settings import ALIGNMENT, SWEEPS, named
from emolib.papers.nmer.scores import lost_cells
from emolib.reporting import load_reported
from emolib.reporting.notebooks import notebook_path, parameters_of
from emolib.study import Study

ABLATION = "ecg_eeg_ablation_alignment"
NMER = ("nmer", "nmer_all_noisy", "nmer_unimodal", "nmer_ablation_parts")
RMMT = ("rmmt", "rmmt_ablation_parts", "rmmt_alpha_sweep", "rmmt_fusion_weights")
NOTEBOOKS = {
    "mmqnet": ("mmqnet", "mmqnet_ablation_losses"), "ecg_eeg": ("ecg_eeg", ABLATION),
    "nmer": NMER, "rmmt": RMMT,
}  # fmt: skip
CELL = ("dataset", "target", "method", "variant", "condition")


def room_of(notebook):
    (stem,) = (stem for stem, names in NOTEBOOKS.items() if notebook in names)
    return import_module(f"emolib.papers.{stem}")


def settings_of(notebook, config, **given):
    given = {"device": "cpu", **given}
    parameters = parameters_of(notebook_path(notebook), config, given)
    return room_of(notebook).Settings.of(parameters)


def expanded(notebook, config, **given):
    """Return the units of a config by what tells them apart in the store."""
    settings = settings_of(notebook, config, **{"data": "surrogate", **given})
    units = room_of(notebook).expand(settings)
    return {str((u.system, sorted(u.data.items()), u.settings)): u for u in units}


def trained(notebook, config):
    """Return what tells the units that train apart, with the file of their system."""
    units = expanded(notebook, config)
    return {(told, u.system) for told, u in units.items() if u.system != "references"}


# ---------------------------------------------------------------- full

BY_NAME = [*CELL, "item"]


@pytest.mark.parametrize(
    ("stem", "protocols", "lost_of", "place", "cells", "n_folds"),
    [
        ("mmqnet", ["by_trial"], mmqnet.tables.failures, [*CELL],
         {"Table 1": 80, "Table 2": 80, "Table 3": 12}, {1, 5}),
        ("ecg_eeg", ["by_subject"], ecg_eeg.tables.failures, BY_NAME,
         {"Table 1": 81, "Table 2": 54}, {3}),
        ("nmer", ["given folds", "given split"], lost_cells, BY_NAME,
         {"Table 2": 224, "Table 3": 112, "Table 4": 30, "Table 5": 80}, {1}),
        ("rmmt", ["by_trial", "by_subject"], rmmt.tables.failures, BY_NAME,
         {"Table 3": 9, "Table 4": 30, "Table 5": 15, "Table 6": 9, "Table 7": 30},
         {2}),
    ],
)  # fmt: skip
def test_full_fills_every_printed_cell(stem, protocols, lost_of, place, cells, n_folds):
    every = (expanded(name, "full").values() for name in NOTEBOOKS[stem])
    chosen = [u for units in every for u in units if u.labels["protocol"] in protocols]
    lost = lost_of(Study(None, [], [(unit, "") for unit in chosen], {}, None))
    folds = {(*(cell[name] for name in place), cell.get("fold")) for cell in lost}
    filled = Counter(where[:-1] for where in folds)
    printed = load_reported(stem).query("metric != 'accuracy_gain'")
    printed = printed[printed["item"].isin(cells)].dropna(subset="value")
    rows = printed[place].itertuples(index=False, name=None)
    found = printed.assign(n_folds=[filled[row] for row in rows]).query("n_folds > 0")
    assert found.groupby("item").size().to_dict() == cells
    assert set(found["n_folds"]) == n_folds


def test_full_of_paper_1_has_other_splits_and_more_folds_where_the_lead_is_asked_for():
    labels = [unit.labels for unit in expanded("mmqnet", "full").values()]
    of = {name: [] for name in ("random_windows", "by_subject", "by_trial")}
    for label in labels:
        of[label["protocol"]].append((label["system"], label["rate"]))
    for protocol in ("random_windows", "by_subject"):
        assert {rate for _, rate in of[protocol]} == {0.0, 0.7}
        found = {system for system, _ in of[protocol]} - set(
            mmqnet.settings.named("reference")
        )
        assert found - {"ceiling"} == {"CCA", "TAE", "MMQ-Net"}
    folds = Counter(of["by_trial"])
    few = {cell for cell, n in folds.items() if n == 4 * 5}  # corpora x targets
    assert few >= {*product(("CCA", "TAE", "MMQ-Net", "mean fill"), (0.0, 0.7))}
    assert {rate for _, rate in few} == {0.0, 0.7}
    assert {n for cell, n in folds.items() if cell not in few} == {4}


def test_full_of_paper_2_splits_within_subjects_too_and_names_what_it_cuts_short():
    labels = [unit.labels for unit in expanded("ecg_eeg", "full").values()]
    within = {u["system"] for u in labels if u["protocol"] == "random_windows"}
    assert within >= {ALIGNMENT, "w/o align", "TS-TCC"}
    settings = settings_of("ecg_eeg", "full")
    assert "SSL-ECG 10 of 100" in ecg_eeg.tables.shortened(settings)


# ---------------------------------------------------------------- what a config says

QUICK_1 = mmqnet.settings.named("baseline", "method", "reference", "ceiling")
QUICK_3 = {
    "corpora": ["iemocap"], "folds": [1], "noises": ["gaussian"], "dbs": [-10],
    "size": "quick", "surrogate": {},
}  # fmt: skip
PAPER_3 = {"data": "local", "folds": [*range(1, 11)], "seeds": [0, 1, 2]}
BOTH = {"presets": ["default", "as_printed"]}
AS_PRINTED_3 = {
    "n_epochs": 60, "patience": 0, "batch_size": 128, "lr": 2e-4, "dropout": 0.5,
    "n_heads": 16,
}  # fmt: skip
UNCUT_3 = {"n_epochs": 60, "teacher_epochs": 20, "baseline_epochs": 0}
PAPER_4 = {"data": "local", "folds": [*range(10)], "n_folds": 10}
AS_PRINTED_4 = {
    "batch_size": 2, "lr": 1e-4, "max_epochs": 30, "window": 96, "hop": 32,
    "val_fraction": 0.4,
}  # fmt: skip
SOLEYMANI = [f"Soleymani {row}" for row in ("EEG", "Face", "Multimodal")]
QUICK_4 = ["F-Fusion", *SOLEYMANI, "RSMT-E", "RSMT-F", "RMMT", "constant", "ridge"]
DBS = [-10, -20, -30, -40]


@pytest.mark.parametrize(
    ("notebook", "config", "grid", "method"),
    [
        ("mmqnet", "quick",
         {"corpora": ["deap"], "targets": ["valence"], "rates": [0, 0.3, 0.7],
          "folds": [0], "systems": QUICK_1}, {"baseline_epochs": 0}),
        ("mmqnet", "paper", {"source": "raw", "rates": [0, 0.1, 0.3, 0.5, 0.7]},
         {"batch_size": 1024, "lr": 6e-4, "max_epochs": 5000, "d": 16, "n_heads": 4,
          "d_ff": 128}),
        *((name, "quick", QUICK_3, UNCUT_3) for name in NMER),
        ("nmer", "quick", {"clean_dbs": DBS}, {}),
        *((name, "paper", PAPER_3 | BOTH, AS_PRINTED_3)
          for name in NMER if name != "nmer_unimodal"),
        ("nmer_unimodal", "paper", PAPER_3, AS_PRINTED_3),
        ("nmer", "mosi_utterances",
         {"data": "local", "corpora": ["mosi_utterances"], "dbs": DBS,
          "noises": ["gaussian", "impulse"]}, {}),
        ("rmmt", "quick",
         {"folds": [0], "protocols": ["by_trial"], "systems": QUICK_4}, {}),
        ("rmmt_alpha_sweep", "quick", {"alphas": [0.2, 1, 2]}, {}),
        *((name, "paper", PAPER_4, AS_PRINTED_4) for name in RMMT),
        ("rmmt", "paper_loso",  # each of 24 people is left out once
         {"folds": [*range(24)], "n_subject_folds": 24, "protocols": ["by_subject"]},
         {}),
        *((name, "public_features", {"data": "local", "corpora": ["mahnob_features"]},
           {}) for name in RMMT),
    ],
)  # fmt: skip
def test_a_config_is_as_small_or_as_printed_as_its_name_says(
    notebook, config, grid, method
):
    settings = settings_of(notebook, config)
    found, how = settings.as_dict(), settings.method("default").as_dict()
    assert {name: found[name] for name in grid} == grid
    assert {name: how[name] for name in method} == method


def test_finding_is_large_enough_for_one_and_leaves_nothing_out():
    settings = settings_of(ABLATION, "finding")
    assert settings.surrogate["n_subjects"] >= ecg_eeg.tables.FINDING_SUBJECTS
    assert len(settings.seeds) >= ecg_eeg.tables.FINDING_SEEDS
    assert set(named("method", "ablation")) <= set(settings.systems)
    assert set(settings.sweep) == set(SWEEPS)


# ---------------------------------------------------------------- what is shared


@pytest.mark.parametrize(
    ("notebook", "config", "main"),
    [
        (ABLATION, "quick", "ecg_eeg"),
        *(("nmer_ablation_parts", config, "nmer") for config in ("quick", "full")),
    ],
)
def test_after_the_main_notebook_the_ablation_trains_nothing(notebook, config, main):
    assert trained(notebook, config) <= trained(main, config)
    assert trained(notebook, config)


@pytest.mark.parametrize("config", ["quick", "full"])
def test_the_ablation_of_paper_1_trains_only_what_its_own_rows_change(config):
    own = expanded("mmqnet_ablation_losses", config)
    plain = {told for told, unit in own.items() if not unit.labels["variant"]}
    assert plain <= {*expanded("mmqnet", config)}
    swept = {k: u for k, u in own.items() if u.labels["item"] == "sweep"}
    assert {u.labels["variant"].split(" = ")[0] for u in swept.values()} == {
        "w_reconstruction", "w_class", "w_interference",
    }  # fmt: skip
    assert not plain & {*swept}


def test_the_ablation_of_paper_2_at_full_trains_few_labels_alone_beside_its_tables():
    own, main = (expanded(name, "full") for name in (ABLATION, "ecg_eeg"))
    fresh = [unit.labels for told, unit in own.items() if told not in main]
    assert {labels["label_fraction"] for labels in fresh} == {0.1}
    both = expanded(ABLATION, "smoke").keys() & expanded("ecg_eeg", "smoke").keys()
    assert len(both) == 4  # the method, w/o align, EEG teacher, ceiling


def test_all_noisy_trains_what_is_clean_alone():
    assert {system for _, system in trained("nmer_all_noisy", "quick")} == {"men"}


@pytest.mark.parametrize("config", ["quick", "full", "paper", "public_features"])
def test_what_two_notebooks_of_paper_4_need_is_one_unit(config):
    main, parts, swept, fused = (trained(name, config) for name in RMMT)
    assert len(swept & main) == len(parts & main & swept) > 0  # RMMT at alpha 1
    fused = {system for _, system in fused - main}
    assert not fused or (config, fused) == ("quick", {"decisions"})
