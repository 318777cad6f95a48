"""The baselines of paper 2, against the counts and equations of their papers."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from emolib.models.baselines.eeg_conformer import EEGConformer
from emolib.models.baselines.ssl_ecg import SSLECG
from emolib.models.baselines.tfc import TFC, magnitude_spectrum
from emolib.models.baselines.ts_tcc import TSTCC
from emolib.models.blocks import ByteDropout, ConvEncoder, FullWidthLayer


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def n_weights(*modules):
    return sum(p.numel() for module in modules for p in module.parameters())


@pytest.mark.parametrize(
    ("kernel", "stride", "steps"),
    [(8, 1, (322, 162)), (25, 3, (109, 55)), (32, 4, (82, 42))],
)
def test_the_conv_encoder_has_the_published_number_of_steps(kernel, stride, steps):
    encoder = ConvEncoder(2, kernel=kernel, stride=stride)
    for n_times, expected in zip((2560, 1280), steps, strict=True):
        assert encoder.n_steps(n_times) == expected
        assert encoder(noise(2, 2, n_times)).shape == (2, 128, expected)


@pytest.mark.parametrize(
    ("kernel", "stride", "d_context", "n_predictions", "counts"),
    [(32, 4, 64, 50, (105_410, 530_784)), (8, 1, 100, 10, (165_314, 364_808))],
)
def test_ts_tcc_has_the_published_number_of_weights(
    kernel, stride, d_context, n_predictions, counts
):
    model = TSTCC(
        n_chans=2, n_times=2560, kernel=kernel, stride=stride, d_context=d_context,
        n_predictions=n_predictions,
    )  # fmt: skip
    assert n_weights(model.encoder, model.classifier) == counts[0]
    assert n_weights(model.temporal) == counts[1]


def test_ssl_ecg_has_the_published_number_of_weights():
    model = SSLECG()
    assert n_weights(model.encoder) == 329_152
    assert n_weights(model.heads) == 232_071


@pytest.mark.parametrize(("n_times", "count"), [(1280, 961_026), (2560, 1_841_666)])
def test_eeg_conformer_has_the_published_number_of_weights(n_times, count):
    assert n_weights(EEGConformer(n_chans=14, n_times=n_times)) == count


@pytest.mark.parametrize(("n_times", "n"), [(1000, 61), (1280, 79), (2560, 165)])
def test_eeg_conformer_has_the_published_number_of_tokens(n_times, n):
    model = EEGConformer(n_chans=2, n_times=n_times, n_layers=1)
    assert model(noise(1, 2, n_times)).tokens.shape == (1, n, 40)


def test_both_branches_of_tfc_are_the_encoder_of_ts_tcc():
    tfc, tcc = (
        TFC(n_chans=2, n_times=640),
        TSTCC(n_chans=2, n_times=640, n_predictions=5),
    )
    for encoder in (tfc.encode_time, tfc.encode_frequency):
        assert n_weights(encoder) == n_weights(tcc.encoder)


def test_attention_is_scaled_by_the_full_width():
    torch.manual_seed(0)
    layer = FullWidthLayer(12, 3, 8, activation=nn.ReLU(), dropout=0.5).eval()
    x = noise(2, 5, 12)
    q, k, v = layer.qkv(layer.norm_attn(x)).chunk(3, -1)
    q, k, v = (z.unflatten(-1, (3, 4)).transpose(1, 2) for z in (q, k, v))
    weights = (q @ k.transpose(-1, -2) / 12**0.5).softmax(-1)
    h = x + layer.out((weights @ v).transpose(1, 2).flatten(2))
    torch.testing.assert_close(layer(x), h + layer.feed_forward(h))


def test_attention_weights_are_dropped_in_training_only_and_keep_their_mean():
    torch.manual_seed(0)
    layer = FullWidthLayer(
        12, 3, 8, activation=nn.ReLU(), dropout=0.0, attn_dropout=0.25
    )
    x = noise(1, 5, 12)
    once, often = layer(x), layer(x.expand(20_000, -1, -1))
    layer.eval()
    assert torch.equal(layer(x), layer(x))
    assert (once - layer(x)).abs().max() > 1e-3
    attended = layer._attend(layer.norm_attn(x))
    layer.train()
    mean = layer._attend(layer.norm_attn(x).expand(20_000, -1, -1)).mean(0)
    torch.testing.assert_close(mean, attended[0], rtol=0.05, atol=0.01)
    assert often.std(0).max() > 1e-3


def test_dropping_half_keeps_the_mean_and_drops_each_value_by_itself():
    torch.manual_seed(0)
    drop, x = ByteDropout(0.5), torch.ones(4001, 9, requires_grad=True)
    dropped = drop(x)
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    assert (dropped.mean(0) - 1).abs().max() < 0.08  # five standard errors
    assert dropped.detach().T.corrcoef().triu(1).abs().max() < 0.08
    assert torch.equal(torch.autograd.grad(dropped.sum(), x)[0], dropped)
    assert torch.equal(drop.eval()(x), x)


def test_one_convolution_does_the_work_of_two():
    torch.manual_seed(0)
    model = EEGConformer(n_chans=5, n_times=200).eval()
    patches, x = model.patches, noise(3, 5, 200)
    in_time = F.conv2d(
        x[:, None], patches.temporal.weight[:, :, None], patches.temporal.bias
    )
    in_space = patches.spatial(in_time).squeeze(2)
    by_two = patches.pool(in_space).transpose(1, 2)
    torch.testing.assert_close(patches(x), by_two, rtol=1e-4, atol=1e-5)


def views(step=4, **sizes):
    torch.manual_seed(0)
    model = TSTCC(n_chans=2, n_times=640, n_predictions=5, **sizes).eval()
    weak, strong = noise(3, 2, 640), noise(3, 2, 640, seed=1)
    return model, weak, strong, model.compare_views(weak, strong, step=step)


def test_targets_are_the_unit_features_of_the_other_view():
    model, weak, strong, outputs = views(step=4)
    assert outputs.predictions.shape == outputs.targets.shape == (2, 5, 3, 128)
    assert outputs.contexts.shape == (2, 3, 32)
    for direction, view in enumerate((strong, weak)):
        features = model(view).features
        unit = features / features.norm(dim=1, keepdim=True)
        for ahead in range(5):
            torch.testing.assert_close(
                outputs.targets[direction, ahead], unit[:, :, 4 + 1 + ahead]
            )


def test_contexts_do_not_see_the_steps_they_predict():
    model, weak, strong, outputs = views(step=4)
    changed = weak.clone()
    changed[..., 288:] = 3  # step 9 at 32 time points a step; step 4 sees up to 264
    again = model.compare_views(changed, strong, step=4)
    torch.testing.assert_close(again.predictions[0], outputs.predictions[0])
    torch.testing.assert_close(again.contexts[0], outputs.contexts[0])
    assert (again.targets[1, -1] - outputs.targets[1, -1]).abs().max() > 1e-3
    changed = weak + 3
    again = model.compare_views(changed, strong, step=4)
    assert (again.predictions[0] - outputs.predictions[0]).abs().max() > 1e-3


def test_ts_tcc_cannot_predict_as_many_steps_as_there_are():
    with pytest.raises(ValueError, match=r"n_predictions must be in \[1, 42\); got 50"):
        TSTCC(n_chans=2, n_times=1280)
    assert TSTCC(n_chans=2, n_times=1280, n_predictions=20).n_steps == 42


def test_a_step_with_too_few_steps_after_it_is_refused():
    with pytest.raises(ValueError, match=r"step must be in \[0, 17\); got 17"):
        views(step=17)


def test_the_spectrum_of_a_sine_is_two_bins():
    t = torch.arange(64) / 64
    x = (3 * torch.sin(2 * torch.pi * 5 * t)).view(1, 1, 64)
    spectrum = magnitude_spectrum(x)[0, 0]
    assert spectrum.topk(2).indices.sort().values.tolist() == [5, 59]
    torch.testing.assert_close(spectrum[5], torch.tensor(3 * 64 / 2))


def test_tfc_takes_the_spectrum_of_a_view():
    torch.manual_seed(0)
    model, x = TFC(n_chans=2, n_times=640).eval(), noise(3, 2, 640)
    own = model(x)
    for a, b in zip(own, model(x, magnitude_spectrum(x)), strict=True):
        torch.testing.assert_close(a, b)
    other = model(x, torch.zeros_like(x))
    assert torch.equal(other.z_time, own.z_time)
    assert not torch.equal(other.z_frequency, own.z_frequency)


def test_tfc_uses_every_lead_and_the_whole_window():
    torch.manual_seed(0)
    model, x = TFC(n_chans=2, n_times=640).eval(), noise(1, 2, 640).requires_grad_()
    model(x).z_time.square().sum().backward()
    assert (x.grad[0].abs() > 0).float().mean(-1).min() > 0.95


def test_ssl_ecg_keeps_the_length_and_pads_more_at_the_end():
    model = SSLECG(n_times=640)
    pad, conv = model.encoder[0], model.encoder[1]
    assert pad.padding == (15, 16)
    assert conv(pad(noise(1, 1, 640))).shape[-1] == 640


def test_ssl_ecg_pools_to_the_published_lengths():
    x, lengths = noise(1, 1, 2560), []
    for layer in SSLECG().encoder:
        x = layer(x)
        lengths += [x.shape[-1]] if isinstance(layer, nn.MaxPool1d) else []
    assert lengths == [1277, 635]


def test_the_distortion_heads_share_nothing():
    model = SSLECG(n_times=640).eval()
    features = noise(2, 128).requires_grad_()
    model.heads(features)[:, 3].sum().backward()
    for layer in model.heads.layers:
        hit = layer.weight.grad.flatten(1).abs().sum(-1).view(7, -1).sum(-1).nonzero()
        assert hit.tolist() == [[3]]


def test_each_distortion_head_is_a_small_network_of_its_own():
    model, features = SSLECG(n_times=640).eval(), noise(2, 128)
    hidden = features
    for layer, n_out in zip(model.heads.layers, (128, 128, 1), strict=True):
        weight = layer.weight.view(7, n_out, 128)[4]
        hidden = hidden @ weight.T + layer.bias.view(7, n_out)[4]
        hidden = F.leaky_relu(hidden, 0.2) if n_out > 1 else hidden
    torch.testing.assert_close(model.heads(features)[:, 4], hidden[:, 0])


def test_ssl_ecg_asks_for_one_lead():
    with pytest.raises(ValueError, match=r"one lead at a time: x\[:, :1\]"):
        SSLECG(n_times=640)(noise(1, 2, 640))


def test_eeg_conformer_asks_for_a_window_of_one_token():
    with pytest.raises(ValueError, match=r"n_times must be 99 or more.*got 98"):
        EEGConformer(n_chans=2, n_times=98)
