"""The alignment stage: what moves, and what must not."""

import numpy as np
import pytest
from in_memory import Context

from emolib.papers import ecg_eeg
from emolib.papers.ecg_eeg import data
from emolib.papers.ecg_eeg.systems import aligned, teacher
from emolib.training.states import state_arrays


@pytest.fixture(scope="module")
def prepared(cache, settings):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOLIB_CACHE", str(cache))
        (unit,) = ecg_eeg.expand(settings.change(systems=["ours"]))
        return unit, data.prepare(unit.data)


def run_align(prepared, **changes):
    unit, windows = prepared
    return aligned.align(Context(windows, unit.data), **{**unit.settings, **changes})


def test_the_teacher_is_frozen(prepared, monkeypatch):
    teachers, before = [], {}

    def load_and_keep(context, settings, eeg):
        model = teacher.load_teacher(context, settings, eeg)
        teachers.append(model)
        before.update({k: v.copy() for k, v in state_arrays(model).items()})
        return model

    monkeypatch.setattr(aligned, "load_teacher", load_and_keep)
    run_align(prepared)
    (model,) = teachers
    after = state_arrays(model)
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert all(weight.grad is None for weight in model.parameters())


def test_alignment_moves_the_student(prepared):
    one, two = (run_align(prepared, max_epochs=n) for n in (1, 3))
    assert any(not np.array_equal(one.state[k], two.state[k]) for k in one.state)


def test_each_level_alone_is_the_total_of_its_ablation(prepared):
    for w_patch, level in ((1.0, "patch"), (0.0, "window")):
        history = run_align(prepared, w_patch=w_patch).tables["history"]
        assert np.allclose(history["total"], history[level])


def test_shuffling_and_twins_change_the_loss(prepared):
    losses = {
        name: run_align(prepared, **changes).tables["history"]["total"][0]
        for name, changes in {
            "ours": {},
            "w/o shuffle": {"shuffle": False},
            "twins as negatives": {"twins": "negative"},
        }.items()
    }
    assert len(set(losses.values())) == 3
