"""The losses of NMER and of its teacher, by hand and against other writings."""

import math
from types import SimpleNamespace

import pytest
import torch
from torch.distributions import Normal
from torch.distributions import kl_divergence as torch_kl
from utterance_batches import noise

from emolib.losses.discrepancy import central_moment_discrepancy, modality_discrepancy
from emolib.losses.variational import feature_loss, kl_divergence, nmer_loss


def test_kl_of_one_number_by_hand():
    mu, log_var = torch.tensor([[2.0]]), torch.tensor([[math.log(3.0)]])
    by_hand = -0.5 * (math.log(3) - 3 - 4 + 1)
    assert float(kl_divergence(mu, log_var)) == pytest.approx(by_hand)


def test_kl_is_that_of_torchs_distributions():
    mu, log_var = noise(5, 3), noise(5, 3, seed=1)
    each = torch_kl(Normal(mu, (0.5 * log_var).exp()), Normal(0.0, 1.0))
    reduced = {
        "none": each, "sum": each.sum(), "batch_mean": each.sum() / 5,
        "element_mean": each.mean(),
    }  # fmt: skip
    for reduction, expected in reduced.items():
        found = kl_divergence(mu, log_var, reduction=reduction)
        torch.testing.assert_close(found, expected)


def test_feature_loss_is_the_mean_square_and_teaches_its_target_nothing():
    features = torch.tensor([[1.0, 2.0, 0.0]], requires_grad=True)
    target = torch.tensor([[0.0, 4.0, 0.0]], requires_grad=True)
    loss = feature_loss(features, target)
    assert loss.item() == pytest.approx((1 + 4 + 0) / 3)  # Eq. (7)
    loss.backward()
    assert target.grad is None and features.grad is not None
    with pytest.raises(ValueError, match="features must have shape .* match its targe"):
        feature_loss(noise(2, 3), noise(2, 4))


def outputs(**changes):
    parts = {
        "logits": noise(4, 3), "invariant": noise(4, 6, seed=1),
        "joint": noise(4, 6, seed=2), "mu": noise(4, 2, seed=3),
        "log_var": noise(4, 2, seed=4),
    }  # fmt: skip
    return SimpleNamespace(**{**parts, **changes})


JOINT, INVARIANT = noise(4, 6, seed=5), noise(4, 6, seed=6)
Y = torch.tensor([0, 2, 1, 1])


def test_without_vae_nothing_is_generated():
    terms = nmer_loss(outputs(mu=None, log_var=None), JOINT, INVARIANT, Y)
    assert set(terms) == {"invariant", "class", "total"}
    by_hand = 10 * terms["invariant"] + terms["class"]
    torch.testing.assert_close(terms["total"], by_hand)


def cmd_by_loop(a, b, n_moments=5):
    total = 0.0
    for k in range(1, n_moments + 1):
        square = 0.0
        for d in range(a.shape[1]):
            moments = []
            for values in (a[:, d].tolist(), b[:, d].tolist()):
                mean = sum(values) / len(values)
                powers = [(v - mean) ** k for v in values] if k > 1 else values
                moments.append(sum(powers) / len(values))
            square += (moments[0] - moments[1]) ** 2
        total += square**0.5
    return total


def test_cmd_is_the_loop_over_moments_and_dimensions():
    a, b = noise(7, 3), 0.5 + noise(5, 3, seed=1)
    for n_moments in (1, 2, 5):
        found = central_moment_discrepancy(a, b, n_moments=n_moments)
        assert float(found) == pytest.approx(cmd_by_loop(a, b, n_moments), rel=1e-5)


def test_cmd_of_like_sets_is_zero_and_can_be_minimised():
    a = noise(6, 3).requires_grad_()
    loss = central_moment_discrepancy(a, a.detach().flip(0))
    assert float(loss.detach()) == pytest.approx(0, abs=1e-6)
    loss.backward()
    assert a.grad.isfinite().all()


def test_modalities_are_compared_in_pairs():
    features = noise(6, 3, 4)
    audio, visual, text = features.unbind(1)
    pairs = [(audio, visual), (audio, text), (visual, text)]
    by_hand = sum(cmd_by_loop(a, b) for a, b in pairs) / 3
    assert float(modality_discrepancy(features)) == pytest.approx(by_hand, rel=1e-5)
    with pytest.raises(ValueError, match="two modalities or more; got 1"):
        modality_discrepancy(features[:, :1])


OTHER = {"w_generation": 0.3, "w_invariant": 0.0, "w_class": 2.0}


@pytest.mark.parametrize(("given", "weights"), [({}, (1, 10, 1)), (OTHER, (0.3, 0, 2))])
def test_the_total_is_the_weighted_sum_of_its_terms(given, weights):
    terms = nmer_loss(outputs(), JOINT, INVARIANT, Y, **given)
    mean_square = (outputs().joint - JOINT).square().sum() / 24
    torch.testing.assert_close(terms["mse"], mean_square)
    own = outputs().logits.log_softmax(1)[torch.arange(4), Y]
    torch.testing.assert_close(terms["class"], -own.mean())
    parts = terms["kl"] + terms["mse"], terms["invariant"], terms["class"]
    total = sum(w * part for w, part in zip(weights, parts, strict=True))
    torch.testing.assert_close(terms["total"], total)
