"""What a plain reader of the waveforms finds, under honest and leaky splits."""

from functools import cache

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, KFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emolib.surrogates.affect import simulate_subject
from emolib.surrogates.cortical import eeg_and_blinks
from emolib.surrogates.design import Knobs
from emolib.surrogates.dreamer import dreamer_design, real
from emolib.surrogates.peripheral import synthesise_ecg
from emolib.surrogates.traces import bandpass

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
BANDS = [(4, 8), (8, 13), (14, 30), (31, 45)]  # below 4 Hz there are blinks
N = 18 * 6  # windows of a subject


@pytest.fixture(scope="module")
def features(r_peaks):
    """Return a function: knobs -> EEG and ECG features by window, high ratings."""

    @cache
    def read(n_subjects, **knobs):
        eeg, ecg, high = [], [], []
        for number in range(1, n_subjects + 1):
            subject = simulate_subject(dreamer_design(), Knobs(**knobs), number)
            x, _ = eeg_and_blinks(subject, real.EEG_CH_NAMES, 128.0)
            eeg.append(band_powers(bandpass(x, 0.5, 45.0, 128.0)[..., -60 * 128 :]))
            x, _ = synthesise_ecg(subject.trials("ecg", 256.0))
            ecg += [beats for own in x[:, 0, -60 * 256 :] for beats in by_window(own)]
            high.append(np.repeat(subject.planted["ratings"][:, :2] > 3, 6, axis=0))
        x = {"eeg": np.concatenate(eeg), "ecg": np.array(ecg)}
        return x, np.concatenate(high).T

    def band_powers(x):
        x = x.reshape(18, 14, 6, 1280).transpose(0, 2, 1, 3).reshape(N, 14, 1280)
        power = np.abs(np.fft.rfft(x * np.hanning(1280))) ** 2
        freqs = np.fft.rfftfreq(1280, 1 / 128)
        means = [power[..., (freqs >= a) & (freqs <= b)].mean(-1) for a, b in BANDS]
        return np.log(np.stack(means, axis=-1)).reshape(N, -1)

    def by_window(ecg):
        """Yield rate, spread of intervals and T wave of each window."""
        peaks = np.round(r_peaks(ecg, 256) * 256).astype(int)
        for first in range(0, 60 * 256, 2560):
            own = peaks[(peaks >= first) & (peaks < first + 2560)]
            rr, whole = np.diff(own) / 256, own[own + 110 < len(ecg)]
            t_wave = [ecg[p + 40 : p + 110].max() - np.median(ecg) for p in whole]
            yield 60 / rr.mean(), np.log(rr.std()), np.log(max(np.mean(t_wave), 0.01))

    return read


def folds(n, protocol):
    if protocol == "random_windows":
        return list(KFold(5, shuffle=True, random_state=0).split(np.arange(n)))
    subjects = np.arange(n) // N
    splitter = GroupKFold(5, shuffle=True, random_state=0)
    return list(splitter.split(subjects, groups=subjects))


def probe(x, y, parts):
    """Out-of-fold scores of a logistic reader of features scaled within subject."""
    own = x.reshape(-1, N, x.shape[-1])
    own = (own - own.mean(1, keepdims=True)) / own.std(1, keepdims=True)
    reader = LogisticRegression(C=0.01, max_iter=2000)
    given = make_pipeline(StandardScaler(), reader), own.reshape(x.shape), y
    return cross_val_predict(*given, cv=parts, method="predict_proba")[:, 1]


def per_fold_auc(y, score, parts):
    return np.mean([roc_auc_score(y[test], score[test]) for _, test in parts])


def test_without_effect_no_reader_scores_by_subject(features):
    """Whole-trial labels permuted within subject, Holm, three seeds."""
    p_values, rng = [], np.random.default_rng(0)
    for seed in (0, 1, 2):
        x, labels = features(23, effect=0.0, seed=seed)
        x = np.concatenate([x["eeg"], x["ecg"]], axis=1)
        parts = folds(len(x), "by_subject")
        for y in labels:
            score, draws = probe(x, y, parts), []
            found, trials = per_fold_auc(y, score, parts), y.reshape(-1, 18, 6)[..., 0]
            for _ in range(2000):
                mixed = np.repeat(rng.permuted(trials, axis=1).ravel(), 6)
                draws.append(per_fold_auc(mixed, score, parts))
            assert 0.38 < found < 0.62
            p_values.append((1 + np.sum(draws >= found)) / (1 + len(draws)))
    assert min(p_values) * len(p_values) > 0.01


def test_the_planted_effect_is_read_from_the_waveforms(features):
    x, labels = features(40, seed=5)
    parts = folds(labels.shape[1], "by_subject")
    for modality, wanted in (("eeg", (0.777, 0.789)), ("ecg", (0.637, 0.730))):
        for y, reported in zip(labels, wanted, strict=True):
            score = probe(x[modality], y, parts)
            assert per_fold_auc(y, score, parts) == pytest.approx(reported, abs=0.06)


def test_random_windows_leak_signatures_and_nothing_else(features):
    for signature in (1.0, 0.0):
        x, labels = features(23, effect=0.0, signature=signature)
        x = np.concatenate([x["eeg"], x["ecg"]], axis=1)
        x = (x - x.mean(0)) / x.std(0)
        for y in labels:
            for protocol in ("random_windows", "by_subject"):
                nearest, parts = KNeighborsClassifier(1), folds(len(x), protocol)
                right = cross_val_predict(nearest, x, y, cv=parts) == y
                if signature and protocol == "random_windows":
                    assert np.mean(right) > 0.6
                else:
                    luck = y.mean() ** 2 + (1 - y.mean()) ** 2
                    assert np.mean(right) == pytest.approx(luck, abs=0.07)
