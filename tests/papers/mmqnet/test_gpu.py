"""CPU against GPU for every system that learns by gradient: one epoch, and scores.

Both devices are given the same random numbers, drawn on the CPU, and no dropout; what
is left are sums in another order.
"""

import numpy as np
import pytest
import torch
from in_memory import Context, DrawnOnCpu, run_unit
from planted_features import planted, units_of

from emolib.papers.mmqnet.settings import named

TRAINED = [n for n in named("baseline", "method") if n not in ("CCA", "KCCA")]


def trained(system, device):
    """Return losses and scores of one epoch on a device."""
    once = {"max_epochs": 1, "baseline_epochs": 1, "dropout": 0.0}
    (unit,) = units_of(systems=[system], rates=[0.5], overrides=once)
    with DrawnOnCpu():
        outcome = run_unit(unit, Context(planted(6, 6, 5), unit.data, device))
    losses = outcome.tables["history"].select_dtypes("number").to_numpy(float)
    return losses, outcome.predictions["y_score_1"].to_numpy()


@pytest.mark.parametrize("system", ["MMQ-Net", "SMIL"])
def test_the_comparison_itself_repeats_to_the_bit_on_a_cpu(comparable, system):
    np.testing.assert_equal(*(trained(system, "cpu") for _ in range(2)))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("system", TRAINED)
def test_one_epoch_gives_nearly_the_same_losses_and_scores_on_a_gpu(comparable, system):
    on_cpu, told = trained(system, "cpu")
    on_gpu, answers = trained(system, "cuda:0")
    assert on_gpu == pytest.approx(on_cpu, rel=1e-3, nan_ok=True)
    assert answers == pytest.approx(told, abs=1e-2)
