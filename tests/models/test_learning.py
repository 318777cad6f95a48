"""Every system's training step learns something, at a size that takes a moment."""

import pytest
import torch
from small_models import build_small
from torch.nn import functional as F

from emolib.corruptions.ecg_distortions import distort_all
from emolib.corruptions.patch_shuffle import draw_permutations, shuffle_patches
from emolib.corruptions.recombination import recombine_segments
from emolib.corruptions.tfc_views import frequency_view, time_view
from emolib.corruptions.ts_tcc_views import draw_step, strong_view, weak_view
from emolib.losses.contrastive import alignment_loss
from emolib.losses.pretext import consistency_loss, distortion_loss, ts_tcc_loss
from emolib.losses.reconstruction import reconstruction_loss
from emolib.models.baselines.tfc import magnitude_spectrum
from emolib.models.ecg_eeg import EmotionModel, SignalEncoder


def windows(n, generator):
    """Return two leads with a beat of its own period in every window."""
    t = torch.arange(640) / 128
    rate = 0.8 + torch.rand(n, 1, 1, generator=generator)
    phase = torch.rand(n, 1, 1, generator=generator)
    beat = torch.cos(2 * torch.pi * (rate * t + phase)).clamp(min=0) ** 8
    leads = beat * torch.tensor([1.0, -0.5])[:, None]
    return 3 * leads + 0.3 * torch.randn(n, 2, 640, generator=generator)


def train(model, step, n_steps, lr=1e-3):
    """Return the mean loss of the first and of the last five steps."""
    optimiser = torch.optim.AdamW(model.parameters(), lr)
    losses = []
    for _ in range(n_steps):
        loss = step(model)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return sum(losses[:5]) / 5, sum(losses[-5:]) / 5


def align(model, x, g):
    torch.manual_seed(9)
    teacher = SignalEncoder(n_chans=2, n_times=640, n_patches=5, d_patch=16).eval()
    both = torch.cat([x, shuffle_patches(x, draw_permutations(len(x), 5, g))])
    with torch.no_grad():
        eeg = teacher(both)
    return alignment_loss(model(both), eeg, recording=torch.arange(len(x)).repeat(2))[
        "total"
    ]


def tcc(model, x, g):
    step = draw_step(model.n_steps, model.n_predictions, g)
    weak = weak_view(x, sigma=1.1, generator=g)
    strong = strong_view(x, sigma=0.8, max_segments=8, generator=g)
    return ts_tcc_loss(*model.compare_views(weak, strong, step=step))["total"]


def tfc(model, x, g):
    spectrum = frequency_view(magnitude_spectrum(x), generator=g)
    sizes = {"sigma": 0.1, "sigma_scale": 2.0, "max_segments": 5}
    view = model(time_view(x, **sizes, generator=g), spectrum)
    return consistency_loss(model(x), view)["total"]


def ssl(model, x, g):
    versions, distortion = distort_all(x[:1, :1], g)
    return distortion_loss(model(versions).distortion_logits, distortion)


def conformer(model, x, g):
    x = x[:6]
    y = (x[:, 0].square().mean(-1) > x[:, 0].square().mean()).long()
    both = torch.cat([x, recombine_segments(x, y, generator=g)])
    return F.cross_entropy(model(both).logits, y.repeat(2))


STEPS = {
    "ReconstructionModel": (lambda m, x, g: reconstruction_loss(m(x).restored, x), 20),
    "ECGEncoder": (align, 20),
    "TSTCC": (tcc, 20),
    "TFC": (tfc, 10),
    "SSLECG": (ssl, 12),
    "EEGConformer": (conformer, 14),
}
"""One training step each, and how many of them."""


@pytest.mark.parametrize("name", STEPS)
def test_the_loss_falls(name):
    torch.manual_seed(0)
    model, x = build_small(name), windows(16, torch.Generator().manual_seed(0))
    step, n_steps = STEPS[name]

    def same_draws(m):  # or the scatter of the views would hide a few steps' fall
        return step(m, x, torch.Generator().manual_seed(1))

    first, last = train(model, same_draws, n_steps, lr=2e-3)
    assert last < 0.93 * first


def alpha_windows(n, generator):
    """Return noise whose 10 Hz rhythm on channel 1 is strong in class 1."""
    t = torch.arange(640) / 128
    y = torch.arange(n) % 2
    phase = torch.rand(n, 1, generator=generator)
    x = torch.randn(n, 2, 640, generator=generator)
    x[:, 1] += 1.0 * y[:, None] * torch.sin(2 * torch.pi * (10 * t + phase))
    return x, y


@pytest.mark.parametrize(("stem", "reads"), [("conv", True), ("linear", False)])
def test_the_conv_stem_reads_a_planted_rhythm_and_the_linear_one_memorises(stem, reads):
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    encoder = SignalEncoder(n_chans=2, n_times=640, n_patches=5, d_patch=16, stem=stem)
    model = EmotionModel(encoder)
    x, y = alpha_windows(128, generator)
    train(model, lambda m: F.cross_entropy(m(x).logits, y), 40)
    new_x, new_y = alpha_windows(200, generator)
    model.eval()
    assert (model(x).logits.argmax(-1) == y).float().mean() > 0.95
    accuracy = (model(new_x).logits.argmax(-1) == new_y).float().mean()
    assert accuracy > 0.9 if reads else accuracy < 0.7
