"""Paper 4's EEG features: shares of six bands in windows that slide over a trial."""

import numpy as np
import pytest
from scipy import signal

from emolib.preprocessing.filtering import average_reference
from emolib.preprocessing.spectral import relative_band_power

BANDS = {
    "delta": (0.3, 5), "theta": (5, 8), "alpha": (8, 12), "beta 1": (12, 18),
    "beta 2": (18, 30), "gamma": (30, 45),
}  # fmt: skip
SFREQ = 256


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).normal(3, 2, (4, 5 * SFREQ))


def shares_of(freqs, density):
    """Return Eq. (6) and (7) of one window's density (n_chans, n_freqs), by hand."""

    def integral(low, high):
        inside = (freqs >= low) & (freqs <= high)
        return np.trapezoid(density[:, inside], freqs[inside], axis=-1)

    return np.stack([integral(*edges) for edges in BANDS.values()]) / integral(0.3, 45)


def test_every_window_is_scipy_s_welch_integrated_and_divided(x):
    found = relative_band_power(x, sfreq=SFREQ, bands=BANDS)
    assert found.shape == (13, 6, 4)
    for i in range(13):
        window = x[:, 64 * i : 64 * i + 512]
        by_hand = shares_of(*signal.welch(window, SFREQ, "hann", 256, 128))
        np.testing.assert_allclose(found[i], by_hand, rtol=1e-10)
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_as_printed_segments_share_nothing_and_keep_their_mean(x):
    found = relative_band_power(x, sfreq=SFREQ, bands=BANDS, reading="printed")
    w, n = signal.get_window("hann", 256), np.arange(256)
    freqs = np.arange(60.0)
    waves = np.exp(-2j * np.pi * np.outer(n, freqs) / 256)
    segments = x[:, :512].reshape(4, 2, 256)  # Eq. (1)
    norm = (w**2).sum() / 256  # Eq. (3)
    periodograms = np.abs((segments * w) @ waves) ** 2 / norm  # Eq. (2)
    by_hand = shares_of(freqs, periodograms.mean(axis=1))  # Eq. (5)
    np.testing.assert_allclose(found[0], by_hand, rtol=1e-10)
    plain = relative_band_power(x, sfreq=SFREQ, bands=BANDS)
    assert (found[:, 0] > plain[:, 0]).all()  # the mean leaks into the lowest band


def test_a_tone_fills_its_band_in_the_windows_that_hold_it():
    times = np.arange(8 * SFREQ) / SFREQ
    x = 0.01 * np.random.default_rng(0).normal(size=(2, times.size))
    x[1] += np.sin(2 * np.pi * 10 * times) * (times >= 4)
    share = relative_band_power(x, sfreq=SFREQ, bands=BANDS)[:, 2]
    assert (share[:8] < 0.3).all() and (share[16:, 1] > 0.99).all()
    assert (share[:, 0] < 0.3).all()


def test_too_short_a_trial_and_too_narrow_a_band_are_refused(x):
    with pytest.raises(ValueError, match="x must last a window of 2 s .* got 1 s"):
        relative_band_power(x[:, :256], sfreq=SFREQ, bands=BANDS)
    with pytest.raises(ValueError, match="each hold two frequencies; got 8.2-8.9 Hz"):
        relative_band_power(x, sfreq=SFREQ, bands={"a": (8.2, 8.9)})


def test_the_average_reference_leaves_nothing_in_common(x):
    np.testing.assert_allclose(average_reference(x).mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(average_reference(x + 7), average_reference(x))
