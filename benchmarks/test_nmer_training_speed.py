"""One training epoch of every system of paper 3, at its widths and batch size."""

import time

import numpy as np
import pandas as pd
import pytest

from emolib.containers import MODALITIES_AVL, Windows
from emolib.papers import nmer
from emolib.papers.nmer import training
from emolib.papers.nmer.settings import SYSTEMS
from emolib.training.devices import one_thread

N_SPEAKERS, N_EACH = 10, 32
WIDTHS = {"audio": 130, "visual": 342, "text": 1024}
MEDIANS = {"audio": 45, "visual": 50, "text": 22}
ROWS = [name for name, row in SYSTEMS.items() if row.kind in ("method", "baseline")]


class Context:
    """What a system's run asks for, without a store: each stage is computed once."""

    device, data = "cpu", {"corpus": "iemocap"}

    def __init__(self, windows):
        self.windows, self.stages = windows, {}

    def stage(self, function, **settings):
        """Return a stage's outcome as an entry."""
        name = f"{function.__module__} {function.__name__} {sorted(settings.items())}"
        if name not in self.stages:
            self.stages[name] = _Entry(function(self, **settings))
        return self.stages[name]


class _Entry:
    def __init__(self, outcome):
        self.tables, self.arrays = outcome.all_tables(), outcome.arrays
        self.state = outcome.state


@pytest.fixture(scope="module")
def context():
    """Return a context over 320 utterances of noise, of lengths about their medians."""
    rng = np.random.default_rng(0)
    n = N_SPEAKERS * N_EACH
    x, lengths = {}, {}
    for name in MODALITIES_AVL:
        spread = np.exp(0.5 * rng.standard_normal(n))
        lengths[name] = np.maximum(np.round(MEDIANS[name] * spread), 1).astype(int)
        is_real = np.arange(lengths[name].max()) < lengths[name][:, None]
        x[name] = rng.standard_normal((*is_real.shape, WIDTHS[name]), dtype="float32")
        x[name] *= is_real[..., None]
    speaker = np.repeat(np.arange(N_SPEAKERS), N_EACH)
    part = np.where(speaker == 0, "val", np.where(speaker == 1, "test", "train"))
    meta = pd.DataFrame({"subject": speaker.astype(str), "session": "1"})
    meta = meta.assign(trial=np.arange(n).astype(str), start_s=0.0, part_1=part)
    y = (np.arange(n) % 4).astype(float)
    present = np.ones((n, 3), bool)
    return Context(Windows(x=x, y=y, meta=meta, present=present, lengths=lengths))


@pytest.mark.parametrize("system", ROWS)
def test_one_epoch(benchmark, context, system, capsys, monkeypatch):
    from importlib import import_module

    once = {"n_epochs": 1, "teacher_epochs": 1, "baseline_epochs": 1}
    settings = {"systems": [system], "overrides": once, "device": "cpu"}
    (unit,) = nmer.expand(settings)
    module, seconds, fit = import_module(unit.system_module), [], training.fit

    def timed(*args, **options):
        start = time.process_time()
        result = fit(*args, **options)
        seconds.append(time.process_time() - start)
        return result

    monkeypatch.setattr(training, "fit", timed)
    with one_thread():
        outcome = benchmark.pedantic(
            lambda: module.run(unit.settings, context), rounds=1, warmup_rounds=0
        )
    assert np.isfinite(outcome.all_tables()["history"]["total"]).all()
    n_train = (context.windows.meta["part_1"] == "train").sum()
    told = f"{1000 * seconds[-1] / n_train:.1f} s for 1,000 training utterances"
    with capsys.disabled():
        print(f"\n{system}: an epoch takes {told}, validation under six conditions")
        print(f"included (CPU time, one thread; {len(seconds)} stages were trained)")
