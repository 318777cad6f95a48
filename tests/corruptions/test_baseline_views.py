"""The augmentations of the four baselines: what they change, and what they keep."""

import pytest
import torch
from utterance_batches import generator, noise

from emolib.corruptions import ecg_distortions as ecg
from emolib.corruptions import ts_tcc_views as tcc
from emolib.corruptions.recombination import recombine_segments
from emolib.corruptions.tfc_views import frequency_view, time_view

OF_TIME = {"sigma": 0.8, "sigma_scale": 1.1, "max_segments": 8}
VIEWS = {
    "weak": lambda x, g: tcc.weak_view(x, sigma=1.1, generator=g),
    "strong": lambda x, g: tcc.strong_view(x, sigma=0.8, max_segments=8, generator=g),
    "time": lambda x, g: time_view(x, **OF_TIME, generator=g),
    "frequency": lambda x, g: frequency_view(x.abs(), generator=g),
    "noise": lambda x, g: ecg.add_noise(x, generator=g),
    "pieces": lambda x, g: ecg.permute_pieces(x, generator=g),
    "warp": lambda x, g: ecg.warp_time(x, generator=g),
    "recombined": lambda x, g: recombine_segments(x, x[:, 0, 0].long(), generator=g),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_seed_gives_a_view_again_and_the_shape_stays(name):
    x = noise(6, 2, 640)
    before = x.clone()
    first, second, other = (VIEWS[name](x, generator(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert (first.shape, first.dtype) == (x.shape, x.dtype)
    assert torch.equal(x, before)


@pytest.mark.parametrize("name", [name for name in VIEWS if name != "recombined"])
def test_windows_of_a_batch_are_changed_independently(name):
    x = noise(1, 2, 640).expand(6, 2, 640)
    view = VIEWS[name](x, generator())
    assert not torch.equal(view[0], view[1])
    broken = x.clone()
    broken[0] = torch.nan
    assert torch.equal(VIEWS[name](broken, generator())[1:], view[1:])


def test_the_weak_view_is_noise_with_mean_two_shared_by_the_leads():
    x = torch.ones(50, 2, 1000)
    factor = tcc.weak_view(x, sigma=1.1, generator=generator())
    assert torch.equal(factor[:, 0], factor[:, 1])
    assert factor[:, 0].mean() == pytest.approx(2, abs=0.02)
    assert factor[:, 0].std() == pytest.approx(1.1, abs=0.02)


def test_segments_move_whole_and_the_leads_together():
    x = torch.arange(200.0).expand(300, 2, 200)
    view = tcc.permute_segments(x, 8, generator())
    assert torch.equal(view[:, 0], view[:, 1])  # the public code's trap: lead 1 is kept
    assert torch.equal(view.sort(-1).values, x)
    n_pieces = 1 + (view[:, 0].diff(dim=-1) != 1).sum(-1)
    assert n_pieces.max() == 7
    assert n_pieces.min() == 1


def test_every_step_that_leaves_room_is_drawn():
    drawn = {tcc.draw_step(8, 5, generator(seed)) for seed in range(60)}
    assert drawn == {0, 1, 2}


def test_the_time_view_draws_one_of_three_per_window():
    x = torch.arange(1.0, 401).expand(600, 1, 400)
    sizes = {"sigma": 1e-3, "sigma_scale": 0.0, "max_segments": 8}
    view = time_view(x, **sizes, generator=generator())
    doubled = (view == 2 * x).all((1, 2))
    jittered = ((view - x).abs() < 0.01).all((1, 2)) & ~(view == x).all((1, 2))
    permuted = (view.sort(-1).values == x).all((1, 2))
    assert (doubled | jittered | permuted).all()
    for kind in (doubled, jittered, permuted):
        assert kind.float().mean() == pytest.approx(1 / 3, abs=0.08)


def test_the_frequency_view_drops_or_raises_a_tenth_of_the_bins():
    spectrum = noise(400, 2, 500).abs() + 0.1
    view = frequency_view(spectrum, generator=generator())
    dropped = (view == 0).any(-1).any(-1)
    raised = (view > spectrum).any(-1).any(-1)
    assert (dropped ^ raised).all()
    assert dropped.float().mean() == pytest.approx(0.5, abs=0.1)
    hit = (view != spectrum).float().mean()
    assert hit == pytest.approx(0.1, abs=0.005)
    most = 0.1 * spectrum.amax(-1, keepdim=True)
    assert ((view - spectrum) <= most + 1e-6).all()


def test_all_seven_versions_come_in_the_order_of_the_heads():
    x = noise(3, 1, 640)
    versions, distortion = ecg.distort_all(x, generator())
    assert versions.shape == (21, 1, 640)
    assert distortion.tolist() == [k for k in range(7) for _ in range(3)]
    named = dict(zip(ecg.DISTORTIONS, versions.split(3), strict=True))
    assert torch.equal(named["original"], x)
    assert torch.equal(named["scale"], 1.1 * x)
    assert torch.equal(named["negate"], -x)
    assert torch.equal(named["flip"].flip(-1), x)
    assert torch.equal(named["permute"].sort(-1).values, x.sort(-1).values)
    assert not torch.equal(named["warp"], x)


def test_the_noise_asked_for_is_the_noise_that_comes():
    x = noise(4, 2, 20_000) * torch.tensor([[1.0], [30.0]])
    added = ecg.add_noise(x, snr_db=15.0, generator=generator()) - x
    ratio = x.square().mean(-1) / added.square().mean(-1)
    assert ratio.shape == (4, 2) and (10 * ratio.log10() - 15).abs().max() < 0.2


def test_pieces_are_equal_and_whole():
    x = torch.arange(640.0).view(1, 1, 640)
    view = ecg.permute_pieces(x, generator=generator())[0, 0].view(20, 32)
    assert (view.diff(dim=-1) == 1).all()
    assert (view[:, 0] % 32 == 0).all()


def test_the_warp_stretches_five_pieces_of_nine_by_five_percent():
    x = torch.arange(2560.0, dtype=torch.float64).expand(40, 1, 2560)
    slope = ecg.warp_time(x, generator=generator())[:, 0].diff(dim=-1)
    stretched = (slope < 0.99).float().mean(-1)
    assert slope.min() == pytest.approx(283 / 298, abs=1e-6)
    assert slope.max() == pytest.approx(283 / 270, abs=1e-6)
    assert stretched.mean() == pytest.approx(5 * 299 / 2579, abs=0.01)


def test_recombined_segments_keep_class_and_place():
    y = torch.tensor([0, 0, 0, 1, 1, 1, 1, 2])
    place = torch.arange(80.0)
    x = (1000.0 * torch.arange(8))[:, None, None] + place.expand(8, 2, 80)
    view = recombine_segments(x, y, generator=generator())
    assert torch.equal(view % 1000, place.expand(8, 2, 80))
    donor = (view // 1000).long()
    assert torch.equal(y[donor], y[:, None, None].expand(8, 2, 80))
    assert (donor.unflatten(-1, (8, 10)).diff(dim=-1) == 0).all()
    assert len(donor[3, 0].unique()) > 1
    assert torch.equal(view[7], x[7])  # the only one of its class


X, G = torch.ones(2, 1, 17), generator()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: tcc.draw_step(8, 8, G), r"n_predictions must be in \[1, 8\); got 8"),
        (lambda: ecg.warp_time(X, generator=G), "to be warped in 9 pieces"),
        (lambda: recombine_segments(X, torch.ones(2), generator=G), "segments; got 17"),
        (lambda: recombine_segments(X, torch.ones(1), generator=G), "shape .* b=2"),
    ],
)
def test_what_cannot_be_changed_so_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
