import json

import pandas as pd
import pytest
from matplotlib.figure import Figure
from toy_notebooks import write_project

from emolib.reporting.marks import SURROGATE, save_figure
from emolib.reporting.runs import put_in_place, read_run
from emolib.reporting.save import save_report

SETTINGS = {
    "config": "quick", "data": "surrogate", "n_folds": 4, "lr": "1e-3",
    "targets": ["valence"], "run_name": "", "seed": 0,
}  # fmt: skip


@pytest.fixture
def project(tmp_path, monkeypatch):
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def results(source="surrogate", n_folds=2):
    return pd.DataFrame(
        {
            "paper": "toy", "item": "Table 1", "dataset": "toy", "source": source,
            "target": "valence", "protocol": "by_subject", "method": "ours",
            "variant": "", "condition": "", "fold": range(n_folds), "seed": 0,
            "metric": "auc", "value": 0.5,
        }
    )  # fmt: skip


def save(source="surrogate", **changes):
    return save_report("toy", {**SETTINGS, **changes}, results=results(source))


def figure(alt="Two values."):
    from matplotlib.figure import Figure

    made = Figure(figsize=(3, 2))
    made.subplots().plot([1, 2])
    if alt:
        made.alt_text = alt
    return made


def test_an_unmodified_config_on_a_surrogate_owns_its_folder(project):
    assert save().folder == "toy/quick"
    assert read_run(project / "reports/toy/quick")["changed"] == []


def test_a_changed_setting_gets_a_folder_of_its_own(project):
    folder = save(n_folds=9).folder
    assert folder.startswith("toy/quick+") and len(folder) == len("toy/quick+") + 8
    assert read_run(project / "reports" / folder)["changed"] == ["n_folds"]
    assert save(n_folds=8).folder != folder


@pytest.mark.parametrize("source", ["licensed", "open"])
def test_real_data_never_own_the_folder_of_a_surrogate(project, source):
    assert save(source).folder.startswith("toy/quick+")


def test_a_run_may_be_named(project):
    assert save(n_folds=9, run_name="nine").folder == "toy/quick+nine"


def test_a_run_name_that_is_no_file_name_is_refused(project):
    with pytest.raises(ValueError, match="run_name must be letters, digits"):
        save(n_folds=9, run_name="../up")


def test_without_a_config_a_report_goes_to_scratch(project):
    assert save(config="").folder == ".scratch/toy"
    assert (project / "reports/.scratch/toy/run.json").is_file()


def test_where_a_run_is_made_does_not_change_its_folder(project):
    save_report(
        "toy", {**SETTINGS, "device": "cuda:1", "n_workers": 8}, results=results()
    )
    assert (project / "reports/toy/quick").is_dir()


def test_settings_without_a_parameter_of_the_notebook_are_refused(project):
    few = {k: v for k, v in SETTINGS.items() if k != "lr"}
    with pytest.raises(ValueError, match="settings must carry every parameter of toy"):
        save_report("toy", few, results=results())
    assert not list((project / "reports").glob("toy/*"))


def test_results_are_sorted_whatever_their_order(project):
    folder = project / "reports/toy/quick"
    save_report("toy", SETTINGS, results=results(n_folds=12))
    first = (folder / "results.csv").read_bytes()
    save_report("toy", SETTINGS, results=results(n_folds=12).sample(frac=1))
    assert (folder / "results.csv").read_bytes() == first
    folds = [line.split(b",")[9] for line in first.splitlines()[1:]]
    assert folds == [b"%d" % i for i in range(12)]


def test_timings_are_refused_in_results(project):
    clocked = results().assign(metric="duration_s")
    with pytest.raises(ValueError, match="results must hold no timings"):
        save_report("toy", SETTINGS, results=clocked)


def test_results_without_a_source_are_refused(project):
    with pytest.raises(ValueError, match="results must have the columns"):
        save_report("toy", SETTINGS, results=results().drop(columns="source"))


def test_an_unknown_source_is_refused(project):
    with pytest.raises(ValueError, match="source must be one of surrogate"):
        save("borrowed")


def test_the_surrogate_mark_is_in_every_table_and_figure(project):
    save_report(
        "toy", SETTINGS, results=results(), figures={"fig_1_values": figure()},
        tables={"table_1": results(), "table_2": "| a |\n| --- |\n| 1 |"},
    )  # fmt: skip
    folder = project / "reports/toy/quick"
    for name in ("table_1.md", "table_2.md", "fig_1_values.svg", "alt.json"):
        assert SURROGATE in (folder / name).read_text("utf-8"), name
    assert "Data: toy (surrogate) · tier: quick" in (folder / "table_1.md").read_text()


def test_what_was_computed_on_licensed_data_has_no_surrogate_mark(project):
    saved = save_report(
        "toy", SETTINGS, results=results("licensed"),
        tables={"table_1": results("open")}, figures={"fig_1_values": figure()},
    )  # fmt: skip
    folder = project / "reports" / saved.folder
    assert not any(SURROGATE in p.read_text("utf-8") for p in folder.glob("*.md"))
    assert SURROGATE not in (folder / "fig_1_values.svg").read_text("utf-8")


def test_a_figure_is_the_same_bytes_twice_and_left_as_it_came(project):
    made = figure("Two <values>.")
    path = project / "reports/toy/quick/fig_1_values.svg"
    save_report("toy", SETTINGS, results=results(), figures={"fig_1_values": made})
    first = path.read_bytes()
    save_report("toy", SETTINGS, results=results(), figures={"fig_1_values": made})
    assert path.read_bytes() == first
    assert not made.texts
    assert b"<dc:date>" not in first
    assert b"<desc>Two &lt;values&gt;. SURROGATE" in first


def test_a_figure_without_words_is_refused_and_nothing_is_left(project):
    with pytest.raises(ValueError, match="figure fig_1_values must carry alt_text"):
        save_report(
            "toy", SETTINGS, results=results(), figures={"fig_1_values": figure("")}
        )
    assert not (project / "reports/toy").exists()
    assert not list((project / "reports/.partial").iterdir())


def test_a_declared_item_that_was_not_run_is_written_and_says_so(project):
    save()
    folder = project / "reports/toy/quick"
    assert "no cell was run at tier quick" in (folder / "table_1.md").read_text()
    assert "no cell was run" in (folder / "fig_1_values.svg").read_text()


def test_no_path_of_a_corpus_reaches_a_report(project):
    private = {
        "name": "dreamer", "source": "licensed", "digest": "ab", "parameters": {},
        "path": "/secret/place",
    }  # fmt: skip
    saved = save_report("toy", SETTINGS, results=results("licensed"), data=[private])
    text = (project / "reports" / saved.folder / "run.json").read_text()
    assert "dreamer" in text and "secret" not in text


def test_two_corpora_under_the_same_settings_do_not_share_a_folder(project):
    def of(digest):
        corpus = {"name": "dreamer", "source": "licensed", "digest": digest}
        return save_report(
            "toy", SETTINGS, results=results("licensed"), data=[corpus]
        ).folder

    assert of("ab") != of("cd")


def test_a_folder_without_a_finished_run_is_refused(project):
    (project / "half").mkdir()
    (project / "half/run.json").write_text(json.dumps({"finished": False}))
    with pytest.raises(FileNotFoundError, match="must hold a finished run"):
        read_run(project / "half")


def test_a_new_report_replaces_the_old_one_whole(project):
    old = project / "reports/toy/quick"
    old.mkdir(parents=True)
    (old / "stale.md").touch()
    made = project / "made"
    made.mkdir()
    put_in_place(made, "toy/quick")
    assert list(old.iterdir()) == []


def test_a_last_digit_of_the_layout_does_not_change_a_saved_figure(tmp_path):
    written = []
    for bit in (0, 1e-15):
        figure = Figure(figsize=(3, 2))
        for left in (0.1 + bit, 0.6):
            figure.add_axes((left, 0.1, 0.3, 0.8)).plot([0, 1], [0, 1])
        figure.alt_text = "Two lines."
        save_figure(figure, tmp_path / "fig_1.svg", marked=False)
        written.append((tmp_path / "fig_1.svg").read_text("utf-8"))
    assert written[0] == written[1]
    assert written[0].count('"url(#fig_1-clip-1)"') == 1
    assert written[0].count('<clipPath id="fig_1-clip-') == 2
