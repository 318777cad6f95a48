"""The baselines of paper 3, against the counts and equations of their papers."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from utterance_batches import IEMOCAP, WIDTHS, batch_of, noise

from emolib.models.baselines.mctn import MCTN, _AttentionDecoder, resample_steps
from emolib.models.baselines.men import MEN
from emolib.models.baselines.mmin import MMIN
from emolib.models.linear import Cascade


def test_encoders_and_classifiers_start_from_kaimings_normal_weights():
    torch.manual_seed(0)
    model = MEN(IEMOCAP, 4)
    for layer in model.modules():
        if isinstance(layer, nn.Linear | nn.Conv1d) and layer.weight.numel() > 10_000:
            fan_in = layer.weight[0].numel()
            spread = layer.weight.detach().std().item()
            assert spread == pytest.approx((2 / fan_in) ** 0.5, rel=0.03)
            assert (layer.bias == 0).all()


def cascade(form):
    torch.manual_seed(0)
    return Cascade(d=6, sizes=(5, 4), n_blocks=3, form=form)


def blocks(model):
    return list(zip(model.encoders, model.decoders, strict=True))


def test_a_block_of_mmin_reads_the_sum_of_all_that_came_before():
    model, x = cascade("residual"), noise(2, 6)
    imagined, latents = model(x)
    outputs, found = [], []
    for encoder, decoder in blocks(model):
        found.append(encoder(x + sum(outputs)))
        outputs.append(decoder(found[-1]))
    torch.testing.assert_close(latents, torch.cat(found, dim=1))
    torch.testing.assert_close(imagined, model.transition(x + sum(outputs)))


def test_a_block_of_if_mmin_reads_the_one_before_and_the_guide():
    model, x, guide = cascade("guided"), noise(2, 6), noise(2, 6, seed=1)
    imagined, latents = model(x, guide)
    (e1, d1), (e2, d2), (e3, d3) = blocks(model)
    first = e1(x + guide)
    second = e2(d1(first) + guide)
    third = e3(d2(second) + guide)
    torch.testing.assert_close(latents, torch.cat([first, second, third], dim=1))
    torch.testing.assert_close(imagined, model.transition(d3(third)))


def test_in_the_first_version_of_if_mmin_no_block_reads_another():
    model, x, guide = cascade("guided_first"), noise(2, 6), noise(2, 6, seed=1)
    imagined, latents = model(x, guide)
    found = [encoder(x + n * guide) for n, (encoder, _) in enumerate(blocks(model), 1)]
    torch.testing.assert_close(latents, torch.cat(found, dim=1))
    last = model.decoders[-1](found[-1])
    torch.testing.assert_close(imagined, model.transition(x + 3 * guide + last))


def test_the_way_back_starts_from_what_was_imagined():
    torch.manual_seed(0)
    model = MMIN(WIDTHS, 3, d=4, sizes=(5, 3), n_blocks=2).eval()
    outputs = model(*batch_of())
    torch.testing.assert_close(outputs.returned, model.go_back(outputs.imagined)[0])
    latents = model.imagine(outputs.specific)[1]
    torch.testing.assert_close(outputs.logits, model.classifier(latents))


# ---------------------------------------------------------------- MCTN


@pytest.fixture
def mctn():
    torch.manual_seed(0)
    return MCTN(WIDTHS, 3, order=sorted(WIDTHS), d_hidden=8, n_steps=6).eval()


def test_mctn_starts_as_the_public_codes_library_does():
    torch.manual_seed(0)
    model = MCTN(WIDTHS, 3, d_hidden=64).requires_grad_(False)
    lstms = (model.encoder.lstm, model.decoder.cell, model.predictor.lstm)
    for lstm in lstms:  # each matrix of four gates is one kernel
        limit = (6 / sum(lstm.weight_ih_l0.shape)) ** 0.5
        assert lstm.weight_ih_l0.abs().max() == pytest.approx(limit, rel=0.05)
        gram = lstm.weight_hh_l0.T @ lstm.weight_hh_l0
        is_orthogonal = torch.allclose(gram, torch.eye(64), atol=1e-4)
        assert is_orthogonal == (lstm is not model.decoder.cell)
    limit = (6 / (64 + 64 + 1)) ** 0.5
    assert model.decoder.score.weight.abs().max() == pytest.approx(limit, rel=0.1)
    ones = {name for name, weight in model.named_parameters()
            if "bias" in name and weight.any()}  # fmt: skip
    assert ones == {"predictor.lstm.bias_ih_l0"}
    forget = model.predictor.lstm.bias_ih_l0.reshape(4, 64)
    assert torch.equal(forget.sum(1), torch.tensor([0.0, 64, 0, 0]))


def published_decoder(decoder, encoded, *, w_cell, b_score):
    """Return the published cell's steps: attention on the last cell, no feedback."""
    b, n_steps, d = encoded.shape
    hidden, cell = torch.zeros(b, d), torch.zeros(b, d)
    lstm, outputs = decoder.cell, []
    for _ in range(n_steps):
        energy = decoder.score(encoded).squeeze(-1) + (cell @ w_cell)[:, None] + b_score
        context = (energy.softmax(1)[..., None] * encoded).sum(1)
        gates = context @ lstm.weight_ih_l0.T + hidden @ lstm.weight_hh_l0.T
        i, f, g, o = (gates + lstm.bias_ih_l0 + lstm.bias_hh_l0).chunk(4, dim=1)
        cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
        hidden = o.sigmoid() * cell.tanh()
        outputs.append(decoder.out(hidden).tanh())
    return torch.stack(outputs, dim=1)


def test_the_decoder_is_the_published_cell_whatever_its_map_of_the_cell():
    torch.manual_seed(0)
    decoder, encoded = _AttentionDecoder(4, 5), 3 * noise(2, 6, 4)
    for seed in (1, 2):
        w_cell = 5 * noise(4, seed=seed)
        by_hand = published_decoder(decoder, encoded, w_cell=w_cell, b_score=2.0)
        torch.testing.assert_close(decoder(encoded), by_hand)


def test_translations_run_through_the_shared_encoder_and_decoder(mctn):
    model, batch = mctn, batch_of()
    outputs = model(*batch)
    encoded = model.encoder(model.sequences(*batch)["audio"])
    both, _ = model.encoder.lstm(model.sequences(*batch)["audio"])
    torch.testing.assert_close(encoded, both[..., :8] + both[..., 8:])  # summed
    torch.testing.assert_close(outputs.translated, model.decoder(encoded))
    again = model.decoder(model.encoder(outputs.translated))
    torch.testing.assert_close(outputs.returned, again)
    joint = model.encoder_third(encoded)
    torch.testing.assert_close(outputs.translated_third, model.decoder_third(joint))
    hidden, _ = model.predictor.lstm(joint)
    weights = model.predictor.score(hidden).tanh().softmax(1)
    read = model.predictor.head((weights * hidden).sum(1))
    torch.testing.assert_close(outputs.logits, read)


@pytest.mark.parametrize("n", [1, 3, 6, 7, 17])
def test_resampled_steps_are_means_of_equal_parts(n):
    x = noise(1, 20, 3)
    found = resample_steps(x, torch.tensor([n]), 6)
    by_torch = F.adaptive_avg_pool1d(x[:, :n].transpose(1, 2), 6).transpose(1, 2)
    torch.testing.assert_close(found, by_torch)


def test_sequences_are_scaled_widened_and_free_of_padding(mctn):
    mctn.set_scale("audio", torch.arange(6.0), torch.full((6,), 2.0))
    x, lengths = batch_of(fill=torch.nan)
    lengths = {**lengths, "audio": torch.tensor([9, 0, 4, 6])}
    found = mctn.sequences(x, lengths)["audio"]
    assert found.shape == (4, 6, 7) and (found[..., 6:] == 0).all()
    assert (found[1] == 0).all()  # missing, not minus the mean
    by_hand = (x["audio"][3, :6] - torch.arange(6.0)) / 2
    torch.testing.assert_close(found[3, :, :6], by_hand)
    assert "mean_audio" in mctn.state_dict()
