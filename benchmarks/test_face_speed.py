"""Paper 4: 192 features of a trial beside a plain loop; faces through each backbone."""

import time

import numpy as np
import pytest
import torch
from scipy.signal import welch

from emolib.models.face import BACKBONES, build_backbone
from emolib.papers.rmmt.faces import as_input
from emolib.papers.rmmt.settings import BANDS
from emolib.preprocessing.faces import cut_faces, step_times
from emolib.preprocessing.spectral import relative_band_power
from emolib.surrogates.expressions import draw_expressions

SFREQ, SECONDS, N_CHANS, N_LOOP = 256, 117, 32, 30


def loop(eeg, starts):
    """Return the shares one window, channel and band at a time, by SciPy's Welch."""
    out = np.empty((len(starts), len(BANDS), N_CHANS))
    for row, start in enumerate(starts):
        for k, channel in enumerate(eeg[:, start : start + 2 * SFREQ]):
            freqs, power = welch(channel, SFREQ, nperseg=SFREQ, scaling="spectrum")
            inside = [(freqs >= low) & (freqs < high) for low, high in BANDS.values()]
            parts = np.array([power[band].sum() for band in inside])
            out[row, :, k] = parts / parts.sum()
    return out


def test_192_features_of_a_trial_are_much_faster_than_a_loop(benchmark, capsys):
    eeg = np.random.default_rng(0).normal(size=(N_CHANS, (SECONDS + 2) * SFREQ))
    how = dict(sfreq=SFREQ, bands=BANDS, window_s=2.0, hop_s=0.25, reading="welch")
    found = benchmark(relative_band_power, eeg, **how)
    n_steps, started = 4 * SECONDS, time.process_time()
    loop(eeg, np.arange(N_LOOP) * SFREQ // 4)
    slow = (time.process_time() - started) * n_steps / N_LOOP
    assert found[:n_steps].shape == (n_steps, len(BANDS), N_CHANS)
    fast = benchmark.stats.stats.median
    with capsys.disabled():
        print(
            f"\n192 features of {SECONDS} s: loop {slow:.2f} CPU s (scaled from "
            f"{N_LOOP} of {n_steps} steps), at once {fast:.3f} s: {slow / fast:.0f}x "
            "(limit 5x)"
        )
    assert slow / fast >= 5


def test_faces_are_cut_faster_than_a_trial_lasts(benchmark, capsys):
    frames = np.repeat(draw_expressions(0, 25).frames[..., None], 3, axis=-1)
    times = step_times(len(frames), 4.0)
    benchmark.pedantic(cut_faces, (frames, times), rounds=3, warmup_rounds=1)
    rate = len(frames) / benchmark.stats.stats.median
    with capsys.disabled():
        print(f"\nfaces found and cut: {rate:.0f} a second (limit 40, ten times life)")
    assert rate > 40


LIMIT = {"small": 100, "resnet50": 10, "ir50": 1}
DEVICES = ["cpu", *["cuda"] * torch.cuda.is_available()]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", BACKBONES)
def test_frames_pass_a_backbone(benchmark, name, device, capsys):
    model = build_backbone(name).eval().to(device)
    faces = torch.zeros(64, 48, 48, 3, dtype=torch.uint8, device=device)

    def run():
        with torch.no_grad():
            return model(as_input(faces, model.size)).cpu()

    benchmark.pedantic(run, rounds=3, warmup_rounds=1)
    rate = len(faces) / benchmark.stats.stats.median
    with capsys.disabled():
        print(f"\n{name} on {device}: {rate:.1f} frames a second (limit {LIMIT[name]})")
    assert rate > LIMIT[name]
