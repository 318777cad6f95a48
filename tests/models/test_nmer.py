"""NMER against the counts and equations of its paper and of its public code."""

from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from utterance_batches import IEMOCAP, WIDTHS, batch_of, noise, row_of

from emolib.models.nmer import NMER, _encode_alone

SMALL = {"d": 8, "d_latent": 5, "n_layers": 2, "n_heads": 4, "d_ff": 10}


def small(**changes):
    torch.manual_seed(0)
    return NMER(WIDTHS, 3, **{**SMALL, **changes}).eval()


def test_as_released_the_transformers_linear_maps_start_from_kaimings_weights():
    for kaiming in (True, False):
        torch.manual_seed(0)
        layer = NMER(IEMOCAP, 4, kaiming=kaiming).vae.encoder.layers[0]
        maps = (layer.linear1, layer.linear2, layer.self_attn.out_proj)
        for linear in maps:
            spread, fan_in = linear.weight.detach().std().item(), linear.in_features
            is_kaiming = spread == pytest.approx((2 / fan_in) ** 0.5, rel=0.03)
            assert is_kaiming == kaiming
        bound = (6 / (4 * 768)) ** 0.5  # torch's own, of queries, keys and values
        assert layer.self_attn.in_proj_weight.abs().max() <= bound


def torchs_transformer(model):
    """Return the encoder of a model as torch runs it, on sequences of one token."""
    return lambda tokens: model.vae.encoder(tokens[:, None])[:, 0]


def tokens_of(outputs):
    return torch.cat([outputs.specific, outputs.invariant], dim=1)


def test_dropout_of_attention_weights_drops_whole_heads_and_keeps_the_mean():
    model = without_dropout(small(n_layers=1))
    (layer,) = model.vae.encoder.layers
    layer.self_attn.dropout = 0.25
    layer.norm1 = layer.norm2 = nn.Identity()
    nn.init.eye_(layer.self_attn.out_proj.weight)
    for weight in layer.linear2.parameters():
        nn.init.zeros_(weight)
    tokens = noise(1, 48).expand(20_000, -1)
    torch.manual_seed(0)
    found = _encode_alone(model.vae.encoder, tokens) - tokens
    layer.self_attn.dropout = 0.0
    whole = _encode_alone(model.vae.encoder, tokens[:1]) - tokens[:1]
    heads = (found / whole).unflatten(1, (4, 12))
    shares = heads.mean(2).round(decimals=3).unique().tolist()
    assert shares == pytest.approx([0, 4 / 3], abs=1e-3)
    assert heads.mean().item() == pytest.approx(1, abs=0.02)


def test_logits_read_what_the_decoder_makes_of_latent_and_guide_without_a_bound():
    model = small(d_decoder=(6, 7))
    outputs = model(*batch_of())
    encoded = torchs_transformer(model)(tokens_of(outputs))
    torch.testing.assert_close(outputs.mu, model.vae.to_mu(encoded))
    torch.testing.assert_close(outputs.log_var, model.vae.to_log_var(encoded))
    hidden = torch.cat([outputs.mu, outputs.invariant], dim=1)  # z is mu in evaluation
    first, _, second, _, last, _ = model.vae.decoder
    for layer in (first, second):
        hidden = F.leaky_relu(layer(hidden), 0.01)
    torch.testing.assert_close(outputs.joint, last(hidden))
    assert outputs.joint.min() < 0
    torch.testing.assert_close(outputs.logits, model.classifier(outputs.joint))
    outputs.logits.square().sum().backward()  # the answer teaches all that it read
    for part in (model.encoder, model.vae.to_mu, model.vae.decoder):
        assert all(weight.grad.any() for weight in part.parameters())
    bounded = small(output="sigmoid")(*batch_of()).joint
    assert 0 <= bounded.min() and bounded.max() <= 1


def without_dropout(model):
    model.train()
    for part in model.modules():
        if isinstance(part, nn.Dropout | nn.MultiheadAttention):
            part.p = part.dropout = 0.0
    return model


def test_the_latent_is_drawn_from_the_generator_in_training_as_released_at_test_too():
    model, batch = without_dropout(small()), batch_of()
    joint = []
    released = small(sample_in_eval=True)
    for seed in (1, 2, 1, 1, 2):
        each = released if len(joint) < 2 else model
        outputs = each(*batch, torch.Generator().manual_seed(seed))
        joint.append(outputs.joint)
    equal = [torch.equal(*pair) for pair in pairwise(joint)]
    assert equal == [False, False, True, False]
    drawn = torch.randn(4, 5, generator=torch.Generator().manual_seed(2))
    z = outputs.mu + (0.5 * outputs.log_var).exp() * drawn
    by_hand = model.vae.decoder(torch.cat([z, outputs.invariant], dim=1))
    torch.testing.assert_close(outputs.joint, by_hand)


def test_as_released_an_utterance_depends_on_its_batch_and_ours_does_not():
    batch = batch_of()
    for as_released in (True, False):
        model = small(batch_as_sequence=as_released)
        with_mates = model(*batch).logits[0]
        alone = model(*row_of(*batch, 0)).logits[0]
        assert torch.allclose(with_mates, alone, atol=1e-5) != as_released


def test_without_vae_the_classifier_reads_both_features():
    model = small(use_vae=False)
    outputs = model(*batch_of())
    assert outputs.mu is None and outputs.log_var is None
    assert torch.equal(outputs.joint, tokens_of(outputs))
    torch.testing.assert_close(outputs.logits, model.classifier(outputs.joint))
    layers = NMER(IEMOCAP, 4, use_vae=False).classifier
    sizes = [m.weight.shape for m in layers if isinstance(m, nn.Linear)]
    assert sizes == [(128, 768), (128, 128), (4, 128)]


def test_attention_over_one_key_is_torchs_with_gradients_none_for_query_and_key():
    model, found = without_dropout(small()), []
    tokens = noise(4, 48)
    for encode in (lambda x: _encode_alone(model.vae.encoder, x),
                   torchs_transformer(model)):  # fmt: skip
        model.zero_grad()
        encoded = encode(tokens)
        (encoded * noise(4, 48, seed=1)).sum().backward()
        found.append([*(w.grad for w in model.vae.encoder.parameters()), encoded])
    torch.testing.assert_close(*found, rtol=1e-4, atol=1e-5)
    in_projection = found[0][0]  # query, key, value
    assert (in_projection[: 2 * 48] == 0).all() and (in_projection[2 * 48 :] != 0).any()
