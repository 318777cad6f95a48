"""Both levels of paper 2's alignment loss against a plain loop, in one run."""

import time

import pytest
import torch

from emolib.losses.contrastive import alignment_loss, patch_info_nce, window_info_nce
from emolib.models.ecg_eeg import EncoderOutputs

B, P, D = 256, 10, 32


def encoded(seed):
    patches = torch.randn(B, P, D, generator=torch.Generator().manual_seed(seed))
    patches.requires_grad_()
    return EncoderOutputs(patches, patches, patches.flatten(1))


def loop(ecg, eeg, temperature=0.1):
    """Return (L_p + L_S) / 2, one query at a time."""
    cosine = torch.nn.functional.cosine_similarity
    total = 0.0
    for i in range(B):
        others = torch.arange(B) != i
        away = eeg.patches[others].flatten(0, 1)
        for j in range(P):
            own = cosine(ecg.patches[i, j], eeg.patches[i, j], dim=-1)
            rest = cosine(ecg.patches[i, j][None], away)
            scores = torch.cat([own[None], rest]) / temperature
            total = total - scores.log_softmax(0)[0] / (2 * B * P)
        scores = cosine(ecg.window[i][None], eeg.window) / temperature
        total = total - scores.log_softmax(0)[i] / (2 * B)
    return total


def step(loss):
    loss.backward()
    return float(loss.detach())


@pytest.mark.parametrize("level", ["patch", "window"])
def test_one_level_forward_and_backward(benchmark, level):
    ecg, eeg = encoded(0), encoded(1)
    if level == "patch":
        benchmark(lambda: step(patch_info_nce(ecg.patches, eeg.patches)))
    else:
        benchmark(lambda: step(window_info_nce(ecg.window, eeg.window)))


def test_both_levels_are_much_faster_than_a_loop(benchmark):
    ecg, eeg = encoded(0), encoded(1)
    start = time.perf_counter()
    by_loop = step(loop(ecg, eeg))
    loop_s = time.perf_counter() - start
    value = benchmark(lambda: step(alignment_loss(ecg, eeg)["total"]))
    assert value == pytest.approx(by_loop, rel=1e-4)
    ratio = loop_s / benchmark.stats.stats.median
    print(f"\nboth levels, B={B}, N_p={P}, D={D}: {ratio:.0f} x a loop (limit 5)")
    assert ratio > 5
