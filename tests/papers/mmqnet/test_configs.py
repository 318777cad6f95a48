"""What the configs of paper 1's notebooks promise."""

from collections import Counter
from itertools import product
from pathlib import Path

import pytest
import yaml

from emolib.papers.mmqnet.grid import expand
from emolib.papers.mmqnet.settings import SYSTEMS, Settings, named
from emolib.reporting import load_reported

FOLDER = Path(__file__).resolve().parents[3] / "notebooks" / "configs"
STEMS = ("mmqnet", "mmqnet_ablation_losses")
CELL = ["dataset", "target", "method", "variant", "condition"]


def settings_of(stem, config):
    given = yaml.safe_load((FOLDER / stem / f"{config}.yaml").read_text("utf-8"))
    assert given["config"] == config
    return Settings.of({**given, "data": "surrogate", "device": "cpu"})


def told(units):
    """Return what tells units apart in the store."""
    return {(u.system, str(u.data), str(u.settings)) for u in units}


def test_full_fills_every_printed_cell():
    units = [unit for stem in STEMS for unit in expand(settings_of(stem, "full"))]
    honest = [u for u in units if u.labels["protocol"] == "by_trial"]
    filled = {tuple(unit.labels[name] for name in CELL) for unit in honest}
    printed = load_reported("mmqnet").query("metric == 'accuracy'")
    is_filled = [cell in filled for cell in printed[CELL].itertuples(False, None)]
    cells = printed[is_filled].groupby("item").size().to_dict()
    assert cells == {"Table 1": 80, "Table 2": 80, "Table 3": 12}


def test_full_has_the_leaky_and_the_strict_split_at_both_ends_of_the_rates():
    units = expand(settings_of("mmqnet", "full"))
    for protocol in ("random_windows", "by_subject"):
        beside = [u.labels for u in units if u.labels["protocol"] == protocol]
        assert {label["rate"] for label in beside} == {0.0, 0.7}
        trained = {label["system"] for label in beside} - set(named("reference"))
        assert trained - {"ceiling"} == {"CCA", "TAE", "MMQ-Net"}


def test_full_has_five_folds_of_the_three_systems_whose_lead_is_asked_for():
    honest = [u.labels for u in expand(settings_of("mmqnet", "full"))]
    honest = [label for label in honest if label["protocol"] == "by_trial"]
    folds = Counter((label["system"], label["rate"]) for label in honest)
    few = {cell for cell, n in folds.items() if n == 4 * 5}  # corpora x targets
    assert few >= {*product(("CCA", "TAE", "MMQ-Net", "mean fill"), (0.0, 0.7))}
    assert {rate for _, rate in few} == {0.0, 0.7}
    assert {n for cell, n in folds.items() if cell not in few} == {4}


def test_quick_is_one_fold_of_one_target_with_all_eight_systems_and_cuts_no_epochs():
    settings = settings_of("mmqnet", "quick")
    assert (settings.corpora, settings.targets) == (["deap"], ["valence"])
    assert (settings.rates, settings.folds) == ([0.0, 0.3, 0.7], [0])
    assert {*named("baseline", "method")} < {*settings.systems} < {*SYSTEMS}
    assert not settings.method("default").baseline_epochs


@pytest.mark.parametrize("config", ["quick", "full"])
def test_the_ablation_trains_only_what_its_own_rows_change(config):
    own = expand(settings_of("mmqnet_ablation_losses", config))
    plain = [u for u in own if not u.labels["variant"]]
    assert told(plain) <= told(expand(settings_of("mmqnet", config)))
    swept = [u for u in own if u.labels["item"] == "sweep"]
    assert {u.labels["variant"].split(" = ")[0] for u in swept} == {
        "w_reconstruction", "w_class", "w_interference",
    }  # fmt: skip
    assert not told(swept) & told(plain)


def test_paper_is_the_papers_protocol():
    settings = settings_of("mmqnet", "paper")
    method = settings.method("default")
    assert (method.batch_size, method.lr, method.max_epochs) == (1024, 6e-4, 5000)
    assert (method.d, method.n_heads, method.d_ff) == (16, 4, 128)
    assert settings.source == "raw" and settings.rates == [0.0, 0.1, 0.3, 0.5, 0.7]
