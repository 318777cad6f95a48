"""What a plain reader of the waveforms finds, under honest and leaky splits."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, KFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

pytestmark = pytest.mark.slow
TARGETS = ("valence", "arousal")


def folds(meta, protocol, n=5):
    if protocol == "random_windows":
        return list(KFold(n, shuffle=True, random_state=0).split(meta))
    names = meta["subject"].astype(str)
    if protocol == "by_trial":
        names = names + "/" + meta["trial"].astype(str)
    splitter = GroupKFold(n, shuffle=True, random_state=0)
    return list(splitter.split(meta, groups=names))


def by_subject_zscore(x, subject):
    out = x.copy()
    for own in np.unique(subject):
        rows = subject == own
        out[rows] = (x[rows] - x[rows].mean(0)) / x[rows].std(0)
    return out


def probe(x, y, parts):
    """Out-of-fold scores of a logistic reader, and each fold's test rows."""
    score = np.empty(len(y))
    for train, test in parts:
        model = make_pipeline(
            StandardScaler(), LogisticRegression(C=0.01, max_iter=2000)
        )
        score[test] = model.fit(x[train], y[train]).predict_proba(x[test])[:, 1]
    return score


def per_fold_auc(y, score, parts):
    return np.mean([roc_auc_score(y[test], score[test]) for _, test in parts])


def joined(features, meta, modalities=("eeg", "ecg")):
    x = np.concatenate([features[m] for m in modalities], axis=1)
    return by_subject_zscore(x, meta["subject"].to_numpy())


def permutation_p(score, meta, y, parts, n_draws=2000):
    """Whole-trial labels permuted within subject, per-fold AUC averaged."""
    rng = np.random.default_rng(0)
    labels = y.reshape(-1, 18, 6)[:, :, 0]
    observed = per_fold_auc(y, score, parts)
    draws = np.empty(n_draws)
    for i in range(n_draws):
        mixed = rng.permuted(labels, axis=1)
        draws[i] = per_fold_auc(np.repeat(mixed.ravel(), 6), score, parts)
    return observed, (1 + (draws >= observed).sum()) / (1 + n_draws)


def test_without_effect_no_reader_scores_by_subject(planted_features):
    p_values = []
    for seed in (0, 1, 2):
        features, meta = planted_features(23, effect=0.0, seed=seed)
        parts = folds(meta, "by_subject")
        for target in TARGETS:
            y = meta[target].to_numpy()
            score = probe(joined(features, meta), y, parts)
            observed, p = permutation_p(score, meta, y, parts)
            assert 0.38 < observed < 0.62
            p_values.append(p)
    assert min(p_values) * len(p_values) > 0.01


def test_the_planted_effect_is_read_from_the_waveforms(planted_features):
    features, meta = planted_features(40, seed=5)
    parts = folds(meta, "by_subject")
    wanted = {("eeg", "valence"): 0.777, ("eeg", "arousal"): 0.789,
              ("ecg", "valence"): 0.637, ("ecg", "arousal"): 0.730}  # fmt: skip
    for (modality, target), reported in wanted.items():
        y = meta[target].to_numpy()
        score = probe(joined(features, meta, (modality,)), y, parts)
        assert per_fold_auc(y, score, parts) == pytest.approx(reported, abs=0.06)


def neighbour_accuracy(features, meta, target, protocol):
    x = np.concatenate([features["eeg"], features["ecg"]], axis=1)
    x = (x - x.mean(0)) / x.std(0)
    y, right = meta[target].to_numpy(), np.empty(len(meta), bool)
    for train, test in folds(meta, protocol):
        model = KNeighborsClassifier(1).fit(x[train], y[train])
        right[test] = model.predict(x[test]) == y[test]
    return right.mean()


def luck(meta, target):
    high = meta[target].mean()
    return high**2 + (1 - high) ** 2


def test_random_windows_leak_signatures_and_nothing_else(planted_features):
    for target in TARGETS:
        features, meta = planted_features(23, effect=0.0)
        assert neighbour_accuracy(features, meta, target, "random_windows") > 0.6
        honest = neighbour_accuracy(features, meta, target, "by_subject")
        assert honest == pytest.approx(luck(meta, target), abs=0.07)
        features, meta = planted_features(23, effect=0.0, signature=0.0)
        for protocol in ("random_windows", "by_subject"):
            alike = neighbour_accuracy(features, meta, target, protocol)
            assert alike == pytest.approx(luck(meta, target), abs=0.07)


def test_auc_pooled_over_folds_falls_below_the_mean_of_folds(planted_features):
    pooled, mean = [], []
    for seed in (0, 1, 2):
        features, meta = planted_features(23, effect=0.0, seed=seed)
        parts = folds(meta, "by_trial")
        for target in TARGETS:
            y = meta[target].to_numpy()
            score = probe(joined(features, meta), y, parts)
            pooled.append(roc_auc_score(y, score))
            mean.append(per_fold_auc(y, score, parts))
    assert np.mean(pooled) < np.mean(mean)
