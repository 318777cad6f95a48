import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from emolib.metrics import (
    holm,
    paired_differences,
    permutation_test,
    pooled_difference,
    score_folds,
    subject_scores,
    summarise,
)
from emolib.metrics.comparisons import permutation_null
from emolib.metrics.distances import average_distance, time_average
from emolib.metrics.summaries import bootstrap_draws

PARTS = ("fold", "seed")
CONDITIONS = ("fold", "seed", "clean")
COLUMNS = "subject trial start_s fold y_true y_pred y_score_1".split()


def simulate(
    n_subjects=24, n_trials=10, n_windows=3, n_folds=4, *, effect=1.0, trial_sd=0.5,
    subject_sd=0.0, seeds=(0,), seed=0,
):  # fmt: skip
    """Return predictions of a reader whose scores carry the label and the trial."""
    rng = np.random.default_rng(seed)
    n = n_subjects * n_trials * n_windows
    subject = np.repeat(np.arange(n_subjects), n_trials * n_windows)
    trial = np.repeat(np.arange(n_subjects * n_trials), n_windows)
    label = (rng.random(n_subjects * n_trials) < 0.5).astype(int)[trial]
    gain = effect + subject_sd * rng.normal(size=n_subjects)[subject]
    shared = trial_sd * rng.normal(size=n_subjects * n_trials)[trial]
    names, trials = [f"s{k:02d}" for k in subject], (trial % n_trials).astype(str)
    start, fold = 10.0 * (np.arange(n) % n_windows), subject % n_folds
    frames = []
    for s in seeds:
        score = gain * label + shared + rng.normal(size=n)
        told, sure = (score > effect / 2).astype(int), 1 / (1 + np.exp(-score))
        rows = zip(names, trials, start, fold, label, told, sure, strict=True)
        frames.append(pd.DataFrame(rows, columns=COLUMNS).assign(seed=s, session="1"))
    return pd.concat(frames, ignore_index=True)


def answers(lean, seed=0):
    """Return predictions of four classes under two conditions, one window a trial."""
    rng, n, parts = np.random.default_rng(seed), 24 * 12, []
    y = rng.integers(4, size=n)
    rows = pd.DataFrame({"subject": [f"s{i // 12:02d}" for i in range(n)], "y_true": y})
    rows = rows.assign(trial=rows.index.astype(str), session="1", start_s=0.0)
    for name in ("a", "v"):
        right = rng.random(n) < lean
        told = np.where(right, y, rng.integers(4, size=n))
        parts.append(rows.assign(y_pred=told, clean=name, fold=1, seed=0))
    return pd.concat(parts, ignore_index=True)


def value_of(predictions, metric):
    """Return one metric of predictions, scored as one set."""
    scored = score_folds(predictions.assign(all=1), by=("all",), metrics=(metric,))
    return scored.set_index("metric")["value"][metric]


def mean_auc(predictions):
    scored = score_folds(predictions, metrics=("auc",))
    return scored.query("metric == 'auc'")["value"].mean()


# ---------------------------------------------------------------- scores


def test_scores_equal_those_of_scikit_learn():
    part = simulate()
    part["y_score_1"] = part["y_score_1"].round(1)
    y, p = part["y_true"], part["y_pred"]
    macro, positive = (f1_score(y, p, average=how) for how in ("macro", "binary"))
    expected = {
        "accuracy": accuracy_score(y, p), "f1_macro": macro, "f1_positive": positive,
        "auc": roc_auc_score(y, part["y_score_1"]), "n_windows": len(part),
    }  # fmt: skip
    scored = score_folds(part.assign(all=1), by=("all",)).set_index("metric")["value"]
    assert scored.to_dict() == pytest.approx(expected)
    one_class = part[part["y_true"] == 1]
    assert np.isnan(value_of(one_class, "auc"))


def test_wa_is_accuracy_and_ua_the_mean_recall_of_classes_that_occur():
    part = pd.DataFrame({"y_true": [0, 0, 0, 1, 3], "y_pred": [0, 0, 1, 1, 0]})
    assert value_of(part, "wa") == pytest.approx(3 / 5)
    ua = (2 / 3 + 1 + 0) / 3
    assert value_of(part, "ua") == pytest.approx(ua)
    counted = part.drop(index=1).assign(n_windows=[2.0, 1, 1, 1])
    assert value_of(counted, "ua") == pytest.approx(ua)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: p.drop(columns="y_score_1"), r"got none named \['y_score_1'\]"),
        (lambda p: p.assign(y_true=3), "y_true must hold 0 and 1; got"),
        (lambda p: p.assign(y_score_1=np.nan), "y_score_1 must not be missing; got 72"),
    ],
)
def test_predictions_must_hold_labels_and_scores(change, words):
    part = simulate()
    with pytest.raises(ValueError, match=words):
        score_folds(change(part))
    with pytest.raises(ValueError, match="y_pred must hold classes from 0 up; got"):
        score_folds(part.assign(y_pred=-1), metrics=("ua",))


def test_a_subject_is_scored_per_part_then_averaged():
    part = simulate(6, seeds=(0, 1))
    part.loc[(part["subject"] == "s01") & (part["seed"] == 1), "y_true"] = 1
    scores = subject_scores(part, "auc").set_index("subject")
    mine = part.query("subject == 's02'")
    expected = [roc_auc_score(g.y_true, g.y_score_1) for _, g in mine.groupby("seed")]
    assert scores.loc["s02", "value"] == pytest.approx(np.mean(expected))
    assert scores["n_parts"].tolist() == [2, 1, 2, 2, 2, 2]
    several = answers(0.5)
    each = subject_scores(several, "ua", parts=CONDITIONS).set_index("subject")
    mine = several[several["subject"] == "s03"]
    by_hand = [value_of(p, "ua") for _, p in mine.groupby("clean")]
    assert each.loc["s03", "value"] == pytest.approx(np.mean(by_hand))


# ---------------------------------------------------------------- intervals


def by_fold(*means, **columns):
    """Return results of folds whose two seeds are .1 below and above their mean."""
    values = [m + side for m in means for side in (-0.1, 0.1)]
    folds, n = np.repeat(np.arange(len(means)), 2), len(means)
    columns = {"metric": "auc", **columns}
    return pd.DataFrame({"fold": folds, "seed": [0, 1] * n, "value": values, **columns})


def test_the_interval_over_folds_averages_seeds_first():
    row = summarise(by_fold(0.7, 0.6, 0.8, 0.7, 0.7)).iloc[0]
    assert (row["n"], row["mean"]) == (5, pytest.approx(0.7))
    assert row["sd"] == pytest.approx(0.005**0.5)
    half = 2.776445 * (0.005 / 5) ** 0.5
    assert row["low"] == pytest.approx(0.7 - half)
    assert row["high"] == pytest.approx(0.7 + half)
    assert row["interval"] == "t over folds"


def test_an_interval_stays_within_the_range_of_its_metric():
    wild = (0.1, 0.9, 0.9, 0.1, 0.9)
    row = summarise(by_fold(*wild)).iloc[0]
    assert (row["low"], row["high"]) == (pytest.approx(0.036, abs=0.001), 1.0)
    row = summarise(by_fold(*wild, metric="measured_db")).iloc[0]
    assert row["high"] > 1.1


@pytest.mark.parametrize(
    ("n_folds", "protocol"), [(4, "by_subject"), (1, "given"), (5, "random_windows")]
)
def test_few_folds_or_folds_that_share_trials_have_mean_and_sd_alone(n_folds, protocol):
    row = summarise(by_fold(*[0.6, 0.7, 0.8, 0.6, 0.7][:n_folds], protocol=protocol))
    assert (row["n"].iloc[0], row["interval"].iloc[0]) == (n_folds, "")
    assert row[["low", "high"]].isna().all(axis=None) and row["sd"].gt(0).all()


@pytest.mark.parametrize(
    ("n_subjects", "name"), [(19, "t over folds"), (20, "subject bootstrap")]
)
def test_from_twenty_subjects_up_subjects_are_redrawn(n_subjects, name):
    part = simulate(n_subjects, n_folds=5).assign(method="NMER")
    results = score_folds(part, by=("method", "fold", "seed"))
    summary = summarise(results, by=("method", "metric"), predictions=part)
    row = summary.set_index("metric").loc["auc"]
    assert row["interval"] == name and row["method"] == "NMER"
    assert row["low"] < row["mean"] < row["high"]


@pytest.mark.parametrize("metric", ["auc", "f1_macro", "accuracy", "ua"])
def test_the_bootstrap_scores_whole_folds_again(metric):
    part = simulate(8, 6, 2, n_folds=2, seeds=(0, 1))
    subjects = np.unique(part["subject"])
    counts = np.random.default_rng(5).multinomial(8, np.full(8, 1 / 8), size=50)
    draws = []
    for count in counts:
        times = part["subject"].map(dict(zip(subjects, count, strict=True)))
        again = part.loc[part.index.repeat(times)]
        scored = score_folds(again, metrics=(metric,)).query("metric == @metric")
        draws.append(scored["value"].mean())
    got = bootstrap_draws(part, metric=metric, n_draws=50, seed=5)
    np.testing.assert_allclose(got, draws, atol=1e-12)


@pytest.mark.parametrize("n_subjects", [10, 30])
def test_intervals_cover_the_truth_about_as_often_as_they_say(n_subjects):
    options = {"effect": 0.8, "subject_sd": 0.4, "n_folds": 5, "n_windows": 2}
    truth = mean_auc(simulate(1500, 10, **options, seed=99))
    n_runs, covered = 80, 0
    for seed in range(n_runs):
        part = simulate(n_subjects, **options, seed=seed)
        results = score_folds(part, metrics=("auc",)).query("metric == 'auc'")
        row = summarise(results, predictions=part, n_draws=150).iloc[0]
        covered += row["low"] <= truth <= row["high"]
    assert 0.89 <= covered / n_runs <= 0.99


# ---------------------------------------------------------------- two systems


def test_paired_differences_leave_out_subjects_of_one_class():
    a = simulate(12, effect=1.5)
    a.loc[a["subject"] == "s03", "y_true"] = 1
    b = a.assign(y_score_1=np.random.default_rng(0).random(len(a)))
    difference = paired_differences(a, b, "auc")
    assert (difference.n, difference.interval) == (11, "t over subjects")
    assert 0.1 < difference.low < difference.mean < difference.high
    assert "s03" not in set(difference.per_subject["subject"])
    assert paired_differences(b, a, "auc").mean == pytest.approx(-difference.mean)
    few = [side[side["subject"] < "s05"] for side in (a, b)]
    difference = paired_differences(*few, "auc")
    assert (difference.n, difference.interval) == (4, "") and np.isnan(difference.low)


def test_a_system_does_not_differ_from_itself_nor_pair_with_other_windows():
    part = simulate()
    difference = paired_differences(part, part.sample(frac=1, random_state=0))
    assert (difference.mean, difference.low, difference.high) == (0, 0, 0)
    assert difference.interval == "subject bootstrap"
    with pytest.raises(ValueError, match="predictions of the same windows; got 720 an"):
        paired_differences(part, part.iloc[5:])


def test_a_pooled_difference_is_paired_over_drawn_subjects():
    good, poor = answers(0.6), answers(0.3, seed=1)
    poor = poor.assign(y_true=good["y_true"])
    difference, low, high = pooled_difference(good, poor, "ua", parts=CONDITIONS)
    assert 0 < low < difference < high
    assert pooled_difference(good, good, "ua", parts=CONDITIONS) == (0, 0, 0)


# ---------------------------------------------------------------- against chance


def test_permuted_trials_equal_a_plain_loop():
    part = simulate(4, 5, 3, n_folds=2)
    observed, null = permutation_null(part, "auc", PARTS, 400, 1)
    assert observed == pytest.approx(mean_auc(part)) and null.shape == (400,)
    rng = np.random.default_rng(0)
    plain = []
    for _ in range(100):
        labels = part.groupby(["subject", "trial"])["y_true"].first()
        drawn = labels.groupby("subject").transform(rng.permutation).rename("drawn")
        again = part.join(drawn, on=["subject", "trial"])
        plain.append(mean_auc(again.assign(y_true=again["drawn"])))
    np.testing.assert_allclose(null.mean(), np.mean(plain), atol=0.02)
    np.testing.assert_allclose(null.std(), np.std(plain), rtol=0.15)


def test_a_planted_effect_is_found_and_none_is_not():
    assert permutation_test(simulate(effect=1.0), n_draws=2000) < 0.001
    p = [
        permutation_test(simulate(12, effect=0.0, trial_sd=1.0, seed=s), n_draws=500)
        for s in range(40)
    ]
    assert np.mean(np.array(p) < 0.05) < 0.16
    assert 0.3 < np.mean(p) < 0.7
    lean = answers(0.3)
    assert permutation_test(answers(0.0), "ua", parts=CONDITIONS, n_draws=500) > 0.01
    found = permutation_test(lean, "ua", parts=CONDITIONS, n_draws=500)
    assert found == pytest.approx(1 / 501)
    observed, null = permutation_null(lean, "ua", CONDITIONS, 50, 0)
    scored = score_folds(lean, by=CONDITIONS, metrics=("ua",)).query("metric == 'ua'")
    assert observed == pytest.approx(scored["value"].mean())
    assert abs(null.mean() - 0.25) < 0.05


def test_a_reader_of_the_subjects_bias_is_not_above_chance():
    # Scores that know each subject's rate of high ratings and nothing of the trial.
    part = simulate(effect=0.0)
    rng = np.random.default_rng(0)
    rate = dict(zip(np.unique(part["subject"]), rng.uniform(0.1, 0.9, 24), strict=True))
    level = part["subject"].map(rate)
    keys = part["subject"] + part["trial"]
    luck = dict(zip(keys.unique(), rng.random(keys.nunique()), strict=True))
    part["y_true"] = (keys.map(luck) < level).astype(int)
    part["y_score_1"] = level + 0.001 * rng.random(len(part))
    assert mean_auc(part) > 0.65 and permutation_test(part, n_draws=1000) > 0.01


def test_a_label_that_changes_within_a_trial_cannot_be_permuted():
    part = simulate()
    part.loc[0, "y_true"] = 1 - part.loc[0, "y_true"]
    with pytest.raises(ValueError, match="one y_true per trial"):
        permutation_test(part)


def test_holm_adjusts_step_by_step():
    adjusted = holm([0.01, 0.04, np.nan, 0.03, 0.005])
    np.testing.assert_allclose(adjusted, [0.03, 0.06, np.nan, 0.06, 0.02])
    assert holm([0.9, 0.8]).max() == 1.0


# ---------------------------------------------------------------- distances


def test_the_average_distance_is_that_of_a_plain_loop():
    rng = np.random.default_rng(0)
    original, noisy = rng.normal(size=(2, 7, 3))
    total = 0.0
    for i in range(7):
        total += sum((original[i, j] - noisy[i, j]) ** 2 for j in range(3)) ** 0.5
    assert average_distance(original, noisy) == pytest.approx(total / 7)
    assert average_distance(original, original) == 0
    with pytest.raises(ValueError, match=r"noisy must have shape \(n, d\) with n=7"):
        average_distance(original, noisy[:6])


def test_the_time_average_reads_no_padding():
    x = np.full((2, 3, 1), np.nan)
    x[0, :2, 0], x[1, :, 0] = [1, 3], [1, 2, 6]
    np.testing.assert_array_equal(time_average(x, np.array([2, 3])), [[2], [3]])
    with pytest.raises(ValueError, match=r"lengths must lie in \[1, 3\]; got 0 to 3"):
        time_average(x, np.array([0, 3]))
