"""The baselines' own sums: correlations, auxiliary losses, the step through a step."""

import numpy as np
import pytest
import torch
from modality_batches import N_FEATURES, features_of
from sklearn.cross_decomposition import CCA
from torch.nn import functional

from emolib.models.baselines.autoencoder import Autoencoder
from emolib.models.baselines.cca import RandomCosines, canonical_maps
from emolib.models.baselines.shaspec import ShaSpec
from emolib.models.baselines.smil import SMIL
from emolib.models.baselines.tae import TAE
from emolib.papers.mmqnet.systems import autoencoder, shaspec, smil, tae
from emolib.papers.mmqnet.views import two_views

Y = torch.tensor([0, 1, 1, 0])
MISSING = {1: ["ecg"], 2: ["gsr", "ecg"]}


def batch_of(**changes):
    x, present = features_of(**{"missing": MISSING, "fill": torch.nan, **changes})
    return {**x, "present": present, "y": Y}


def built(model_class, **options):
    torch.manual_seed(0)
    return model_class(N_FEATURES, **options)


def test_canonical_correlations_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(500, 2))
    a = np.c_[shared, rng.normal(size=(500, 2))] @ rng.normal(size=(4, 4))
    b = np.c_[shared + rng.normal(size=(500, 2)), rng.normal(size=(500, 1))]
    maps = canonical_maps(a, b, n_components=2, ridge=1e-9)
    theirs = CCA(2, max_iter=5000, tol=1e-10).fit(a, b).transform(a, b)
    told = [np.corrcoef(*(view[:, k] for view in theirs))[0, 1] for k in range(2)]
    np.testing.assert_allclose(maps.correlations, told, atol=1e-3)
    found = np.corrcoef(maps.project(a, b).T)
    np.testing.assert_allclose(found[:2, 2:].diagonal(), maps.correlations, atol=1e-3)
    np.testing.assert_allclose(found[0, 1], 0, atol=1e-6)


def test_products_of_random_cosines_are_a_gaussian_kernel():
    x = np.random.default_rng(0).normal(size=(60, 4))
    lift = RandomCosines.of(x, n_features=20_000, seed=0)
    kernel = lift(x) @ lift(x).T
    squares = np.square(x[:, None] - x).sum(-1)
    median = -np.log(kernel[0, 1]) / squares[0, 1]
    np.testing.assert_allclose(kernel, np.exp(-median * squares), atol=0.06)
    assert np.array_equal(lift(x), RandomCosines.of(x, n_features=20_000, seed=0)(x))


def test_the_views_are_the_first_modality_and_the_others_with_zeros_for_missing():
    x, present = features_of(missing=MISSING, fill=torch.nan)
    first, others = two_views({k: v.numpy() for k, v in x.items()}, present.numpy())
    assert np.array_equal(first, x["eeg"].double())
    assert others.shape == (4, 6)
    assert (others[2] == 0).all() and (others[1, 2:] == 0).all()
    assert np.array_equal(others[0], torch.cat([x["gsr"], x["ecg"]], 1)[0].double())


def test_shared_features_are_pulled_together_where_both_neighbours_are_there():
    shared = torch.tensor([[[1.0, 1], [3, 5], [9, 9]], [[0, 0], [2, 0], [1, 1]]])
    present = torch.tensor([[True, True, False], [True, True, True]])
    pairs = [(2 + 4 + 2 + 0) / 4, (1 + 1) / 2, (1 + 1) / 2]  # 1-2 twice, 2-3, 3-1
    assert float(shaspec.ring_distance(shared, present)) == pytest.approx(sum(pairs))
    poisoned = shared.index_put((torch.tensor(0), torch.tensor(2)), torch.tensor(5.0))
    assert shaspec.ring_distance(poisoned, present) == shaspec.ring_distance(
        shared, present
    )


def test_specific_features_tell_the_modalities_that_are_there():
    which = torch.eye(3).expand(2, 3, 3) * 30
    present = torch.tensor([[True, True, False], [True, True, True]])
    assert float(shaspec.naming_loss(which, present)) == pytest.approx(0, abs=1e-6)
    which = which.clone()
    which[0, 2] = torch.tensor([30.0, 0, 0])  # wrong, but missing
    assert float(shaspec.naming_loss(which, present)) == pytest.approx(0, abs=1e-6)


def test_a_missing_modality_takes_the_mean_of_the_shared_features():
    model, (x, present) = built(ShaSpec), features_of(missing=MISSING)
    seen = []
    model.classifier.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    shared = model(x, present).shared
    fused = seen[0].unflatten(1, (3, -1))
    torch.testing.assert_close(fused[1, 2], shared[1, :2].mean(0))
    torch.testing.assert_close(fused[2, 1], shared[2, 0])


def test_smil_imagines_a_mixture_of_priors_and_keeps_what_it_sees():
    model = built(SMIL, n_priors=2).eval()
    model.set_priors({n: torch.randn(2, d) for n, d in N_FEATURES.items()})
    x, present = features_of(missing=MISSING)
    found = model(x, present).features.unflatten(1, (3, -1))
    here = torch.ones(2, dtype=torch.bool)[:, None].expand(2, 3)
    priors = {name: getattr(model, f"priors_{name}") for name in N_FEATURES}
    ends = model.encode_each(priors, here)  # (2, m, d)
    seen = model.encode_each(x, present)
    torch.testing.assert_close(found[present], seen[present])
    share = (found[1, 2] - ends[1, 2]) / (ends[0, 2] - ends[1, 2])
    torch.testing.assert_close(share, share[:1].expand_as(share), atol=1e-3, rtol=1e-3)
    assert 0 < share[0].item() < 1


def test_smil_learns_through_its_inner_step():
    """Its gradient is neither that of the unmoved weights (0.7 % off) nor first order.

    Without noise and dropout only the step differs.
    """
    whole, any_window = batch_of(missing={}), batch_of()
    model, other = (built(SMIL, dropout=0.0).eval() for _ in range(2))
    model._noise = other._noise = lambda mean, generator: mean
    model.training = True
    generator = torch.Generator().manual_seed(0)
    smil._step(any_window)(model, whole, generator)["total"].backward()
    row = torch.randint(4, (4,), generator=torch.Generator().manual_seed(0))
    chosen = {name: tensor[row] for name, tensor in any_window.items()}
    inner = other(*smil.unpack(chosen))
    functional.cross_entropy(inner.logits, chosen["y"]).backward()
    torch.optim.SGD(other.parameters(), smil.INNER_RATE).step()
    other.zero_grad()
    smil._outer_loss(other(*smil.unpack(whole)), Y)["total"].backward()
    through, first_order = (m.hidden.weight.grad for m in (model, other))
    gap = (through - first_order).abs().max() / through.abs().max()
    assert 0 < gap < 0.005


@pytest.mark.parametrize(
    ("model_class", "system"), [(Autoencoder, autoencoder), (TAE, tae)]
)
def test_what_is_truly_missing_is_in_no_loss(model_class, system):
    model = built(model_class).train()
    torch.manual_seed(0)
    hidden = system._step(model, batch_of(), torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    filled = batch_of(fill=9.0)
    seen = system._step(model, filled, torch.Generator().manual_seed(0))
    assert all(torch.equal(hidden[name], seen[name]) for name in hidden)
    assert all(term.isfinite() for term in hidden.values())


def test_the_autoencoder_is_asked_for_what_it_was_not_shown():
    model = built(Autoencoder).train()
    losses = autoencoder._step(model, batch_of(missing={}), torch.Generator())
    assert losses["reconstruction"] > 0
    expected = losses["class"] + 0.2 * losses["reconstruction"]
    torch.testing.assert_close(losses["total"], expected)
    held_out = autoencoder._step(model.eval(), batch_of(missing={}), None)
    assert held_out["reconstruction"] == 0
