"""Tables and figures of paper 2 as views of a finished run."""

import numpy as np
import pandas as pd
import pytest

from emolib.containers import RESULT_COLUMNS
from emolib.metrics import METRICS
from emolib.papers import ecg_eeg
from emolib.papers.ecg_eeg import items


@pytest.fixture(scope="module")
def tables(study):
    return items.tables(study)


def test_both_printed_tables_are_there_even_where_nothing_was_run(tables):
    assert list(tables) == ["table_1", "table_2", "table_fig_2"]
    assert tables["table_2"].empty
    assert tables["table_2"].attrs["cells"].startswith("0 of 54 cells")


def test_the_rows_follow_the_paper_and_references_stand_below(tables):
    page = items.page(tables["table_1"])
    by_subject = page[page["split"] == "by_subject"]["system"].tolist()
    assert by_subject[:4] == ["TS-TCC", "TFC", "SSL-ECG", "EEG-Conformer"]
    assert by_subject.index("w/o align") < by_subject.index("ours")
    assert by_subject.index("ours") < by_subject.index("chance")


def test_the_papers_number_stands_beside_ours(tables):
    page = items.page(tables["table_1"]).set_index("system")
    assert page.loc["ours", "AUC, paper"] == "0.961"
    assert page.loc["chance", "AUC, paper"] == "—"
    assert 0 <= float(page.loc["ours", "AUC, ours"]) <= 1


def test_no_difference_is_printed_on_a_surrogate(tables):
    assert tables["table_1"]["delta"].isna().all()
    assert set(tables["table_1"]["note"]) == {"not comparable: surrogate"}


def test_the_dots_are_one_metric_under_one_split(tables):
    dots = items.dots(tables)
    assert dots["system"].is_unique
    assert set(dots["column"]) == {"DREAMER arousal"}


def test_results_hold_the_scores_and_the_numbers_of_figure_2(study):
    results = items.results(study)
    assert list(results.columns) == list(RESULT_COLUMNS)
    fig_2 = results[results["item"] == "Fig. 2"].set_index(["variant", "metric"])
    gain = fig_2["value"].loc["", "cosine_mean_gain"]
    means = fig_2["value"].loc[[("", "cosine_mean"), ("w/o align", "cosine_mean")]]
    np.testing.assert_allclose(gain, means.iloc[0] - means.iloc[1])
    assert set(METRICS) <= set(results.loc[results["item"] == "Table 1", "metric"])


def test_every_subject_has_a_score_in_each_cell(study):
    scores = items.subjects(study)
    assert {"subject", "method", "metric", "value"} <= set(scores.columns)
    assert scores["value"].between(0, 1).all()


def test_the_audits_name_each_split_once(study):
    audits = items.audits(study)
    keys = [(a["dataset"], a["protocol"], a["fold"]) for a in audits]
    assert keys == sorted(set(keys))
    assert not any(a["leaky"] for a in audits if a["protocol"] == "by_subject")


def test_each_stage_has_its_history(study):
    histories = items.histories(study)
    assert list(histories) == list(items.STAGES)
    assert {"patch", "window"} <= set(histories["3 alignment"].columns)


def test_a_figure_2_without_its_pair_says_what_is_missing(study):
    with pytest.raises(ValueError, match="'ours' and 'w/o align', both finished"):
        items.embeddings(study, fold=99)


def test_class_priors_are_means_of_labels(study):
    windows = study.windows("dreamer")
    overall, by_subject = items.class_priors(windows, "dreamer")
    assert overall["target"].tolist() == ["valence", "arousal", "dominance"]
    assert len(by_subject) == 3 * windows.meta["subject"].nunique()
    shares = by_subject.groupby("target")["share_high"].mean()
    drawn = overall.set_index("target")["share_high"]
    pd.testing.assert_series_equal(shares, drawn.sort_index(), check_names=False)


def test_a_rate_is_given_only_where_hearts_beat(study):
    rates = items.heart_rates(study.windows("dreamer"), "arousal", 3.0)
    known = rates[["rest", "task"]].to_numpy()
    assert ((known > 30) & (known < 200) | np.isnan(known)).all()
    noisy = study.windows("dreamer").take(np.arange(24))
    rng = np.random.default_rng(0)
    noisy.x["ecg"] = rng.normal(size=noisy.x["ecg"].shape)
    rates = items.heart_rates(noisy, "arousal", 3.0)
    assert rates[["rest", "task"]].isna().to_numpy().all()


def test_overrides_may_hold_settings_that_a_notebook_has_no_parameter_for():
    given = {"overrides": {"presets": ["as_printed"], "max_epochs": 3}}
    settings = ecg_eeg.Settings.from_parameters(given)
    assert settings.presets == ["as_printed"]
    assert settings.method("ours").max_epochs == 3
    assert settings.overrides == given["overrides"]
    again = ecg_eeg.Settings.from_parameters(settings.as_dict())
    assert again == settings


def test_an_override_that_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="key of overrides"):
        ecg_eeg.Settings.from_parameters({"overrides": {"n_epochs": 3}})
