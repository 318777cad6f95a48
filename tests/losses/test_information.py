"""Eq. (5) to (8): what the critic measures on toys, whom it trains, the total."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from emolib.losses.correlation import correlation_loss
from emolib.losses.information import ESTIMATORS, InformationCritic, mmqnet_loss
from emolib.losses.reconstruction import token_reconstruction
from emolib.models.mmqnet import MMQNetOutputs

LN2 = math.log(2)


def toys():
    """Return y, category and interference of the facts file, section 1.3."""
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randint(2, (2, 2000), generator=generator)
    noise = torch.randn(2000, 4, generator=generator)
    one, other = (z[:, None].float().repeat(1, 4) * 2 - 1 for z in (a, b))
    label = (a ^ b)[:, None].float().repeat(1, 4) * 2 - 1
    return {
        "xor": (a ^ b, one, other),
        "copy": (a ^ b, label, label),
        "noise": (a ^ b, noise, label),
    }


def measured(toy, estimator):
    """Return the term that the model pays once critic and classifier have learnt."""
    y, category, interference = toys()[toy]
    torch.manual_seed(0)
    classifier = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
    critic = InformationCritic(4, estimator=estimator)
    learning = [*classifier.parameters(), *critic.parameters()]
    adam = torch.optim.Adam(learning, lr=0.03)
    for _ in range(150):
        adam.zero_grad()
        logits = classifier(category)
        losses = critic(category, interference, logits.detach(), y)
        (losses["critic"] + functional.cross_entropy(logits, y)).backward()
        adam.step()
    losses = critic(category, interference, classifier(category), y)
    return losses["interference"].item()


@pytest.mark.parametrize(
    ("toy", "conditional", "marginal"),
    [("xor", 0.692, 0.001), ("copy", 0.0, 0.693), ("noise", 0.689, 0.693)],
)
def test_information_of_toys_is_as_measured_before(toy, conditional, marginal):
    assert measured(toy, "difference") == pytest.approx(conditional, abs=0.03)
    assert measured(toy, "reversal") == pytest.approx(marginal, abs=0.03)
    club = measured(toy, "club")  # an upper bound, which counts what it is sure of
    assert club < 0.03 if toy == "xor" else club > LN2


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_critic_learns_alone_and_the_model_pays_alone(estimator):
    torch.manual_seed(0)
    critic, y = InformationCritic(4, estimator=estimator), torch.arange(9) % 2
    category, interference = (torch.randn(9, 4).requires_grad_() for _ in range(2))
    wrong = 20.0 * torch.stack([y, 1 - y], dim=1)  # a sure answer that is never right
    losses = critic(category, interference, wrong + 0.1 * category[:, :2], y)
    losses["critic"].backward(retain_graph=True)
    assert all(w.grad.abs().sum() > 0 for w in critic.parameters())
    assert category.grad is None and interference.grad is None
    critic.zero_grad(set_to_none=True)
    losses["interference"].backward()
    assert all(w.grad is None for w in critic.parameters())
    assert interference.grad.abs().sum() > 0
    reached = None if category.grad is None else category.grad.abs().sum(0) > 0
    if estimator == "difference":  # by way of the answer alone
        assert reached.tolist() == [True, True, False, False]
    else:
        assert reached is None


def test_a_critic_who_knows_less_than_the_classifier_costs_nothing():
    critic, y = InformationCritic(4), torch.arange(8) % 2
    right = 9.0 * torch.stack([1 - y, y], dim=1)
    losses = critic(torch.randn(8, 4), torch.randn(8, 4), right, y)
    assert losses["interference"] == 0 and losses["critic"] > 0.3


def test_the_reconstruction_is_eq_5_by_hand_and_reads_nothing_else():
    restored = torch.tensor([[[1.0, 2], [9, 9]], [[0, 0], [3, 1]]])
    tokens = torch.tensor([[[0.0, 0], [torch.nan, 9]], [[1, 1], [3, 2]]])
    chosen = torch.tensor([[True, False], [True, True]])
    loss = token_reconstruction(restored.requires_grad_(), tokens, chosen)
    assert loss.item() == pytest.approx((5 + 2 + 1) / 3)
    loss.backward()
    assert (restored.grad[0, 1] == 0).all() and restored.grad.isfinite().all()
    assert token_reconstruction(restored, tokens, ~chosen & chosen) == 0


def outputs_and_features():
    torch.manual_seed(0)
    restored, features = torch.randn(2, 3, 2, 4).unbind(0)
    tokens = torch.randn(2, 3, 4).unbind(0)
    return MMQNetOutputs(torch.randn(3, 2), restored, restored + 1, *tokens), features


@pytest.mark.parametrize("dropped", [None, torch.tensor([[True, True]] * 3)])
def test_the_total_is_eq_8_with_the_critic_s_own_loss_beside_it(dropped):
    outputs, features = outputs_and_features()
    critic, y = InformationCritic(4), torch.tensor([0, 1, 1])
    present = torch.tensor([[True, True], [True, False], [True, True]])
    losses = mmqnet_loss(
        outputs, features, y, critic, present=present, dropped=dropped,
        w_reconstruction=2.0, w_class=3.0, w_interference=5.0,
    )  # fmt: skip
    literal = token_reconstruction(outputs.attended, features, present)
    hidden = token_reconstruction(outputs.restored, features, present & (dropped is not
                                  None and dropped))  # fmt: skip
    expected = literal if dropped is None else hidden / 4  # a mean over features too
    torch.testing.assert_close(losses["reconstruction"], expected)
    entropy = functional.cross_entropy(outputs.logits, y)
    torch.testing.assert_close(losses["class"], entropy)
    total = 2 * expected + 3 * entropy + 5 * losses["interference"] + losses["critic"]
    torch.testing.assert_close(losses["total"], total)


def test_the_target_of_a_dropped_modality_does_not_learn():
    outputs, features = outputs_and_features()
    features.requires_grad_()
    present = torch.ones(3, 2, dtype=torch.bool)
    for dropped in (present, None):
        losses = mmqnet_loss(
            outputs, features, torch.tensor([0, 1, 1]), InformationCritic(4),
            present=present, dropped=dropped,
        )  # fmt: skip
        assert losses["reconstruction"].requires_grad is (dropped is None)


def test_the_correlation_loss_is_minus_the_canonical_correlations():
    generator = torch.Generator().manual_seed(0)
    shared = torch.randn(4000, 2, generator=generator)
    a, b = (
        torch.cat([shared, torch.randn(4000, 1, generator=generator)], 1)
        @ torch.randn(3, 3, generator=generator)
        for _ in range(2)
    )
    assert float(correlation_loss(a, b, ridge=1e-9)) == pytest.approx(-2, abs=0.05)
    mixed = correlation_loss(3 * a + 1, b.flip(1), ridge=1e-9)
    assert float(mixed) == pytest.approx(
        float(correlation_loss(a, b, ridge=1e-9)), 1e-4
    )
