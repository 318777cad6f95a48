"""Ceilings of utterances: the model's own, by hand, and for one written corpus."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import recall_score, roc_auc_score

from emolib.corruptions.conditions import SIX
from emolib.surrogates.iemocap import write_iemocap
from emolib.surrogates.mosei import write_mosei
from emolib.surrogates.utterance_ceiling import (
    in_condition,
    model_scores,
    utterance_ceiling,
)

IEMOCAP = {
    # WA, UA at n = 40 000, three seeds; audio 45, visual 50, text 22 steps
    ("a", None): (0.652, 0.648), ("v", None): (0.563, 0.550),
    ("l", None): (0.636, 0.626), ("av", None): (0.741, 0.741),
    ("al", None): (0.785, 0.786), ("vl", None): (0.694, 0.687),
    ("avl", None): (0.809, 0.810),
    ("none", -10): (0.775, 0.775), ("none", -20): (0.637, 0.631),
    ("none", -30): (0.421, 0.397), ("none", -40): (0.332, 0.277),
    ("six", -10): (0.793, 0.793), ("six", -20): (0.740, 0.738),
    ("six", -30): (0.692, 0.688), ("six", -40): (0.681, 0.676),
    ("six", None): (0.678, 0.673),
}  # fmt: skip
ALONE_AND_NOISY = {
    # WA at -10, -20, -30, -40 dB
    "a": (0.585, 0.426, 0.337, 0.314), "v": (0.545, 0.463, 0.352, 0.319),
    "l": (0.620, 0.532, 0.383, 0.325),
}  # fmt: skip
MOSEI = {
    # AUC of "not below zero" at n = 100 000, three seeds; 25 steps
    ("a", None): 0.661, ("v", None): 0.678, ("l", None): 0.794, ("av", None): 0.725,
    ("al", None): 0.809, ("vl", None): 0.813, ("avl", None): 0.825,
    ("six", -10): 0.819, ("six", -20): 0.799, ("six", -30): 0.763,
    ("six", -40): 0.749, ("six", None): 0.747, ("none", -10): 0.813,
    ("none", -20): 0.762, ("none", -30): 0.638, ("none", -40): 0.548,
}  # fmt: skip
MAJORITY = 1708 / 5531


def wa_ua(y, scores):
    said = scores.argmax(axis=1)
    return np.mean(said == y), recall_score(y, said, average="macro")


def area(y, scores):
    return roc_auc_score(y, scores[:, 1])


def ceiling(score, corpus, condition, db, n, seed):
    """One cell of the tables above."""
    names = SIX if condition == "six" else (condition,)
    return np.mean(
        [
            score(*model_scores(corpus, in_condition(name, db), n=n, seed=seed))
            for name in names
        ],
        axis=0,
    )


def test_a_small_draw_comes_near_the_ceilings_of_the_model():
    for (condition, db), wanted in IEMOCAP.items():
        got = ceiling(wa_ua, "iemocap", condition, db, 4000, 1)
        np.testing.assert_allclose(got, wanted, atol=0.03, err_msg=(condition, db))
    for (condition, db), wanted in MOSEI.items():
        got = ceiling(area, "mosei", condition, db, 4000, 1)
        np.testing.assert_allclose(got, wanted, atol=0.03, err_msg=(condition, db))


@pytest.mark.slow
def test_the_ceilings_of_the_model_are_reproduced_for_emotions():
    def mean(condition, db):
        return np.mean(
            [ceiling(wa_ua, "iemocap", condition, db, 40_000, s) for s in range(3)], 0
        )

    for (condition, db), wanted in IEMOCAP.items():
        np.testing.assert_allclose(
            mean(condition, db), wanted, atol=0.01, err_msg=(condition, db)
        )
    for letter, row in ALONE_AND_NOISY.items():
        for db, wanted in zip((-10, -20, -30, -40), row, strict=True):
            states = in_condition("none", db, letter)
            drawn = [model_scores("iemocap", states, seed=s) for s in range(3)]
            got = np.mean([wa_ua(*own)[0] for own in drawn])
            assert got == pytest.approx(wanted, abs=0.01), (letter, db)


@pytest.mark.slow
def test_the_ceilings_of_the_model_are_reproduced_for_sentiment():
    for (condition, db), wanted in MOSEI.items():
        got = np.mean(
            [ceiling(area, "mosei", condition, db, 100_000, s) for s in (1, 2, 3)]
        )
        assert got == pytest.approx(wanted, abs=0.01), (condition, db)
    y, scores = model_scores("mosei", n=100_000, seed=1)
    recalls = [
        recall_score(y, scores[:, 1] >= edge, average="macro")
        for edge in np.linspace(0.5, 0.9, 41)
    ]
    assert max(recalls) == pytest.approx(0.742, abs=0.01)


def weighing_gain(db, **model):
    """Return what weighing noisy modalities by their SNR adds to ignoring them."""

    def wa(condition, level):
        y, scores = model_scores("iemocap", in_condition(condition, level), **model)
        return np.mean(scores.argmax(axis=1) == y)

    return np.mean([wa(c, db) - wa(c, None) for c in SIX])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("db", "wanted"), [(-10, 0.115), (-20, 0.06), (-30, 0.014), (-40, 0.003)]
)
def test_weighing_noise_gains_what_the_model_page_says(db, wanted):
    got = np.mean([weighing_gain(db, seed=s) for s in range(3)])
    assert got == pytest.approx(wanted, abs=0.01)


def test_weighing_gains_most_where_noise_is_weak_and_nothing_where_it_is_strong():
    gains = [weighing_gain(db, n=4000) for db in (-10, -20, -30, -60)]
    assert (np.diff(gains) < 0).all()
    assert gains[0] == pytest.approx(0.115, abs=0.03)
    assert gains[-1] == pytest.approx(0, abs=0.002)


def test_no_effect_leaves_the_prior():
    y, scores = model_scores("iemocap", effect=0.0, n=2000)
    np.testing.assert_allclose(
        scores, np.tile([1103, 1636, 1708, 1084], (2000, 1)) / 5531
    )
    assert np.mean(scores.argmax(axis=1) == y) == pytest.approx(MAJORITY, abs=0.03)
    _, scores = model_scores("mosei", effect=0.0, n=50)
    np.testing.assert_allclose(scores[:, 1], 0.7041, atol=1e-3)


@pytest.mark.parametrize("positive", ["at_least_0", "above_0"])
@pytest.mark.parametrize("corpus", ["iemocap", "mosei", "mosi"])
def test_posteriors_are_calibrated_probabilities(corpus, positive):
    states = in_condition("l", -20)
    y, scores = model_scores(corpus, states, positive=positive, n=20_000)
    if corpus == "mosei":
        share = {"at_least_0": 0.704, "above_0": 0.492}[positive]
        assert y.mean() == pytest.approx(share, abs=0.015)
    np.testing.assert_allclose(scores.sum(axis=1), 1)
    for k in range(scores.shape[1]):
        for low in (0.1, 0.3, 0.5, 0.7):
            rows = (scores[:, k] > low) & (scores[:, k] < low + 0.2)
            if rows.sum() > 500:
                expected, came = scores[rows, k].mean(), np.mean(y[rows] == k)
                assert came == pytest.approx(expected, abs=0.03)


def test_endless_noise_is_the_same_as_absence():
    for corpus in ("iemocap", "mosei"):
        drowned = model_scores(corpus, {"audio": -200.0}, n=300)[1]
        absent = model_scores(corpus, {"audio": None}, n=300)[1]
        np.testing.assert_allclose(drowned, absent, atol=1e-6)


def test_conditions_name_what_is_clean():
    assert in_condition("av", -10.0) == {"text": -10.0}
    assert in_condition("none", -10.0, "al") == {
        "audio": -10.0, "text": -10.0, "visual": None,
    }  # fmt: skip
    assert in_condition("avl", -10.0) == {}


def test_an_unknown_modality_or_corpus_is_one_clear_error():
    with pytest.raises(ValueError, match="modality must be known; got 'speech'"):
        model_scores("iemocap", {"speech": -10})
    with pytest.raises(ValueError, match="corpus must be one of 'iemocap', 'mosei'"):
        model_scores("dreamer")
    with pytest.raises(ValueError, match="positive must be one of 'at_least_0', 'ab"):
        model_scores("mosei", positive="happy", n=10)


@pytest.fixture(scope="module")
def emotions(tmp_path_factory):
    """Return the truth folder of a small IEMOCAP, its trials and its labels."""
    return planted(tmp_path_factory.mktemp("c"), 40)


def planted(root, n_trials, **knobs):
    folder = write_iemocap(root / "iemocap", n_trials=n_trials, **knobs)
    truth = folder.with_name("iemocap.truth")
    noted = json.loads((truth / "parameters.json").read_text())
    return truth, noted["trials"], np.load(truth / "labels.npy")


@pytest.fixture(scope="module")
def segments(tmp_path_factory):
    """Return the truth folder of a CMU-MOSEI, its rows of meta and its labels."""
    folder = write_mosei(tmp_path_factory.mktemp("c") / "mosei", n_train=300, n_val=8)
    truth = folder.with_name("mosei.truth")
    noted = json.loads((truth / "parameters.json").read_text())
    meta = pd.DataFrame(dict(subject=noted["subjects"], trial=noted["trials"]))
    return truth, meta, (np.load(truth / "labels.npy") >= 0).astype(int)


def test_one_corpus_scatters_about_the_ceiling_of_the_model(emotions, segments):
    truth, trials, y = emotions
    for (condition, db), wanted in IEMOCAP.items():
        if condition == "six":
            continue
        scores = utterance_ceiling(truth, trials, noisy=in_condition(condition, db))
        assert wa_ua(y, scores)[0] == pytest.approx(wanted[0], abs=0.08), condition
    truth, meta, y = segments
    for (condition, db), wanted in MOSEI.items():
        if condition == "six":
            continue
        scores = utterance_ceiling(truth, meta, noisy=in_condition(condition, db))
        assert area(y, scores) == pytest.approx(wanted, abs=0.08), condition


@pytest.mark.slow
def test_a_full_corpus_comes_within_two_hundredths_of_the_model(tmp_path):
    truth, trials, y = planted(tmp_path, 300)
    for (condition, db), wanted in IEMOCAP.items():
        names = SIX if condition == "six" else (condition,)
        got = [
            wa_ua(y, utterance_ceiling(truth, trials, noisy=in_condition(own, db)))[0]
            for own in names
        ]
        # texts have 6 to 22 steps here and 22 in the table
        slack = 0.05 if "l" in condition or condition in ("none", "six") else 0.025
        assert np.mean(got) == pytest.approx(wanted[0], abs=slack), (condition, db)


def test_scores_follow_the_order_of_the_question(emotions, segments):
    truth, trials, _ = emotions
    straight = utterance_ceiling(truth, trials)
    assert straight.shape == (400, 4)
    np.testing.assert_allclose(straight.sum(axis=1), 1)
    np.testing.assert_array_equal(
        utterance_ceiling(truth, trials[::-1][:7]), straight[::-1][:7]
    )
    truth, meta, _ = segments
    mixed = meta.sample(frac=1, random_state=0)
    np.testing.assert_array_equal(
        utterance_ceiling(truth, mixed.reset_index(drop=True)),
        utterance_ceiling(truth, meta)[mixed.index],
    )
    np.testing.assert_array_equal(
        utterance_ceiling(truth, list(meta["trial"][:9])),
        utterance_ceiling(truth, meta[:9]),
    )


def test_more_noise_never_helps_the_observer(emotions):
    truth, trials, y = emotions
    ladder = [
        wa_ua(y, utterance_ceiling(truth, trials, noisy=in_condition("none", db)))[0]
        for db in (0, -10, -20, -30, -60)
    ]
    assert (np.diff(ladder) < -0.01).all()
    assert ladder[-1] == pytest.approx(MAJORITY, abs=0.02)


def test_an_absent_modality_reaches_no_score_and_labels_never_do(emotions, tmp_path):
    truth, trials, _ = emotions
    copy = Path(shutil.copytree(truth, tmp_path / "copy.truth"))
    readings = np.load(copy / "readings.npy")
    readings[:, 1] = np.nan
    np.save(copy / "readings.npy", readings)
    for name in ("labels", "u"):
        np.save(copy / f"{name}.npy", np.full_like(np.load(copy / f"{name}.npy"), -1))
    noisy = {"visual": None, "audio": -10.0}
    np.testing.assert_array_equal(
        utterance_ceiling(copy, trials, noisy=noisy),
        utterance_ceiling(truth, trials, noisy=noisy),
    )
    assert np.isnan(utterance_ceiling(copy, trials)).all()


def test_steps_without_a_face_count_for_nothing(emotions, tmp_path):
    truth, trials, _ = emotions
    shown = np.load(truth / "shown.npy")
    energy = np.load(truth / "energy.npy")
    whole = shown.all(axis=1)
    np.testing.assert_allclose(energy[whole, 1], 50)
    assert (energy[~whole, 1] < 50).all()
    copy = Path(shutil.copytree(truth, tmp_path / "copy.truth"))
    energy[:, 1] = 0
    np.save(copy / "energy.npy", energy)
    np.testing.assert_allclose(
        utterance_ceiling(copy, trials),
        utterance_ceiling(truth, trials, noisy={"visual": None}),
    )


def test_without_effect_one_corpus_leaves_the_prior(tmp_path):
    truth, trials, _ = planted(tmp_path, 4, effect=0.0)
    np.testing.assert_allclose(
        utterance_ceiling(truth, trials)[0],
        np.array([1103, 1636, 1708, 1084]) / 5531,
    )


def test_utterances_that_are_not_there_are_refused(emotions, segments, tmp_path):
    with pytest.raises(ValueError, match="meta must name the surrogate's own utteranc"):
        utterance_ceiling(emotions[0], ["Ses09F_impro01_F000"])
    with pytest.raises(ValueError, match=r"got \[\('SURROGATE10001', '9'\)\]"):
        rows = pd.DataFrame(dict(subject=["SURROGATE10001"], trial=["9"]))
        utterance_ceiling(segments[0], rows)
    with pytest.raises(ValueError, match="modality must be known; got 'video'"):
        utterance_ceiling(*emotions[:2], noisy={"video": -10})
    with pytest.raises(ValueError, match="A ceiling exists for surrogates only"):
        utterance_ceiling(tmp_path, ["0"])
