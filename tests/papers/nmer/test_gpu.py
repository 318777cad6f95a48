"""CPU against GPU for every system: the forward pass, and one epoch's losses.

Both devices are given the same random numbers, drawn on the CPU, and no dropout; what
is left are sums in another order.
"""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
import torch
from torch.overrides import TorchFunctionMode

from emolib.papers.nmer.training import Task, with_state

from .test_systems import reads
from .utterances import TRAINED, context, trained

ONCE = {"n_epochs": 1, "teacher_epochs": 1, "baseline_epochs": 1, "vae_dropout": 0.0}
gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


class DrawnOnCpu(TorchFunctionMode):
    """Replace each generator by its twin on the CPU, with the same seed."""

    def __init__(self):
        super().__init__()
        self.twins = {}

    def twin(self, generator):
        if id(generator) not in self.twins:
            copy = torch.Generator().manual_seed(generator.initial_seed())
            self.twins[id(generator)] = generator, copy  # kept, so that ids stay
        return self.twins[id(generator)][1]

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if kwargs.get("generator") is None:
            return func(*args, **kwargs)
        device = kwargs["generator"].device
        twin = self.twin(kwargs["generator"])
        return func(*args, **{**kwargs, "generator": twin, "device": "cpu"}).to(device)


@pytest.fixture(autouse=True)
def whole_precision(monkeypatch):
    """Compute in float32 proper, and drop nothing."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    monkeypatch.setattr(torch.nn.Dropout, "forward", lambda self, x: x)


def losses(system, device):
    """Return every loss of every stage: those of shared stages and the unit's own."""
    where = replace(context(), device=device)
    with DrawnOnCpu():
        outcome = trained(system, where, overrides=ONCE)[2]
    stages = [stage.tables.get("history") for stage in where.stages.values()]
    tables = [outcome.tables["history"], *(t for t in stages if t is not None)]
    columns = [table.filter(regex="total|class").to_numpy(float) for table in tables]
    return np.concatenate([values.ravel() for values in columns])


@pytest.mark.parametrize("system", ["NMER", "MMIN"])
def test_the_comparison_itself_repeats_to_the_bit_on_a_cpu(system):
    first, second = (losses(system, "cpu") for _ in range(2))
    assert len(first) and np.array_equal(first, second, equal_nan=True)


@gpu
@pytest.mark.gpu
@pytest.mark.parametrize("system", TRAINED)
def test_losses_and_scores_are_nearly_the_same_on_a_gpu(system):
    on_cpu, on_gpu = (losses(system, device) for device in ("cpu", "cuda:0"))
    assert on_gpu == pytest.approx(on_cpu, rel=1e-3, nan_ok=True)
    unit, where, outcome = trained(system, overrides=ONCE)
    build = import_module(unit.system_module).build
    scores = []
    for device in ("cpu", "cuda:0"):
        task = Task.of(unit.settings, replace(where, device=device))
        model = with_state(build(task), outcome.state)
        table = task.answers(model, "test", reads(system))
        scores.append(table.filter(like="y_score_").to_numpy())
    assert scores[1] == pytest.approx(scores[0], abs=1e-4)
