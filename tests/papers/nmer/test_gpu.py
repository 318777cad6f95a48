"""CPU against GPU for every system: the forward pass, and one epoch's losses.

Both devices are given the same random numbers, drawn on the CPU, and no dropout; what
is left are sums in another order.
"""

from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from in_memory import run_unit
from torch.overrides import TorchFunctionMode

from emolib.papers.nmer.evaluate import predictions_under
from emolib.papers.nmer.task import Task

from .test_systems import TRAINED, how_of
from .utterances import context, unit_of, utterances


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


def trained(system, device):
    """Return a unit, where it was computed and what came of an epoch of each stage."""
    once = {
        "n_epochs": 1,
        "teacher_epochs": 1,
        "baseline_epochs": 1,
        "vae_dropout": 0.0,
    }
    unit, where = unit_of(system, overrides=once), context(utterances())
    where.device = device
    with DrawnOnCpu():
        return unit, where, run_unit(unit, where)


def losses(outcome, where):
    """Return every loss of every stage: those of shared stages and the unit's own."""
    tables = [outcome.tables["history"]]
    tables += [
        s.tables["history"] for s in where.stages.values() if "history" in s.tables
    ]
    columns = [table.filter(regex="total|class").to_numpy(float) for table in tables]
    return np.concatenate([values.ravel() for values in columns])


@pytest.mark.parametrize("system", ["ours", "MMIN"])
def test_the_comparison_itself_repeats_to_the_bit_on_a_cpu(system):
    first, second = (losses(*trained(system, "cpu")[:0:-1]) for _ in range(2))
    assert len(first) and np.array_equal(first, second, equal_nan=True)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("system", TRAINED)
def test_one_epoch_has_nearly_the_same_losses_on_a_gpu(system):
    on_cpu, on_gpu = (losses(*trained(system, d)[:0:-1]) for d in ("cpu", "cuda:0"))
    assert on_gpu == pytest.approx(on_cpu, rel=1e-3, nan_ok=True)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("system", TRAINED)
def test_a_forward_pass_gives_nearly_the_same_scores_on_a_gpu(system):
    unit, where, outcome = trained(system, "cpu")
    entry = SimpleNamespace(
        state=outcome.state, key=SimpleNamespace(parts={"settings": unit.settings})
    )
    model = import_module(unit.system_module).restore(entry, where)
    task = Task.of(unit.settings, where)
    scores = [
        predictions_under(
            task, model, task.corruption(unit.settings), "test", device=device,
            **how_of(system),
        ).filter(like="y_score_").to_numpy()
        for device in ("cpu", "cuda:0")
    ]  # fmt: skip
    assert scores[1] == pytest.approx(scores[0], abs=1e-4)
