"""CPU against GPU for every system: the forward pass, and one epoch's losses.

Both devices are given the same random numbers, drawn on the CPU, and no dropout; what
is left are sums in another order.
"""

from importlib import import_module

import numpy as np
import pytest
import torch
from in_memory import Context, DrawnOnCpu, run_unit

from emolib.models.blocks import ByteDropout
from emolib.papers import ecg_eeg
from emolib.papers.ecg_eeg import data
from emolib.papers.ecg_eeg.settings import ALIGNMENT, named
from emolib.papers.ecg_eeg.training import Task
from emolib.training.tensors import load_state_arrays

TRAINED = named("method", "ablation", "baseline", "teacher")


@pytest.fixture(scope="module")
def units(cache, settings):
    """Return a unit of each system that learns, with one epoch, and the windows."""
    overrides = {**settings.overrides, "max_epochs": 1, "dropout": 0.0}
    chosen = settings.change(systems=TRAINED, overrides=overrides)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOLIB_CACHE", str(cache))
        found = ecg_eeg.expand(chosen)
        return {u.labels["system"]: u for u in found}, data.prepare(found[0].data)


@pytest.fixture(autouse=True)
def whole_precision(monkeypatch):
    """Convolve in float32 proper: by default a GPU rounds factors to 10 bits."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)


@pytest.fixture
def train(units, monkeypatch):
    """Return a function that trains a system on a device."""
    named, windows = units
    for kind in (torch.nn.Dropout, ByteDropout):
        monkeypatch.setattr(kind, "forward", lambda self, x: x)

    def run(system, device):
        context = Context(windows, named[system].data, device)
        with DrawnOnCpu():
            return run_unit(named[system], context), context

    return run


def losses(outcome, context):
    """Return every loss of every stage: those of shared stages and the unit's own."""
    tables = [outcome.tables["history"]]
    tables += [stage.tables["history"] for stage in context.stages.values()]
    numbers = [table.select_dtypes("number").to_numpy(float) for table in tables]
    return np.concatenate([values.ravel() for values in numbers])


@pytest.mark.parametrize("system", [ALIGNMENT, "TS-TCC", "TFC", "EEG-Conformer"])
def test_the_comparison_itself_repeats_to_the_bit_on_a_cpu(train, system):
    first, second = (losses(*train(system, "cpu")) for _ in range(2))
    assert len(first) and np.array_equal(first, second, equal_nan=True)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("system", TRAINED)
def test_one_epoch_has_nearly_the_same_losses_on_a_gpu(train, system):
    on_cpu, on_gpu = (losses(*train(system, device)) for device in ("cpu", "cuda:0"))
    assert on_gpu == pytest.approx(on_cpu, rel=1e-3, nan_ok=True)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("system", TRAINED)
def test_a_forward_pass_gives_nearly_the_same_scores_on_a_gpu(study, units, system):
    ((unit, entry),) = study.select(system=system)
    windows, module = units[1], import_module(unit.system_module)
    model = module.build(windows, unit.settings)
    if entry.state:  # the teacher's weights stand with its stage
        load_state_arrays(model, entry.state)
    modality = "eeg" if model.n_chans == 14 else "ecg"
    scores = []
    for device in ("cpu", "cuda:0"):
        task = Task.of(unit.settings, Context(windows, unit.data, device))
        task = task.with_channels(modality, list(range(model.n_chans)))
        scores.append(task.scores(model, task.fold.test, modality))
    assert scores[1] == pytest.approx(scores[0], abs=1e-4)
