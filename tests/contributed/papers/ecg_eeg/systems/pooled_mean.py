"""How the toy baseline is trained: on labelled windows of ECG."""

from emolib.models.baselines.pooled_mean import PooledMean

from emolib.papers.ecg_eeg.training import Task
from emolib.store import Outcome

FIT = {"lr": 1e-2, "batch_size": 32, "max_epochs": 5}


def build(windows, settings) -> PooledMean:
    """Return the untrained model for windows of this size."""
    _, n_chans, n_times = windows.x["ecg"].shape
    return PooledMean(n_chans=n_chans, n_times=n_times)


def run(settings, context) -> Outcome:
    """Train on the labelled training windows and test."""
    task = Task.of(settings, context)
    model = task.build(build, "pooled_mean")
    result = task.fit(model, "train", "ecg", own=FIT)
    return task.outcome(model, "ecg", train=result)
