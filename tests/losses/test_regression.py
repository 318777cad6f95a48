"""Paper 4's losses by hand: concordance, and features held against a teacher's."""

import numpy as np
import pytest
import torch

from emolib.losses.regression import concordance, concordance_loss, distillation_loss

LENGTHS = torch.tensor([6, 4])


@pytest.fixture
def pair():
    generator = torch.Generator().manual_seed(0)
    valence, y = torch.randn(2, 2, 6, generator=generator)
    valence[1, 4:], y[1, 4:] = torch.nan, 7.0  # padding
    return valence, y


def ccc_by_hand(x, y, ddof=0):
    covariance = ((x - x.mean()) * (y - y.mean())).mean()
    return 2 * covariance / (x.var(ddof=ddof) + y.var(ddof=ddof)
                             + (x.mean() - y.mean()) ** 2)  # fmt: skip


@pytest.mark.parametrize(("divisors", "ddof"), [("equal", 0), ("mixed", 1)])
def test_concordance_is_eq_18_of_each_sequence_without_its_padding(
    pair, divisors, ddof
):
    found = concordance(*pair, LENGTHS, divisors=divisors)
    rows = [
        [part[i, :n].numpy().astype(float) for part in pair]
        for i, n in enumerate(LENGTHS)
    ]
    by_hand = [ccc_by_hand(*row, ddof) for row in rows]
    np.testing.assert_allclose(found, by_hand, rtol=1e-5)
    loss = concordance_loss(*pair, LENGTHS, divisors=divisors)
    assert loss.item() == pytest.approx(1 - np.mean(by_hand), rel=1e-5)  # Eq. (19)


def test_itself_is_1_a_shifted_or_flat_copy_less_and_padding_has_no_gradient(pair):
    valence, y = pair
    assert concordance(y, y, LENGTHS).tolist() == pytest.approx([1, 1])
    assert (concordance(y, y, LENGTHS, divisors="mixed") < 0.9).all()
    shifted, narrow = concordance(y + 1, y, LENGTHS), concordance(y / 3, y, LENGTHS)
    assert (shifted < 0.9).all() and (narrow < 0.9).all()
    flat = torch.zeros_like(y).requires_grad_()
    concordance_loss(flat, torch.zeros_like(y), LENGTHS).backward()
    assert flat.grad.isfinite().all()
    valence = valence.nan_to_num(3.0).requires_grad_()
    concordance_loss(valence, y, LENGTHS).backward()
    assert valence.grad[0].all() and (valence.grad[1, 4:] == 0).all()


def features():
    generator = torch.Generator().manual_seed(1)
    return [
        part.requires_grad_() for part in torch.randn(2, 2, 6, 3, generator=generator)
    ]


def test_distillation_is_eq_20_over_the_steps_that_are_there():
    eeg, face = features()
    with torch.no_grad():
        total = sum(
            (eeg[i, :n] - face[i, :n]).abs().sum() for i, n in enumerate([6, 4])
        )
    found = distillation_loss(eeg, face, LENGTHS)
    assert found.item() == pytest.approx(total.item() / (10 * 3))


@pytest.mark.parametrize(("learner", "moves"), [("eeg", False), ("both", True)])
def test_the_gradient_of_distillation_reaches_the_side_that_learns(learner, moves):
    eeg, face = features()
    distillation_loss(eeg, face, LENGTHS, learner=learner).backward()
    assert eeg.grad[0].all() and (eeg.grad[1, 4:] == 0).all()
    assert (face.grad is not None) is moves


def test_what_does_not_fit_is_refused():
    eeg, face = features()
    with pytest.raises(ValueError, match="learner must be one of 'eeg', 'both'"):
        distillation_loss(eeg, face, LENGTHS, learner="face")
    with pytest.raises(ValueError, match=r"face must have shape \(b, s, d\) with b=2"):
        distillation_loss(eeg, face[:, 1:], LENGTHS)
    with pytest.raises(ValueError, match=r"valence must have shape \(b, s\)"):
        concordance(torch.ones(2, 5), torch.ones(2, 6), LENGTHS)
