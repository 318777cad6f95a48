import numpy as np
import pytest
from scipy import signal

from emolib.preprocessing.spectral import (
    band_density,
    band_power,
    differential_entropy,
    mutual_cross_attention,
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
def test_a_tone_at_the_centre_of_a_band_lands_in_that_band_alone(name, window_s):
    times = np.arange(int(window_s * 128)) / 128
    tone = 3 * np.sin(2 * np.pi * np.mean(BANDS[name]) * times)[None, None]
    x = 5 + tone + 0.01 * np.random.default_rng(1).normal(size=tone.shape)
    power = dict(zip(BANDS, band_power(x, sfreq=128, bands=BANDS)[0, 0], strict=True))
    assert power[name] > 0.5 * max(power.values())
    (low, high) = BANDS[name]
    apart = [n for n, (a, b) in BANDS.items() if b < low or a > high]
    assert all(power[n] < 0.25 * power[name] for n in apart)
    for feature in (band_density, differential_entropy):
        found = dict(zip(BANDS, feature(x, sfreq=128, bands=BANDS)[0, 0], strict=True))
        assert all(found[n] < found[name] for n in apart)
    if window_s == 10:  # whole periods: half the squared amplitude, and no leakage
        assert power[name] == pytest.approx(4.5, rel=0.01)
        assert all(power[n] < 0.01 for n in apart)


@pytest.mark.parametrize("n_times", [64, 128, 256, 1280])
def test_the_density_is_welch_s_under_a_hann_window(n_times):
    x = np.random.default_rng(0).normal(2, 3, (4, 3, n_times))
    n_segment = min(128, n_times)
    freqs, density = signal.welch(x, 128, "hann", n_segment, n_segment // 2, 128)
    by_hand = [
        density[..., (freqs >= a) & (freqs <= b)].mean(-1) for a, b in BANDS.values()
    ]
    found = band_density(x, sfreq=128, bands=BANDS)
    np.testing.assert_allclose(found, np.stack(by_hand, -1), rtol=1e-12)


def test_entropy_is_that_of_a_gaussian_and_its_literal_form_the_deviation(noise):
    power = band_power(noise, sfreq=128, bands=BANDS)
    nats = differential_entropy(noise, sfreq=128, bands=BANDS)
    np.testing.assert_allclose(nats, 0.5 * np.log(2 * np.pi * np.e * power))
    spread = differential_entropy(noise, sfreq=128, bands=BANDS, form="sd")
    np.testing.assert_allclose(spread, np.sqrt(power))
    louder = differential_entropy(2 * noise, sfreq=128, bands=BANDS)
    np.testing.assert_allclose(louder - nats, np.log(2))


def test_entropy_of_the_field_agrees_with_its_loop_and_depends_on_the_window(noise):
    options = {"sfreq": 128, "bands": BANDS, "variance": "filtered"}
    found = differential_entropy(noise, **options)
    for window, channel in np.ndindex(noise.shape[:2]):
        for place, (low, high) in enumerate(BANDS.values()):
            b, a = signal.butter(5, [low / 64, high / 64], btype="band")
            filtered = signal.lfilter(b, a, noise[window, channel])
            loop = 0.5 * np.log(2 * np.pi * np.e * filtered.var())
            assert abs(found[window, channel, place] - loop) < 1e-12
    ours = differential_entropy(noise, sfreq=128, bands=BANDS)
    assert (ours - found).mean(axis=(0, 1)).min() > 0.02  # its start-up takes power


def test_a_flat_window_is_refused_and_a_hidden_one_stays_hidden(noise):
    x = noise.copy()
    x[3] = np.nan
    found = differential_entropy(x, sfreq=128, bands=BANDS)
    assert np.isnan(found[3]).all() and np.isfinite(np.delete(found, 3, 0)).all()
    x[5, 1] = 4.0
    with pytest.raises(ValueError, match=r"no power in 'theta' at \[5, 1\]"):
        differential_entropy(x, sfreq=128, bands=BANDS)


def test_mutual_attention_weighs_both_ways_by_one_table_of_scores():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 6, 4, 5))
    fused = mutual_cross_attention(a, b)
    for one, other, row in zip(a, b, fused, strict=True):
        scores = np.exp(one @ other.T / np.sqrt(5))
        there = scores / scores.sum(1, keepdims=True) @ other
        back = scores.T / scores.T.sum(1, keepdims=True) @ one
        np.testing.assert_allclose(row, there + back)
    np.testing.assert_allclose(mutual_cross_attention(b, a), fused)
    alone = mutual_cross_attention(a[:, :1], b[:, :1])
    np.testing.assert_allclose(alone, a[:, :1] + b[:, :1])
    with pytest.raises(ValueError, match="b must have shape .* c=4"):
        mutual_cross_attention(a, b[:, :2])


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
