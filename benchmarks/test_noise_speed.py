"""The noise scheduler's closed form against Algorithm 1, in one run.

A batch of the paper's: 128 utterances, 50 steps of 342 visual features.
"""

import time
from functools import partial
from statistics import median

import pytest
import torch

from emolib.corruptions.conditions import draw_conditions
from emolib.corruptions.noise_levels import level_for, steps_for
from emolib.corruptions.noise_schedule import alpha_bar, beta_schedule
from emolib.corruptions.noise_scheduler import corrupt, gaussian_noise, iterate, mix
from emolib.training.devices import one_thread

SHAPE = (128, 50, 342)
WIDTHS = {"audio": 130, "visual": 342, "text": 1024}
LEVELS = (-10, -40)


@pytest.fixture(scope="module")
def x():
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))


def timed(function):
    """Return what a function gives and the CPU seconds it took."""
    start = time.process_time()
    given = function()
    return given, time.process_time() - start


@pytest.mark.parametrize("db", LEVELS)
def test_one_update_against_t_of_them(benchmark, x, db, capsys):
    betas = beta_schedule(steps_for(db, 1.0))
    keep, draw = alpha_bar(betas)[-1].item(), torch.Generator().manual_seed(1)
    with one_thread():
        slow, slow_s = timed(lambda: iterate(x, betas, draw))
        once = partial(timed, lambda: mix(x, keep, gaussian_noise(SHAPE, draw)))
        runs = [once() for _ in range(9)]
        benchmark(once)
    assert runs[0][0].var().item() == pytest.approx(slow.var().item(), abs=0.01)
    ratio, limit = slow_s / median(seconds for _, seconds in runs), len(betas) / 3
    with capsys.disabled():
        print(
            f"\n{db} dB, T = {len(betas)}: Algorithm 1 {slow_s:.2f} CPU s, "
            f"Eq. (3) {ratio:.0f} x as fast (limit T / 3 = {limit:.0f})"
        )
    assert ratio > limit


def test_a_batch_under_random_conditions(benchmark, capsys):
    draw = torch.Generator().manual_seed(1)
    batch = {m: torch.randn(128, 50, d, generator=draw) for m, d in WIDTHS.items()}
    lengths = {m: torch.randint(6, 51, (128,), generator=draw) for m in WIDTHS}
    levels = {m: level_for(-10, 1.0) for m in WIDTHS}

    def seen():
        return corrupt(batch, lengths, draw_conditions(128, draw), levels, draw)

    with one_thread():
        benchmark(seen)
    with capsys.disabled():
        print(f"\na batch of 128: {1000 * benchmark.stats.stats.median:.0f} ms")
