"""From files to a row a trial: what is cut where, and what is left out and why."""

from types import SimpleNamespace

import numpy as np
import pytest
from planted_sequences import TINY, run

from emolib.containers import Recording, Signal, Trace
from emolib.datasets.mahnob_features import read_mahnob_features
from emolib.papers import rmmt
from emolib.papers.rmmt import data as prepared
from emolib.papers.rmmt.settings import BANDS
from tests.datasets.true_formats import write_mahnob_features

SFREQ = 256.0
FACTS = {"corpus": "mahnob_features", "data": "local", "surrogate": {}, "psd": "welch"}


@pytest.fixture
def public(tmp_path, monkeypatch):
    """Return a folder of five trials that the paper's room takes for the noted one."""
    trials = [(1, 2), (1, 4), (2, 2), (2, 6), (10, 2)]
    for i, who in enumerate(trials):
        write_mahnob_features(tmp_path, [who], n=140 + i)
    found = SimpleNamespace(path=tmp_path)
    monkeypatch.setattr(prepared.corpora, "locate", lambda *_, **__: found)
    return tmp_path


def test_public_features_become_a_row_a_trial_padded_to_the_longest(public):
    windows = prepared.prepare(FACTS)
    assert windows.x["eeg"].shape == (5, 144, 128) and windows.y.shape == (5, 144)
    assert windows.lengths["face"].tolist() == [140, 141, 142, 143, 144]
    for i, trial in enumerate(read_mahnob_features(public)):
        n = windows.lengths["eeg"][i]
        np.testing.assert_allclose(windows.y[i, :n], trial.traces["valence"].values,
                                   atol=1e-6)  # fmt: skip
        face = trial.signals["face"].data
        np.testing.assert_allclose(windows.x["face"][i, :n], face, rtol=1e-6)
        assert (windows.x["face"][i, n:] == 0).all() and (windows.y[i, n:] == 0).all()
    assert windows.meta["subject"].tolist() == ["P1", "P1", "P2", "P2", "P10"]
    assert windows.meta["stop_s"].iloc[0] == 35 and not len(windows.removed)


def test_rmmt_runs_on_public_features(public):
    settings = {
        "data": "local", "corpora": ["mahnob_features"], "n_folds": 5, "device": "cpu",
        "systems": ["RMMT", "Choi EEG"], "overrides": TINY,
    }  # fmt: skip
    for unit in rmmt.expand(settings):
        outcome = run(unit, prepared.prepare(dict(unit.data)))
        assert np.isfinite(outcome.predictions["y_pred"]).all()


def trial_of(seconds=20, labels_s=20.0, tone_at=None, with_baseline=True):
    """Return a trial of noise; from one second on its left side hums."""
    rng = np.random.default_rng(0)
    times = np.arange(-30 * SFREQ, seconds * SFREQ) / SFREQ
    data = rng.normal(size=(32, times.size))
    if tone_at is not None:
        data[:16] += 20 * np.sin(2 * np.pi * 10 * times) * (times >= tone_at)
    names = tuple(f"E{i}" for i in range(32))
    clip = Signal(data[:, times >= 0], SFREQ, names, "uV")
    before = Signal(data[:, times < 0], SFREQ, names, "uV")
    baseline = {"eeg": before} if with_baseline else {}
    trace = Trace(np.zeros(round(4 * labels_s)), 4.0)
    return Recording("mahnob", "P1", "2", "69", {"eeg": clip}, {}, baseline,
                     {"valence": trace})  # fmt: skip


def test_label_and_eeg_clock_meet_in_the_middle_of_a_window():
    share = prepared.eeg_steps(trial_of(tone_at=10), 80, "welch")
    assert share.shape == (80, 192)
    alpha = share.reshape(80, 6, 32)[:, [*BANDS].index("alpha")]
    assert (alpha[:36, :16] < 0.3).all() and (alpha[44:76, :16] > 0.9).all()
    half = np.argmax(alpha[:, 0] > 0.6)
    assert abs(half - 40) <= 4  # windows of 2 s around second 10 see both


def test_the_first_label_sees_the_second_before_the_clip():
    trial = trial_of()
    times = np.arange(-256, -26) / SFREQ
    trial.baseline["eeg"].data[0, -256:-26] += 20 * np.sin(2 * np.pi * 10 * times)
    share = prepared.eeg_steps(trial, 80, "welch").reshape(80, 6, 32)[:, 2, 0]
    assert share[0] > 0.8 and (share[8:] < 0.3).all()


@pytest.mark.parametrize("with_baseline", [True, False])
def test_every_label_has_features_to_the_last(with_baseline):
    for seconds, n_steps in ((20, 80), (19.5, 80), (20.4, 80)):
        trial = trial_of(seconds, with_baseline=with_baseline)
        share = prepared.eeg_steps(trial, n_steps, "welch")
        assert share.shape == (n_steps, 192) and np.isfinite(share).all()
        np.testing.assert_allclose(share.reshape(n_steps, 6, 32).sum(axis=1), 1)


def test_labels_that_outlast_the_eeg_leave_the_trial_out_with_the_reason():
    assert prepared._faults(trial_of(20, 20.5)) == []
    (words,) = prepared._faults(trial_of(20, 30.0))
    assert words == "valence: 30 s of labels outlast 20 s of EEG"
    unrated = Recording("mahnob", "P1", "2", "69", {}, {})
    assert prepared._faults(unrated) == ["valence: not rated by the moment"]
