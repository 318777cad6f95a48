"""Paper 2's encoders: what they can see, and where in time they see it."""

import math

import pytest
import torch
from torch import nn

from emolib.corruptions.patch_shuffle import draw_permutations, shuffle_patches
from emolib.losses.contrastive import patch_info_nce
from emolib.models.ecg_eeg import (
    ECGClassifier,
    ECGEncoder,
    EEGEncoder,
    EmotionModel,
    EncoderOutputs,
    ReconstructionModel,
    SignalEncoder,
)

STEMS = ("conv", "linear")


def encoder(stem="conv", n_chans=3, n_times=320, seed=0, **sizes):
    torch.manual_seed(seed)
    return SignalEncoder(n_chans=n_chans, n_times=n_times, stem=stem, **sizes).eval()


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def n_weights(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("stem", STEMS)
def test_patches_are_the_window_cut_in_equal_pieces(stem):
    tokens, patches, window = encoder(stem)(noise(4, 3, 320))
    assert tokens.shape == (4, 3, 320)
    assert patches.shape == (4, 10, 32)
    torch.testing.assert_close(window, tokens.mean(1))
    torch.testing.assert_close(patches.flatten(1), window)


@pytest.mark.parametrize(("n_times", "n"), [(1280, 594_304), (2560, 923_264)])
def test_the_linear_form_has_as_many_weights_as_itransformer(n_times, n):
    for n_chans in (14, 3):  # whatever the number of channels
        sizes = {"n_patches": 1, "d_patch": 128}
        model = encoder("linear", n_chans, n_times, **sizes)
        assert n_weights(ReconstructionModel(model)) == n


def test_a_layer_is_attention_and_feed_forward_each_followed_by_its_norm():
    layer = encoder().layers[0]
    x = noise(2, 3, 320)
    q, k, v = nn.functional.linear(
        x, layer.self_attn.in_proj_weight, layer.self_attn.in_proj_bias
    ).chunk(3, -1)
    q, k, v = (z.unflatten(-1, (8, 40)).transpose(1, 2) for z in (q, k, v))
    weights = (q @ k.transpose(-1, -2) / 40**0.5).softmax(-1)
    attended = layer.self_attn.out_proj((weights @ v).transpose(1, 2).flatten(2))
    h = layer.norm1(x + attended)
    wide = nn.functional.gelu(layer.linear1(h))
    torch.testing.assert_close(layer(x), layer.norm2(h + layer.linear2(wide)))


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


@pytest.mark.parametrize(("n_times", "edge"), [(1280, (1, 0)), (5000, (0.5, 0.5))])
def test_steps_are_averaged_over_patches_and_shared_by_both_at_a_boundary(
    n_times, edge
):
    stem, x = encoder(n_chans=2, n_times=n_times).stem, noise(3, 2, n_times)
    steps = n_times / 80  # 16, or 62.5, a patch
    torch.testing.assert_close(stem.share.sum(0), torch.ones(10))
    shared = stem.share[math.ceil(steps) - 1, :2]
    torch.testing.assert_close(shared, torch.tensor(edge) / steps)
    maps = nn.functional.gelu(stem.wide(x.flatten(0, 1)[:, None]))
    maps = nn.functional.gelu(stem.narrow(maps))  # (b c, d, s)
    plain = (maps @ stem.share).transpose(1, 2).reshape(3, 2, -1)
    torch.testing.assert_close(stem(x), plain + stem.channel)


@pytest.mark.parametrize("stem", STEMS)
def test_shuffling_changes_the_patch_loss_by_more_than_its_order(stem):
    ecg, eeg = encoder(stem, 2, 640, seed=1), encoder(stem, 3, 320, seed=2)
    x_ecg, x_eeg = noise(6, 2, 640), noise(6, 3, 320, seed=1)
    order = draw_permutations(6, 10, torch.Generator().manual_seed(3))
    p_ecg, p_eeg = ecg(x_ecg).patches, eeg(x_eeg).patches
    shuffled = [
        model(shuffle_patches(x, order)).patches
        for model, x in ((ecg, x_ecg), (eeg, x_eeg))
    ]
    reordered = [p.gather(1, order[..., None].expand_as(p)) for p in (p_ecg, p_eeg)]
    plain = patch_info_nce(p_ecg, p_eeg)
    torch.testing.assert_close(patch_info_nce(*reordered), plain)
    assert (patch_info_nce(*shuffled) - plain).abs() > 1e-3


class Told(nn.Module):
    """An encoder whose outputs are given."""

    n_chans, n_times, n_patches, d_patch = 3, 320, 10, 32

    def __init__(self, tokens):
        super().__init__()
        window = tokens.mean(1)
        self.outputs = EncoderOutputs(tokens, window.unflatten(-1, (10, 32)), window)

    def forward(self, x):
        return self.outputs


def test_reconstruction_ties_a_chunk_to_the_time_of_its_patch():
    tokens = noise(2, 3, 320).requires_grad_()
    restored = ReconstructionModel(Told(tokens))(noise(2, 3, 320)).restored
    assert restored.shape == (2, 3, 320)
    restored[1, 2, 5 * 32 : 6 * 32].sum().backward()
    hit = tokens.grad.abs() > 0
    assert hit[1, 2, 5 * 32 : 6 * 32].all()
    assert hit.sum() == 32


def test_heads_have_the_sizes_of_the_paper_readme():
    assert n_weights(EmotionModel(encoder()).head) == 320 * 2 + 2
    head = ECGClassifier(encoder(), n_outputs=5).head
    assert n_weights(head) == 320 * 128 + 128 + 128 * 5 + 5


def test_both_encoders_are_of_one_class_and_give_the_same_patches():
    eeg = EEGEncoder(n_chans=14, n_times=1280)
    ecg = ECGEncoder(n_chans=2, n_times=2560)
    assert n_weights(eeg) - n_weights(ecg) == (14 - 2) * 320
    assert eeg(noise(2, 14, 1280)).patches.shape == ecg(noise(2, 2, 2560)).patches.shape


def test_a_frozen_teacher_takes_no_gradient_and_does_not_move():
    teacher, student = encoder(n_chans=3), encoder(n_chans=2, seed=1).train()
    before = {k: v.clone() for k, v in teacher.state_dict().items()}
    optimiser = torch.optim.AdamW([*teacher.parameters(), *student.parameters()])
    with torch.no_grad():
        eeg = teacher(noise(4, 3, 320))
    patch_info_nce(student(noise(4, 2, 320)).patches, eeg.patches).backward()
    optimiser.step()
    assert all(p.grad is None for p in teacher.parameters())
    assert all(p.grad is not None for p in student.parameters())
    for name, value in teacher.state_dict().items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"n_times": 325}, r"n_times must be n_patches whole .* 325"),
        ({"stem": "fourier"}, r"stem must be one of 'conv', 'linear'"),
        ({"n_heads": 7}, r"multiple of n_heads; got 320 and 7"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(sizes, words):
    with pytest.raises(ValueError, match=words):
        encoder(**sizes)
