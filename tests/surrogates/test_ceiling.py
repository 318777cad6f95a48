"""Ceilings of recordings: those of the model, and what an observer may know."""

import json
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

import emolib.surrogates.ceiling as module
from emolib.surrogates.ceiling import ceiling_scores
from emolib.surrogates.files import read_truth

REPORTED = {  # by another program than this: EEG, ECG, both, by window
    ("dreamer", "valence"): (0.834, 0.645, 0.837),
    ("dreamer", "arousal"): (0.806, 0.756, 0.814),
    ("amigos", "valence"): (0.805, 0.631, 0.807),
    ("amigos", "arousal"): (0.828, 0.778, 0.836),
}
SETS = [("eeg",), ("ecg",), ("eeg", "ecg")]
THRESHOLD = {"dreamer": 3, "amigos": 5}


@pytest.fixture(scope="module")
def dreamer(truth_only):
    return truth_only("dreamer")


def ask(truth, meta, **question):
    question = dict(target="arousal", threshold=3, n_subjects=40) | question
    return ceiling_scores(truth, meta, **question)


@pytest.fixture(scope="module")
def area(truth_only):
    """Return a function: corpus, question -> AUC over n subjects, 25 to a corpus."""

    def find(corpus, target, *, n=50, seed=0, effect=1.0, **question):
        y, scores = [], []
        for k in range(n // 25):
            truth, meta = truth_only(corpus, 25, seed=seed + k, effect=effect)
            given = dict(
                target=target, threshold=THRESHOLD[corpus], n_subjects=max(n, 60)
            )
            scores.append(ask(truth, meta, **given | question))
            row = meta["subject"].str[1:].astype(int) - 1, meta["trial"].astype(int) - 1
            column = ("valence", "arousal").index(target)
            y.append(np.load(truth / "ratings.npy")[*row, column] > THRESHOLD[corpus])
        return roc_auc_score(np.concatenate(y), np.concatenate(scores))

    return find


@pytest.mark.parametrize("target", ["valence", "arousal"])
def test_a_small_run_comes_near_the_ceilings_of_the_model(area, target):
    got = [area("dreamer", target, modalities=modalities) for modalities in SETS]
    np.testing.assert_allclose(got, REPORTED["dreamer", target], atol=0.05)
    assert got[2] > got[0] - 0.003 > got[1]  # deleting a modality never helps
    cold, labelled = (area("dreamer", target, observer=o) for o in ("cold", "labelled"))
    assert cold < got[2] + 0.01 and got[2] < labelled and cold != got[2]


@pytest.mark.slow
@pytest.mark.parametrize(("corpus", "target"), list(REPORTED))
def test_the_ceilings_of_the_model_are_reproduced(area, corpus, target):
    got = [[area(corpus, target, modalities=m, n=400, seed=1000 * s) for m in SETS]
           for s in range(2)]  # fmt: skip
    np.testing.assert_allclose(
        np.mean(got, axis=0), REPORTED[corpus, target], atol=0.015
    )


def test_no_reader_with_the_training_labels_beats_the_observer_of_its_split(truth_only):
    """A plain reader of perfect cues, once with a column a subject, by trial."""
    found = {name: [] for name in ("plain", "with labels", *module.OBSERVERS)}
    for seed in (0, 1):
        truth, meta = truth_only("dreamer", 25, seed=seed)
        windows = tuple((start, start + 10.0) for start in np.arange(1.0, 52.0, 10))
        seen = module.read_corpus(read_truth(truth), tuple(range(18)), windows)
        subject = np.repeat(np.arange(25), 18 * 6)
        fold = np.repeat(np.random.default_rng(0).permuted(
            np.tile(np.arange(18) % 5, (25, 1)), axis=1), 6)  # fmt: skip
        for column, target in enumerate(("valence", "arousal")):
            y = np.repeat(np.load(truth / "ratings.npy")[..., column] > 3, 6)
            for name in module.OBSERVERS:
                scores = ask(truth, meta, target=target, modalities=["ecg"],
                             observer=name, n_subjects=60)  # fmt: skip
                found[name].append(by_fold(y, scores, fold))
            x = seen.cues[..., [cue.modality == "ecg" for cue in module.CUES]]
            x = (x - x.mean((1, 2), keepdims=True)) / x.std((1, 2), keepdims=True)
            x = x.reshape(len(y), -1)
            found["plain"].append(by_fold(y, answers(x, y, subject % 5), subject % 5))
            x = np.concatenate([x, np.eye(25)[subject]], axis=1)
            found["with labels"].append(by_fold(y, answers(x, y, fold), fold))
    found = {name: np.array(own) for name, own in found.items()}
    assert (found["plain"] < found["normalised"] + 0.015).all()
    assert (found["with labels"] < found["labelled"] + 0.01).all()
    # which is why `normalised` is no bound by trial
    assert found["with labels"].mean() > found["normalised"].mean() + 0.005


def answers(x, y, fold):
    out = np.empty(len(y))
    for own in np.unique(fold):
        train = fold != own
        model = LogisticRegression(C=0.3, max_iter=2000).fit(x[train], y[train])
        out[~train] = model.predict_proba(x[~train])[:, 1]
    return out


def by_fold(y, scores, fold):
    return np.mean([roc_auc_score(y[fold == k], scores[fold == k]) for k in set(fold)])


def test_ceilings_fall_with_the_effect_and_end_at_chance(area):
    ladder = [area("dreamer", "arousal", n=25, effect=e) for e in (1.0, 0.4, 0.0)]
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
    for long, window_s, n in ((True, 10.0, 16 * 6 + 4 * 9), (False, 2.0, 16 * 30)):
        own = truth_only("amigos", 2, window_s=window_s, long=long)
        scores = ask(*own, threshold=5)
        assert len(scores) == 2 * n and np.isfinite(scores).all()


def test_short_windows_see_the_heart_over_ten_seconds():
    trace, exact = np.tile(np.arange(241) / 4.0, (1, len(module.CUES), 1)), Mock()
    exact.standard_normal = np.zeros
    windows = ((0.0, 2.0), (20.0, 22.0), (58.0, 60.0), (10.0, 20.0))
    cues = module.read_cues(trace, windows, 60.0, [exact])[0]
    kinds = [cue.modality for cue in module.CUES]
    wanted = {
        "eeg": [0.875, 20.875, 58.875, 14.875],
        "ecg": [4.875, 20.875, 54.875, 14.875],
    }
    for modality, means in wanted.items():
        np.testing.assert_allclose(cues[:, kinds.index(modality)], means)


def test_cues_of_a_hidden_modality_reach_no_ceiling(truth_only):
    truth, meta = truth_only("dreamer", n_subjects=2, seed=9)
    before = {
        modalities: ask(truth, meta, modalities=modalities) for modalities in SETS
    }
    theta = np.load(truth / "theta.npy")
    known = json.loads((truth / "parameters.json").read_text())["parameters"]
    rows = [known.index(name) for name in ("heart_rate", "ln_rsa", "ln_resp_rate")]
    theta[:, :, rows] += np.random.default_rng(0).standard_normal((2, 18, 3, 1))
    np.save(truth / "theta.npy", theta)
    after = {modalities: ask(truth, meta, modalities=modalities) for modalities in SETS}
    np.testing.assert_array_equal(after["eeg",], before["eeg",])
    for hidden in SETS[1:]:
        assert not np.array_equal(after[hidden], before[hidden])


def test_the_observer_never_uses_the_corpus_it_is_asked_about(dreamer, monkeypatch):
    seeds, real = [], module.simulate_cues
    monkeypatch.setattr(
        module, "simulate_cues",
        lambda *given: (seeds.append(given[1].seed), real(*given))[1],
    )  # fmt: skip
    ask(*dreamer)
    assert seeds == [7_000_003]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(target="joy"), "target must be one of 'valence'"),
        (dict(observer="psychic"), "observer must be one of 'cold', 'normalised'"),
        (dict(modalities=("smell",)), "modality must be one of 'eeg'"),
        (dict(modalities=()), "modalities must name at least one; got none"),
        (dict(meta=pd.DataFrame(dict(subject=["s99"], trial=["01"]))),
         r"meta must name the surrogate's own subjects; got \['s99'\]"),
    ],
)  # fmt: skip
def test_a_wrong_question_is_one_clear_error(dreamer, wrong, message):
    truth, meta = dreamer
    with pytest.raises(ValueError, match=message):
        ask(truth, wrong.pop("meta", meta), **wrong)


def test_a_corpus_without_truth_or_of_another_kind_has_no_ceiling(
    tmp_path, dreamer, written
):
    with pytest.raises(ValueError, match="A ceiling exists for surrogates only"):
        ask(tmp_path, dreamer[1])
    folder = written("mosei", n_train=10, n_val=8, n_test=8)
    with pytest.raises(ValueError, match="corpus must be one of 'dreamer', 'amigos'"):
        ask(folder.with_name("mosei.truth"), dreamer[1])
