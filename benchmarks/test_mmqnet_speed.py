"""Paper 1 at the corpus's own size: features of a person, memory, one step.

A full-size person of DEAP is 40 trials of 40 channels and 8064 samples. The plain loop
is timed on a stated part of the windows and scaled.
"""

import os
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from scipy.signal import welch

from emolib.containers import Recording, Signal
from emolib.corruptions.presence import draw_presence
from emolib.datasets.deap import MODALITIES
from emolib.papers.mmqnet.features import BANDS, features_of
from emolib.papers.mmqnet.settings import Method
from emolib.papers.mmqnet.systems.mmqnet import build, loss_step

N_TRIALS, N_LOOP, SFREQ = 40, 3, 128
SIZES = {"eeg": 160, "eog": 44, "emg": 44, "gsr": 22, "resp": 22, "ppg": 23,
         "temperature": 22}  # fmt: skip
MEMORY_GB = 1.5


@pytest.fixture(scope="module")
def trials():
    """Return 40 trials of DEAP's 40 channels, a minute each, of noise."""
    rng = np.random.default_rng(0)
    held = []
    for k in range(N_TRIALS):
        signals = {
            name: Signal(rng.standard_normal((len(own), 60 * SFREQ)), SFREQ, own, unit)
            for name, (own, unit) in MODALITIES.items()
        }
        held.append(Recording("deap", "s01", "1", f"{k:02d}", signals, {}))
    return held


def loop(eeg):
    """Return entropy and density of EEG: one window, channel and band at a time."""
    n, freqs = 2 * SFREQ, np.fft.rfftfreq(2 * SFREQ, 1 / SFREQ)
    out = []
    for start in range(0, eeg.shape[1], n):
        for signal in eeg[:, start : start + n]:
            power = 2 * np.abs(np.fft.rfft(signal)) ** 2 / n**2
            where, density = welch(signal, SFREQ, nperseg=SFREQ, detrend=False)
            for low, high in BANDS.values():
                inside = power[(freqs >= low) & (freqs <= high)].sum()
                band = density[(where >= low) & (where <= high)].mean()
                out.append((0.5 * np.log(2 * np.pi * np.e * inside), np.log(band)))
    return np.array(out).reshape(-1, len(eeg), len(BANDS), 2)


def test_features_of_a_full_size_person_are_much_faster_than_a_loop(
    benchmark, trials, capsys
):
    start = time.process_time()
    expected = [loop(trial.signals["eeg"].data) for trial in trials[:N_LOOP]]
    slow = (time.process_time() - start) * N_TRIALS / N_LOOP
    seconds, found = {}, {}
    for name in MODALITIES:
        start = time.process_time()
        found[name] = [features_of(trial, name, window_s=2.0) for trial in trials]
        seconds[name] = time.process_time() - start
    benchmark.pedantic(features_of, (trials[0], "eeg"), {"window_s": 2.0}, rounds=5)
    for own, by_hand in zip(found["eeg"], expected, strict=False):
        np.testing.assert_allclose(own[:, 0], by_hand[..., 0], atol=1e-6)
    whole = sum(seconds.values())
    with capsys.disabled():
        print(
            f"\na person's features: EEG {seconds['eeg']:.2f} CPU s, by a loop "
            f"{slow:.1f} (scaled from {N_LOOP} trials): {slow / seconds['eeg']:.1f}x "
            f"(limit 3x); all seven modalities {whole:.2f} CPU s"
        )
    assert slow / seconds["eeg"] >= 3


def test_a_full_size_person_fits_into_little_memory(tmp_path, capsys):
    start = (
        "import resource; from emolib.papers.mmqnet import data, expand;"
        "(unit,) = expand({'systems': ['majority'], 'rates': [0.0], 'device': 'cpu',"
        " 'surrogate': {'n_subjects': 1, 'n_trials': 40}});"
    )
    ends = {
        "code alone": "",
        "written": "data.folder(unit.data);",
        "features": "data.features_of_person(unit.data, 's01');",
    }
    peak = "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    found = {}
    for name, end in ends.items():  # a process each: a peak is never taken back
        told = subprocess.run(
            [sys.executable, "-c", start + end + peak], check=True, text=True,
            capture_output=True, env={**os.environ, "EMOLIB_CACHE": str(tmp_path)},
        )  # fmt: skip
        found[name] = int(told.stdout) / 2**20
    with capsys.disabled():
        print("\npeak memory, GB:", {name: round(gb, 2) for name, gb in found.items()})
    assert found["features"] < MEMORY_GB


@pytest.mark.parametrize("batch_size", [1024])
def test_one_step_has_no_loop_over_samples(benchmark, batch_size, capsys):
    rng = np.random.default_rng(0)
    there = draw_presence(np.ones((batch_size, len(SIZES)), bool), 0.3, seed=0)
    x = {m: rng.standard_normal((batch_size, d)) for m, d in SIZES.items()}
    batch = {m: torch.tensor(values, dtype=torch.float32) for m, values in x.items()}
    batch |= {"present": torch.tensor(there), "y": torch.arange(batch_size) % 2}
    pair, step = build(SIZES), loss_step(Method().as_dict())
    adam, draw = torch.optim.Adam(pair.parameters(), 6e-4), torch.Generator()

    def train(rows):
        part = {name: values[rows] for name, values in batch.items()}
        adam.zero_grad()
        step(pair, part, draw)["total"].backward()
        adam.step()

    start = time.process_time()
    for row in range(32):
        train(slice(row, row + 1))
    slow = (time.process_time() - start) * batch_size / 32
    benchmark.pedantic(train, (slice(None),), rounds=10, warmup_rounds=2)
    start = time.process_time()
    train(slice(None))
    fast = time.process_time() - start
    with capsys.disabled():
        print(
            f"\na step of {batch_size}: {1e3 * fast:.0f} CPU ms, sample by sample "
            f"{slow:.1f} CPU s: {slow / fast:.0f}x (limit 20x)"
        )
    assert slow / fast > 20
