import pytest
import torch
from utterance_batches import generator

from emolib.corruptions.patch_shuffle import draw_permutations, shuffle_patches


def test_all_orders_are_equally_likely():
    order = draw_permutations(60_000, 3, generator())
    code = (order * torch.tensor([9, 3, 1])).sum(-1)
    counts = torch.unique(code, return_counts=True)[1]
    assert len(counts) == 6
    assert (counts - 10_000).abs().max() < 400  # four standard deviations


def test_place_j_holds_the_patch_that_the_order_names():
    x = torch.arange(12.0).view(1, 2, 6)
    order = torch.tensor([[2, 0, 1]])
    by_hand = torch.tensor([[[4.0, 5, 0, 1, 2, 3], [10.0, 11, 6, 7, 8, 9]]])
    assert torch.equal(shuffle_patches(x, order), by_hand)


def test_an_order_that_does_not_fit_is_an_error():
    with pytest.raises(ValueError, match=r"whole number of time points per patch"):
        shuffle_patches(torch.zeros(1, 1, 11), torch.tensor([[1, 0]]))
    with pytest.raises(ValueError, match=r"permutations must have shape \(b, p\)"):
        shuffle_patches(torch.zeros(3, 1, 10), torch.tensor([[1, 0]]))
