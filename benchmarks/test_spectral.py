"""Speed of the spectral features against plain SciPy loops, in one run.

1 200 windows of 2 s, 32 channels, 128 Hz, five bands. The loops are timed on a stated
subset of the windows and scaled.
"""

import time

import numpy as np
import pytest
from scipy.signal import butter, lfilter

from emolib.preprocessing.spectral import band_power, differential_entropy

BANDS = {
    "theta": (4, 7), "alpha": (8, 10), "slow alpha": (8, 13), "beta": (14, 29),
    "gamma": (30, 45),
}  # fmt: skip
N_WINDOWS, SFREQ = 1200, 128
LOOP_WINDOWS = {"designed once": 120, "designed at each call": 30}
LIMITS = {"designed once": 15, "designed at each call": 50}


@pytest.fixture(scope="module")
def windows():
    return np.random.default_rng(0).normal(size=(N_WINDOWS, 32, 2 * SFREQ))


def entropy_of(signal, b, a):
    return 0.5 * np.log(2 * np.pi * np.e * np.var(lfilter(b, a, signal)))


def loop(windows, design_at_each_call):
    """Return the entropies one window, channel and band at a time."""
    filters = [butter(5, edges, "bandpass", fs=SFREQ) for edges in BANDS.values()]
    out = np.empty((*windows.shape[:2], len(BANDS)))
    for row, channels in enumerate(windows):
        for column, signal in enumerate(channels):
            for band, edges in enumerate(BANDS.values()):
                b, a = filters[band]
                if design_at_each_call:
                    b, a = butter(5, edges, "bandpass", fs=SFREQ)
                out[row, column, band] = entropy_of(signal, b, a)
    return out


def cpu_seconds(function, *args, **kwargs):
    start = time.process_time()
    function(*args, **kwargs)
    return time.process_time() - start


def median_cpu_seconds(function, *args, rounds=5, **kwargs):
    function(*args, **kwargs)
    return np.median([cpu_seconds(function, *args, **kwargs) for _ in range(rounds)])


def test_entropy_of_all_windows(benchmark, windows):
    benchmark(differential_entropy, windows, sfreq=SFREQ, bands=BANDS)


def test_band_power_of_all_windows(benchmark, windows):
    benchmark(band_power, windows, sfreq=SFREQ, bands=BANDS)


def test_entropy_of_windows_filtered_one_by_one(benchmark, windows):
    benchmark.pedantic(
        differential_entropy, (windows,),
        {"sfreq": SFREQ, "bands": BANDS, "method": "per_window_causal"}, rounds=3,
    )  # fmt: skip


def test_entropy_of_trials_filtered_whole(benchmark, windows):
    benchmark.pedantic(
        differential_entropy, (windows,),
        {"sfreq": SFREQ, "bands": BANDS, "method": "filter_then_window",
         "trials": np.repeat(np.arange(40), 30)}, rounds=3,
    )  # fmt: skip


@pytest.mark.parametrize("kind", list(LIMITS))
def test_the_default_entropy_against_a_plain_loop(windows, kind, capsys):
    n = LOOP_WINDOWS[kind]
    at_each_call = kind == "designed at each call"
    slow = cpu_seconds(loop, windows[:n], at_each_call) * N_WINDOWS / n
    fast = median_cpu_seconds(differential_entropy, windows, sfreq=SFREQ, bands=BANDS)
    same = median_cpu_seconds(
        differential_entropy, windows, sfreq=SFREQ, bands=BANDS,
        method="per_window_causal", rounds=1,
    )  # fmt: skip
    with capsys.disabled():
        print(
            f"\nDE, filter {kind}: loop {slow:.2f} CPU s (scaled from {n} of "
            f"{N_WINDOWS} windows), default {fast:.3f} s: {slow / fast:.0f}x "
            f"(limit {LIMITS[kind]}x); same definition, whole array {same:.2f} s: "
            f"{slow / same:.1f}x; {N_WINDOWS / fast:.0f} windows per CPU s"
        )
    assert slow / fast >= LIMITS[kind]


def test_the_whole_array_form_equals_the_loop(windows):
    got = differential_entropy(
        windows[:20], sfreq=SFREQ, bands=BANDS, method="per_window_causal"
    )
    np.testing.assert_allclose(got, loop(windows[:20], False), rtol=0, atol=1e-12)


def test_power_spectra_against_a_plain_loop(windows, capsys):
    n = 120
    freqs = np.fft.rfftfreq(2 * SFREQ, 1 / SFREQ)
    inside = [(freqs >= low) & (freqs <= high) for low, high in BANDS.values()]

    def plain():
        for channels in windows[:n]:
            for signal in channels:
                power = np.abs(np.fft.rfft(signal - signal.mean())) ** 2
                for band in inside:
                    power[band].sum()

    slow = cpu_seconds(plain) * N_WINDOWS / n
    fast = median_cpu_seconds(band_power, windows, sfreq=SFREQ, bands=BANDS)
    with capsys.disabled():
        print(
            f"\nPSD: loop {slow:.2f} CPU s (scaled from {n} of {N_WINDOWS} windows), "
            f"whole array {fast:.3f} s: {slow / fast:.1f}x (limit 3x)"
        )
    assert slow / fast >= 3
