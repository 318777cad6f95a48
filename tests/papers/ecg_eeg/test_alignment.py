"""The alignment stage: what moves, and what must not."""

import numpy as np
import torch

from emolib.corruptions.patch_shuffle import draw_permutations, shuffle_patches
from emolib.losses.contrastive import alignment_loss
from emolib.models.ecg_eeg import SignalEncoder
from emolib.papers.ecg_eeg.settings import ALIGNMENT, Method
from emolib.papers.ecg_eeg.systems import aligned, teacher
from emolib.papers.ecg_eeg.training import LOSS_KEYS, pick
from emolib.training.tensors import state_arrays

from ..worlds import WORLDS

WORLD = WORLDS["ecg_eeg"]


def run_align(**changes):
    unit, context = WORLD.unit(ALIGNMENT), WORLD.context()
    return aligned.align(context, **{**unit.settings, **changes}), context


def test_the_teacher_is_frozen_while_the_student_moves(monkeypatch):
    built, build = [], teacher.build

    def build_and_keep(windows, settings):
        built.append(build(windows, settings))
        return built[-1]

    monkeypatch.setattr(teacher, "build", build_and_keep)
    one, context = run_align(max_epochs=1)
    before = next(v for k, v in context.stages.items() if k.startswith("tune")).state
    after = state_arrays(built[-1])
    np.testing.assert_equal({name: after[name] for name in before}, {**before})
    assert all(weight.grad is None for weight in built[-1].parameters())
    two, _ = run_align(max_epochs=3)
    assert any(not np.array_equal(one.state[k], two.state[k]) for k in one.state)


def test_shuffling_and_twins_change_the_loss():
    changes = ({}, {"shuffle": False}, {"twins": "negative"})
    histories = [run_align(**c)[0].tables["history"] for c in changes]
    assert len({history["total"][0] for history in histories}) == 3


def test_a_step_shuffles_both_in_one_order_and_asks_the_teacher_once():
    known = {"n_chans": 3, "n_times": 160, "d_patch": 8, "n_heads": 2, "d_ff": 16}
    eeg, ecg = (SignalEncoder(**known).eval() for _ in range(2))
    x = {name: torch.randn(6, 3, 160) for name in ("eeg", "ecg")}
    order = draw_permutations(6, 10, torch.Generator().manual_seed(0))
    both = (torch.cat([w, shuffle_patches(w, order)]) for w in (x["eeg"], x["ecg"]))
    keys, queries = (m(w) for m, w in zip((eeg, ecg), both, strict=True))
    options = pick(Method().as_dict(), LOSS_KEYS)
    whole = alignment_loss(
        queries, keys, recording=torch.arange(6).repeat(2), **options
    )
    step = aligned._alignment_step(Method().as_dict())
    batch = {**x, "known": eeg(x["eeg"]).window}
    drawn = torch.Generator().manual_seed(0)
    torch.testing.assert_close(step({"ecg": ecg, "eeg": eeg}, batch, drawn), whole)


def test_the_classifier_starts_from_the_aligned_encoder(study):
    chosen = (study.select(system=name)[0][1] for name in (ALIGNMENT, "w/o align"))
    first, second = (entry.predictions["y_score_1"] for entry in chosen)
    assert not first.equals(second)
