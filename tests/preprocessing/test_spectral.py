import numpy as np
import pytest
from scipy.signal import butter, lfilter

from emolib.preprocessing.spectral import (
    band_power,
    differential_entropy,
    psd,
    relative_band_power,
)

BANDS = {
    "theta": (4, 7), "alpha": (8, 10), "slow alpha": (8, 13), "beta": (14, 29),
    "gamma": (30, 45),
}  # fmt: skip


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).normal(3, 2, (12, 3, 256))


@pytest.mark.parametrize("window_s", [0.5, 1, 2, 4, 10])
@pytest.mark.parametrize("name", list(BANDS))
def test_a_tone_at_the_centre_of_a_band_lands_in_that_band(name, window_s):
    times = np.arange(int(window_s * 128)) / 128
    tone = np.sin(2 * np.pi * np.mean(BANDS[name]) * times)[None, None]
    x = tone + 0.01 * np.random.default_rng(1).normal(size=tone.shape)
    entropy = differential_entropy(x, sfreq=128, bands=BANDS)[0, 0]
    largest = entropy.max()
    assert largest - entropy[list(BANDS).index(name)] < 0.35
    apart = [n for n in BANDS if not _overlap(BANDS[n], BANDS[name])]
    assert all(largest - entropy[list(BANDS).index(n)] > 0.5 for n in apart)


def _overlap(a, b):
    return a[0] <= b[1] and b[0] <= a[1]


@pytest.mark.parametrize("n_fft", [None, 300, 512, 513])
def test_the_spectrum_holds_the_variance_of_the_window(noise, n_fft):
    freqs, density = psd(noise, sfreq=128, n_fft=n_fft)
    np.testing.assert_allclose(
        density.sum(axis=-1) * (freqs[1] - freqs[0]), noise.var(axis=-1), rtol=1e-12
    )


def test_bands_that_cover_all_frequencies_hold_the_variance(noise):
    bands = {"low": (0, 20), "high": (20.1, 64)}
    power = band_power(noise, sfreq=128, bands=bands)
    np.testing.assert_allclose(power.sum(axis=-1), noise.var(axis=-1), rtol=1e-12)


def test_a_tone_has_half_its_squared_amplitude_as_power():
    tone = 3 * np.sin(2 * np.pi * 10 * np.arange(256) / 128)
    power = band_power(tone, sfreq=128, bands={"alpha": (8, 12)})
    np.testing.assert_allclose(power, [4.5], rtol=1e-12)


def test_every_sample_of_the_window_matters(noise):
    whole = differential_entropy(noise, sfreq=128, bands=BANDS)
    rng = np.random.default_rng(2)
    for point in rng.integers(256, size=8):
        changed = noise.copy()
        changed[:, :, point] += 5
        other = differential_entropy(changed, sfreq=128, bands=BANDS)
        assert (np.abs(other - whole) > 1e-6).any(axis=-1).all()


def test_a_transform_shorter_than_the_window_is_refused(noise):
    with pytest.raises(ValueError, match="n_fft must be at least .* 256 .* got 128"):
        differential_entropy(noise, sfreq=128, bands=BANDS, n_fft=128)


def test_the_per_window_form_equals_a_plain_loop_and_not_the_default(noise):
    expected = np.empty((*noise.shape[:2], len(BANDS)))
    for window, channels in enumerate(noise):
        for channel, signal in enumerate(channels):
            for band, (low, high) in enumerate(BANDS.values()):
                b, a = butter(5, [low, high], "bandpass", fs=128)
                variance = np.std(lfilter(b, a, signal)) ** 2
                expected[window, channel, band] = 0.5 * np.log(
                    2 * np.pi * np.e * variance
                )
    got = differential_entropy(
        noise, sfreq=128, bands=BANDS, method="per_window_causal"
    )
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)
    default = differential_entropy(noise, sfreq=128, bands=BANDS)
    assert np.abs(got - default).mean() > 0.05


def test_filtering_each_window_alone_lowers_slow_bands_in_short_windows():
    trial = np.random.default_rng(3).normal(size=(40, 4, 60 * 128))
    bias = {}
    for window_s in (1, 10):
        n = 60 // window_s
        x = trial.reshape(40, 4, n, -1).swapaxes(1, 2).reshape(40 * n, 4, -1)
        trials = np.repeat(np.arange(40), n)
        kinds = ("per_window_causal", "filter_then_window")
        alone, whole = (
            differential_entropy(
                x, sfreq=128, bands={"alpha": (8, 10)}, method=kind, trials=trials
            ).mean()
            for kind in kinds
        )
        bias[window_s] = alone - whole
    assert bias[1] < -0.4 and abs(bias[10]) < 0.1


def test_filtering_whole_trials_agrees_with_fourier_on_noise():
    x = np.random.default_rng(4).normal(size=(60, 4, 1280))
    whole = differential_entropy(
        x, sfreq=128, bands=BANDS, method="filter_then_window",
        trials=np.repeat(np.arange(10), 6),
    )  # fmt: skip
    fourier = differential_entropy(x, sfreq=128, bands=BANDS)
    np.testing.assert_allclose(
        whole.mean(axis=(0, 1)), fourier.mean(axis=(0, 1)), atol=0.25
    )


def test_trials_of_unequal_length_keep_their_windows():
    x = np.random.default_rng(5).normal(size=(7, 2, 256))
    trials = np.array([1, 1, 0, 0, 0, 2, 2])
    together = differential_entropy(
        x, sfreq=128, bands=BANDS, method="filter_then_window", trials=trials
    )
    for trial in range(3):
        alone = differential_entropy(
            x[trials == trial], sfreq=128, bands=BANDS, method="filter_then_window",
            trials=np.zeros((trials == trial).sum()),
        )  # fmt: skip
        np.testing.assert_allclose(together[trials == trial], alone, atol=1e-12)


def test_whole_trial_filtering_must_know_the_trials(noise):
    with pytest.raises(ValueError, match="trials must name the trial of each window"):
        differential_entropy(noise, sfreq=128, bands=BANDS, method="filter_then_window")
    with pytest.raises(ValueError, match="trials must stand in a row"):
        differential_entropy(
            noise, sfreq=128, bands=BANDS, method="filter_then_window",
            trials=np.arange(12) % 2,
        )  # fmt: skip


def test_a_band_without_a_frequency_is_refused(noise):
    with pytest.raises(ValueError, match="got 'narrow' .* steps of 0.5 Hz"):
        band_power(noise, sfreq=128, bands={"narrow": (10.1, 10.4)})


def test_a_flat_window_is_named(noise):
    flat = noise.copy()
    flat[4, 2] = 1.0
    with pytest.raises(ValueError, match=r"no power.*'theta' at \[4, 2\]"):
        differential_entropy(flat, sfreq=128, bands=BANDS)


def test_an_unknown_method_is_named(noise):
    with pytest.raises(ValueError, match="method must be one of 'fft'"):
        differential_entropy(noise, sfreq=128, bands=BANDS, method="welch")


def test_relative_powers_sum_to_one_and_ignore_gain(noise):
    one = relative_band_power(noise, sfreq=128, bands=BANDS)
    two = relative_band_power(7 * noise, sfreq=128, bands=BANDS)
    np.testing.assert_allclose(one.sum(axis=-1), 1)
    np.testing.assert_allclose(one, two)


def test_blocks_do_not_show(noise, monkeypatch):
    whole = band_power(noise, sfreq=128, bands=BANDS)
    monkeypatch.setattr("emolib.preprocessing.spectral.POINTS_AT_ONCE", 1000)
    np.testing.assert_array_equal(whole, band_power(noise, sfreq=128, bands=BANDS))


def test_single_precision_stays_single(noise):
    assert band_power(noise.astype("f4"), sfreq=128, bands=BANDS).dtype == np.float32
