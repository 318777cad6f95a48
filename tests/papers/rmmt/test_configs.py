"""What the configs of paper 4's notebooks promise."""

from pathlib import Path

import pytest
import yaml

from emolib.papers.rmmt.grid import expand, places
from emolib.papers.rmmt.settings import SYSTEMS, Settings
from emolib.reporting import load_reported

FOLDER = Path(__file__).resolve().parents[3] / "notebooks" / "configs"
STEMS = ("rmmt", "rmmt_ablation_parts", "rmmt_alpha_sweep", "rmmt_fusion_weights")
SOLEYMANI = {f"Soleymani {row}" for row in ("EEG", "Face", "Multimodal")}


def settings_of(stem, config):
    given = yaml.safe_load((FOLDER / stem / f"{config}.yaml").read_text("utf-8"))
    assert given["config"] == config
    return Settings.of({**given, "data": "surrogate", "device": "cpu"})


def trained(stem, config):
    """Return what tells units of trained systems apart in the store."""
    units = expand(settings_of(stem, config))
    return {
        (u.system, str(u.data), str(u.settings))
        for u in units
        if SYSTEMS[u.labels["system"]].kind != "reference"
    }


def test_full_fills_every_printed_cell():
    units = [unit for stem in STEMS for unit in expand(settings_of(stem, "full"))]
    filled = {
        (item, unit.labels["method"], condition)
        for unit in units
        for item, condition in places(unit.labels)
    }
    printed = load_reported("rmmt").query("item.str.startswith('Table')")
    printed = printed.dropna(subset="value")
    is_filled = [
        cell in filled
        for cell in printed[["item", "method", "condition"]].itertuples(False, None)
    ]
    cells = printed[is_filled].groupby("item").size().to_dict()
    assert cells == {
        "Table 3": 9, "Table 4": 30, "Table 5": 15, "Table 6": 9, "Table 7": 30
    }  # fmt: skip
    assert sum(cells.values()) == 93
    assert ("Table 6", "RMMT", "as printed") in filled


@pytest.mark.parametrize("config", ["quick", "full", "paper", "public_features"])
def test_what_two_notebooks_need_is_one_unit(config):
    main = trained("rmmt", config)
    swept, parts = (trained(f"rmmt_{n}", config) for n in STEMS_OF_RMMT)
    assert len(swept & main) == len(parts & main & swept) > 0  # RMMT at alpha 1
    fused = trained("rmmt_fusion_weights", config) - main
    assert not fused or (config == "quick" and {u[0] for u in fused} == {"decisions"})


STEMS_OF_RMMT = ("alpha_sweep", "ablation_parts")


def test_quick_is_one_fold_by_trial_of_few_systems_and_three_alphas():
    settings = settings_of("rmmt", "quick")
    assert (settings.folds, settings.protocols) == ([0], ["by_trial"])
    wanted = {"RMMT", "RSMT-E", "RSMT-F", "F-Fusion", *SOLEYMANI}
    assert {*settings.systems} == wanted | {"constant", "ridge"}
    assert settings_of("rmmt_alpha_sweep", "quick").alphas == [0.2, 1.0, 2.0]


@pytest.mark.parametrize("stem", STEMS)
def test_paper_is_the_papers_protocol(stem):
    settings = settings_of(stem, "paper")
    method = settings.method("default")
    assert settings.folds == list(range(10)) and settings.n_folds == 10
    assert (method.batch_size, method.lr, method.max_epochs) == (2, 1e-4, 30)
    assert (method.window, method.hop, method.val_fraction) == (96, 32, 0.4)
    raw = yaml.safe_load((FOLDER / stem / "paper.yaml").read_text("utf-8"))
    assert raw["data"] == "local"


def test_each_of_24_people_is_left_out_once_in_the_paper_s_table_5():
    settings = settings_of("rmmt", "paper_loso")
    assert settings.folds == list(range(24)) and settings.n_subject_folds == 24
    assert settings.protocols == ["by_subject"]


@pytest.mark.parametrize("stem", STEMS)
def test_the_public_features_run_through_every_notebook(stem):
    given = yaml.safe_load((FOLDER / stem / "public_features.yaml").read_text("utf-8"))
    assert (given["data"], given["corpora"]) == ("local", ["mahnob_features"])
    assert {u.labels["dataset"] for u in expand(Settings.of(given))} == {
        "mahnob_features"
    }
