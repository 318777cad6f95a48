import numpy as np
import pytest

from emolib.preprocessing.spectral import band_power

BANDS = {
    "theta": (4, 7), "alpha": (8, 10), "slow alpha": (8, 13), "beta": (14, 29),
    "gamma": (30, 45),
}  # fmt: skip


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).normal(3, 2, (12, 3, 256))


@pytest.mark.parametrize("window_s", [0.5, 1, 2, 4, 10])
@pytest.mark.parametrize("name", list(BANDS))
def test_a_tone_at_the_centre_of_a_band_lands_in_that_band_alone(name, window_s):
    times = np.arange(int(window_s * 128)) / 128
    tone = 3 * np.sin(2 * np.pi * np.mean(BANDS[name]) * times)[None, None]
    x = 5 + tone + 0.01 * np.random.default_rng(1).normal(size=tone.shape)
    power = dict(zip(BANDS, band_power(x, sfreq=128, bands=BANDS)[0, 0], strict=True))
    assert power[name] > 0.5 * max(power.values())
    (low, high) = BANDS[name]
    apart = [n for n, (a, b) in BANDS.items() if b < low or a > high]
    assert all(power[n] < 0.25 * power[name] for n in apart)
    if window_s == 10:  # whole periods: half the squared amplitude, and no leakage
        assert power[name] == pytest.approx(4.5, rel=0.01)
        assert all(power[n] < 0.01 for n in apart)


def test_bands_that_cover_all_frequencies_hold_the_variance(noise):
    for x in (noise, noise[..., :255]):
        power = band_power(x, sfreq=128, bands={"low": (0, 20), "high": (20.01, 64)})
        np.testing.assert_allclose(power.sum(axis=-1), x.var(axis=-1), rtol=1e-12)


def test_a_band_without_a_frequency_is_refused(noise):
    with pytest.raises(ValueError, match="got 'narrow' .* steps of 0.5 Hz"):
        band_power(noise, sfreq=128, bands={"narrow": (10.1, 10.4)})


def test_blocks_do_not_show_and_single_precision_stays(noise, monkeypatch):
    whole = band_power(noise, sfreq=128, bands=BANDS)
    monkeypatch.setattr("emolib.preprocessing.spectral.POINTS_AT_ONCE", 1000)
    np.testing.assert_array_equal(whole, band_power(noise, sfreq=128, bands=BANDS))
    assert band_power(noise.astype("f4"), sfreq=128, bands=BANDS).dtype == np.float32
