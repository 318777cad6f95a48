import numpy as np
import pytest

from emolib.containers import Recording, Signal
from emolib.preprocessing.filtering import bandpass, bandpass_recordings, resample

TIMES = np.arange(0, 20, 1 / 128)
MIDDLE = slice(256, -256)


def tone(freq, times=TIMES):
    return np.sin(2 * np.pi * freq * times)


@pytest.mark.parametrize(
    ("freq", "low", "high", "passes"),
    [
        (10, 4, 45, True), (0.5, 4, 45, False), (60, 4, 45, False),
        (2, None, 10, True), (30, None, 10, False),
        (30, 10, None, True), (2, 10, None, False),
    ],
)  # fmt: skip
def test_only_a_tone_within_the_band_passes_and_without_delay(freq, low, high, passes):
    kept = bandpass(np.stack([tone(freq)] * 2), low, high, 128)[1, MIDDLE]
    np.testing.assert_allclose(kept, passes * tone(freq)[MIDDLE], atol=0.02)


def test_a_band_is_checked():
    for edges, words in (
        ((4, 70), "h_freq must be in .* Half of sfreq=128 Hz"),
        ((20, 10), "l_freq must be below h_freq"),
        ((None, None), "l_freq or h_freq must be given"),
    ):
        with pytest.raises(ValueError, match=words):
            bandpass(tone(10), *edges, 128)


@pytest.mark.parametrize("new_sfreq", [64, 100, 256])
def test_resampling_keeps_a_tone(new_sfreq):
    new_times = np.arange(0, 20, 1 / new_sfreq)
    out = resample(np.stack([tone(7)] * 2), 128, new_sfreq)
    assert out.shape == (2, len(new_times))
    middle = slice(new_sfreq, -new_sfreq)
    np.testing.assert_allclose(out[1, middle], tone(7, new_times)[middle], atol=0.01)


def test_recordings_are_filtered_over_the_whole_trial():
    signals = {"eeg": Signal((tone(0.2) * 100 + tone(10))[None], 128.0, ("Cz",), "uV")}
    whole = Recording("toy", "s01", "1", "1", signals, {})
    without = Recording("toy", "s01", "1", "2", {}, {})
    first, second = bandpass_recordings([whole, without], "eeg", l_freq=4, h_freq=45)
    kept = first.signals["eeg"].data[0, 300:-300]
    np.testing.assert_allclose(kept, tone(10)[300:-300], atol=0.02)
    assert second is without
    assert whole.signals["eeg"].data.max() > 90
