import numpy as np
import pytest

from emolib.preprocessing import slow

SFREQ, SECONDS = 32.0, 120
BANDS = {"drift": (None, 0.05), "slow": (0.05, 0.2), "breath": (0.2, 0.5)}
TIMES = np.arange(SECONDS * SFREQ) / SFREQ


@pytest.mark.parametrize(("hz", "band"), [(0.02, 0), (0.1, 1), (0.3, 2)])
def test_a_slow_tone_is_largest_in_its_own_band(hz, band):
    x = np.sin(2 * np.pi * hz * TIMES)[None]
    found = slow.subband_features(x, sfreq=SFREQ, bands=BANDS, window_s=2.0)
    assert found.shape == (60, 1, 3 * 4 + 2)
    envelope = found[10:50, 0, 2:12:4].mean(axis=0)
    assert envelope.argmax() == band and envelope[band] == pytest.approx(1, abs=0.15)


def test_level_and_slope_of_a_window_are_its_own():
    x = np.stack([3 + 0.5 * TIMES, -TIMES])
    found = slow.subband_features(x, sfreq=SFREQ, bands=BANDS, window_s=2.0)
    middle = 2 * np.arange(60) + 1 - 0.5 / SFREQ
    np.testing.assert_allclose(found[:, 0, -2], 3 + 0.5 * middle)
    np.testing.assert_allclose(found[:, :, -1], np.tile([0.5, -1], (60, 1)))


def test_breathing_twice_as_deep_raises_every_window_of_its_band():
    rng = np.random.default_rng(0)
    wave = np.sin(2 * np.pi * 0.3 * TIMES) + 0.05 * rng.normal(size=TIMES.size)
    x = np.where(TIMES < 60, 1.0, 2.0) * wave
    found = slow.subband_features(x[None], sfreq=SFREQ, bands=BANDS, window_s=2.0)
    envelope = found[:, 0, 10]
    assert envelope[2:26].max() < envelope[34:58].min()


def test_stretches_reach_around_a_window_and_never_across_the_edges():
    spans = slow.stretches(30, 2.0, 10.0, 60.0)
    wanted = [[0, 10], [0, 10], [2, 12], [50, 60], [50, 60]]
    np.testing.assert_allclose(spans[[0, 1, 3, 28, 29]], wanted)
    assert slow.stretches(2, 2.0, 10.0, 4.0).tolist() == [[0, 4], [0, 4]]


def test_the_pulse_of_a_trial_is_read_in_every_span():
    rate = np.where(TIMES < 60, 60.0, 90.0)
    phase = np.cumsum(rate) / 60 / SFREQ
    ppg = np.exp(-0.5 * (((phase % 1) - 0.5) / 0.1) ** 2) + 0.1 * np.sin(TIMES)
    spans = slow.stretches(60, 2.0, 10.0, SECONDS)
    found = slow.pulse_rate(ppg, spans, SFREQ)
    np.testing.assert_allclose(found[2:26], 60, rtol=0.05)
    np.testing.assert_allclose(found[34:58], 90, rtol=0.05)
    assert np.isnan(slow.rate_of_beats(np.array([1.0]), spans)).all()
