"""Encoders of utterances: against plain writings, without what lies in padding."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from utterance_batches import LENGTHS, WIDTHS, batch_of, noise, row_of

from emolib.models.text_cnn import TextCNN
from emolib.models.utterances import (
    FusionEncoder,
    LSTMEncoder,
    SpecificInvariantEncoder,
)

EVERY_LENGTH = [0, 1, 2, 3, 4, 5, 6, 11] * 3  # more than one group of LSTMEncoder


def plain_text_cnn(model, utterance):
    """Return the published TextCNN's vector of one utterance, (s, d_in) -> (d,)."""
    n_real = len(utterance)
    filled = F.pad(utterance, (0, 0, 0, max(5 - n_real, 0)))
    pooled = []
    for convolution in model.convolutions:
        weight = convolution.weight.transpose(1, 2)[:, None]  # (d, 1, k, d_in)
        score = F.conv2d(filled[None, None], weight, convolution.bias).relu()
        pooled.append(score[0, :, :n_real, 0].amax(1))  # windows that touch a real step
    return model.out(torch.cat(pooled)).relu()


def plain_lstm(model, utterance):
    """Return the maximum over the LSTM's outputs of one utterance."""
    return model.lstm(utterance[None])[0][0].amax(0)


@pytest.mark.parametrize(
    ("kind", "plain"), [(TextCNN, plain_text_cnn), (LSTMEncoder, plain_lstm)]
)
def test_an_encoder_has_values_and_gradients_of_a_plain_writing(kind, plain):
    torch.manual_seed(0)
    model = kind(7, d=8).eval()
    x, lengths = batch_of({"text": EVERY_LENGTH}, {"text": 7}, fill=torch.nan)
    x, lengths = x["text"].requires_grad_(), lengths["text"]
    cut = [utterance[:n] for utterance, n in zip(x, lengths, strict=True)]
    expected = [plain(model, part) if len(part) else torch.zeros(8) for part in cut]
    expected = torch.stack(expected)
    weighting, results = noise(len(x), 8, seed=9), []
    for vectors in (model(x, lengths), expected):
        (vectors * weighting).sum().backward()
        results.append([vectors, x.grad, *(p.grad for p in model.parameters())])
        x.grad = None
        model.zero_grad()
    torch.testing.assert_close(*results, rtol=1e-4, atol=1e-6)
    assert (model(x, torch.zeros_like(lengths)) == 0).all()


def encoders():
    torch.manual_seed(0)
    found = [
        FusionEncoder(WIDTHS, d=8).eval(),
        SpecificInvariantEncoder(WIDTHS, d=8).eval(),
        SpecificInvariantEncoder(WIDTHS, d=8, separate=True).eval(),
    ]
    for weight in nn.ModuleList(found).parameters():
        if weight.ndim == 1:  # a trained bias, which nothing may add to what is missing
            nn.init.normal_(weight)
    return found


def run(encoder, x, lengths):
    outputs = encoder(x, lengths)
    return outputs if isinstance(outputs, tuple) else (outputs,)


every_encoder = pytest.mark.parametrize(
    "encoder", encoders(), ids=["fusion", "shared", "separate"]
)


@every_encoder
@pytest.mark.parametrize("fill", [7.0, torch.nan, torch.inf])
def test_what_padding_holds_changes_no_bit_and_reaches_no_gradient(encoder, fill):
    results = []
    for filled in (0.0, fill):
        encoder.zero_grad()
        vectors = run(encoder, *batch_of(fill=filled))
        sum(part.square().sum() for part in vectors).backward()
        results.append([*vectors, *(w.grad.clone() for w in encoder.parameters())])
    torch.testing.assert_close(*results, rtol=0, atol=0)


@every_encoder
@pytest.mark.parametrize("missing", WIDTHS)
def test_a_missing_modality_is_zeros_and_its_nan_reaches_nothing(encoder, missing):
    x, lengths = batch_of()
    absent = torch.tensor([3, 0, 0, 2]).clamp(max=lengths[missing])
    absent = {**lengths, missing: absent}
    poisoned = x[missing].clone()
    poisoned[[1, 2]] = torch.nan
    place = list(WIDTHS).index(missing)
    whole = run(encoder, x, absent)
    hidden = run(encoder, {**x, missing: poisoned}, absent)
    for a, b in zip(whole, hidden, strict=True):
        assert torch.equal(a, b)
        assert (a[[1, 2], place] == 0).all() and (a[[0, 3], place] != 0).any()
    encoder.zero_grad()
    sum(vectors.square().sum() for vectors in hidden).backward()
    assert all(weight.grad.isfinite().all() for weight in encoder.parameters())


@every_encoder
def test_an_utterance_alone_and_untrimmed_is_encoded_as_in_its_batch(encoder):
    x, lengths = batch_of()
    many = run(encoder, x, lengths)
    wider = {name: F.pad(values, (0, 0, 0, 6)) for name, values in x.items()}
    for row in range(len(LENGTHS["text"])):
        for a, b in zip(run(encoder, *row_of(x, lengths, row)), many, strict=True):
            torch.testing.assert_close(a[0], b[row])
    torch.testing.assert_close(run(encoder, wider, lengths), many)
