"""Paper 2's encoders: what they can see, and where in time they see it."""

import pytest
import torch
from torch import nn
from utterance_batches import noise

from emolib.models.ecg_eeg import ReconstructionModel, SignalEncoder

STEMS = ("conv", "linear")


def encoder(stem="conv", n_chans=3, n_times=320, seed=0, **sizes):
    torch.manual_seed(seed)
    return SignalEncoder(n_chans=n_chans, n_times=n_times, stem=stem, **sizes).eval()


@pytest.mark.parametrize("stem", STEMS)
def test_patches_are_the_window_cut_in_equal_pieces(stem):
    tokens, patches, window = encoder(stem)(noise(4, 3, 320))
    assert tokens.shape == (4, 3, 320)
    assert patches.shape == (4, 10, 32)
    torch.testing.assert_close(window, tokens.mean(1))
    torch.testing.assert_close(patches.flatten(1), window)


@pytest.mark.parametrize("stem", STEMS)
def test_the_conv_stem_sees_left_against_right_by_its_channel_embedding(stem):
    model, x = encoder(stem), noise(2, 3, 320)
    if stem == "conv":
        assert (model(x).window - model(x.flip(1)).window).abs().max() > 1e-3
        nn.init.zeros_(model.stem.channel)
    torch.testing.assert_close(model(x).window, model(x.flip(1)).window)


@pytest.mark.parametrize("n_times", [1280, 2560, 5000, 1250])
def test_a_chunk_of_the_conv_stem_sees_its_patch_and_a_narrow_rim(n_times):
    stem, patch = encoder(n_chans=1, n_times=n_times).stem, n_times // 10
    x = noise(1, 1, n_times).requires_grad_()
    stem(x).unflatten(-1, (10, 32))[0, 0, 4].sum().backward()
    seen = x.grad[0, 0].nonzero()
    assert 4 * patch - 34 <= seen.min() <= 4 * patch
    assert 5 * patch - 1 <= seen.max() <= 5 * patch + 34


def test_reconstruction_ties_a_chunk_to_the_time_of_its_patch():
    model, held = ReconstructionModel(encoder()), []
    model.encoder.register_forward_hook(lambda *given: held.append(given[-1].tokens))
    restored = model(noise(2, 3, 320)).restored
    assert restored.shape == (2, 3, 320)
    (grad,) = torch.autograd.grad(restored[1, 2, 5 * 32 : 6 * 32].sum(), held)
    hit = grad.abs() > 0
    assert hit[1, 2, 5 * 32 : 6 * 32].all() and hit.sum() == 32
