"""Where numbers stand, and what may be said of alignment by rules fixed beforehand."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from emolib.containers import RESULT_COLUMNS
from emolib.papers import ecg_eeg
from emolib.papers.ecg_eeg import tables
from emolib.papers.ecg_eeg.grid import LABELS
from emolib.papers.ecg_eeg.settings import ALIGNMENT, SYSTEMS, Settings
from emolib.reporting import to_markdown
from emolib.study import Study


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
    for name in ("eeg", "before", "aligned", "after"):
        assert vectors[name].shape == (len(vectors["y"]), 10 * 8)


def test_a_matrix_of_equal_pairs_has_a_gap_and_finds_each_pair():
    found = tables.matched_cosines(tables.cosine_matrix(np.eye(3), 2 * np.eye(3)))
    assert found["gap"] == found["retrieval_top1"] == found["cosine_max"] == 1
    assert found["cosine_min"] == 0


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
    assert said.startswith("10% of training labels, all of validation: alignment helps")
    assert "(gain in AUC +0.060, 95 % interval +0.010 to +0.110" in said
    assert said.endswith("not a finding below 40 subjects and 3 seeds.")
    large = tables.sentence({**row, "verdict": "alignment helps", "n": 40}, n_seeds=3)
    assert large.endswith("40 subjects).")
    weak = tables.sentence({**row, "verdict": "x: no conclusion"}, n_seeds=3)
    assert weak.endswith("x: no conclusion.")


def predictions(leaning, n_subjects, seed):
    """Scores of 8 trials x 6 windows a subject that lean towards the label."""
    rng = np.random.default_rng(seed)
    subject, trial, window = (x.ravel() for x in np.mgrid[:n_subjects, :8, :6])
    y = (trial + subject) % 2
    score = 1 / (1 + np.exp(-(rng.normal(size=len(y)) + leaning * (2 * y - 1))))
    return pd.DataFrame(
        {
            "window": np.arange(len(y)), "subject": [f"s{s:02d}" for s in subject],
            "session": "1", "trial": [f"{t:02d}" for t in trial],
            "start_s": window * 10.0, "fold": subject % 3, "seed": 0, "y_true": y,
            "y_pred": (score > 0.5).astype(int), "y_score_1": score,
        }
    )  # fmt: skip


def made_up(leanings, *, n_subjects=12, teacher_leads=True):
    """A finished study of made-up predictions, one entry a system."""
    cell = {"dataset": "dreamer", "target": "arousal", "preset": "default"}
    cell |= {"protocol": "by_subject", "label_fraction": 0.1}
    finished = []
    for seed, (system, leaning) in enumerate(leanings.items()):
        labels = dict.fromkeys(LABELS, "") | cell | {"system": system}
        ahead = 1.0 if (system == "EEG teacher") == teacher_leads else 0.1
        stored = {
            name: predictions(how, n_subjects, seed)
            for name, how in (("predictions", leaning), ("validation", ahead))
        }
        unit, entry = SimpleNamespace(labels=labels), SimpleNamespace(tables=stored)
        finished.append((unit, entry))
    return Study(Settings(), finished, [], {"dreamer": "surrogate"}, ecg_eeg.PAPER)


HELPED = {ALIGNMENT: 1.5, "w/o align": 0.2, "EEG teacher": 2.0}
ALONE = {ALIGNMENT: 1.5, "w/o align": 0.2}


@pytest.mark.parametrize(
    ("leanings", "changes", "words"),
    [
        (HELPED, {}, "alignment helps"),
        (HELPED, {"teacher_leads": False}, "teacher too weak: no conclusion"),
        (HELPED, {"n_subjects": 2}, "too few subjects: no conclusion"),
        (ALONE, {}, "no teacher was tested: no conclusion"),
    ],
)
def test_verdicts_are_read_from_stored_predictions(leanings, changes, words):
    table = tables.verdicts(made_up(leanings, **changes))
    assert table["verdict"].tolist() == [words]
    assert np.isnan(table.loc[0, "low"]) == ("n_subjects" in changes)
