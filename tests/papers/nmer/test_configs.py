"""What the configs of paper 3's notebooks promise."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from emolib.papers.nmer.grid import expand
from emolib.papers.nmer.scores import lost_cells
from emolib.papers.nmer.settings import Settings
from emolib.reporting import load_reported

FOLDER = Path(__file__).resolve().parents[3] / "notebooks" / "configs"
STEMS = ("nmer", "nmer_all_noisy", "nmer_unimodal", "nmer_ablation_parts")
DBS = {-10, -20, -30, -40}
CELL = ["item", "dataset", "method", "variant", "condition"]


def raw(stem, config):
    given = yaml.safe_load((FOLDER / stem / f"{config}.yaml").read_text("utf-8"))
    assert given["config"] == config
    return given


def settings_of(stem, config):
    return Settings.of({**raw(stem, config), "data": "surrogate", "device": "cpu"})


def trained(stem, config):
    """Return what tells units of trained systems apart in the store."""
    units = expand(settings_of(stem, config))
    told = [
        (u.system, str(sorted(u.data.items())), str(u.settings))
        for u in units
        # what "as printed" changes is all in the VAE: without it both are one unit
        if u.system != "references" and u.labels["variant"] != "w/o VAE, as printed"
    ]
    assert len(set(told)) == len(told) > 0
    return set(told)


def test_quick_is_one_fold_of_the_smallest_table_and_cuts_no_epochs():
    for stem in STEMS:
        settings = settings_of(stem, "quick")
        assert (settings.corpora, settings.folds) == (["iemocap"], [1])
        assert (settings.noises, settings.dbs) == (["gaussian"], [-10.0])
        assert settings.surrogate_knobs("iemocap")["n_trials"] == 120
        assert set(settings.overrides) <= {"patience", "exact", "as_many_updates"}
    assert set(settings_of("nmer", "quick").clean_dbs) == DBS


def test_after_nmer_the_other_notebooks_train_what_is_their_own_alone():
    for config in ("quick", "full"):
        assert trained("nmer_ablation_parts", config) <= trained("nmer", config)
    noisy = expand(settings_of("nmer_all_noisy", "quick"))
    assert {u.system for u in noisy} == {"men", "references"}


def test_full_fills_every_printed_cell():
    units = [unit for stem in STEMS for unit in expand(settings_of(stem, "full"))]
    lost = SimpleNamespace(failures=[(unit, "") for unit in units])
    filled = {tuple(cell[name] for name in CELL) for cell in lost_cells(lost)}
    printed = load_reported("nmer").query("metric in ('wa', 'ua')")
    is_filled = [cell in filled for cell in printed[CELL].itertuples(False, None)]
    cells = printed[is_filled].groupby("item").size().to_dict()
    assert cells == {"Table 2": 224, "Table 3": 112, "Table 4": 30, "Table 5": 80}


@pytest.mark.parametrize("stem", STEMS)
def test_paper_is_the_papers_protocol(stem):
    settings = settings_of(stem, "paper")
    assert settings.folds == list(range(1, 11)) and settings.seeds == [0, 1, 2]
    method = settings.method("default")
    assert (method.n_epochs, method.patience, method.batch_size) == (60, 0, 128)
    assert (method.lr, method.dropout, method.n_heads) == (2e-4, 0.5, 16)
    if stem != "nmer_unimodal":
        assert settings.presets == ["default", "as_printed"]
    assert raw(stem, "paper")["data"] == "local"


def test_the_real_utterance_vectors_go_through_the_same_sweep():
    settings = Settings.of(raw("nmer", "mosi_utterances"))
    assert (settings.data, settings.corpora) == ("local", ["mosi_utterances"])
    assert set(settings.dbs) == DBS and settings.noises == ["gaussian", "impulse"]
