import numpy as np
import pytest

from emolib.containers import Recording, Signal
from emolib.preprocessing.filtering import (
    average_reference,
    bandpass,
    bandpass_recordings,
    resample,
)

TIMES = np.arange(0, 20, 1 / 128)


def tone(freq, times=TIMES):
    return np.sin(2 * np.pi * freq * times)


def test_a_tone_within_the_band_passes_without_delay():
    middle = slice(256, -256)
    kept = bandpass(tone(10)[None], 4, 45, 128)[0]
    np.testing.assert_allclose(kept[middle], tone(10)[middle], atol=0.01)


@pytest.mark.parametrize("freq", [0.5, 60])
def test_a_tone_outside_the_band_is_gone(freq):
    assert np.abs(bandpass(tone(freq), 4, 45, 128)[256:-256]).max() < 0.02


def test_open_edges_leave_their_side_alone():
    both = tone(2) + tone(30)
    middle = slice(256, -256)
    low = bandpass(both, None, 10, 128)[middle]
    high = bandpass(both, 10, None, 128)[middle]
    np.testing.assert_allclose(low, tone(2)[middle], atol=0.02)
    np.testing.assert_allclose(high, tone(30)[middle], atol=0.02)


def test_a_band_is_checked():
    with pytest.raises(ValueError, match="h_freq must be in .* Half of sfreq=128 Hz"):
        bandpass(tone(10), 4, 70, 128)
    with pytest.raises(ValueError, match="l_freq must be below h_freq"):
        bandpass(tone(10), 20, 10, 128)
    with pytest.raises(ValueError, match="l_freq or h_freq must be given"):
        bandpass(tone(10), None, None, 128)


@pytest.mark.parametrize("new_sfreq", [64, 100, 256])
def test_resampling_keeps_a_tone(new_sfreq):
    new_times = np.arange(0, 20, 1 / new_sfreq)
    out = resample(np.stack([tone(7)] * 2), 128, new_sfreq)
    assert out.shape == (2, len(new_times))
    middle = slice(new_sfreq, -new_sfreq)
    np.testing.assert_allclose(out[1, middle], tone(7, new_times)[middle], atol=0.01)


def test_a_rate_must_be_above_zero():
    with pytest.raises(ValueError, match="new_sfreq must be in"):
        resample(tone(7), 128, 0)


def test_the_average_reference_sums_to_zero():
    x = np.random.default_rng(0).normal(5, 1, (4, 14, 100))
    np.testing.assert_allclose(average_reference(x).sum(axis=1), 0, atol=1e-12)


def test_recordings_are_filtered_over_the_whole_trial():
    signals = {"eeg": Signal((tone(0.2) * 100 + tone(10))[None], 128.0, ("Cz",), "uV")}
    whole = Recording("toy", "s01", "1", "1", signals, {})
    without = Recording("toy", "s01", "1", "2", {}, {})
    first, second = bandpass_recordings([whole, without], "eeg", l_freq=4, h_freq=45)
    np.testing.assert_allclose(
        first.signals["eeg"].data[0, 300:-300], tone(10)[300:-300], atol=0.02
    )
    assert second is without
    assert whole.signals["eeg"].data.max() > 90
