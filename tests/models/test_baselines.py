"""The baselines of paper 2, against the counts and equations of their papers."""

import torch
from torch import nn
from torch.nn import functional as F
from utterance_batches import noise

from emolib.models.baselines.eeg_conformer import EEGConformer
from emolib.models.baselines.ssl_ecg import SSLECG
from emolib.models.baselines.tfc import TFC, magnitude_spectrum
from emolib.models.baselines.ts_tcc import TSTCC
from emolib.models.blocks import ByteDropout, FullWidthLayer


def test_attention_is_scaled_by_the_full_width():
    torch.manual_seed(0)
    layer = FullWidthLayer(12, 3, 8, activation=nn.ReLU(), dropout=0.5).eval()
    x = noise(2, 5, 12)
    q, k, v = layer.qkv(layer.norm_attn(x)).chunk(3, -1)
    q, k, v = (z.unflatten(-1, (3, 4)).transpose(1, 2) for z in (q, k, v))
    weights = (q @ k.transpose(-1, -2) / 12**0.5).softmax(-1)
    h = x + layer.out((weights @ v).transpose(1, 2).flatten(2))
    torch.testing.assert_close(layer(x), h + layer.feed_forward(h))


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
    torch.testing.assert_close(model(x, magnitude_spectrum(x)), own)
    other = model(x, torch.zeros_like(x))
    assert torch.equal(other.z_time, own.z_time)
    assert not torch.equal(other.z_frequency, own.z_frequency)


def test_ssl_ecg_pools_to_the_published_lengths():
    x, lengths = noise(1, 1, 1, 2560), []
    for layer in SSLECG().encoder:
        x = layer(x)
        lengths += [x.shape[-1]] if isinstance(layer, nn.MaxPool2d) else []
    assert lengths == [1277, 635]


def test_each_distortion_head_is_a_small_network_of_its_own():
    model, features = SSLECG(n_times=640).eval(), noise(2, 128)
    hidden = features
    for layer, n_out in zip(model.heads.layers, (128, 128, 1), strict=True):
        weight = layer.weight.view(7, n_out, 128)[4]
        hidden = hidden @ weight.T + layer.bias.view(7, n_out)[4]
        hidden = F.leaky_relu(hidden, 0.2) if n_out > 1 else hidden
    torch.testing.assert_close(model.heads(features)[:, 4], hidden[:, 0])


def test_attention_weights_are_dropped_in_training_only_and_keep_their_mean():
    torch.manual_seed(0)
    sizes = {"activation": nn.ReLU(), "dropout": 0.0, "attn_dropout": 0.25}
    layer, x = FullWidthLayer(12, 3, 8, **sizes).eval(), noise(1, 5, 12)
    whole = layer(x)
    assert torch.equal(whole, layer(x))
    layer.feed_forward = nn.Identity()  # linear in what attention gives
    attended = layer(x)
    drawn = layer.train()(x.expand(20_000, -1, -1))
    assert drawn.std(0).max() > 1e-3
    torch.testing.assert_close(drawn.mean(0), attended[0], rtol=0.05, atol=0.01)
