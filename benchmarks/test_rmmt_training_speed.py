"""One training epoch of every system of paper 4, at its widths and default sizes."""

import time
from importlib import import_module

import numpy as np
import pandas as pd
import pytest

from emolib.containers import Windows
from emolib.papers import rmmt
from emolib.papers.rmmt import training
from emolib.papers.rmmt.settings import named
from emolib.training.devices import one_thread

N_PEOPLE, N_EACH, N_STEPS = 5, 6, 200
WIDTHS = {"face": 512, "eeg": 192}
ONCE = {"max_epochs": 1, "baseline_epochs": 1, "batch_size": 8}


class Context:
    """What a system's run asks for, without a store: each stage is computed once."""

    device, data = "cpu", {"corpus": "mahnob_continuous"}

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
        self.tables, self.state = outcome.all_tables(), outcome.state


@pytest.fixture
def context():
    """Return a context over 30 trials of noise, 50 s each."""
    rng, n = np.random.default_rng(0), N_PEOPLE * N_EACH
    x = {m: rng.standard_normal((n, N_STEPS, d), "float32") for m, d in WIDTHS.items()}
    meta = pd.DataFrame({"subject": np.repeat(np.arange(N_PEOPLE), N_EACH).astype(str)})
    trial = np.arange(n).astype(str)
    meta = meta.assign(session="1", trial=trial, start_s=0.0, stop_s=N_STEPS / 4)
    y = 0.07 * rng.standard_normal((n, N_STEPS))
    lengths = dict.fromkeys(WIDTHS, np.full(n, N_STEPS))
    return Context(Windows(x, y, meta, np.ones((n, 2), bool), lengths=lengths))


@pytest.mark.parametrize("system", named("baseline", "ablation", "method"))
def test_one_epoch(benchmark, context, system, capsys, monkeypatch):
    settings = {"systems": [system], "overrides": ONCE, "n_folds": 5, "device": "cpu"}
    (unit,) = rmmt.expand({**settings, "n_subject_folds": 5})
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
    assert np.isfinite(outcome.predictions["y_pred"]).all()
    fold = training.fold_of(context.windows, unit.settings)
    told = f"{1000 * seconds[-1] / len(fold.train) / N_STEPS:.2f} s for 1,000 steps"
    with capsys.disabled():
        print(f"\n{system}: an epoch takes {told} of training trials, validation")
        print(f"included (CPU time, one thread; {len(seconds)} networks were trained)")
