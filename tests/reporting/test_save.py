"""A run's folder: whose it is, what stands in it, and that it is whole or not there."""

import json
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib import rc_context
from matplotlib.figure import Figure

from emolib.figures.scores import plot_scores
from emolib.reporting import save_report
from emolib.reporting.save import SURROGATE, save_figure
from emolib.settings import Number, Typed

from .conftest import VALUES, results


class Settings(Typed):
    config: str
    data: str
    n_folds: int
    lr: Number
    targets: list[str]
    run_name: str
    seed: int
    device: str = "auto"


def figure(alt="Two <values>."):
    made = Figure(figsize=(3, 2))
    made.subplots().plot([1, 2])
    made.alt_text = alt
    return made


def save(source="surrogate", *, more=None, **changes):
    """Save a report and return the name of its folder."""
    settings = Settings.of({**VALUES, **changes})
    said = save_report("toy", settings, results=results(source), **(more or {}))
    return said.partition(":")[0].removeprefix("reports/")


def read(project, folder="toy/quick"):
    return json.loads((project / "reports" / folder / "run.json").read_text("utf-8"))


def test_an_unmodified_config_on_a_surrogate_owns_its_folder(project):
    assert save(device="cuda:1") == "toy/quick"  # where it is made changes nothing
    run = read(project)
    assert run["finished"] is True and run["changed"] == []
    assert run["settings"]["lr"] == 1e-3
    assert {"commit", "date", "host", "duration_s", "versions"} <= set(run)


def test_other_settings_real_data_or_a_name_get_a_folder_of_their_own(project):
    made = [save(n_folds=9), save(n_folds=8), save("licensed"), save("open")]
    assert all(re.fullmatch(r"toy/quick\+[0-9a-f]{8}", name) for name in made)
    assert len(set(made)) == 4 and read(project, made[0])["changed"] == ["n_folds"]
    assert save(n_folds=9, run_name="../nine") == "toy/quick+.._nine"
    assert save(config="") == ".scratch/toy"
    assert not (project / "reports" / "toy" / "quick").exists()


def test_two_corpora_under_one_config_share_no_folder_and_show_no_path(project):
    made = set()
    for digest in ("ab", "cd"):
        corpus = SimpleNamespace(
            name="dreamer", source="licensed", digest=digest, parameters={},
            path="/secret/place",
        )  # fmt: skip
        made.add(save("licensed", more={"data": [corpus]}))
    assert len(made) == 2
    text = "".join(json.dumps(read(project, name)) for name in made)
    assert "dreamer" in text and "secret" not in text


def test_results_are_sorted_whatever_their_order(project):
    path = project / "reports/toy/quick/results.csv"
    rows = results(n_folds=12).assign(variant=np.nan)
    save_report("toy", VALUES, results=rows)
    first = path.read_bytes()
    save_report("toy", VALUES, results=rows.sample(frac=1)[[*rows][::-1]])
    assert path.read_bytes() == first
    folds = [line.split(b",")[9] for line in first.splitlines()[1:]]
    assert folds == [b"%d" % i for i in range(12)]


@pytest.mark.parametrize("source", ["borrowed", np.nan])
def test_results_that_do_not_name_their_data_are_refused(project, source):
    with pytest.raises(ValueError, match="source must be one of 'surrogate'"):
        save(source)
    assert not list((project / "reports").glob("toy/*"))


@pytest.mark.parametrize("source", ["surrogate", "licensed"])
def test_the_mark_is_in_every_table_and_figure_of_a_surrogate_and_no_other(
    project, source
):
    more = {"tables": {"table_1": results(source)}, "figures": {"fig_1": figure()}}
    folder = project / "reports" / save(source, more=more)
    table = (folder / "table_1.md").read_text("utf-8")
    drawn = (folder / "fig_1.svg").read_text("utf-8")
    marked = source == "surrogate"
    assert [SURROGATE in text for text in (table, drawn)] == [marked, marked]
    assert table.count(SURROGATE) == marked
    assert f"Data: toy ({source}) · tier: quick · settings: " in table


def test_what_was_not_run_is_named_and_stands_there_no_longer(project):
    save(more={"tables": {"table_1": results()}, "figures": {"fig_1": figure()}})
    more = {"tables": {"table_1": results().iloc[:0]}, "figures": {"fig_1": None}}
    said = save_report("toy", VALUES, results=results(), **more)
    assert said.endswith("results.csv, run.json; not run: table_1, fig_1")
    names = {path.name for path in (project / "reports/toy/quick").iterdir()}
    assert names == {"results.csv", "run.json"}


def test_a_figure_is_the_same_bytes_twice_and_left_as_it_came(project):
    made, path = figure(), project / "reports/toy/quick/fig_1.svg"
    texts = []
    for _ in range(2):
        save(more={"figures": {"fig_1": made}})
        texts.append(path.read_text("utf-8"))
    assert texts[0] == texts[1] and not made.texts
    assert "<dc:date>" not in texts[0]
    assert f"<title>Two &lt;values&gt;. {SURROGATE}.</title>" in texts[0]
    assert read(project)["figures"]["fig_1"].startswith("Two <values>.")


OWN_STYLE = {
    "text.usetex": True, "savefig.bbox": "tight", "svg.fonttype": "none",
    "font.size": 20, "savefig.facecolor": "red", "axes.unicode_minus": False,
}  # fmt: skip


def test_a_readers_own_matplotlibrc_reaches_no_picture(tmp_path):
    shown = []
    for own in ({}, OWN_STYLE):
        with rc_context(own):
            rows = pd.DataFrame({"split": ["a", "b"], "value": [-0.5, 0.5]})
            made = plot_scores(rows, at="split", label="Score")
            save_figure(made, tmp_path / "fig_1.svg", True)
            picture = made._repr_mimebundle_()[0]["image/png"]
        shown.append((picture, (tmp_path / "fig_1.svg").read_text("utf-8")))
    assert shown[0] == shown[1]


def test_a_spreadsheet_computes_nothing_that_a_table_says(project):
    table = pd.DataFrame({"trial": ["=1+1", "@x", "-10 dB", "01"], "auc": [0.1] * 4})
    save(more={"tables": {"table_1": table}})
    written = (project / "reports/toy/quick/table_1.csv").read_text("utf-8")
    cells = [line.split(",")[0] for line in written.splitlines()[1:]]
    assert cells == ["'=1+1", "'@x", "-10 dB", "01"]


def test_a_figure_without_words_is_refused_and_the_earlier_report_stays(project):
    save()
    before = read(project)
    with pytest.raises(ValueError, match="figure fig_1 must carry alt_text"):
        save(more={"figures": {"fig_1": figure("")}})
    assert read(project) == before


def test_a_last_digit_of_the_layout_does_not_change_a_saved_figure(tmp_path):
    written = []
    for bit in (0, 1e-15):
        drawn = Figure(figsize=(3, 2))
        for left in (0.1 + bit, 0.6):
            drawn.add_axes((left, 0.1, 0.3, 0.8)).plot([0, 1], [0, 1])
        drawn.alt_text = "Two lines."
        save_figure(drawn, tmp_path / "fig_1.svg", False)
        written.append((tmp_path / "fig_1.svg").read_text("utf-8"))
    assert written[0] == written[1]
    assert written[0].count('<clipPath id="fig_1-clip-') == 2
