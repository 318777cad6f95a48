"""Where the numbers of a finished run stand, beside the paper's."""

import numpy as np
import pytest

from emolib.corruptions.conditions import SIX
from emolib.papers.nmer import pictures, scores, tables
from emolib.papers.nmer.reading import mean_recall
from emolib.reporting import load_reported, to_markdown

from .studies import made_study
from .utterances import task_of, utterances

METRICS = ("WA", "UA")
ONE = {"dataset": "iemocap", "metric": "ua"}


@pytest.fixture(autouse=True)
def no_counts(monkeypatch):
    """Let Table 1 count nothing: made-up studies have no corpus."""
    nothing = lambda study: scores.placed(study, [])  # noqa: E731
    monkeypatch.setattr(tables, "table_1_results", nothing)


@pytest.fixture(scope="module")
def study():
    return made_study()


@pytest.fixture(scope="module")
def impulses():
    return made_study(["MEN", "NMER"], corpora=["iemocap"], noises=["impulse"])


def value(results, **wanted):
    for name, want in wanted.items():
        results = results[results[name] == want]
    return results["value"].tolist()


def test_avg_is_the_mean_of_the_six_conditions(study):
    results, one = scores.scores(study), {**ONE, "method": "NMER", "fold": 1}
    each = [value(results, condition=f"gaussian -10 dB {c}", **one)[0] for c in SIX]
    means = value(results, condition="gaussian -10 dB avg", **one)
    assert means == pytest.approx([np.mean(each)] * 2)  # in Table 2 and in Table 3
    mine = study.table(dataset="iemocap", system="NMER", db=-10.0, conditions="six")
    part = mine.query("clean == 'av' and fold == 1")
    assert each[SIX.index("av")] == mean_recall(part["y_true"], part["y_pred"])


def test_mosei_stands_under_both_protocols_and_iemocap_under_one(study):
    results = scores.scores(study)
    split = results.groupby("dataset")["protocol"].unique().map(sorted).to_dict()
    both = ["given split", scores.ONE_EACH]
    assert split == {"iemocap": ["given folds"], "mosei": both}
    mine = study.table(dataset="mosei", system="NMER", db=-10.0, conditions="six")
    read = mine.query("drawn and clean == 'vl'")
    one = {"dataset": "mosei", "method": "NMER", "protocol": scores.ONE_EACH}
    (found,) = value(results, condition="gaussian -10 dB vl", metric="wa", **one)
    assert found == pytest.approx((read["y_true"] == read["y_pred"]).mean())


@pytest.mark.parametrize(
    ("item", "method", "condition"),
    [
        ("Table 2", "MEN", "impulse -40 dB avg"),
        ("Table 3", "NMER", "gaussian -10 dB vl"),
        ("Table 5", "IF-MMIN", "gaussian -40 dB none"),
        ("Table 5, impulse", "NMER", "impulse -10 dB none"),
        ("by condition", "MEN", "gaussian -10 dB a"),
    ],
)
def test_a_score_stands_in_its_table(study, impulses, item, method, condition):
    results = scores.scores(impulses if condition.startswith("impulse") else study)
    cell = {"item": item, "method": method, "condition": condition}
    assert len(value(results, **ONE, **cell)) == 2  # folds
    printed = bool(value(load_reported("nmer"), **ONE, **cell))
    assert printed == (item in tables.PRINTED)


def test_where_nothing_is_planted_no_system_is_above_chance(impulses):
    leans = {"MEN": 0.0, "NMER": 0.0}
    nothing = made_study(leans, corpora=["iemocap"], conditions=["six"], leans=leans)
    table = scores.null_test(nothing, n_draws=400)
    assert len(table) == 2 * 2 and not table["above_chance"].any()
    lean = scores.null_test(impulses, n_draws=1000)
    assert lean.loc[lean["db"] == -10, "above_chance"].all()


def test_every_cell_that_was_run_finds_the_papers_number(study):
    compared = tables.compared(study)
    table = compared["table_2"].query("method in ('MEN', 'IF-MMIN', 'NMER')")
    assert table["paper"].notna().all()
    assert compared["table_2"].attrs["cells"].startswith("24 of 224")
    one = table.query("dataset == 'iemocap' and method == 'NMER' and metric == 'wa'")
    assert one["paper"].tolist() == [0.7598, 0.7085]
    bounds = table.query("dataset == 'mosei'")[["low", "high"]]
    assert bounds.notna().all(axis=None)  # 24 speakers are drawn again
    triple = compared["table_section_2_2_3"].dropna(subset="paper")
    assert triple["this_run"].tolist() == triple["paper"].tolist() == [140, 60, 5]


def read_page(table):
    """Return the blocks of a page: title, heads, and the names of its lines."""
    blocks = []
    for line in to_markdown(table).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("**"):
            blocks.append((line.strip("*"), []))
        elif line.startswith("|") and blocks and cells[0][:2] != ":-":
            blocks[-1][1].append(cells)
    return blocks


def test_the_pages_have_the_papers_layout(study):
    compared = tables.compared(study)
    blocks = read_page(compared["table_5"])
    title, (head, first, *rest) = blocks[0]
    assert title == "IEMOCAP (features) · emotion · given folds" and len(blocks) == 2
    assert head == ["system", *(f"{db} dB {m} ↑" for db in (-10, -40) for m in METRICS)]
    names = ["MEN", "IF-MMIN", "NMER", "*for reference*", "majority", "ceiling"]
    assert [row[0] for row in (first, *rest)] == names
    assert first[1].startswith("0.650 / ") and rest[-1][1].startswith("— / ")
    blocks = read_page(compared["table_3"])
    assert [title.split(" · ")[2] for title, _ in blocks] == ["-10 dB", "-40 dB"] * 3
    for _, (head, *rows) in blocks:  # a level of a protocol each
        assert head == ["clean", "WA ↑", "UA ↑"]
        assert [row[0] for row in rows] == [*SIX, "average of the six"]


def test_table_4_has_a_line_a_level_and_a_column_a_modality():
    systems = ["uni-modal a", "uni-modal v", "uni-modal v, trained clean", "ceiling a"]
    study = made_study(systems, corpora=["iemocap"], conditions=["clean", "all"])
    page = to_markdown(tables.compared(study)["table_4"]).splitlines()
    cells = [[cell.strip() for cell in line.split("|")] for line in page if "|" in line]
    assert cells[0][3:-1] == ["a WA ↑", "a UA ↑", "v WA ↑", "v UA ↑"]
    levels = ["gaussian -10 dB", "gaussian -40 dB"]
    assert [(row[1], row[2]) for row in cells[2:7]] == [
        *(("uni-modal", level) for level in ("clean", *levels)),
        *(("uni-modal, trained clean", level) for level in levels),
    ]


def test_a_unit_without_a_result_costs_every_cell_it_fills():
    study = made_study(["NMER", "MEN"], corpora=["iemocap"], lost=["NMER"])
    compared = tables.compared(study)
    for name in ("table_2", "table_3", "table_5"):
        table = compared[name].assign(lost=compared[name]["method"] == "NMER")
        assert table["lost"].any() and table["this_run"].isna().equals(table["lost"])
        notes = table.loc[table["lost"], "note"]
        assert notes.str.contains("failed: ValueError").all()
    assert len(scores.lost_cells(study)) == 2 * (7 + 1) + 2  # six, avg twice, none


def test_table_1_counts_what_the_reader_gives():
    found = tables.table_1(utterances(), "iemocap")
    assert list(found.index[:4]) == ["angry", "happy", "neutral", "sad"]
    assert found.iloc[:4].sum() == 48
    assert found.iloc[4:].tolist() == [32, 8, 48]  # train, test, test under six


def test_scores_stand_at_the_dB_that_was_measured(study, impulses):
    assert len(tables.levels(study)) == 2 * 2 * 3 + 2 * 3  # folds of both corpora
    heard = tables.at_measured_db(impulses, tables.compared(impulses))
    weak = heard.query("clean == 'avg' and db == -10")
    np.testing.assert_allclose(weak["measured_db"], -4.76)
    frame = tables.at_measured_db(study, tables.compared(study))
    systems = frame.query("clean == 'none'")["system"].unique().tolist()
    assert systems == ["MEN", "IF-MMIN", "NMER", "majority", "ceiling"]


def test_noisy_twins_are_of_whole_utterances_and_lie_where_eq_3_puts_them():
    windows = utterances(n_each=40)
    windows.lengths["text"][:100] = 0
    task, _ = task_of("MEN", windows)
    found = list(pictures.noisy_twins(task, (-10.0, -40.0), n_pairs=500))
    assert [known["name"] for known, _ in found[::2]] == ["audio", "visual", "text"]
    n_whole = sum(windows.lengths["text"][task.fold.train] > 0)
    for known, vectors in found[:2]:  # audio is z-scored: its variance is 1
        original, twins = vectors["one step"]
        assert len(original) == n_whole
        far = np.sqrt(np.mean((twins - original) ** 2))
        kept = 1 / (1 + 10 ** (-known["snr_db"] / 10))
        assert far == pytest.approx(pictures.expected_distance(kept), rel=0.1)
    ends = [pictures.expected_distance(kept) for kept in (0.0, 1.0)]
    assert ends == [np.sqrt(2), 0]


def test_ideal_readers_score_what_was_worked_out_beforehand():
    loud = pictures.ideal_readers("iemocap").query("db == -40")  # as its README says
    np.testing.assert_allclose(loud["wa"], [0.681, 0.678, 0.332], atol=0.012)
    alone, _ = pictures.ideal_reader("iemocap", ["v"], None, modalities="v")
    assert alone == pytest.approx(0.563, abs=0.012)
    wa, ua = pictures.ideal_reader("mosei", ["none"], -40.0)
    assert wa == pytest.approx(0.704, abs=0.012) and ua > 0.52  # who says one class: .5
