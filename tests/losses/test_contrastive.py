"""Eq. (1) to (4) of paper 2, against loops and against values worked out by hand."""

from math import log
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from utterance_batches import features

from emolib.losses.contrastive import (
    alignment_loss,
    info_nce,
    nt_xent,
    patch_info_nce,
    window_info_nce,
)


def cosine(a, b):
    return float(a @ b / (a.norm() * b.norm()))


def patch_loop(ecg, eeg, tau, row):
    """Eq. (2) as it is printed: sums over i, j and the candidates of Z^p_ij."""
    total, (b, p, _) = 0.0, ecg.shape
    for i in range(b):
        for j in range(p):
            candidates = [eeg[i, j]]
            for m in range(b):
                if row[m] != row[i]:
                    candidates += [eeg[m, n] for n in range(p)]
            e = torch.tensor([cosine(ecg[i, j], c) / tau for c in candidates]).exp()
            total += -log(e[0] / e.sum())
    return total / (b * p)


def window_loop(ecg, eeg, tau):
    """Eq. (3) as it is printed."""
    total, b = 0.0, len(ecg)
    for i in range(b):
        e = torch.tensor([cosine(ecg[i], eeg[m]) / tau for m in range(b)]).exp()
        total += -log(e[i] / e.sum())
    return total / b


def test_info_nce_of_two_candidates_by_hand():
    positive = torch.tensor([1.0, 0.0])
    negatives = torch.tensor([[0.0, -torch.inf], [0.5, 0.0]])
    by_hand = (log(1 + torch.tensor(-2.0).exp()) + log(2 + torch.tensor(1.0).exp())) / 2
    value = info_nce(positive, negatives, temperature=0.5)
    torch.testing.assert_close(float(value), by_hand, rtol=1e-6, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(
    b=st.integers(1, 4),
    p=st.integers(1, 4),
    tau=st.sampled_from([0.05, 0.1, 0.5, 2.0]),
    seed=st.integers(0, 99),
)
def test_both_levels_equal_a_loop(b, p, tau, seed):
    ecg, eeg = features(b, p, 5, seed=seed), features(b, p, 5, seed=seed + 100)
    value = patch_info_nce(ecg, eeg, temperature=tau)
    assert abs(float(value) - patch_loop(ecg, eeg, tau, range(b))) < 1e-6
    ecg, eeg = ecg.flatten(1), eeg.flatten(1)
    value = window_info_nce(ecg, eeg, temperature=tau)
    assert abs(float(value) - window_loop(ecg, eeg, tau)) < 1e-6


def test_twins_are_taken_out_or_kept_as_asked():
    ecg, eeg = features(6, 3, 4), features(6, 3, 4, seed=1)
    recording = torch.tensor([7, 8, 9, 7, 8, 9])
    values = []
    for twins, row in (("excluded", recording.tolist()), ("negative", range(6))):
        value = patch_info_nce(ecg, eeg, recording=recording, twins=twins)
        assert abs(float(value) - patch_loop(ecg, eeg, 0.1, row)) < 1e-6
        values.append(value)
    assert values[1] > values[0] + 0.01


def test_equal_similarities_give_the_log_of_the_number_of_candidates():
    b, p, recording = 4, 10, torch.arange(4).repeat(2)
    ones = torch.ones(2 * b, p, 3, dtype=torch.float64)
    windows = window_info_nce(ones.flatten(1), ones.flatten(1))
    assert float(windows) == pytest.approx(log(2 * b))
    patches = patch_info_nce(ones, ones, recording=recording)
    assert float(patches) == pytest.approx(log(1 + (2 * b - 2) * p))
    kept = patch_info_nce(ones, ones, recording=recording, twins="negative")
    assert float(kept) == pytest.approx(log(1 + (2 * b - 1) * p))
    plain = patch_info_nce(ones[:b], ones[:b])
    assert float(plain) == pytest.approx(log(1 + (b - 1) * p))


LOSSES = {
    "patch": lambda a, b, tau: patch_info_nce(a, b, temperature=tau),
    "window": lambda a, b, tau: window_info_nce(a[:, 0], b[:, 0], temperature=tau),
    "nt_xent": lambda a, b, tau: nt_xent(a[:, 0], b[:, 0], temperature=tau, poly=True),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_half_precision_and_the_coldest_temperature_give_finite_numbers(loss, dtype):
    ecg, eeg = (features(4, 3, 5, seed=s).to(dtype).requires_grad_() for s in (0, 1))
    for tau in (0.1, 1e-3):
        value = LOSSES[loss](ecg, -eeg, tau)
        value.backward()
        assert value.isfinite() and value.dtype == torch.float32
        assert ecg.grad.isfinite().all() and eeg.grad.isfinite().all()
    with pytest.raises(ValueError, match=r"temperature must be in \[0.001, inf\]"):
        LOSSES[loss](ecg, eeg, 1e-6)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("size", [0.0, 1e-12])
def test_a_feature_without_length_has_no_gradient_and_blows_up_no_other(loss, size):
    ecg, eeg = features(4, 3, 5).float(), features(4, 3, 5, seed=1).float()
    ecg[1] *= size
    ecg.requires_grad_()
    value = LOSSES[loss](ecg, eeg, 0.1)
    value.backward()
    assert value.isfinite() and (ecg.grad[1] == 0).all()
    assert 0 < ecg.grad.abs().max() < 10


def encoded(patches):
    return SimpleNamespace(patches=patches, window=patches.flatten(1))


@pytest.mark.parametrize("w_patch", [0.0, 0.25, 1.0])
def test_the_total_weighs_both_levels_with_their_own_temperature(w_patch):
    ecg, eeg = encoded(features(4, 3, 5)), encoded(features(4, 3, 5, seed=1))
    recording = torch.tensor([0, 1, 0, 1])
    losses = alignment_loss(
        ecg, eeg, w_patch=w_patch, temperature_patch=0.2, temperature_window=0.3,
        recording=recording,
    )  # fmt: skip
    patch = patch_info_nce(
        ecg.patches, eeg.patches, temperature=0.2, recording=recording
    )
    window = window_info_nce(ecg.window, eeg.window, temperature=0.3)  # twins count
    assert (losses["patch"], losses["window"]) == (patch, window)
    total = w_patch * patch + (1 - w_patch) * window
    torch.testing.assert_close(losses["total"], total)


def nt_xent_loop(a, b, tau):
    views, n = torch.cat([a, b]), len(a)
    total = 0.0
    for i in range(2 * n):
        twin = (i + n) % (2 * n)
        others = [j for j in range(2 * n) if j != i]
        e = {j: torch.tensor(cosine(views[i], views[j]) / tau).exp() for j in others}
        total += -log(e[twin] / sum(e.values()))
    return total / (2 * n)


def test_nt_xent_equals_a_loop_and_treats_both_views_alike():
    a, b = features(5, 4), features(5, 4, seed=1)
    value = nt_xent(a, b, temperature=0.2)
    assert abs(float(value) - nt_xent_loop(a, b, 0.2)) < 1e-6
    torch.testing.assert_close(nt_xent(b, a, temperature=0.2), value)
    with pytest.raises(ValueError, match=r"b must have shape .* match a"):
        nt_xent(a, b[:2])


def test_the_poly_term_falls_as_the_positives_become_sure():
    same, unit = torch.ones(5, 4).double(), torch.eye(5).double()
    equal = nt_xent(same, same, poly=True) - nt_xent(same, same)
    sure = nt_xent(unit, unit, temperature=0.01, poly=True)
    # n (1 / n - mean of the 2n x (2n - 1) matrix that holds p at the positives)
    assert float(equal) == pytest.approx(5 * (1 / 5 - (1 / 9) / 9))
    assert float(sure) == pytest.approx(5 * (1 / 5 - 1 / 9))


def test_a_part_that_all_windows_share_flattens_cosines_but_not_centred_ones():
    own, shared = features(16, 4, 8, seed=5), 50 * features(4, 8, seed=6)
    x = own + shared  # a perfect match, hidden by what is common
    pair = [encoded(x)] * 2
    plain = alignment_loss(*pair)["window"]
    centred = alignment_loss(*pair, similarity="centred")["window"]
    assert plain > 0.9 * log(16)
    assert centred < 0.2 * log(16)
    by_hand = (x - x.mean(0)).flatten(1)
    torch.testing.assert_close(centred, window_info_nce(by_hand, by_hand))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"eeg": features(3, 3, 5)}, "eeg must have shape .* match ec"),
        ({"recording": torch.arange(3)}, "recording must .* with b=4"),
    ],
)
def test_wrong_values_are_refused(given, words):
    with pytest.raises(ValueError, match=words):
        patch_info_nce(features(4, 3, 5), **{"eeg": features(4, 3, 5), **given})
