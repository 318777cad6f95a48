"""What is planted is learnt: the label, and a modality from two others."""

import numpy as np
import pytest
import torch
from planted_features import planted, run, task_of, unit_of

from emolib.metrics import score_folds
from emolib.papers.mmqnet.systems import mmqnet
from emolib.papers.mmqnet.training import arrays_of, pick, unpack
from emolib.training.devices import one_thread
from emolib.training.tensors import to_tensors

SIZE = {"batch_size": 128, "max_epochs": 60, "lr": 3e-3, "baseline_epochs": 30,
        "patience": 15}  # fmt: skip


@pytest.fixture(scope="module")
def windows():
    return planted(10, 10, 6)


def auc(system, windows, rate):
    unit = unit_of(system, rate, overrides=SIZE)
    table = score_folds(run(unit, windows).predictions)
    return table.set_index("metric")["value"]["auc"]


@pytest.mark.parametrize("system", ["MMQ-Net", "CCA", "SMIL", "ShaSpec", "TAE"])
def test_the_planted_label_is_read_at_half_the_modalities(windows, system):
    assert auc(system, windows, 0.5) > 0.65


def test_what_is_missing_costs_mmq_net_and_it_keeps_up_with_the_mean_in_its_place(
    windows,
):
    found = [auc("MMQ-Net", windows, rate) for rate in (0.0, 0.7)]
    plain = [auc("mean fill", windows, rate) for rate in (0.0, 0.7)]
    assert found[0] > found[1] + 0.05
    assert np.subtract(plain, found).max() < 0.08


def restored(windows, reconstruction):
    """Return R squared of the PPG's token: EEG and GSR there, and neither."""
    overrides = {**SIZE, "reconstruction": reconstruction}
    task = task_of("MMQ-Net", windows, 0.0, overrides=overrides)
    with one_thread():
        options = pick(task.settings, (*mmqnet.MODEL_KEYS, "estimator"))
        pair = task.build(mmqnet.build, **options)
        step = mmqnet.loss_step(task.settings)
        model = task.fit(pair, step, *task.part("train"), read=mmqnet.read).model[
            "model"
        ]
        x, present = unpack(to_tensors(arrays_of(*task.part("test")), "cpu"))
        with torch.no_grad():
            tokens = model.project(x, present)
            names, found = [*task.sizes], []
            for hidden in (["ppg"], ["ppg", "eeg", "gsr"]):
                kept = present.clone()
                kept[:, [names.index(name) for name in hidden]] = False
                told = model.read(tokens, kept).restored[:, names.index("ppg")]
                true = tokens[:, names.index("ppg")]
                spread = (true - true.mean(0)).square().sum()
                found.append(float(1 - (told - true).square().sum() / spread))
    return found


def test_a_hidden_modality_is_filled_in_from_the_two_that_tell_it(windows):
    both, neither = restored(windows, "dropped")
    assert both > 0.4 and both > neither + 0.3


def test_eq_5_as_printed_fills_in_nothing(windows):
    both, _ = restored(windows, "available")
    assert both < 0.1
