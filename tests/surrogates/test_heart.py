"""The heart's own field in the written EEG: how large, when, whose; gone at 0."""

import numpy as np
import pytest

from emolib.corpora import CORPORA
from emolib.surrogates.affect import simulate_subject
from emolib.surrogates.cortical import heart_map
from emolib.surrogates.design import Knobs
from emolib.surrogates.dreamer import dreamer_design, real
from emolib.surrogates.sizes import PARAMETERS
from emolib.surrogates.traces import bandpass

FIRST_S = {"dreamer": 1, "amigos": 0}
AROUND = np.arange(-32, 33)  # time points about a beat, a quarter of a second


@pytest.fixture(scope="module")
def people(written, truth):
    """Return a function: corpus, field -> 60 windows of 10 s, R peaks, map of each."""

    def read(corpus, heart_field):
        size = dict(n_subjects=5, n_trials=10, seconds=61.0)
        folder = written(corpus, **size, heart_field=heart_field)
        planted, out = truth(folder)[1], {}
        for recording in CORPORA[corpus].read(folder):
            own = out.setdefault(recording.subject, [])
            if "eeg" in recording.signals:
                own.append(recording.signals["eeg"].data)
        for i, eeg in enumerate(out.values()):
            starts = np.arange(FIRST_S[corpus], 60, 10)
            x = [own[:, 128 * a : 128 * (a + 10)] for own in eeg[:10] for a in starts]
            beats = [own[(own > a + 0.3) & (own < a + 9.7)] - a
                     for own in planted["beats"][i, :10] for a in starts]  # fmt: skip
            x = np.array(x) - np.mean(x, axis=-1, keepdims=True)
            yield x, beats, planted["heart_map"][i]

    return read


def locked(eeg, beats):
    """Return the average about all beats, (n_chans, n_lags), in µV."""
    parts = [own[:, np.round(t * 128).astype(int)[:, None] + AROUND]
             for own, t in zip(eeg, beats, strict=True)]  # fmt: skip
    return np.concatenate(parts, axis=1).mean(axis=1)


@pytest.mark.parametrize("corpus", ["dreamer", "amigos"])
def test_an_r_peak_has_the_planted_size_at_zero_lag_and_nothing_else_is_locked(
    people, corpus
):
    shares, slopes = [], {"beats": [], "without": [], "elsewhere": []}
    for (x, beats, field), (plain, *_) in zip(
        people(corpus, 1.0), people(corpus, 0.0), strict=True
    ):
        sizes = np.linalg.svd(np.hstack([*(x - plain)]), compute_uv=False)
        assert sizes[1] < 1e-3 * sizes[0]  # one map, and no other number has changed
        added = np.abs(locked(x - plain, beats)).mean(axis=0)
        assert AROUND[added.argmax()] == 0
        # AMIGOS is filtered from 4 Hz on
        least, most = (0.92, 1.0) if corpus == "dreamer" else (0.68, 0.92)
        assert least < added.max() / np.abs(field).mean() < most
        shares.append(added.max() / bandpass(plain, 1, 45, 128.0).std(-1).mean())
        later = [t[:-1] + 0.5 * np.diff(t) for t in beats]
        for name, given in zip(slopes, ((x, beats), (plain, beats), (x, later)),
                               strict=True):  # fmt: skip
            slopes[name].append(locked(*given)[:, 32] @ field / (field @ field))
    means = {name: np.mean(own) for name, own in slopes.items()}
    assert 0.7 < means["beats"] < 1.15
    assert abs(means["without"]) < 0.15 and abs(means["elsewhere"]) < 0.2
    assert 0.15 < np.median(shares) < 0.4


def test_the_field_is_a_persons_own_from_right_to_left_and_knows_no_affect():
    def maps(n, **knobs):
        subjects = (simulate_subject(dreamer_design(n_trials=1), Knobs(**knobs), s + 1,
                                     parameters=PARAMETERS[:1])
                    for s in range(n))  # fmt: skip
        return np.array([heart_map(own, real.EEG_CH_NAMES) for own in subjects])

    field = maps(200)
    size = np.abs(field).mean(axis=1)
    assert np.median(size) == pytest.approx(3.0, rel=0.12)
    assert np.log(size).std() == pytest.approx(0.35, rel=0.2)
    assert np.median(np.abs(field).max(axis=1) / size) == pytest.approx(1.7, abs=0.2)
    left, right = field[:, 3:7].mean(axis=1), field[:, 7:11].mean(axis=1)
    assert (left > right).mean() > 0.98
    np.testing.assert_array_equal(maps(5, effect=0.0, nuisance=0.0), field[:5])
    np.testing.assert_allclose(maps(5, heart_field=0.5), field[:5] / 2)
    alike = maps(3, signature=0.0)
    assert (alike == alike[0]).all() and np.abs(alike[0]).mean() == pytest.approx(3)
