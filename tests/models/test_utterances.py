"""Encoders of utterances: against plain writings, without what lies in padding."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from utterance_batches import LENGTHS, WIDTHS, batch_of, noise, row_of

from emolib.models.recurrence import GROUP_SIZE, _packed_maximum, lstm_maximum
from emolib.models.text_cnn import TextCNN
from emolib.models.utterances import FusionEncoder, SpecificInvariantEncoder

EVERY_LENGTH = [0, 1, 2, 3, 4, 5, 6, 11]


def text_batch(lengths, d=7, fill=0.0):
    x, lengths = batch_of({"text": lengths}, {"text": d}, fill=fill)
    return x["text"], lengths["text"]


def text_cnn(d=7):
    torch.manual_seed(0)
    return TextCNN(d, d=8).eval()


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


def test_text_cnn_is_the_plain_writing_of_each_utterance():
    model = text_cnn()
    x, lengths = text_batch(EVERY_LENGTH)
    found = model(x, lengths)
    for row, n in enumerate(EVERY_LENGTH):
        if n:
            torch.testing.assert_close(found[row], plain_text_cnn(model, x[row, :n]))
    assert (found[0] == 0).all()


def test_text_cnn_has_the_gradients_of_the_plain_writing():
    model = text_cnn()
    x, lengths = text_batch(EVERY_LENGTH[1:])
    x.requires_grad_()
    weighting = noise(7, 8, seed=9)
    (model(x, lengths) * weighting).sum().backward()
    found = [x.grad, *(weight.grad for weight in model.parameters())]
    x.grad = None
    model.zero_grad()
    plain = [plain_text_cnn(model, x[row, :n]) for row, n in enumerate(lengths)]
    (torch.stack(plain) * weighting).sum().backward()
    expected = [x.grad, *(weight.grad for weight in model.parameters())]
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def lstm_batch():
    """Return utterances of more than one group, the longest neither first nor last."""
    torch.manual_seed(0)
    lstm = nn.LSTM(6, 8, batch_first=True)
    x, lengths = batch_of({"audio": EVERY_LENGTH * 3}, {"audio": 6})
    assert len(x["audio"]) > GROUP_SIZE
    return lstm, x["audio"].requires_grad_(), lengths["audio"]


def plain_lstm_maximum(lstm, x, lengths):
    vectors = [
        lstm(x[row : row + 1, :n])[0][0].amax(0) if n else torch.zeros(8)
        for row, n in enumerate(lengths.tolist())
    ]
    return torch.stack(vectors)


def packed_lstm_maximum(lstm, x, lengths):
    """Return what a GPU computes, by torch's packed LSTM."""
    order = lengths.argsort(descending=True)[: int((lengths > 0).sum())]
    vectors = _packed_maximum(lstm, x[order], lengths[order])
    return torch.zeros(len(x), 8).index_copy(0, order, vectors)


@pytest.mark.parametrize("other", [plain_lstm_maximum, packed_lstm_maximum])
def test_the_lstm_has_the_values_and_gradients_of_each_utterance_alone(other):
    lstm, x, lengths = lstm_batch()
    weighting, results = noise(len(x), 8, seed=9), []
    for run in (lstm_maximum, other):
        vectors = run(lstm, x, lengths)
        (vectors * weighting).sum().backward()
        results.append([vectors, x.grad, *(p.grad for p in lstm.parameters())])
        x.grad = None
        lstm.zero_grad()
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_utterances_that_are_all_missing_are_zeros():
    lstm, x, lengths = lstm_batch()
    assert (lstm_maximum(lstm, x, torch.zeros_like(lengths)) == 0).all()


def encoders():
    torch.manual_seed(0)
    return [
        FusionEncoder(WIDTHS, d=8).eval(),
        SpecificInvariantEncoder(WIDTHS, d=8).eval(),
        SpecificInvariantEncoder(WIDTHS, d=8, separate=True).eval(),
    ]


def run(encoder, x, lengths):
    outputs = encoder(x, lengths)
    return outputs if isinstance(outputs, tuple) else (outputs,)


@pytest.mark.parametrize("encoder", encoders(), ids=["fusion", "shared", "separate"])
@pytest.mark.parametrize("fill", [7.0, torch.nan, torch.inf])
def test_what_padding_holds_changes_no_bit(encoder, fill):
    for clean, filled in zip(
        run(encoder, *batch_of()), run(encoder, *batch_of(fill=fill)), strict=True
    ):
        assert torch.equal(clean, filled)


@pytest.mark.parametrize("encoder", encoders(), ids=["fusion", "shared", "separate"])
def test_what_padding_holds_reaches_no_gradient(encoder):
    gradients = []
    for fill in (0.0, torch.nan):
        encoder.zero_grad()
        vectors = run(encoder, *batch_of(fill=fill))
        sum(part.square().sum() for part in vectors).backward()
        gradients.append([weight.grad.clone() for weight in encoder.parameters()])
    for clean, poisoned in zip(*gradients, strict=True):
        torch.testing.assert_close(clean, poisoned)


@pytest.mark.parametrize("encoder", encoders(), ids=["fusion", "shared", "separate"])
@pytest.mark.parametrize("missing", WIDTHS)
def test_a_missing_modality_is_zeros_and_its_nan_reaches_nothing(encoder, missing):
    x, lengths = batch_of()
    absent = {
        **lengths,
        missing: torch.tensor([3, 0, 0, 2]).clamp(max=lengths[missing]),
    }
    poisoned = x[missing].clone()
    poisoned[[1, 2]] = torch.nan
    place = list(WIDTHS).index(missing)
    whole, hidden = (
        run(encoder, x, absent),
        run(encoder, {**x, missing: poisoned}, absent),
    )
    for a, b in zip(whole, hidden, strict=True):
        assert torch.equal(a, b)
        assert (a[[1, 2], place] == 0).all() and (a[[0, 3], place] != 0).any()
    encoder.zero_grad()
    sum(vectors.square().sum() for vectors in hidden).backward()
    assert all(weight.grad.isfinite().all() for weight in encoder.parameters())


@pytest.mark.parametrize("encoder", encoders(), ids=["fusion", "shared", "separate"])
def test_an_utterance_alone_and_untrimmed_is_encoded_as_in_its_batch(encoder):
    x, lengths = batch_of()
    many = run(encoder, x, lengths)
    wider = {name: F.pad(values, (0, 0, 0, 6)) for name, values in x.items()}
    for row in range(len(LENGTHS["text"])):
        for a, b in zip(run(encoder, *row_of(x, lengths, row)), many, strict=True):
            torch.testing.assert_close(a[0], b[row])
    for a, b in zip(run(encoder, wider, lengths), many, strict=True):
        torch.testing.assert_close(a, b)


def test_a_batch_without_a_modality_at_all_is_encoded():
    encoder = encoders()[1]
    x, lengths = batch_of()
    lengths = {**lengths, "visual": torch.zeros(4, dtype=torch.long)}
    specific, invariant = encoder(x, lengths)
    assert (specific[:, 1] == 0).all() and (invariant[:, 1] == 0).all()
    assert (specific[:, [0, 2]].abs().sum(-1) > 0).all()


def test_modalities_come_out_in_one_order_whatever_the_callers():
    encoder = encoders()[0]
    x, lengths = batch_of()
    turned = dict(reversed(x.items())), dict(reversed(lengths.items()))
    assert torch.equal(encoder(x, lengths), encoder(*turned))
    assert list(FusionEncoder(dict(reversed(WIDTHS.items()))).widths) == list(WIDTHS)


def test_invariant_features_are_one_map_of_the_specific_ones():
    encoder = encoders()[1]
    specific, invariant = encoder(*batch_of())
    first, _, second, _ = encoder.shared
    by_hand = F.leaky_relu(specific @ first.weight.T + first.bias, 0.01)
    by_hand = F.leaky_relu(by_hand @ second.weight.T + second.bias, 0.01)
    torch.testing.assert_close(invariant, by_hand)


def test_batches_that_do_not_fit_are_refused():
    encoder = encoders()[0]
    x, lengths = batch_of()
    with pytest.raises(
        ValueError, match=r"must hold audio, visual, text; got \['audio'"
    ):
        encoder({"audio": x["audio"]}, lengths)
    with pytest.raises(ValueError, match=r"lengths\['audio'\] must be at most the 9"):
        encoder(x, {**lengths, "audio": lengths["audio"] + 1})
    with pytest.raises(ValueError, match=r"lengths\['text'\] must have shape \(b\)"):
        encoder(x, {**lengths, "text": lengths["text"][1:]})
    with pytest.raises(ValueError, match="modality must be one of 'audio', 'visual'"):
        FusionEncoder({"eeg": 4})
    with pytest.raises(ValueError, match=r"number of modalities must be in \[1, 3\]"):
        FusionEncoder({})
