"""Ceilings of utterances: the model's own, by hand, and for one written corpus."""

import shutil

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import recall_score, roc_auc_score

from emolib.corruptions.conditions import SIX
from emolib.surrogates.files import truth_folder
from emolib.surrogates.utterance_ceiling import (
    in_condition,
    model_scores,
    utterance_ceiling,
)

CELLS = [(clean, None) for clean in "a v l av al vl avl six".split()]
CELLS += [(clean, db) for clean in ("none", "six") for db in (-10, -20, -30, -40)]
# by another program: IEMOCAP's audio 45, visual 50, text 22 steps, CMU-MOSEI's 25
WA = (0.652, 0.563, 0.636, 0.741, 0.785, 0.694, 0.809, 0.678,
      0.775, 0.637, 0.421, 0.332, 0.793, 0.740, 0.692, 0.681)  # fmt: skip
UA = (0.648, 0.550, 0.626, 0.741, 0.786, 0.687, 0.810, 0.673,
      0.775, 0.631, 0.397, 0.277, 0.793, 0.738, 0.688, 0.676)  # fmt: skip
AUC = (0.661, 0.678, 0.794, 0.725, 0.809, 0.813, 0.825, 0.747,
       0.813, 0.762, 0.638, 0.548, 0.819, 0.799, 0.763, 0.749)  # fmt: skip
PRIOR = np.array([1103, 1636, 1708, 1084]) / 5531


def wa_ua(y, scores):
    said = scores.argmax(axis=1)
    return np.mean(said == y), recall_score(y, said, average="macro")


def area(y, scores):
    return roc_auc_score(y, scores[:, 1])


TABLES = {"iemocap": (wa_ua, np.transpose([WA, UA])), "mosei": (area, np.array(AUC))}


def ceilings(corpus, n, seeds):
    """Every cell of the tables above: the mean of six conditions where it says six."""
    out = []
    for condition, db in CELLS:
        names = SIX if condition == "six" else [condition]
        states = [(in_condition(own, db), seed) for own in names for seed in seeds]
        drawn = [model_scores(corpus, own, n=n, seed=seed) for own, seed in states]
        out.append(np.mean([TABLES[corpus][0](*own) for own in drawn], axis=0))
    return out


@pytest.mark.parametrize("corpus", list(TABLES))
@pytest.mark.parametrize(
    ("n", "seeds", "slack"),
    [
        pytest.param(4000, [1], 0.03, id="a small draw"),
        pytest.param(100_000, range(3), 0.01, id="a large", marks=pytest.mark.slow),
    ],
)
def test_the_ceilings_of_the_model_are_reproduced(corpus, n, seeds, slack):
    got, wanted = ceilings(corpus, n, seeds), TABLES[corpus][1]
    np.testing.assert_allclose(got, wanted, atol=slack)


def test_mean_recall_has_a_ceiling_of_its_own():
    for corpus, wanted, least in (("iemocap", 0.813, 0), ("mosei", 0.742, 0.03)):
        ua = [wa_ua(*model_scores(corpus, best_for=metric, n=20_000))[1]
              for metric in ("wa", "ua")]  # fmt: skip
        assert ua[1] == pytest.approx(wanted, abs=0.01) and ua[1] > ua[0] + least


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


def test_endless_noise_is_absence_and_conditions_name_what_is_clean():
    for corpus in ("iemocap", "mosei"):
        drowned, absent = (model_scores(corpus, {"audio": db}, n=300)[1]
                           for db in (-200.0, None))  # fmt: skip
        np.testing.assert_allclose(drowned, absent, atol=1e-6)
    assert in_condition("av", -10.0) == {"text": -10.0}
    noisy = {"audio": -10.0, "text": -10.0, "visual": None}
    assert in_condition("none", -10.0, "al") == noisy


@pytest.fixture(scope="module")
def asked(written, truth):
    """Return a function: corpus, knobs -> its truth folder, rows of meta and labels."""

    def read(corpus, **knobs):
        folder = written(corpus, **knobs)
        noted, planted = truth(folder)
        meta = pd.DataFrame(dict(trial=noted["trials"]))
        return truth_folder(folder), meta, planted["labels"]

    return read


@pytest.mark.parametrize(("corpus", "size", "prior"), [
    ("iemocap", dict(n_trials=40), PRIOR),
    ("mosei", dict(n_train=300, n_val=8), [0.296, 0.704]),
])  # fmt: skip
def test_one_corpus_scatters_about_the_model_and_effect_0_leaves_the_prior(
    asked, corpus, size, prior
):
    truth, meta, y = asked(corpus, **size)
    y = y if corpus == "iemocap" else y >= 0
    score, table = TABLES[corpus]
    for (condition, db), wanted in zip(CELLS, table, strict=True):
        if condition != "six":
            states = in_condition(condition, db)
            got = score(y, utterance_ceiling(truth, meta, noisy=states))
            np.testing.assert_allclose(got, wanted, atol=0.1, err_msg=condition)
    truth, meta, _ = asked(corpus, **size, effect=0.0)
    scores = utterance_ceiling(truth, meta)
    np.testing.assert_allclose(scores, np.tile(prior, (len(meta), 1)), atol=1e-3)


def test_absent_modalities_blank_steps_and_labels_reach_no_score(asked, tmp_path):
    truth, meta, _ = asked("iemocap", n_trials=40)
    mixed, straight = meta.sample(frac=0.5), utterance_ceiling(truth, meta)
    assert (utterance_ceiling(truth, mixed) == straight[mixed.index]).all()
    copy = shutil.copytree(truth, tmp_path / "copy.truth")
    held = {name: np.load(truth / f"{name}.npy")
            for name in ("readings", "energy", "labels", "u", "shown")}  # fmt: skip
    np.save(copy / "readings.npy", held["readings"] * [[[1], [np.nan], [1]]])
    for name in ("labels", "u"):
        np.save(copy / f"{name}.npy", np.full_like(held[name], -1))
    for noisy in ({"visual": None}, {"visual": None, "audio": -10.0}):
        ours, theirs = (
            utterance_ceiling(top, meta, noisy=noisy) for top in (copy, truth)
        )
        np.testing.assert_array_equal(ours, theirs)
    assert np.isnan(utterance_ceiling(copy, meta)).all()
    whole = held["shown"].all(axis=1)
    np.testing.assert_allclose(held["energy"][whole, 1], 50)
    assert (held["energy"][~whole, 1] < 50).all()
    shutil.copy(truth / "readings.npy", copy)
    np.save(copy / "energy.npy", held["energy"] * [1, 0, 1])
    absent = utterance_ceiling(truth, meta, noisy={"visual": None})
    np.testing.assert_allclose(utterance_ceiling(copy, meta), absent)


def test_trials_of_another_corpus_have_no_ceiling(asked):
    truth, _, _ = asked("iemocap", n_trials=40)
    with pytest.raises(ValueError, match=r"surrogate's own trials; got \['Ses09F_im"):
        utterance_ceiling(truth, pd.DataFrame(dict(trial=["Ses09F_impro01_F000"])))
