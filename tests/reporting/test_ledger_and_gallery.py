import json

import pandas as pd
import pytest
from toy_notebooks import write_notebook, write_project

from emolib.reporting.comparison import compare_runs, interval
from emolib.reporting.gallery import gallery_note, gallery_table, make_gallery
from emolib.reporting.ledger import ledger
from emolib.reporting.save import save_report

SETTINGS = {
    "config": "quick", "data": "surrogate", "n_folds": 4, "lr": 1e-3,
    "targets": ["valence"], "run_name": "", "seed": 0,
}  # fmt: skip
REPORTED = pd.DataFrame(
    [
        ("toy", "Table 1", "toy", t, "ours", "", "", "auc", 0.61, None)
        for t in ("valence", "arousal")
    ],
    columns=[
        "paper", "item", "dataset", "target", "method", "variant", "condition",
        "metric", "value", "spread",
    ],
)  # fmt: skip


@pytest.fixture
def project(tmp_path, monkeypatch):
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def results(source="surrogate", shift=0.0, n_folds=4):
    values = [0.5 + 0.05 * f + shift for f in range(n_folds)]
    return pd.DataFrame(
        {
            "paper": "toy", "item": "Table 1", "dataset": "toy", "source": source,
            "target": "valence", "protocol": "by_subject", "method": "ours",
            "variant": "", "condition": "", "fold": range(n_folds), "seed": 0,
            "metric": "auc", "value": values,
        }
    )  # fmt: skip


def subjects(shift=0.0, n_subjects=5):
    frame = results(n_folds=n_subjects).drop(columns="fold")
    names = [f"s{i:02d}" for i in range(n_subjects)]
    drift = [shift + 0.001 * i for i in range(n_subjects)] if shift else 0
    return frame.assign(subject=names, value=frame["value"] + drift)


def save(source="surrogate", shift=0.0, people=None, **changes):
    return save_report(
        "toy", {**SETTINGS, **changes}, results=results(source, shift),
        subjects=people, tables={"table_1": results(source).head(1)},
    ).folder  # fmt: skip


# ---------------------------------------------------------------- compare


def test_two_runs_differ_in_their_settings_and_by_paired_folds(project):
    save()
    other = save(shift=0.1, n_folds=9, lr=2e-3)
    found = compare_runs("toy/quick", f"reports/{other}")
    assert found.settings.to_dict("list") == {
        "setting": ["lr", "n_folds"], "a": ["0.001", "4"], "b": ["0.002", "9"],
    }  # fmt: skip
    (row,) = found.differences.to_dict("records")
    assert row["difference"] == pytest.approx(0.1)
    assert (row["n"], row["pairs"]) == (4, "folds")
    assert "lr" in str(found) and "0.100" in str(found)


def test_subjects_are_paired_where_both_runs_kept_them(project):
    save(people=subjects())
    other = save(people=subjects(0.2), n_folds=9)
    rows = compare_runs("toy/quick", other).differences
    row = rows[rows["pairs"] == "subjects"].to_dict("records")[0]
    assert row["n"] == 5 and row["low"] < row["difference"] < row["high"]
    assert row["difference"] == pytest.approx(0.202)


def test_rows_of_one_run_only_are_counted(project):
    save()
    other = save_report(
        "toy", {**SETTINGS, "n_folds": 2}, results=results(n_folds=2)
    ).folder
    notes = compare_runs("toy/quick", other).notes
    assert "2 rows of results.csv stand in one run only." in notes


def test_a_run_that_is_not_there_cannot_be_compared(project):
    with pytest.raises(FileNotFoundError, match="must hold a finished run"):
        compare_runs("toy/quick", "toy/full")


def test_an_interval_is_drawn_again_from_twenty_pairs_up():
    import numpy as np

    few, many = np.arange(5.0), np.arange(25.0)
    assert interval(few) == pytest.approx((0.037, 3.963), abs=1e-3)
    low, high = interval(many)
    assert 8 < low < 12 < high < 16
    assert all(np.isnan(interval(few[:1])))


# ---------------------------------------------------------------- ledger


def test_the_ledger_has_every_reported_number_and_no_verdict_on_a_surrogate(project):
    save()
    found = ledger("toy", reported=REPORTED)
    assert list(found["target"]) == ["valence", "arousal"]
    assert list(found["verdict"]) == ["not comparable: surrogate", "not run"]
    assert found["run"].iloc[0] == "reports/toy/quick"


@pytest.mark.parametrize(("shift", "verdict"), [(0, "inside"), (0.3, "outside")])
def test_licensed_data_get_a_verdict(project, shift, verdict):
    save("licensed", shift)
    assert ledger("toy", reported=REPORTED)["verdict"].iloc[0] == verdict


def test_the_ledger_of_a_project_without_runs_is_all_not_run(project):
    assert set(ledger("toy", reported=REPORTED)["verdict"]) == {"not run"}


# ---------------------------------------------------------------- gallery


def test_the_gallery_keeps_tables_and_run_but_neither_arrays_nor_host(project):
    save(people=subjects())
    (line,) = make_gallery()
    assert "by today's code and settings" in line
    folder = project / "reports/gallery/toy"
    names = {p.name for p in folder.iterdir()}
    assert {"table_1.csv", "table_1.md", "run.json"} <= names
    assert not names & {"subjects.csv", "notebook.ipynb", "results.csv"}
    assert "host" not in json.loads((folder / "run.json").read_text())
    assert "[table_1](toy/table_1.md)" in (folder.parent / "README.md").read_text()


def test_licensed_and_changed_runs_are_never_copied(project):
    save("licensed")
    save(n_folds=9)
    assert make_gallery() == []


def test_an_open_corpus_has_an_entry_of_its_own(project):
    save()
    save("open")
    assert [line.split(":")[0] for line in make_gallery()] == ["toy", "toy_quick"]


def test_the_highest_tier_is_shown(project):
    save(config="smoke", n_folds=3, lr=6e-4)
    save()
    make_gallery()
    run = json.loads((project / "reports/gallery/toy/run.json").read_text())
    assert run["config"] == "quick"


def test_a_reader_learns_that_code_or_settings_changed_since(project):
    save()
    make_gallery()
    assert "since changed" not in gallery_note("toy")
    config = project / "notebooks/configs/toy/quick.yaml"
    config.write_text("config: quick\nn_folds: 5\nlr: 1e-3\n")
    assert "settings since changed" in gallery_note("toy")
    write_notebook(project, work="results = 1")
    assert "code and settings since changed" in gallery_note("toy")
    assert "since changed" in gallery_table("toy", "table_1")


def test_a_table_that_is_not_there_says_how_to_make_it(project):
    assert "'emolib gallery' makes it" in gallery_table("toy", "table_1")
