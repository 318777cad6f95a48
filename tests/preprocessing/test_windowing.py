import weakref
from dataclasses import replace

import numpy as np
import pytest

from emolib.containers import Recording, Signal
from emolib.preprocessing.windowing import cut_windows


def make_recording(subject="s01", trial="01", seconds=61.0, ratings=None):
    rng = np.random.default_rng([int(subject[1:]), int(trial)])
    eeg = rng.normal(4000, 10, (3, int(seconds * 128)))
    ecg = rng.normal(0, 1, (2, int(seconds * 256)))
    signals = {
        "eeg": Signal(eeg, 128.0, ("AF3", "F7", "F3"), "uV"),
        "ecg": Signal(ecg, 256.0, ("ECG1", "ECG2"), "mV"),
    }
    ratings = {"valence": 3.0, "arousal": 4.0} if ratings is None else ratings
    return Recording("toy", subject, "1", trial, signals, ratings)


def with_other(recording, name, **changes):
    signal = replace(recording.signals[name], **changes)
    return replace(recording, signals={**recording.signals, name: signal})


def test_each_modality_keeps_its_rate_and_every_time_point():
    recording = make_recording()
    windows, removed = cut_windows([recording], window_s=10, target="valence")
    assert windows.x["eeg"].shape == (6, 3, 1280)
    assert windows.x["ecg"].shape == (6, 2, 2560)
    assert windows.x["ecg"].dtype == np.float32
    assert windows.sfreq == {"eeg": 128.0, "ecg": 256.0}
    joined = windows.x["ecg"].swapaxes(0, 1).reshape(2, -1)
    expected = recording.signals["ecg"].data[:, : 60 * 256]
    np.testing.assert_array_equal(joined, expected.astype(np.float32))
    assert len(removed) == 0 and windows.present.all()


@pytest.mark.parametrize(
    ("seconds", "window_s", "step_s", "count"),
    [(60, 2, 1, 59), (60, 10, None, 6), (61, 10, None, 6), (10, 10, None, 1)],
)
def test_the_count_of_windows_is_exact(seconds, window_s, step_s, count):
    options = {"window_s": window_s, "step_s": step_s, "target": "valence"}
    windows, _ = cut_windows([make_recording(seconds=seconds)], **options)
    assert len(windows) == count
    assert windows.meta["stop_s"].max() <= seconds


def test_a_stream_in_any_order_is_read_once_and_let_go():
    alive = []

    def stream(names):
        for subject, trial in names:
            recording = make_recording(subject, trial)
            alive.append(weakref.ref(recording.signals["ecg"].data))
            yield recording
            del recording
            assert sum(ref() is not None for ref in alive) <= 1

    names = [(s, t) for s in ("s02", "s01") for t in ("02", "01")]
    one, _ = cut_windows(stream(names), window_s=10, target="valence")
    two, _ = cut_windows(stream(names[::-1]), window_s=10, target="valence")
    assert one.meta.equals(two.meta) and len(one) == 24
    np.testing.assert_array_equal(one.x["eeg"], two.x["eeg"])
    keys = one.meta[["subject", "trial", "start_s"]]
    assert keys.equals(keys.sort_values(list(keys)).reset_index(drop=True))


@pytest.mark.parametrize(("seconds", "first_s"), [(65.5, 5.5), (30, 0.0)])
def test_the_last_minute_is_cut_and_a_shorter_trial_whole(seconds, first_s):
    recording = make_recording(seconds=seconds)
    windows, _ = cut_windows([recording], window_s=10, target="valence", last_s=60)
    starts = np.arange(first_s, seconds - 9.9, 10)
    assert windows.meta["start_s"].tolist() == starts.tolist()
    stored = recording.signals["ecg"].data[:, -2560:].astype("f4")
    np.testing.assert_array_equal(windows.x["ecg"][-1], stored)


QUICK = with_other(make_recording(trial="02"), "eeg", sfreq=256.0)


@pytest.mark.parametrize(
    ("recordings", "options", "words"),
    [
        ([make_recording()], {"window_s": 0.3}, r"window_s × sfreq of eeg .* got 38"),
        ([make_recording()], {"step_s": 0}, "step_s must be above 0"),
        ([make_recording(seconds=5)], {}, "one usable trial.*shorter than one window"),
        ([], {}, "at least one usable trial.*there was none"),
        ([make_recording(), QUICK], {}, "one rate and one list of .*trial 02"),
        ([make_recording()] * 2, {}, "must differ in subject, session or trial"),
    ],
)
def test_what_cannot_be_cut_says_why(recordings, options, words):
    with pytest.raises(ValueError, match=words):
        cut_windows(recordings, **{"window_s": 10, "target": "valence", **options})


def test_a_problem_with_what_is_not_used_costs_no_trial():
    recording = make_recording(ratings={"arousal": 4.0, "familiarity": np.nan})
    problems = ("gsr: missing", "familiarity: no rating")
    recording = replace(recording, problems=problems)
    _, removed = cut_windows([recording], window_s=2.0, target="arousal")
    assert removed.empty
    with pytest.raises(ValueError, match="familiarity: no rating"):
        cut_windows([recording], window_s=2.0, target=["arousal", "familiarity"])


def test_every_unusable_trial_is_listed_with_its_reason():
    good = make_recording()
    eeg = good.signals["eeg"]
    holes, dead = eeg.data.copy(), eeg.data.copy()
    holes[1, 700], dead[2] = np.nan, 4000.0
    broken = replace(good, problems=("the ECG is cut off",))
    short = make_recording(seconds=8)
    unrated = replace(good, ratings={"valence": np.nan})
    odd = {
        "02": (with_other(good, "eeg", data=holes), "eeg: missing values in F7"),
        "03": (with_other(good, "eeg", data=dead), "eeg: no change in F3"),
        "04": (replace(good, signals={"eeg": eeg}), "ecg: absent"),
        "05": (short, "eeg: 8.00 s, shorter than one window of 10 s"),
        "06": (unrated, "valence: no rating"),
        "07": (broken, "the ECG is cut off"),
    }
    recordings = [replace(each, trial=trial) for trial, (each, _) in odd.items()]
    windows, removed = cut_windows([good, *recordings], window_s=10, target="valence")
    assert windows.meta["trial"].unique().tolist() == ["01"]
    assert windows.y.tolist() == windows.meta["valence"].tolist() == [3.0] * 6
    assert list(removed.columns) == ["subject", "session", "trial", "reason"]
    reasons = dict(zip(removed["trial"], removed["reason"], strict=True))
    assert reasons == {trial: reason for trial, (_, reason) in odd.items()}
