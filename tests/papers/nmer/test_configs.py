"""What the configs of paper 3's notebooks promise."""

from pathlib import Path

import pytest
import yaml
from emolib.papers.nmer.items.findings import NULL_SEEDS

from emolib.papers.nmer import items
from emolib.papers.nmer.grid import expand
from emolib.papers.nmer.settings import BASELINES, VARIANTS, Settings

FOLDER = Path(__file__).resolve().parents[3] / "notebooks" / "configs"
STEMS = ("nmer", "nmer_all_noisy", "nmer_unimodal", "nmer_ablation_parts")
DBS = {-10, -20, -30, -40}


def settings_of(stem, config):
    given = yaml.safe_load((FOLDER / stem / f"{config}.yaml").read_text("utf-8"))
    assert given["config"] == config
    return Settings.from_parameters({**given, "data": "surrogate", "device": "cpu"})


def told(unit):
    return (unit.system, str(sorted(unit.data.items())), str(unit.settings))


def trained(stem, config):
    """Return what tells units of trained systems apart in the store."""
    units = expand(settings_of(stem, config))
    return {told(u) for u in units if u.system not in ("majority", "ceiling")}


def covered(units):
    """Return the cells of a grid: system, preset, dataset, noise, dB, fold."""
    keys = ("system", "preset", "dataset", "noise", "db", "fold")
    return {tuple(unit.labels[key] for key in keys) for unit in units}


@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.parametrize("config", ["quick", "full"])
def test_a_config_names_units_and_each_of_them_once(stem, config):
    units = expand(settings_of(stem, config))
    # what "as printed" changes is all in the VAE: without it both are one unit
    units = [u for u in units if u.labels["variant"] != "w/o VAE, as printed"]
    assert len({told(u) for u in units}) == len(units) > 0


def test_quick_is_one_fold_of_the_smallest_table_and_cuts_no_epochs():
    for stem in STEMS:
        settings = settings_of(stem, "quick")
        assert (settings.corpora, settings.folds) == (["iemocap"], [1])
        assert (settings.noises, settings.dbs) == (["gaussian"], [-10.0])
        assert settings.surrogate_knobs("iemocap") == {
            "n_subjects": 10,
            "n_trials": 120,
        }
        assert set(settings.overrides) <= {"patience", "exact", "as_many_updates"}
    assert set(settings_of("nmer", "quick").clean_dbs) == DBS


def test_after_nmer_the_other_notebooks_train_what_is_their_own_alone():
    assert trained("nmer_ablation_parts", "full") <= trained("nmer", "full")
    more = trained("nmer_ablation_parts", "quick") - trained("nmer", "quick")
    assert not more
    noisy = expand(settings_of("nmer_all_noisy", "quick"))
    assert {u.system for u in noisy} == {"men", "majority", "ceiling"}


def test_full_holds_every_row_and_column_of_tables_2_3_and_5():
    for stem, rows in (("nmer", (*BASELINES, *VARIANTS)),
                       ("nmer_all_noisy", (*BASELINES, "ours"))):  # fmt: skip
        cells = covered(expand(settings_of(stem, "full")))
        for corpus, folds in (("iemocap", range(1, 11)), ("mosei", (1,))):
            for system in rows:
                wanted = {
                    (system, "ours", corpus, noise, float(db), fold)
                    for noise in ("gaussian", "impulse")
                    for db in DBS
                    for fold in folds
                }
                assert wanted <= cells
        assert ("ours", "as_printed", "mosei", "impulse", -40.0, 1) in cells


def test_full_holds_table_4_with_its_clean_row_and_a_true_zero():
    settings = settings_of("nmer_unimodal", "full")
    units = expand(settings)
    mine = [u for u in units if u.labels["system"] == "uni-modal v"]
    words = {u.labels["words"] for u in mine if u.labels["noise"] != "impulse"}
    levels = {f"gaussian {db} dB" for db in DBS}
    assert words == levels | {"none", "gaussian 0 dB exact"}


@pytest.mark.parametrize("stem", STEMS)
def test_paper_is_the_papers_protocol(stem):
    settings = settings_of(stem, "paper")
    assert settings.folds == list(range(1, 11)) and settings.seeds == [0, 1, 2]
    method = settings.method("ours")
    assert (method.n_epochs, method.patience, method.batch_size) == (60, 0, 128)
    assert (method.lr, method.dropout, method.n_heads) == (2e-4, 0.5, 16)
    if stem != "nmer_unimodal":
        assert settings.presets == ["ours", "as_printed"]
    raw = yaml.safe_load((FOLDER / stem / "paper.yaml").read_text("utf-8"))
    assert raw["data"] == "local"


@pytest.mark.parametrize("seed", NULL_SEEDS)
def test_the_null_test_stands_ready_on_each_seed_fixed_in_advance(seed):
    settings = settings_of("nmer", f"effect0_seed{seed}" if seed else "effect0")
    assert settings.surrogate == {"effect": 0.0, "seed": seed}
    assert settings.folds == [1, 3, 5, 7, 9]  # a speaker of each session


def test_the_real_utterance_vectors_go_through_the_same_sweep():
    given = yaml.safe_load(
        (FOLDER / "nmer" / "mosi_utterances.yaml").read_text("utf-8")
    )
    assert given["data"] == "local" and given["corpora"] == ["mosi_utterances"]
    settings = Settings.from_parameters(given)
    assert set(settings.dbs) == DBS and settings.noises == ["gaussian", "impulse"]


def test_a_notebook_says_which_rows_it_leaves_out():
    quick, full = (settings_of("nmer", name) for name in ("quick", "full"))
    assert items.not_run(quick) == (
        "Not in this run: MCTN, MMIN, w/o VAE, w/o L_inv. "
        "The tier full has all of them."
    )
    assert items.not_run(full) == "Every row of Table 2 is in this run."
