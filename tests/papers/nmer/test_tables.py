"""Where the numbers of a finished run stand, beside the paper's."""

import numpy as np
import pytest
from in_memory import Context

from emolib.corruptions.conditions import SIX
from emolib.metrics import score_classification
from emolib.papers.nmer import pictures, scores, tables
from emolib.papers.nmer.training import Task
from emolib.reporting import load_reported, to_markdown
from emolib.study import compare

from .studies import made_study
from .utterances import PLAIN, utterances


@pytest.fixture
def counts(monkeypatch):
    """Let Table 1 count nothing: made-up studies have no corpus."""
    monkeypatch.setattr(
        tables, "table_1_results", lambda study: scores.scores(study)[:0]
    )


@pytest.fixture(scope="module")
def study():
    return made_study()


@pytest.fixture(scope="module")
def impulses():
    return made_study(["MEN", "NMER"], corpora=["iemocap"], noises=["impulse"])


def value(results, **wanted):
    for name, want in wanted.items():
        results = results[results[name] == want]
    return results["value"]


# ---------------------------------------------------------------- scores


def test_avg_is_the_mean_of_the_six_conditions(study):
    results = scores.scores(study)
    one = {"dataset": "iemocap", "method": "NMER", "fold": 1, "metric": "ua"}
    each = [
        value(results, condition=f"gaussian -10 dB {c}", **one).iloc[0] for c in SIX
    ]
    means = value(results, condition="gaussian -10 dB avg", **one)
    assert len(means) == 2  # in Table 2 and in Table 3
    np.testing.assert_allclose(means, np.mean(each))
    chosen = {"dataset": "iemocap", "db": -10.0, "conditions": "six"}
    table = study.table(system="NMER", **chosen).query("clean == 'av' and fold == 1")
    by_hand = score_classification(table, ("ua",))["value"].iloc[0]
    assert each[SIX.index("av")] == pytest.approx(by_hand)


def test_mosei_stands_under_both_protocols_and_iemocap_under_one(study):
    results = scores.scores(study)
    split = results.groupby("dataset")["protocol"].unique().map(sorted)
    assert split["iemocap"] == ["given folds"]
    assert split["mosei"] == ["given split", scores.ONE_EACH]
    chosen = {"dataset": "mosei", "db": -10.0, "conditions": "six"}
    read = study.table(system="NMER", **chosen).query("drawn and clean == 'vl'")
    wanted = value(
        results, protocol=scores.ONE_EACH, condition="gaussian -10 dB vl",
        dataset="mosei", method="NMER", metric="wa",
    )  # fmt: skip
    assert wanted.iloc[0] == pytest.approx((read["y_true"] == read["y_pred"]).mean())


@pytest.mark.parametrize(
    ("item", "method", "condition"),
    [
        ("Table 2", "MEN", "impulse -40 dB avg"),
        ("Table 3", "NMER", "gaussian -10 dB vl"),
        ("Table 5", "IF-MMIN", "gaussian -40 dB none"),
        ("Table 5, impulse", "NMER", "impulse -10 dB none"),
        ("by condition", "MEN", "gaussian -10 dB a"),
        ("by condition", "NMER", "impulse -10 dB a"),
    ],
)
def test_a_score_stands_in_its_table(study, impulses, item, method, condition):
    results = scores.scores(impulses if condition.startswith("impulse") else study)
    one = {"dataset": "iemocap", "method": method, "condition": condition}
    assert len(value(results, item=item, **one)) == 2 * 2  # folds, metrics
    printed = load_reported("nmer")
    is_printed = (printed["item"] == item) & (printed["condition"] == condition)
    assert is_printed.any() == (item in tables.PRINTED)


def test_every_subject_has_a_score_in_each_cell(study):
    found = scores.subjects(study)
    assert {"subject", "method", "condition", "metric", "value"} <= set(found.columns)
    assert found["value"].between(0, 1).all()
    assert not found.duplicated([c for c in found if c != "value"]).any()


def test_where_nothing_is_planted_no_system_is_above_chance(impulses):
    nothing = made_study(["MEN", "NMER"], corpora=["iemocap"], conditions=["six"],
                         leans={"MEN": 0.0, "NMER": 0.0})  # fmt: skip
    table = scores.null_test(nothing, n_draws=400)
    assert len(table) == 2 * 2 and not table["above_chance"].any()
    lean = scores.null_test(impulses, n_draws=1000)
    assert lean.loc[lean["db"] == -10, "above_chance"].all()


def test_systems_are_paired_by_speaker_or_by_drawing_many_again(study):
    by = ["dataset", "conditions", "system"]
    found = compare(study, "db", [(-40.0, -10.0)], metric="ua", by=by, **tables.PAIRED)
    six = found[(found["conditions"] == "six") & (found["system"] != "majority")]
    assert (six["mean"] < 0).all()  # noise costs every system that reads
    assert (six["low"] < six["mean"]).all() and (six["mean"] < six["high"]).all()
    interval = six.groupby("dataset")["interval"].first()
    assert interval.to_dict() == {
        "iemocap": "t over subjects", "mosei": "subject bootstrap",
    }  # fmt: skip


# ---------------------------------------------------------------- tables


def test_every_cell_that_was_run_finds_the_papers_number(study, counts):
    table = tables.compared(study)["table_2"]
    mine = table[table["method"].isin(("MEN", "IF-MMIN", "NMER"))]
    assert mine["paper"].notna().all()
    one = mine[(mine["dataset"] == "iemocap") & (mine["method"] == "NMER")]
    one = one[(one["condition"] == "gaussian -10 dB avg") & (one["metric"] == "wa")]
    assert one["paper"].tolist() == [0.7598]
    assert set(table["note"]) == {"not comparable: surrogate"}
    assert table.attrs["cells"].startswith("24 of 224")
    few = table["dataset"] == "mosei"
    assert (
        table.loc[few, ["low", "high"]].notna().all().all()
    )  # 24 speakers drawn again


def test_the_pages_have_the_papers_layout(study, counts):
    compared = tables.compared(study)
    page = to_markdown(compared["table_5"]).splitlines()
    cells = [[cell.strip() for cell in line.split("|")] for line in page if "|" in line]
    systems = ["MEN", "IF-MMIN", "NMER"] * 2 + [""] + ["majority", "ceiling"] * 2
    assert [row[4] for row in cells[2:]] == systems
    assert [cell.split()[1] for cell in cells[0][5:-1]] == ["-10", "-10", "-40", "-40"]
    assert cells[2][5].startswith("0.650 / ") and cells[-1][5].startswith("— / ")
    page = to_markdown(compared["table_3"]).splitlines()
    heads = next(line for line in page if "avg WA" in line)
    places = [heads.index(f" {clean} WA") for clean in (*SIX, "avg")]
    assert places == sorted(places)
    assert sum("| gaussian -10 dB" in line for line in page) == 3  # a protocol each


def test_each_table_has_its_file_and_the_printed_triple_its_cell(study, counts):
    compared = tables.compared(study)
    names = [tables.file_of(name) for name in (*tables.PRINTED, "Table 5, impulse")]
    assert names == [
        "table_1", "table_2", "table_3", "table_4", "table_5", "table_section_2_2_3",
        "table_5_impulse",
    ]  # fmt: skip
    (own,) = scores.items_of({"dataset": "mosi_utterances"})
    assert tables.file_of(own) == "table_mosi_utterances"
    triple = compared["table_section_2_2_3"].dropna(subset="paper")
    assert triple["this_run"].tolist() == triple["paper"].tolist() == [140, 60, 5]


def test_a_unit_without_a_result_costs_every_cell_it_fills(counts):
    study = made_study(["NMER", "MEN"], corpora=["iemocap"], lost=["NMER"])
    compared = tables.compared(study)
    for name in ("table_2", "table_3", "table_5"):
        lost = compared[name][compared[name]["method"] == "NMER"]
        assert len(lost) and lost["this_run"].isna().all()
        assert lost["note"].str.contains("failed: ValueError").all()
        kept = compared[name][compared[name]["method"] == "MEN"]
        assert kept["this_run"].notna().all()
    assert len(scores.lost_cells(study)) == 2 * (7 + 1) + 2  # six, avg twice, none
    assert "NMER: ValueError: made to fail" in study.headline


def test_table_1_counts_what_the_reader_gives():
    found = tables.table_1(utterances(), "iemocap")
    assert list(found.index[:4]) == ["angry", "happy", "neutral", "sad"]
    assert found.iloc[:4].sum() == 48
    assert found["train"] == 32 and found["test"] == 8
    assert found["test under six conditions"] == 48


# ---------------------------------------------------------------- noise, pictures


def test_scores_stand_at_the_dB_that_was_measured(study, impulses, counts):
    assert len(tables.levels(study)) == 2 * 2 * 3 + 2 * 3  # folds of both corpora
    heard = tables.at_measured_db(impulses, tables.compared(impulses))
    weak = heard.query("clean == 'avg' and db == -10")
    np.testing.assert_allclose(weak["measured_db"], -4.76)
    frame = tables.at_measured_db(study, tables.compared(study))
    assert list(frame.query("clean == 'none'")["system"].unique()) == [
        "MEN", "IF-MMIN", "NMER", "majority", "ceiling",
    ]  # fmt: skip


def test_noisy_twins_are_of_whole_utterances_and_lie_where_eq_3_puts_them():
    windows = utterances(n_each=40)
    windows.lengths["text"][:100] = 0
    task = Task.of({**PLAIN, "z_scored": ["audio"]}, Context(windows, {"corpus": "x"}))
    n_whole = sum(windows.lengths["text"][task.fold.train] > 0)
    found = list(pictures.noisy_twins(task, (-10.0, -40.0), n_pairs=500))
    assert [known["name"] for known, _ in found][::2] == ["audio", "visual", "text"]
    assert all(
        np.isfinite(twins).all() for _, both in found for _, twins in both.values()
    )
    for known, vectors in found[:2]:  # audio, of variance 1
        original, twins = vectors["one step"]
        assert len(original) == n_whole
        far = np.sqrt(np.mean((twins - original) ** 2))
        kept = 1 / (1 + 10 ** (-known["snr_db"] / 10))
        assert far == pytest.approx(pictures.expected_distance(kept), rel=0.1)
    assert pictures.expected_distance(0.0) == np.sqrt(2)
    assert pictures.expected_distance(1.0) == 0


FIXED = {  # WA of IEMOCAP's surrogate (its README), n = 40 000
    "ceiling, six": [0.793, 0.740, 0.692, 0.681],
    "ceiling, noisy ignored": [0.678] * 4,
    "ceiling, all noisy": [0.775, 0.637, 0.421, 0.332],
}


def test_ideal_readers_score_what_was_worked_out_beforehand():
    readers = pictures.ideal_readers("iemocap")
    for system, wanted in FIXED.items():
        found = readers[readers["system"] == system]
        assert found["db"].tolist() == list(pictures.DBS)
        np.testing.assert_allclose(found["wa"], wanted, atol=0.012)
    for letter, wanted in {"a": 0.652, "v": 0.563, "l": 0.636}.items():
        wa, _ = pictures.ideal_reader("iemocap", [letter], None, modalities=letter)
        assert wa == pytest.approx(wanted, abs=0.012)
    loud = pictures.ideal_reader("mosei", ["none"], -40.0)
    np.testing.assert_allclose(loud, [0.704, 0.5], atol=0.012)
