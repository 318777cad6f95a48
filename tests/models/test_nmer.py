"""NMER against the counts and equations of its paper and of its public code."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from utterance_batches import WIDTHS, batch_of, noise, row_of

from emolib.models.nmer import NMER, CleanTeacher, _encode_alone
from emolib.models.text_cnn import TextCNN
from emolib.models.utterances import LSTMEncoder

IEMOCAP = {"audio": 130, "visual": 342, "text": 1024}
SMALL = {"d": 8, "d_latent": 5, "n_layers": 2, "n_heads": 4, "d_ff": 10}
AS_RELEASED = {
    "n_heads": 8, "d_decoder": (128,), "output": "sigmoid", "batch_as_sequence": True,
    "sample_in_eval": True, "separate": True, "batch_norm": True,
    "kaiming": True, "d_hidden": (128, 128),
}  # fmt: skip


def n_weights(*modules):
    return sum(p.numel() for module in modules for p in module.parameters())


def small(**changes):
    torch.manual_seed(0)
    return NMER(WIDTHS, 3, **{**SMALL, **changes}).eval()


def test_encoders_have_the_published_numbers_of_weights():
    assert n_weights(LSTMEncoder(130)) == 133_120
    assert n_weights(LSTMEncoder(342)) == 241_664
    assert n_weights(TextCNN(1024)) == 1_622_528


def test_nmer_has_the_published_numbers_of_weights():
    model = NMER(IEMOCAP, 4, **AS_RELEASED)
    assert n_weights(model.encoder.shared) == 33_024
    assert n_weights(model.vae.encoder) == 12_814_720
    assert n_weights(model.vae.to_mu) == n_weights(model.vae.to_log_var) == 49_216
    assert n_weights(model.vae.decoder) == 107_008
    assert n_weights(model.classifier) == 66_820
    assert n_weights(model.encoder.common) == n_weights(model.encoder.specific)


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


def test_ours_has_the_layers_that_the_paper_prints():
    model = NMER(IEMOCAP, 4)
    layers = model.vae.encoder.layers
    assert len(layers) == 5
    assert {layer.self_attn.num_heads for layer in layers} == {16}
    assert {layer.self_attn.embed_dim for layer in layers} == {768}
    assert [m.out_features for m in model.vae.decoder if isinstance(m, nn.Linear)] == [
        128, 256, 384,
    ]  # fmt: skip
    assert [m.out_features for m in model.classifier if isinstance(m, nn.Linear)] == [
        384, 128, 4,
    ]  # fmt: skip
    assert model.vae.decoder[0].in_features == 64 + 384


def torchs_transformer(model):
    """Return the encoder of a model as torch runs it, on sequences of one token."""
    return lambda tokens: model.vae.encoder(tokens[:, None])[:, 0]


def tokens_of(outputs):
    return torch.cat([outputs.specific, outputs.invariant], dim=1)


def test_the_encoder_is_torchs_transformer_on_sequences_of_one_token():
    model = small()
    outputs = model(*batch_of())
    encoded = torchs_transformer(model)(tokens_of(outputs))
    torch.testing.assert_close(outputs.mu, model.vae.to_mu(encoded))
    torch.testing.assert_close(outputs.log_var, model.vae.to_log_var(encoded))


def test_attention_over_one_key_has_torchs_gradients_none_for_query_and_key():
    model, gradients = without_dropout(small()), []
    tokens = noise(4, 48)
    for encode in (lambda x: _encode_alone(model.vae.encoder, x),
                   torchs_transformer(model)):  # fmt: skip
        model.zero_grad()
        (encode(tokens) * noise(4, 48, seed=1)).sum().backward()
        gradients.append([w.grad for w in model.vae.encoder.parameters()])
    for ours, torchs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, torchs, rtol=1e-4, atol=1e-5)
    in_projection = gradients[0][0]  # query, key, value
    assert (in_projection[: 2 * 48] == 0).all() and (in_projection[2 * 48 :] != 0).any()


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


def test_the_decoder_reads_latent_and_guide_and_ends_without_a_bound():
    model = small(d_decoder=(6, 7))
    outputs = model(*batch_of())
    hidden = torch.cat([outputs.mu, outputs.invariant], dim=1)  # z is mu in evaluation
    first, _, second, _, last, _ = model.vae.decoder
    for layer in (first, second):
        hidden = F.leaky_relu(layer(hidden), 0.01)
    torch.testing.assert_close(outputs.joint, last(hidden))
    assert outputs.joint.min() < 0
    bounded = small(output="sigmoid")(*batch_of()).joint
    assert 0 <= bounded.min() and bounded.max() <= 1


def test_logits_read_the_joint_representation_alone():
    model = small()
    outputs = model(*batch_of())
    torch.testing.assert_close(outputs.logits, model.classifier(outputs.joint))


def without_dropout(model):
    model.train()
    for part in model.modules():
        if isinstance(part, nn.Dropout | nn.MultiheadAttention):
            part.p = part.dropout = 0.0
    return model


def test_in_training_the_latent_is_drawn_from_the_generator_given():
    model, batch = without_dropout(small()), batch_of()
    joint = []
    for seed in (1, 1, 2):
        generator = torch.Generator().manual_seed(seed)
        outputs = model(*batch, generator)
        joint.append(outputs.joint)
    assert torch.equal(joint[0], joint[1]) and not torch.equal(joint[1], joint[2])
    drawn = torch.randn(4, 5, generator=torch.Generator().manual_seed(2))
    z = outputs.mu + (0.5 * outputs.log_var).exp() * drawn
    by_hand = model.vae.decoder(torch.cat([z, outputs.invariant], dim=1))
    torch.testing.assert_close(outputs.joint, by_hand)


def test_as_released_draws_the_latent_at_test_too():
    model, batch = small(sample_in_eval=True), batch_of()
    first, second = (
        model(*batch, torch.Generator().manual_seed(seed)).joint for seed in (1, 2)
    )
    assert not torch.equal(first, second)


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
    both = torch.cat([outputs.specific, outputs.invariant], dim=1)
    assert torch.equal(outputs.joint, both)
    torch.testing.assert_close(outputs.logits, model.classifier(both))
    layers = [
        m for m in NMER(IEMOCAP, 4, use_vae=False).classifier if hasattr(m, "bias")
    ]
    sizes = [(layer.in_features, layer.out_features) for layer in layers]
    assert sizes == [(768, 128), (128, 128), (128, 4)]


def test_every_weight_of_every_variant_gets_a_gradient():
    for changes in (
        {"use_vae": False}, {"separate": True},
        {"batch_norm": True, "batch_as_sequence": True, "output": "sigmoid"},
    ):  # fmt: skip
        model = small(**changes).train()
        outputs = [part for part in model(*batch_of()) if part is not None]
        sum(part.square().sum() for part in outputs).backward()
        for name, weight in model.named_parameters():
            assert weight.grad.isfinite().all(), name


def test_a_student_starts_from_its_teachers_encoders():
    for separate in (False, True):
        student = small(separate=separate)
        teacher = CleanTeacher(WIDTHS, 3, d=8, separate=separate).eval()
        student.encoder.load_state_dict(teacher.encoder.state_dict())
        clean, own = teacher(*batch_of()), student(*batch_of())
        assert torch.equal(clean.specific, own.specific)
        assert torch.equal(clean.invariant, own.invariant)
        both = torch.cat([clean.specific, clean.invariant], dim=1)
        torch.testing.assert_close(clean.logits, teacher.classifier(both))


def test_nan_of_a_missing_modality_reaches_no_output_and_no_gradient():
    model = small().train()
    x, lengths = batch_of()
    x = {**x, "text": torch.full_like(x["text"], torch.nan)}
    lengths = {**lengths, "text": torch.zeros(4, dtype=torch.long)}
    outputs = model(x, lengths)
    assert all(part.isfinite().all() for part in outputs)
    sum(part.square().sum() for part in outputs).backward()
    assert all(w.grad is None or w.grad.isfinite().all() for w in model.parameters())


def test_an_unknown_output_is_refused():
    with pytest.raises(ValueError, match="output must be one of 'linear', 'sigmoid'"):
        small(output="tanh")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("separate", [False, True])
def test_a_gpu_gives_nearly_the_same_outputs_and_gradients(separate, monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    found = []
    for device in ("cpu", "cuda"):
        model = without_dropout(small(separate=separate)).to(device)
        model.vae.training = False  # z is mu
        batch = [{k: v.to(device) for k, v in part.items()} for part in batch_of()]
        outputs = model(*batch)
        sum(part.square().sum() for part in outputs).backward()
        found.append([*outputs, *(weight.grad for weight in model.parameters())])
    for cpu, gpu in zip(*found, strict=True):
        torch.testing.assert_close(gpu.cpu(), cpu, rtol=1e-3, atol=1e-3)
