"""Scores of ratings that move with time: two conventions, and a constant's floor."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr

from emolib.metrics.traces import score_traces, trace_scores


@pytest.fixture
def predictions():
    rng, rows = np.random.default_rng(0), []
    for fold in range(2):
        for trial in range(4):
            level = rng.normal()
            for step in range(20):
                y = level + 0.3 * rng.normal()
                rows.append(("s1", "1", f"{fold}{trial}", step / 4, fold, 0, y, level))
    names = "subject session trial start_s fold seed y_true y_pred".split()
    table = pd.DataFrame(rows, columns=names)
    return table.assign(y_pred=table["y_pred"] + 0.1 * rng.normal(size=len(table)))


def test_scores_are_eq_18_22_and_23_by_hand():
    x, y = np.random.default_rng(1).normal(size=(2, 50))
    y = y + x
    found = trace_scores(x, y)
    assert found["rmse"] == pytest.approx(np.sqrt(((x - y) ** 2).mean()))
    assert found["pcc"] == pytest.approx(pearsonr(x, y).statistic)
    under = x.var() + y.var() + (x.mean() - y.mean()) ** 2
    assert found["ccc"] == pytest.approx(2 * np.cov(x, y, ddof=0)[0, 1] / under)
    assert trace_scores(y, y) == pytest.approx({"rmse": 0, "pcc": 1, "ccc": 1})
    flat = trace_scores(np.full(50, 0.1), y)
    assert np.isnan(flat["pcc"]) and abs(flat["ccc"]) < 1e-12


def test_a_fold_is_scored_as_one_sequence_and_its_trials_each_by_itself(predictions):
    table = score_traces(predictions).set_index(["fold", "metric"])["value"]
    for fold in range(2):
        part = predictions[predictions["fold"] == fold]
        whole = trace_scores(part["y_pred"], part["y_true"])
        each = [
            trace_scores(t["y_pred"], t["y_true"]) for _, t in part.groupby("trial")
        ]
        for metric, value in whole.items():
            assert table[fold, metric] == pytest.approx(value)
            mean = np.mean([scores[metric] for scores in each])
            assert table[fold, f"{metric}_per_trial"] == pytest.approx(mean)
        assert table[fold, "n_steps"] == 80 and table[fold, "n_trials"] == 4
        assert table[fold, "pcc"] > 0.8 > 0.5 > table[fold, "pcc_per_trial"]


def test_a_constant_has_a_floor_and_no_correlation(predictions):
    floor = score_traces(predictions.assign(y_pred=0.0))
    table = floor.pivot(index="fold", columns="metric", values="value")
    assert (table["ccc"] == 0).all() and table["pcc"].isna().all()
    assert (table["rmse"] > table["rmse_per_trial"]).all()
