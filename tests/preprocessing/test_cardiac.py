import os
from pathlib import Path

import numpy as np
import pytest

from emolib.preprocessing.cardiac import heart_rate, heart_rate_features, r_peaks


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


@pytest.mark.parametrize("sfreq", [128, 256])
@pytest.mark.parametrize("rate", [48, 75, 120])
def test_the_rate_of_ten_seconds_is_within_two_beats_a_minute(sfreq, rate):
    ecg = np.stack([make_ecg(10, sfreq, rate=rate, seed=s)[0] for s in range(20)])
    truth = [
        60 / np.median(np.diff(make_ecg(10, sfreq, rate=rate, seed=s)[1]))
        for s in range(20)
    ]
    got = heart_rate_features(ecg[:, None], sfreq)["rate_bpm"]
    assert np.abs(got - truth).max() < 2


def test_the_spread_of_intervals_is_measured():
    spreads = []
    for spread_s in (0.01, 0.04, 0.08):
        ecg, beats = make_ecg(120, 128, spread_s=spread_s)
        features = heart_rate_features(ecg[None, None], 128)
        assert features["interval_sd_ms"][0] == pytest.approx(
            1000 * np.diff(beats).std(ddof=1), rel=0.1
        )
        spreads.append(features["rmssd_ms"][0])
    assert spreads == sorted(spreads)


def test_the_height_of_the_t_wave_is_measured_in_either_polarity():
    for gain in (1, -1):
        heights = [
            heart_rate_features(
                gain * make_ecg(10, 256, t_height=h)[0][None, None], 256
            )["t_wave"][0]
            for h in (0.1, 0.2, 0.4, -0.3)
        ]
        np.testing.assert_allclose(heights, [0.1, 0.2, 0.4, -0.3], atol=0.06)


def test_windows_do_not_touch_each_other():
    ecg = np.stack([make_ecg(10, 128, rate=r)[0] for r in (60, 90, 120)])[:, None]
    together = heart_rate_features(ecg, 128)
    alone = [heart_rate_features(ecg[[k]], 128) for k in range(3)]
    for column in together:
        got = [frame[column][0] for frame in alone]
        np.testing.assert_allclose(together[column], got, rtol=1e-9)


def test_noise_has_no_likeness_between_beats():
    rng = np.random.default_rng(0)
    noise = heart_rate_features(rng.normal(size=(20, 1, 1280)), 128)["likeness"]
    ecg = heart_rate_features(make_ecg(10, 128)[0][None, None], 128)["likeness"]
    assert noise.max() < 0.6 < 0.9 < ecg[0]


def test_an_artefact_hides_no_other_beat():
    ecg, beats = make_ecg(60, 256)
    ecg[20 * 256 : 20 * 256 + 20] += 30
    peaks = r_peaks(ecg, 256) / 256
    away = np.abs(peaks[:, None] - beats).min(axis=0)
    assert (away[np.abs(beats - 20) > 1.5] < 0.02).all()


def test_a_flat_window_has_no_rate():
    features = heart_rate_features(np.zeros((2, 1, 1280)), 128)
    assert features["rate_bpm"].isna().all() and (features["n_beats"] == 0).all()


def test_what_is_no_ecg_is_refused():
    for ecg, sfreq, words in (
        (np.full(1280, np.nan), 128, "ecg must not be missing"),
        (np.zeros(100), 10, "sfreq must be in .* R peaks need that"),
    ):
        with pytest.raises(ValueError, match=words):
            r_peaks(ecg, sfreq)
    with pytest.raises(ValueError, match=r"ecg must have shape \(b, c, t\)"):
        heart_rate_features(np.zeros((2, 1280)), 128)


def find_eegmat():
    """Return EMOLIB_REALDATA's recordings, or those beside the project, or None."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "realdata"
    root = Path(os.environ.get("EMOLIB_REALDATA", beside))
    folders = (root / "eegmat", root)
    return next((f for f in folders if (f / "Subject02_1.edf").exists()), None)


@pytest.mark.skipif(find_eegmat() is None, reason="EEGMAT is not here")
def test_the_heart_rate_rises_from_rest_to_arithmetic_in_real_recordings():
    import edfio

    rises = []
    for rest in sorted(find_eegmat().glob("Subject*_1.edf")):
        rates = []
        for path in (rest, rest.with_name(rest.name.replace("_1", "_2"))):
            signals = edfio.read_edf(path, lazy_load_data=True).signals
            ecg = next(s for s in signals if "ECG" in s.label)
            rates.append(heart_rate(ecg.data[: int(60 * 500)], 500))
        rises.append(rates[1] > rates[0])
    assert sum(rises) >= 0.875 * len(rises)
