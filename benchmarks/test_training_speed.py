"""One training epoch of every system of paper 2, and the pieces an epoch is made of."""

import time

import numpy as np
import pandas as pd
import pytest

from emolib.containers import Windows
from emolib.papers import ecg_eeg
from emolib.papers.ecg_eeg.settings import ALIGNMENT, named
from emolib.training.devices import one_thread

N_SUBJECTS, N_TRIALS, N_WINDOWS = 8, 4, 2
SYSTEMS = (ALIGNMENT, "w/o align", "EEG teacher", *named("baseline"))


class Context:
    """What a system's run asks for, without a store."""

    device = "cpu"

    def __init__(self, windows):
        self.windows, self.seconds = windows, {}

    def stage(self, function, **settings):
        """Compute a stage each time, and note how long it took by itself."""
        nested = sum(self.seconds.values())
        start = time.perf_counter()
        outcome = function(self, **settings)
        spent = time.perf_counter() - start
        self.seconds[function.__name__] = spent - sum(self.seconds.values()) + nested
        return _Entry(outcome)


class _Entry:
    def __init__(self, outcome):
        self.tables, self.arrays = outcome.all_tables(), outcome.arrays
        self.state = outcome.state


@pytest.fixture(scope="module")
def windows():
    """Return 64 windows of noise in DREAMER's shape: 10 s, 14 and 2 channels."""
    rng = np.random.default_rng(0)
    shape = (N_SUBJECTS, N_TRIALS, N_WINDOWS)
    subject, trial, place = (axis.ravel() for axis in np.indices(shape))
    n = len(subject)
    meta = pd.DataFrame({"subject": subject.astype(str), "trial": trial.astype(str)})
    meta = meta.assign(session="1", start_s=10.0 * place, stop_s=10.0 * place + 10)
    meta = meta.assign(arousal=1.0 + 3 * (trial % 2))
    x = {
        "eeg": rng.standard_normal((n, 14, 1280), dtype="float32"),
        "ecg": rng.standard_normal((n, 2, 2560), dtype="float32"),
    }
    names = {name: tuple(map(str, range(v.shape[1]))) for name, v in x.items()}
    rates = {"eeg": 128.0, "ecg": 256.0}
    y = meta["arousal"].to_numpy()
    return Windows(x, y, meta, np.ones((n, 2), bool), rates, names)


@pytest.mark.parametrize("system", SYSTEMS)
def test_one_epoch_of_every_stage(benchmark, windows, system, capsys):
    from importlib import import_module

    overrides = {"max_epochs": 1, "baseline_epochs": 1}
    (unit,) = ecg_eeg.expand({"systems": [system], "overrides": overrides})
    module = import_module(unit.system_module)
    contexts = []

    def epoch():
        contexts.append(Context(windows))
        return module.run(unit.settings, contexts[-1])

    with one_thread():
        outcome = benchmark.pedantic(epoch, rounds=1, warmup_rounds=0)
    assert np.isfinite(outcome.all_tables()["history"]["total"]).all()
    stages = ", ".join(f"{k} {v:.1f} s" for k, v in contexts[-1].seconds.items())
    whole = benchmark.stats.stats.median
    with capsys.disabled():
        print(
            f"\n{system}: {whole:.1f} s for one epoch of each stage, test and "
            f"validation scores included ({len(windows)} windows, one thread)"
            + f"; of it {stages}"
            * bool(stages)
        )
