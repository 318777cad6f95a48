import numpy as np
import pytest
from scipy.signal import butter, find_peaks, sosfiltfilt, welch

from emolib.surrogates.waveforms import (
    asymmetry_windows,
    power_windows,
    rate_windows,
)


def power_db(x, low, high):
    freqs, power = welch(x, 128.0, nperseg=256)
    return 10 * np.log10(power[..., (freqs >= low) & (freqs <= high)].mean(-1))


def test_the_planted_rate_is_the_rate_of_the_beats():
    x, rate = rate_windows(40, seed=0)
    assert x.shape == (40, 2, 2560)
    assert x.dtype == np.float32
    assert rate.min() >= 50
    assert rate.max() <= 110
    sos = butter(2, (6, 24), "bandpass", fs=256.0, output="sos")
    for own, planted in zip(sosfiltfilt(sos, x[:, 0]) ** 2, rate, strict=True):
        power = np.convolve(own, np.ones(20), "same")
        tall = 0.25 * np.median([part.max() for part in np.array_split(power, 5)])
        peaks, _ = find_peaks(power, height=tall, distance=70)
        assert 60 * 256 / np.diff(peaks).mean() == pytest.approx(planted, abs=6)


@pytest.mark.parametrize(
    ("band", "edges", "ch"), [("alpha", (8, 12), 6), ("beta", (16, 24), 4)]
)
def test_the_planted_power_is_read_where_it_was_planted(band, edges, ch):
    x, level = power_windows(120, seed=1, band=band)
    assert x.shape == (120, 14, 1280)
    assert np.corrcoef(power_db(x[:, ch], *edges), level)[0, 1] > 0.7


def test_the_planted_asymmetry_is_right_minus_left():
    x, level = asymmetry_windows(120, seed=2)
    difference = power_db(x[:, 11], 8, 12) - power_db(x[:, 2], 8, 12)
    assert np.corrcoef(difference, level)[0, 1] > 0.7


@pytest.mark.parametrize("make", [rate_windows, power_windows, asymmetry_windows])
def test_the_first_windows_of_more_are_the_same(make):
    few, more = make(3, seed=4), make(5, seed=4)
    np.testing.assert_allclose(few[0], more[0][:3], atol=1e-3)
    np.testing.assert_array_equal(few[1], more[1][:3])
    assert not np.array_equal(few[1], make(3, seed=5)[1])


def test_an_unknown_band_names_the_known_ones():
    with pytest.raises(ValueError, match="band must be one of 'alpha', 'theta'"):
        power_windows(2, seed=0, band="delta")
    with pytest.raises(ValueError, match="n must be in"):
        rate_windows(0, seed=0)
