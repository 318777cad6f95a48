import numpy as np
import pandas as pd
import pytest

from emolib.preprocessing.cardiac import heart_rate_features, r_peaks


def make_ecg(seconds, sfreq, *, rate=70.0, spread_s=0.03, t_height=0.25, seed=0):
    """Return beats drawn as sums of Gaussians, noise and drift, and the R times."""
    rng = np.random.default_rng(seed)
    n_beats = int(seconds * rate / 60) + 2
    beats = 0.3 + np.cumsum(60 / rate + spread_s * rng.normal(size=n_beats))
    beats = beats[beats < seconds - 0.3]
    times = np.arange(int(seconds * sfreq)) / sfreq
    waves = ((-0.17, 0.1, 0.02), (-0.025, -0.1, 0.008), (0, 1, 0.01),
             (0.025, -0.2, 0.008), (0.27, t_height, 0.045))  # fmt: skip
    ecg = 0.3 * np.sin(2 * np.pi * 0.25 * times) + 0.03 * rng.normal(size=len(times))
    for shift, height, width in waves:
        away = (times[:, None] - beats - shift) / width
        ecg += height * np.exp(-0.5 * away**2).sum(axis=1)
    return ecg, beats


@pytest.mark.parametrize("sfreq", [128, 256, 500])
@pytest.mark.parametrize("rate", [45, 70, 110, 150])
@pytest.mark.parametrize("gain", [1.0, -1000.0])
def test_every_beat_is_found_at_its_place(sfreq, rate, gain):
    ecg, beats = make_ecg(60, sfreq, rate=rate)
    peaks = r_peaks(gain * ecg + 4000, sfreq) / sfreq
    assert len(peaks) == len(beats)
    assert np.abs(peaks - beats).max() < 1.5 / sfreq + 0.004


def features_of(*windows, sfreq=128):
    return heart_rate_features(np.stack(windows)[:, None], sfreq)


@pytest.mark.parametrize(("sfreq", "rate"), [(128, 48), (256, 75), (128, 120)])
def test_the_rate_of_ten_seconds_is_within_two_beats_a_minute(sfreq, rate):
    made = [make_ecg(10, sfreq, rate=rate, seed=s) for s in range(20)]
    truth = [60 / np.median(np.diff(beats)) for _, beats in made]
    got = features_of(*(ecg for ecg, _ in made), sfreq=sfreq)["rate_bpm"]
    assert np.abs(got - truth).max() < 2


def test_the_spread_of_intervals_is_measured():
    made = [make_ecg(120, 128, spread_s=s) for s in (0.01, 0.04, 0.08)]
    features = features_of(*(ecg for ecg, _ in made))
    spreads = [1000 * np.diff(beats).std(ddof=1) for _, beats in made]
    np.testing.assert_allclose(features["interval_sd_ms"], spreads, rtol=0.1)
    assert features["rmssd_ms"].is_monotonic_increasing


def test_the_height_of_the_t_wave_is_measured_in_either_polarity():
    heights = [0.1, 0.2, 0.4, -0.3]
    ecg = np.stack([make_ecg(10, 256, t_height=h)[0] for h in heights])
    for gain in (1, -1):
        got = features_of(*(gain * ecg), sfreq=256)["t_wave"]
        np.testing.assert_allclose(got, heights, atol=0.06)


def test_windows_do_not_touch_each_other():
    ecg = [make_ecg(10, 128, rate=r)[0] for r in (60, 90, 120)]
    alone = pd.concat([features_of(window) for window in ecg], ignore_index=True)
    pd.testing.assert_frame_equal(features_of(*ecg), alone, rtol=1e-9)


def test_noise_has_no_likeness_between_beats_and_a_flat_window_no_rate():
    noise = features_of(*np.random.default_rng(0).normal(size=(20, 1280)))
    ecg, flat = features_of(make_ecg(10, 128)[0]), features_of(np.zeros(1280))
    assert noise["likeness"].max() < 0.6 < 0.9 < ecg["likeness"][0]
    assert flat["rate_bpm"].isna().all() and (flat["n_beats"] == 0).all()


def test_an_artefact_hides_no_other_beat():
    ecg, beats = make_ecg(60, 256)
    ecg[20 * 256 : 20 * 256 + 20] += 30
    peaks = r_peaks(ecg, 256) / 256
    away = np.abs(peaks[:, None] - beats).min(axis=0)
    assert (away[np.abs(beats - 20) > 1.5] < 0.02).all()


@pytest.mark.parametrize(
    ("ecg", "sfreq", "words"),
    [
        (np.full((2, 1, 1280), np.nan), 128, "ecg must not be missing"),
        (np.zeros((2, 1, 100)), 10, "sfreq must be in .* R peaks need that"),
        (np.zeros((2, 1280)), 128, r"ecg must have shape \(b, c, t\)"),
    ],
)
def test_what_is_no_ecg_is_refused(ecg, sfreq, words):
    with pytest.raises(ValueError, match=words):
        heart_rate_features(ecg, sfreq)
