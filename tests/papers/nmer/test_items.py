"""Tables and figures of paper 3 as views of a finished run."""

import numpy as np
import pandas as pd
import pytest

from emolib.corruptions.conditions import SIX
from emolib.metrics import score_folds
from emolib.papers.nmer import items
from emolib.papers.nmer.items.findings import difference
from emolib.papers.nmer.items.tables import file_of, lost_cells, table
from emolib.papers.nmer.level_views import level_frame, level_results
from emolib.papers.nmer.scoring import ONE_EACH, Behind, items_of, results_of

from .studies import made_study
from .utterances import utterances


@pytest.fixture(scope="module")
def study():
    return made_study()


@pytest.fixture(scope="module")
def impulses():
    return made_study(("MEN", "ours"), corpora=["iemocap"], noises=["impulse"])


@pytest.fixture(scope="module")
def found(study):
    return items.summary(study)


@pytest.fixture(scope="module")
def results(study):
    """Return what `items.results` does, without Table 1, which needs a corpus."""
    return results_with_levels(study)


def results_with_levels(study):
    return pd.concat([results_of(study), level_results(level_frame(study))])


def table_of(study, item):
    return table(study, item, scores=results_with_levels(study), behind=Behind(study))


def value(results, **wanted):
    for name, want in wanted.items():
        results = results[results[name] == want]
    return results["value"]


# ---------------------------------------------------------------- scores


def test_avg_is_the_mean_of_the_six_conditions(study, results):
    one = {"dataset": "iemocap", "method": "ours", "fold": 1, "metric": "ua"}
    each = [
        value(results, condition=f"gaussian -10 dB {c}", **one).iloc[0] for c in SIX
    ]
    means = value(results, condition="gaussian -10 dB avg", **one)
    assert len(means) == 2  # in Table 2 and in Table 3
    np.testing.assert_allclose(means, np.mean(each))
    ((_, entry),) = study.select(
        dataset="iemocap", system="ours", noise="gaussian", db=-10.0, fold=1,
        conditions="six",
    )  # fmt: skip
    part = entry.tables["predictions"].query("clean == 'av'")
    by_hand = score_folds(part, metrics=("ua",))["value"].iloc[0]
    assert each[SIX.index("av")] == pytest.approx(by_hand)


def test_mosei_stands_under_both_protocols_and_iemocap_under_one(study, results):
    split = results.groupby("dataset")["protocol"].unique().map(sorted)
    assert split["iemocap"] == ["given folds"]
    assert split["mosei"] == ["given split", ONE_EACH]
    one = {"dataset": "mosei", "method": "ours", "metric": "wa", "item": "Table 2"}
    avg = {"condition": "gaussian -10 dB avg", **one}
    drawn, all_six = (
        value(results, protocol=p, **avg) for p in (ONE_EACH, "given split")
    )
    assert drawn.iloc[0] != all_six.iloc[0]
    ((_, entry),) = study.select(
        dataset="mosei", system="ours", noise="gaussian", db=-10.0, conditions="six"
    )
    read = entry.tables["predictions"].query("drawn and clean == 'vl'")
    wanted = value(
        results, protocol=ONE_EACH, condition="gaussian -10 dB vl", dataset="mosei",
        method="ours", metric="wa",
    )  # fmt: skip
    assert wanted.iloc[0] == pytest.approx((read["y_true"] == read["y_pred"]).mean())


@pytest.mark.parametrize(
    ("item", "method", "condition"),
    [
        ("Table 2", "MEN", "impulse -40 dB avg"),
        ("Table 3", "ours", "gaussian -10 dB vl"),
        ("Table 5", "IF-MMIN", "gaussian -40 dB none"),
        ("Table 5, impulse", "ours", "impulse -10 dB none"),
        ("by condition", "MEN", "gaussian -10 dB a"),
        ("by condition", "ours", "impulse -10 dB a"),
    ],
)
def test_a_score_stands_in_its_table(study, impulses, item, method, condition):
    results = results_of(impulses if condition.startswith("impulse") else study)
    one = {"dataset": "iemocap", "method": method, "condition": condition}
    assert len(value(results, item=item, **one)) == 2 * 2  # folds, metrics
    printed = load_reported("nmer")
    is_printed = (printed["item"] == item) & (printed["condition"] == condition)
    assert is_printed.any() == (item in items.PRINTED)


# ---------------------------------------------------------------- tables


def test_every_cell_that_was_run_finds_the_papers_number(study):
    compared = table_of(study, "Table 2")
    ours = compared[compared["method"].isin(("MEN", "IF-MMIN", "ours"))]
    assert ours["paper"].notna().all()
    one = ours[(ours["dataset"] == "iemocap") & (ours["method"] == "ours")]
    one = one[(one["condition"] == "gaussian -10 dB avg") & (one["metric"] == "wa")]
    assert one["paper"].tolist() == [0.7598]
    assert compared["delta"].isna().all()
    assert set(compared["note"]) == {"not comparable: surrogate"}
    assert compared.attrs["cells"].startswith("24 of 224 cells")


def test_table_3_has_a_line_per_level_and_a_column_per_condition(study):
    page = items.page(table_of(study, "Table 3"))
    mine = page[page["dataset"] == "iemocap"]
    assert mine["noise"].tolist() == ["gaussian -10 dB"] * 2 + ["gaussian -40 dB"] * 2
    columns = [
        f"{clean} {metric}" for clean in (*SIX, "avg") for metric in ("WA", "UA")
    ]
    assert list(page)[-14:] == columns
    assert mine["avg WA"].tolist()[1::2] == ["0.760", "0.709"]


def test_a_page_has_ours_above_the_papers_line_and_references_below(study):
    page = items.page(table_of(study, "Table 5"))
    mine = page[page["dataset"] == "iemocap"]
    assert mine["system"].tolist() == [
        "MEN", "MEN", "IF-MMIN", "IF-MMIN", "ours", "ours", "majority", "ceiling",
    ]  # fmt: skip
    assert mine["whose"].tolist()[:2] == ["ours", "paper"]
    columns = [c for c in page if "dB" in c]
    assert columns == [
        "gaussian -10 dB none WA", "gaussian -10 dB none UA",
        "gaussian -40 dB none WA", "gaussian -40 dB none UA",
    ]  # fmt: skip
    assert mine.iloc[1][columns[0]] == "0.650"
    assert "±" in mine.iloc[0][columns[0]] and "[" not in mine.iloc[0][columns[0]]


def test_columns_go_from_little_to_much_noise_though_the_first_row_lacks_a_level(study):
    compared = table_of(study, "Table 5")
    weak = compared["condition"].str.contains("-10 dB")
    page = items.page(compared[~(weak & (compared["method"] == "MEN"))])
    assert [c for c in page if "dB" in c] == [
        "gaussian -10 dB none WA", "gaussian -10 dB none UA",
        "gaussian -40 dB none WA", "gaussian -40 dB none UA",
    ]  # fmt: skip


def test_the_file_of_each_item_is_named_after_it():
    names = ["Table 2", "Table 5, impulse", "Section 2.2.3"]
    (own,) = items_of({"dataset": "mosi_utterances"})
    assert file_of(own) == "table_mosi_utterances"
    assert [file_of(name) for name in names] == [
        "table_2", "table_5_impulse", "table_section_2_2_3",
    ]  # fmt: skip


def test_the_printed_triple_stands_beside_the_steps_of_the_run(study):
    compared = table_of(study, "Section 2.2.3")
    triple = compared[compared["paper"].notna()]
    assert triple["ours"].tolist() == triple["paper"].tolist() == [140, 60, 5]


def test_a_unit_without_a_result_costs_every_cell_it_fills():
    study = made_study(("ours", "MEN"), corpora=["iemocap"], noises=["gaussian"],
                       lost=["ours"])  # fmt: skip
    for item in ("Table 2", "Table 3", "Table 5"):
        compared = table_of(study, item)
        lost = compared[compared["method"] == "ours"]
        assert lost["ours"].isna().all()
        assert lost["note"].str.startswith("1 of 2 units; 1 failed: ValueError").all()
        kept = compared[compared["method"] == "MEN"]
        assert kept["ours"].notna().all()
    cells = lost_cells(study)
    assert len(cells) == 2 * (7 + 1) + 2  # six and avg, twice avg, none; two levels
    assert [f["item"] for f in items.failures(study)] == [
        "Table 2", "Table 2", "Table 5", "Table 5",
    ]  # fmt: skip


def test_a_run_says_which_systems_failed_and_why_and_draws_no_curve_for_them():
    study = made_study(("ours", "MEN"), corpora=["iemocap"], noises=["gaussian"],
                       folds=[1], lost=["ours"])  # fmt: skip
    told = [f"{len(study.finished)} units finished, {len(study.failures)} failed",
            "ours: ValueError: made to fail"]  # fmt: skip
    assert study.headline.splitlines() == told
    assert items.histories(study, system="ours") == {}


def test_table_1_counts_what_the_reader_gives():
    counts = items.table_1(utterances(), "iemocap")
    assert list(counts.index[:4]) == ["angry", "happy", "neutral", "sad"]
    assert counts.iloc[:4].sum() == 48
    assert counts["train"] == 32 and counts["test"] == 8
    assert counts["test under six conditions"] == 48


# ---------------------------------------------------------------- noise


def test_levels_have_a_row_a_modality_whatever_the_systems(study):
    levels = items.levels(study, dataset="iemocap")
    assert len(levels) == 2 * 3
    assert levels["name"].tolist()[:3] == ["audio", "visual", "text"]
    assert (levels["n_folds"] == 2).all()


def test_scores_stand_at_the_dB_that_was_measured(study, impulses, found):
    heard = items.by_db(impulses, items.summary(impulses), "iemocap")
    weak = heard[heard["asked_db"] == -10]
    np.testing.assert_allclose(weak["measured_db"], -4.76)
    frame = items.by_db(study, found, "iemocap")
    assert list(frame["system"].unique()) == ["MEN", "IF-MMIN", "ours", "ceiling"]
    assert frame[["low", "high"]].isna().all().all()  # two folds are too few
    mosei = items.by_db(study, found, "mosei", "ua", "all")
    assert mosei[["low", "high"]].notna().all().all()  # 24 videos are drawn again
    assert items.majority(found, "iemocap") == pytest.approx(0.25)


def test_a_corpus_of_ours_has_its_scores_against_db_too():
    open_data = made_study(("MEN", "majority"), corpora=["mosi_utterances"])
    frame = items.by_db(open_data, items.summary(open_data), "mosi_utterances")
    assert frame[["system", "asked_db"]].to_numpy().tolist() == [
        ["MEN", -10.0], ["MEN", -40.0],
    ]  # fmt: skip


# ---------------------------------------------------------------- findings


def test_noise_costs_every_system_that_reads_and_it_is_said_with_an_interval(study):
    changes = items.between_levels(study)
    assert set(changes["system"]) == {"MEN", "IF-MMIN", "ours", "ceiling"}
    six = changes[(changes["conditions"] == "six") & (changes["noise"] == "gaussian")]
    assert (six["difference"] < 0).all()
    assert (six["low"] < six["difference"]).all() and (
        six["high"] > six["difference"]
    ).all()
    interval = six.groupby("dataset")["interval"].first()
    assert interval.to_dict() == {
        "iemocap": "t over subjects", "mosei": "subject bootstrap",
    }  # fmt: skip


def test_one_level_is_not_compared_with_itself(study):
    assert items.between_levels(study, strong=-10.0, weak=-10.0).empty


def test_rivals_are_compared_at_the_strongest_noise(study):
    leads = items.between_systems(study)
    pairs = set(zip(leads["system"], leads["rival"], strict=True))
    assert pairs == {("IF-MMIN", "MEN"), ("ours", "MEN"), ("ours", "IF-MMIN")}
    a = study.table(dataset="mosei", system="ours", db=-40.0, conditions="six")
    same = difference(a, a, "ua")
    assert same["difference"] == same["low"] == same["high"] == 0


def test_the_paper_has_eight_series_that_rise_somewhere():
    printed = load_reported("nmer")
    series = items.rising(printed[printed["item"] == "Table 2"])
    assert len(series) == 56 and (series["n_levels"] == 4).all()
    ours = series[~series["system"].str.startswith("w/o")]
    assert len(ours) == 40
    assert (series["n_rises"] > 0).sum() == 8


def test_our_series_are_counted_alike(found):
    series = items.series(found)
    assert set(series["system"]) == {"MEN", "IF-MMIN", "ours"}
    assert (series["n_levels"] == 2).all()


def test_where_nothing_is_planted_no_system_is_above_chance(impulses):
    nothing = made_study(("MEN", "ours"), corpora=["iemocap"], conditions=["six"],
                         leans={"MEN": 0.0, "ours": 0.0})  # fmt: skip
    table = items.null_test(nothing, n_draws=400)
    assert len(table) == 2 * 2 and not table["above_chance"].any()
    assert items.null_words(table, 0).endswith("none of 4 systems is above chance.")
    lean = items.null_test(impulses, n_draws=1000)
    assert lean.loc[lean["db"] == -10, "above_chance"].all()
    assert "Look for a leak." in items.null_words(lean, 1)


def test_no_claim_gets_a_verdict_on_a_surrogate(study, found):
    claims = items.claims(study, found)
    assert set(claims["verdict"]) == {
        "not comparable: surrogate",
        "no score to compare",
    }


def test_every_subject_has_a_score_in_each_cell(study):
    scores = items.subjects(study)
    assert {"subject", "method", "condition", "metric", "value"} <= set(scores.columns)
    assert scores["value"].between(0, 1).all()
    assert not scores.duplicated([c for c in scores if c != "value"]).any()
