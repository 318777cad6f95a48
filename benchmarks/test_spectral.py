"""Speed of the band powers against a plain loop, in one run.

1 200 windows of 2 s, 32 channels, 128 Hz, five bands. The loop is timed on a stated
subset of the windows and scaled.
"""

import time

import numpy as np
import pytest

from emolib.preprocessing.spectral import band_power

BANDS = {
    "theta": (4, 7), "alpha": (8, 10), "slow alpha": (8, 13), "beta": (14, 29),
    "gamma": (30, 45),
}  # fmt: skip
N_WINDOWS, N_LOOP, SFREQ = 1200, 120, 128


@pytest.fixture(scope="module")
def windows():
    return np.random.default_rng(0).normal(size=(N_WINDOWS, 32, 2 * SFREQ))


def loop(windows):
    """Return the powers one window, channel and band at a time."""
    freqs = np.fft.rfftfreq(2 * SFREQ, 1 / SFREQ)
    inside = [(freqs >= low) & (freqs <= high) for low, high in BANDS.values()]
    out = np.empty((*windows.shape[:2], len(BANDS)))
    for row, channels in enumerate(windows):
        for column, signal in enumerate(channels):
            power = 2 * np.abs(np.fft.rfft(signal - signal.mean())) ** 2
            out[row, column] = [power[band].sum() for band in inside]
    return out / (2 * SFREQ) ** 2


def test_band_powers_are_much_faster_than_a_loop(benchmark, windows, capsys):
    start = time.process_time()
    expected = loop(windows[:N_LOOP])
    slow = (time.process_time() - start) * N_WINDOWS / N_LOOP
    found = benchmark(band_power, windows, sfreq=SFREQ, bands=BANDS)
    np.testing.assert_allclose(found[:N_LOOP], expected)
    fast = benchmark.stats.stats.median
    with capsys.disabled():
        print(
            f"\nband powers: loop {slow:.2f} CPU s (scaled from {N_LOOP} windows), "
            f"whole array {fast:.3f} s: {slow / fast:.1f}x (limit 3x)"
        )
    assert slow / fast >= 3
