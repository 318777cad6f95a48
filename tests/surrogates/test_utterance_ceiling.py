"""Ceilings of utterances: the model's own, by hand, and for one written corpus."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import recall_score, roc_auc_score

from emolib.corruptions.conditions import SIX
from emolib.surrogates.utterance_ceiling import (
    in_condition,
    model_scores,
    utterance_ceiling,
)
from emolib.surrogates.utterance_sizes import IEMOCAP as IEMOCAP_PLAN
from emolib.surrogates.utterances import frames

DBS = (-10, -20, -30, -40)
IEMOCAP = {  # by another program: WA, UA; audio 45, visual 50, text 22 steps
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
ALONE_AND_NOISY = {  # WA at DBS
    "a": (0.585, 0.426, 0.337, 0.314), "v": (0.545, 0.463, 0.352, 0.319),
    "l": (0.620, 0.532, 0.383, 0.325),
}  # fmt: skip
MOSEI = {  # by another program: AUC of "not below zero"; 25 steps
    ("a", None): 0.661, ("v", None): 0.678, ("l", None): 0.794, ("av", None): 0.725,
    ("al", None): 0.809, ("vl", None): 0.813, ("avl", None): 0.825,
    ("six", -10): 0.819, ("six", -20): 0.799, ("six", -30): 0.763,
    ("six", -40): 0.749, ("six", None): 0.747, ("none", -10): 0.813,
    ("none", -20): 0.762, ("none", -30): 0.638, ("none", -40): 0.548,
}  # fmt: skip
PRIOR = np.array([1103, 1636, 1708, 1084]) / 5531


def wa(y, scores):
    return np.mean(scores.argmax(axis=1) == y)


def wa_ua(y, scores):
    return wa(y, scores), recall_score(y, scores.argmax(axis=1), average="macro")


def area(y, scores):
    return roc_auc_score(y, scores[:, 1])


TABLES = {"iemocap": (wa_ua, IEMOCAP), "mosei": (area, MOSEI)}


def ceiling(corpus, condition, db, n, seed):
    """One cell of the tables above."""
    names = SIX if condition == "six" else (condition,)
    drawn = [model_scores(corpus, in_condition(c, db), n=n, seed=seed) for c in names]
    return np.mean([TABLES[corpus][0](*own) for own in drawn], axis=0)


@pytest.mark.parametrize("corpus", list(TABLES))
def test_a_small_draw_comes_near_the_ceilings_of_the_model(corpus):
    for cell, wanted in TABLES[corpus][1].items():
        got = ceiling(corpus, *cell, 4000, 1)
        np.testing.assert_allclose(got, wanted, atol=0.03, err_msg=cell)


@pytest.mark.slow
@pytest.mark.parametrize(("corpus", "n"), [("iemocap", 40_000), ("mosei", 100_000)])
def test_the_ceilings_of_the_model_are_reproduced(corpus, n):
    for cell, wanted in TABLES[corpus][1].items():
        got = np.mean([ceiling(corpus, *cell, n, seed) for seed in range(3)], axis=0)
        np.testing.assert_allclose(got, wanted, atol=0.01, err_msg=cell)
    if corpus == "iemocap":
        for letter, row in ALONE_AND_NOISY.items():
            for db, wanted in zip(DBS, row, strict=True):
                states = in_condition("none", db, letter)
                got = np.mean(
                    [wa(*model_scores(corpus, states, seed=s)) for s in range(3)]
                )
                assert got == pytest.approx(wanted, abs=0.01), (letter, db)


def test_mean_recall_has_a_ceiling_of_its_own():
    for corpus, wanted in (("iemocap", 0.813), ("mosei", 0.742)):
        ua = [wa_ua(*model_scores(corpus, best_for=metric, n=20_000))[1]
              for metric in ("wa", "ua")]  # fmt: skip
        assert ua[1] == pytest.approx(wanted, abs=0.01) and ua[1] > ua[0]
    assert ua[1] > ua[0] + 0.03  # where one class is frequent


def test_impulses_can_be_seen_and_subtracted():
    """So a ceiling that takes them for Gaussian noise of their power is no bound."""
    rng, lengths = np.random.default_rng(0), np.full(20, 22)
    x = frames(
        IEMOCAP_PLAN, "text", rng.standard_normal((20, 3)), lengths, rng.spawn(20)
    )
    hits, size = rng.choice([-1, 0, 1], x.shape, p=[0.15, 0.7, 0.15]), 100.0  # -40 dB
    seen = x + size * hits
    cleaned = np.where(np.abs(seen) > size / 2, seen - size * np.sign(seen), seen)
    np.testing.assert_allclose(cleaned, x, atol=1e-4)
    loud = model_scores("iemocap", {"text": -40 - 10 * np.log10(0.3)}, n=4000)
    assert wa(*model_scores("iemocap", n=4000)) > wa(*loud) + 0.05


def test_weighing_noise_gains_most_where_it_is_weak():
    def gain(db):
        states = [(in_condition(c, db), in_condition(c, None)) for c in SIX]
        drawn = [
            [wa(*model_scores("iemocap", s, n=4000)) for s in own] for own in states
        ]
        return np.mean(drawn, axis=0) @ [1, -1]

    gains = [gain(db) for db in (*DBS[:3], -60)]
    assert (np.diff(gains) < 0).all()
    np.testing.assert_allclose(gains, [0.115, 0.06, 0.014, 0], atol=0.03)
    assert gains[-1] == pytest.approx(0, abs=0.002)


def test_without_effect_the_prior_is_left(written):
    y, scores = model_scores("iemocap", effect=0.0, n=2000)
    np.testing.assert_allclose(scores, np.tile(PRIOR, (2000, 1)))
    assert wa(y, scores) == pytest.approx(PRIOR.max(), abs=0.03)
    _, scores = model_scores("mosei", effect=0.0, n=50)
    np.testing.assert_allclose(scores[:, 1], 0.7041, atol=1e-3)
    scores = utterance_ceiling(*asked(written("iemocap", n_trials=4, effect=0.0)))
    np.testing.assert_allclose(scores[0], PRIOR)


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
        drowned = model_scores(corpus, {"audio": -200.0}, n=300)[1]
        absent = model_scores(corpus, {"audio": None}, n=300)[1]
        np.testing.assert_allclose(drowned, absent, atol=1e-6)
    assert in_condition("av", -10.0) == {"text": -10.0}
    assert in_condition("none", -10.0, "al") == {
        "audio": -10.0, "text": -10.0, "visual": None,
    }  # fmt: skip


def asked(folder):
    """Return a surrogate's truth folder and its rows of meta."""
    truth = folder.with_name(folder.name + ".truth")
    noted = pd.read_json(truth / "parameters.json", typ="series")
    return truth, pd.DataFrame(dict(trial=noted["trials"]))


@pytest.fixture(scope="module")
def emotions(written):
    """Return truth folder, meta and labels of a small IEMOCAP."""
    truth, meta = asked(written("iemocap", n_trials=40))
    return truth, meta, np.load(truth / "labels.npy")


@pytest.fixture(scope="module")
def segments(written):
    """Return truth folder, meta and labels of a CMU-MOSEI."""
    truth, meta = asked(written("mosei", n_train=300, n_val=8))
    return truth, meta, (np.load(truth / "labels.npy") >= 0).astype(int)


def test_one_corpus_scatters_about_the_ceiling_of_the_model(emotions, segments):
    for (truth, meta, y), (score, table) in zip(
        (emotions, segments), ((wa, IEMOCAP), (area, MOSEI)), strict=True
    ):
        for (condition, db), wanted in table.items():
            if condition != "six":
                states = in_condition(condition, db)
                got = score(y, utterance_ceiling(truth, meta, noisy=states))
                assert got == pytest.approx(np.ravel(wanted)[0], abs=0.08), condition


def test_scores_follow_the_order_of_the_question(emotions):
    truth, meta, _ = emotions
    straight = utterance_ceiling(truth, meta)
    assert straight.shape == (400, 4)
    np.testing.assert_allclose(straight.sum(axis=1), 1)
    mixed = meta.sample(frac=0.5, random_state=0)
    np.testing.assert_array_equal(
        utterance_ceiling(truth, mixed), straight[mixed.index]
    )


def test_an_absent_modality_reaches_no_score_and_labels_never_do(emotions, tmp_path):
    truth, meta, _ = emotions
    copy = Path(shutil.copytree(truth, tmp_path / "copy.truth"))
    readings, energy = np.load(copy / "readings.npy"), np.load(truth / "energy.npy")
    readings[:, 1] = np.nan
    np.save(copy / "readings.npy", readings)
    for name in ("labels", "u"):
        np.save(copy / f"{name}.npy", np.full_like(np.load(copy / f"{name}.npy"), -1))
    noisy = {"visual": None, "audio": -10.0}
    np.testing.assert_array_equal(
        utterance_ceiling(copy, meta, noisy=noisy),
        utterance_ceiling(truth, meta, noisy=noisy),
    )
    assert np.isnan(utterance_ceiling(copy, meta)).all()
    # steps without a face count for nothing
    whole = np.load(truth / "shown.npy").all(axis=1)
    np.testing.assert_allclose(energy[whole, 1], 50)
    assert (energy[~whole, 1] < 50).all()
    shutil.copy(truth / "readings.npy", copy)
    np.save(copy / "energy.npy", energy * [1, 0, 1])
    np.testing.assert_allclose(
        utterance_ceiling(copy, meta),
        utterance_ceiling(truth, meta, noisy={"visual": None}),
    )


def test_wrong_questions_are_one_clear_error(emotions, tmp_path):
    truth, meta, _ = emotions
    with pytest.raises(ValueError, match="modality must be known; got 'speech'"):
        model_scores("iemocap", {"speech": -10})
    with pytest.raises(ValueError, match="corpus must be one of 'iemocap', 'mosei'"):
        model_scores("dreamer")
    with pytest.raises(ValueError, match="positive must be one of 'at_least_0', 'ab"):
        model_scores("mosei", positive="happy", n=10)
    with pytest.raises(ValueError, match=r"surrogate's own trials; got \['Ses09F_im"):
        utterance_ceiling(truth, pd.DataFrame(dict(trial=["Ses09F_impro01_F000"])))
    with pytest.raises(ValueError, match="A ceiling exists for surrogates only"):
        utterance_ceiling(tmp_path, meta)
