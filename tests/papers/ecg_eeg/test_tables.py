"""Where numbers stand, and what may be said of alignment by rules fixed beforehand."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from emolib.containers import RESULT_COLUMNS
from emolib.metrics import paired_differences
from emolib.papers.ecg_eeg import tables
from emolib.papers.ecg_eeg.settings import ALIGNMENT, SYSTEMS, named
from emolib.reporting import to_markdown

TEACHER = "EEG teacher"
SHORT = ("contrast", "tune", "distort", "train")
"""Stages of baselines, one epoch each in this grid."""


@pytest.fixture(scope="module")
def made(study):
    return tables.tables(study)


def test_both_printed_tables_are_there_even_where_nothing_was_run(made):
    assert list(made) == ["table_1", "table_2", "table_fig_2"]
    assert made["table_2"].empty
    assert made["table_2"].attrs["cells"].startswith("0 of 54 ")


def test_rows_follow_the_paper_and_its_number_stands_beside_this_run(made):
    table = made["table_1"].query("metric == 'auc'")
    system = table["variant"].where(table["variant"] != "", table["method"])
    assert list(system) == list(SYSTEMS)
    row = table[system == ALIGNMENT].iloc[0]
    assert row["paper"] == 0.9611
    assert 0 <= row["this_run"] <= 1
    assert table.loc[system == "chance", "paper"].isna().all()
    assert "not comparable: surrogate" in to_markdown(made["table_1"])


def test_results_hold_every_score_and_the_numbers_of_figure_2(study):
    results = tables.results(study)
    assert list(results.columns) == list(RESULT_COLUMNS)
    assert set(results["source"]) == {"surrogate"}
    assert set(results["item"]) == {"Table 1", "Fig. 2"}
    assert set(tables.METRICS) <= set(results["metric"])
    values = results[results["item"] == "Fig. 2"].set_index(["variant", "metric"])
    before, after = (values.loc[(v, "cosine_mean"), "value"] for v in ("w/o align", ""))
    gain = values.loc[("", "cosine_mean_gain"), "value"]
    assert gain == pytest.approx(after - before)


def test_embeddings_of_the_held_out_fold_are_kept(study):
    ((labels, vectors),) = tables.pairs(study)
    assert labels["system"] == ALIGNMENT
    for name in ("eeg", "before", "aligned", "after", "eeg_train", "aligned_train"):
        assert vectors[name].shape == (len(vectors["y"]), 10 * 8)
    assert not np.allclose(vectors["eeg"], vectors["eeg_train"])


def test_each_matrix_of_figure_2_is_told_by_both_similarities(study):
    table = tables.similarities(study).set_index(["panel", "similarity"])
    assert [*table.index] == [*product(tables.PANELS, ("cosine", "centred"))]
    assert (
        table["retrieval_chance"] == 1 / 8
    ).all()  # two subjects of six, four windows each
    ((_, vectors),) = tables.pairs(study)
    ecg, eeg = (x - x.mean(0) for x in (vectors["aligned"], vectors["eeg"]))
    by_hand = tables.matched_cosines(tables.cosine_matrix(ecg, eeg))
    assert table.loc[("after", "centred"), "gap"] == pytest.approx(by_hand["gap"])


def test_a_matrix_of_equal_pairs_has_a_gap_and_finds_each_pair():
    found = tables.matched_cosines(tables.cosine_matrix(np.eye(3), 2 * np.eye(3)))
    assert found["gap"] == found["retrieval_top1"] == found["cosine_max"] == 1
    assert found["cosine_min"] == 0


def test_every_stage_says_how_long_it_ran_and_which_epoch_was_kept(study):
    table = tables.kept_epochs(study)
    stages = table.groupby("system")["stage"].agg(list)
    assert stages[ALIGNMENT] == ["alignment", "classification"]
    assert stages["TS-TCC"] == ["contrast", "tune"]
    assert set(stages.index) == set(named("method", "ablation", "baseline", "teacher"))
    assert (table["run"] == np.where(table["stage"].isin(SHORT), 1, 2)).all()


@pytest.mark.parametrize(
    ("monitor", "splits", "found"),
    [
        ([], ["train", "val"], 1),  # the lowest total of validation
        ([3.0, 2.0, 1.0], ["train", "val"], 3),
        ([], ["train"], 3),  # nothing to choose by: the last
    ],
)
def test_the_kept_epoch_has_the_lowest_criterion_of_validation(monitor, splits, found):
    rows = [(e, s, float(e if s == "val" else -e)) for e in (1, 2, 3) for s in splits]
    history = pd.DataFrame(rows, columns=["epoch", "split", "total"])
    if monitor:
        history["monitor"] = np.repeat(monitor, 2)
    assert tables.kept(history) == {"run": 3, "kept": found}


def test_a_pretraining_that_is_cut_short_is_named_below_its_table(study):
    settings = study.settings.change(overrides={"pretraining_epochs": {"SSL-ECG": 10}})
    table = tables.tables(replace(study, settings=settings))["table_1"]
    assert table.attrs["cells"].endswith("; epochs of pre-training: SSL-ECG 10 of 100")
    assert "pre-training" not in tables.tables(study)["table_1"].attrs["cells"]


def test_a_unit_that_failed_costs_its_item(study):
    unit, _ = study.finished[0]
    broken = replace(study, finished=[], failures=[(unit, "ran away")])
    (failure,) = tables.failures(broken)
    assert (failure["item"], failure["reason"]) == ("Table 1", "ran away")


# ---------------------------------------------------------------- the verdict


@pytest.mark.parametrize(
    ("lead", "low", "high", "words"),
    [
        (0.1, 0.01, 0.11, "alignment helps"),
        (0.1, -0.11, -0.01, "alignment hurts"),
        (0.1, -0.01, 0.13, "no difference seen"),
        (0.1, 0.0, 0.12, "no difference seen"),
        (-0.1, 0.01, 0.11, "teacher too weak: no conclusion"),
        (0.0, -0.11, -0.01, "teacher too weak: no conclusion"),
        (np.nan, 0.01, 0.11, "no teacher was tested: no conclusion"),
        (0.1, np.nan, np.nan, "too few subjects: no conclusion"),
    ],
)
def test_the_gate_comes_first_and_then_the_interval(lead, low, high, words):
    assert tables.judge({"lead": lead, "low": low, "high": high}) == words


def test_a_sentence_holds_the_numbers_and_says_when_it_is_not_a_finding():
    row = {"label_fraction": 0.1, "mean": 0.06, "low": 0.01, "high": 0.11, "n": 12}
    said = tables.sentence({**row, "verdict": "alignment helps"}, n_seeds=1)
    assert "alignment helps (gain in AUC +0.060, 95 % interval +0.010 to +0.110" in said
    assert said.endswith("not a finding below 40 subjects and 3 seeds.")
    large = tables.sentence({**row, "verdict": "alignment helps", "n": 40}, n_seeds=3)
    assert large.endswith("40 subjects).")


def test_a_verdict_weighs_test_scores_behind_a_gate_of_validation_scores(study):
    (row,) = tables.verdicts(study).to_dict("records")
    for name, system, table in (
        ("mean", ALIGNMENT, "predictions"),
        ("lead", TEACHER, "validation"),
    ):
        sides = [study.table(table, system=s) for s in (system, "w/o align")]
        by_hand = paired_differences(*sides, "auc", parts=("fold", "seed")).mean
        assert row[name] == pytest.approx(by_hand)
    assert row["n"] == 2 and np.isnan(row["low"])  # no interval of two subjects
    assert row["verdict"] == tables.judge(row)
    assert row["sentence"] == tables.sentence(row, n_seeds=1)


def test_where_no_teacher_was_tested_nothing_is_concluded(study):
    kept = [pair for pair in study.finished if pair[0].labels["system"] != TEACHER]
    (row,) = tables.verdicts(replace(study, finished=kept)).to_dict("records")
    assert row["verdict"] == "no teacher was tested: no conclusion"
