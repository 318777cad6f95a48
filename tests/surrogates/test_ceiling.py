"""Ceilings of recordings: those of the model, and what an observer may know."""

import json
from itertools import product
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import PredefinedSplit, cross_val_predict

import emolib.surrogates.ceiling as module
from emolib.corruptions.presence import draw_presence
from emolib.surrogates.ceiling import ceiling_scores
from emolib.surrogates.design import Knobs
from emolib.surrogates.files import read_truth

REPORTED = {  # by another program than this: EEG, ECG, both, by window
    ("dreamer", "valence"): (0.834, 0.645, 0.837),
    ("dreamer", "arousal"): (0.806, 0.756, 0.814),
    ("amigos", "valence"): (0.805, 0.631, 0.807),
    ("amigos", "arousal"): (0.828, 0.778, 0.836),
}
MISSING = {  # by another program: rates of 0, .3 and .7, 2 s windows, by subject
    ("deap", "valence"): (0.772, 0.742, 0.661),
    ("deap", "arousal"): (0.797, 0.778, 0.719),
    ("mahnob", "valence"): (0.751, 0.714, 0.636),
    ("mahnob", "arousal"): (0.799, 0.783, 0.731),
}
SETS = [("eeg",), ("ecg",), ("eeg", "ecg")]
THRESHOLD = {"dreamer": 3}


@pytest.fixture(scope="module")
def dreamer(truth_only):
    return truth_only("dreamer")


def ask(truth, meta, **question):
    question = dict(target="arousal", threshold=3, n_subjects=40) | question
    return ceiling_scores(truth, meta, **question)


def area(corpus, target, *, n=60, seed=0, observer="normalised",
         modalities=("eeg", "ecg"), window_s=10.0, rate=0.0, **knobs):  # fmt: skip
    """AUC of an observer over many simulated subjects, who see many sets of stimuli."""
    size = {"n_trials": 20, "seconds": 80.0} if corpus == "mahnob" else {}
    design, j = module.DESIGNS[corpus](**size), ("valence", "arousal").index(target)
    n_short = design.scored.count(design.scored[0])
    starts = design.scored[0][0] + np.arange(0, 60, window_s)
    which = tuple(range(n_short)), tuple((start, start + window_s) for start in starts)
    seen, fresh = (
        module.simulate_cues(design, Knobs(seed=own, **knobs), *which, n)
        for own in (seed, seed + 7_000_003)
    )
    centre, scale = design.reading(j)[0][:n_short], design.scales[j]
    told = centre + seen.width[:, [j]] * (seen.liking[..., j] - centre)
    high = scale.rating(told) > THRESHOLD.get(corpus, 5)
    all_there = np.ones((seen.cues[..., 0].size, len(modalities)), bool)
    there = draw_presence(all_there, rate, seed=0)
    there = there.reshape(*seen.cues.shape[:3], len(modalities))
    asked = design, target, THRESHOLD.get(corpus, 5), modalities, observer
    score = module.ideal_scores(*asked, fresh, seen, there)
    return roc_auc_score(np.repeat(high, score.shape[-1]), score.ravel())


@pytest.mark.parametrize("target", ["valence", "arousal"])
def test_a_small_run_comes_near_the_ceilings_of_the_model(target):
    got = [area("dreamer", target, modalities=modalities) for modalities in SETS]
    np.testing.assert_allclose(got, REPORTED["dreamer", target], atol=0.05)
    assert got[2] > got[0] - 0.003 > got[1]  # deleting a modality never helps
    cold, labelled = (area("dreamer", target, observer=o) for o in ("cold", "labelled"))
    assert cold < got[2] + 0.01 and got[2] < labelled and cold != got[2]
    # the heart's field tells the EEG a little about arousal, and the ECG nothing
    eeg, ecg = (area("dreamer", target, modalities=m, heart_field=0) for m in SETS[:2])
    assert ecg == got[1] and abs(got[0] - eeg) < 0.01


@pytest.mark.parametrize(("corpus", "target"), list(MISSING))
def test_what_is_missing_costs_the_ideal_observer_what_it_must(corpus, target):
    own = tuple(dict.fromkeys(cue.modality for cue in module.CUES[corpus].all))
    asked = dict(n=50, modalities=own, window_s=2.0)
    got = [area(corpus, target, rate=rate, **asked) for rate in (0, 0.3, 0.7)]
    np.testing.assert_allclose(got, MISSING[corpus, target], atol=0.025)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("corpus", "target"), list(REPORTED))
def test_the_ceilings_of_the_model_are_reproduced(corpus, target):
    got = [[area(corpus, target, modalities=m, n=400, seed=1000 * s) for m in SETS]
           for s in range(3)]  # fmt: skip
    np.testing.assert_allclose(
        np.mean(got, axis=0), REPORTED[corpus, target], atol=0.015
    )


def test_no_reader_with_the_training_labels_beats_the_observer_of_its_split(truth_only):
    """A plain reader of perfect cues with a column for each subject, by trial."""
    found, windows = [], tuple((s, s + 10.0) for s in np.arange(1.0, 52.0, 10))
    fold = np.random.default_rng(0).permuted(
        np.tile(np.arange(18) % 5, (25, 1)), axis=1
    )
    fold, subject = np.repeat(fold, 6), np.repeat(np.arange(25), 18 * 6)
    for seed, column in product((0, 1), (0, 1)):
        target = ("valence", "arousal")[column]
        truth, meta = truth_only("dreamer", 25, seed=seed)
        y = np.repeat(np.load(truth / "ratings.npy")[..., column] > 3, 6)
        seen = module.read_corpus(read_truth(truth), tuple(range(18)), windows)
        x = seen.cues[
            ..., [cue.modality == "ecg" for cue in module.CUES["dreamer"].all]
        ]
        x = (x - x.mean((1, 2), keepdims=True)) / x.std((1, 2), keepdims=True)
        x, known = x.reshape(len(y), -1), dict(target=target, modalities=["ecg"])
        ideal = [ask(truth, meta, **known, observer=own, n_subjects=60)
                 for own in ("normalised", "labelled")]  # fmt: skip
        both = np.concatenate([x, np.eye(25)[subject]], axis=1)
        plain = by_fold(y, answers(x, y, subject % 5), subject % 5)
        found.append([plain, by_fold(y, answers(both, y, fold), fold),
                      *(by_fold(y, own, fold) for own in ideal)])  # fmt: skip
    plain, with_labels, normalised, labelled = np.transpose(found)
    assert (plain < normalised + 0.015).all() and (with_labels < labelled + 0.01).all()
    # which is why `normalised` is no bound by trial
    assert with_labels.mean() > normalised.mean() + 0.005


def answers(x, y, fold):
    model = LogisticRegression(C=0.3, max_iter=2000)
    given = dict(cv=PredefinedSplit(fold), method="predict_proba")
    return cross_val_predict(model, x, y, **given)[:, 1]


def by_fold(y, scores, fold):
    return np.mean([roc_auc_score(y[fold == k], scores[fold == k]) for k in set(fold)])


def test_ceilings_fall_with_the_effect_and_end_at_chance():
    ladder = [area("dreamer", "arousal", effect=e) for e in (1.0, 0.4, 0.0)]
    assert (np.diff(ladder) < -0.03).all()
    assert ladder[-1] == pytest.approx(0.5, abs=0.05)


def test_scores_follow_the_windows_asked_about(dreamer, truth_only):
    truth, meta = dreamer
    scores = ask(truth, meta)
    assert scores.shape == (4 * 18 * 6,)
    assert 0 <= scores.min() and scores.max() <= 1
    assert scores.mean() == pytest.approx(0.41, abs=0.12)
    mixed = meta.sample(frac=1, random_state=0)
    again = ask(truth, mixed.reset_index(drop=True))
    np.testing.assert_allclose(again, scores[mixed.index])
    # ratings are integers: half a step lies between low and high
    at, between = ask(truth, meta, threshold=2.5), ask(truth, meta, threshold=2)
    np.testing.assert_array_equal(at, between)
    for window_s, n in ((10.0, 16 * 6 + 4 * 9), (2.0, 16 * 30 + 4 * 45)):
        own = truth_only("amigos", 2, window_s=window_s)
        scores = ask(*own, threshold=5)
        assert len(scores) == 2 * n and np.isfinite(scores).all()


def test_short_windows_see_the_heart_over_ten_seconds():
    known, exact = module.CUES["dreamer"], Mock()
    trace = np.tile(np.arange(241) / 4.0, (1, len(known.planted), 1))
    exact.standard_normal = np.zeros
    windows = ((0.0, 2.0), (20.0, 22.0), (58.0, 60.0), (10.0, 20.0))
    cues = module.read_cues(trace, windows, 60.0, [exact], 1.0, known)[0]
    kinds = [cue.modality for cue in known.all]
    wanted = {
        "eeg": [0.875, 20.875, 58.875, 14.875],
        "ecg": [4.875, 20.875, 54.875, 14.875],
    }
    for modality, means in wanted.items():
        np.testing.assert_allclose(cues[:, kinds.index(modality)], means)
    np.testing.assert_allclose(cues[:, -1], wanted["ecg"])  # the heart, in the EEG


@pytest.mark.parametrize("heart_field", [0.0, 1.0])
def test_cues_of_a_hidden_modality_reach_no_ceiling(truth_only, heart_field):
    """The heart rate is hidden with the ECG, unless the EEG tells it, too."""
    truth, meta = truth_only("dreamer", 2, seed=9, heart_field=heart_field)
    before = [ask(truth, meta, modalities=modalities) for modalities in SETS]
    theta = np.load(truth / "theta.npy")
    known = json.loads((truth / "parameters.json").read_text())["parameters"]
    rows = [known.index(name) for name in ("heart_rate", "ln_rsa", "ln_resp_rate")]
    theta[:, :, rows] += np.random.default_rng(0).standard_normal((2, 18, 3, 1))
    np.save(truth / "theta.npy", theta)
    after = [ask(truth, meta, modalities=modalities) for modalities in SETS]
    stays = [np.array_equal(*pair) for pair in zip(after, before, strict=True)]
    assert stays == [not heart_field, False, False]


def test_the_observer_never_uses_the_corpus_it_is_asked_about(dreamer, monkeypatch):
    seeds, real = [], module.simulate_cues
    monkeypatch.setattr(
        module, "simulate_cues",
        lambda *given: (seeds.append(given[1].seed), real(*given))[1],
    )  # fmt: skip
    ask(*dreamer)
    assert seeds == [7_000_003]


def test_a_corpus_without_truth_or_of_another_kind_or_person_has_no_ceiling(
    tmp_path, dreamer, written
):
    with pytest.raises(ValueError, match="A ceiling exists for surrogates only"):
        ask(tmp_path, dreamer[1])
    folder = written("mosei", n_train=10, n_val=8, n_test=8)
    with pytest.raises(
        ValueError, match="corpus must be one of 'dreamer', 'amigos', 'deap'"
    ):
        ask(folder.with_name("mosei.truth"), dreamer[1])
    other = pd.DataFrame(dict(subject=["s99"], trial=["01"]))
    with pytest.raises(ValueError, match=r"surrogate's own subjects; got \['s99'\]"):
        ask(dreamer[0], other)
