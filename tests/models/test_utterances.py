"""Encoders of utterances: against plain writings, without what lies in padding."""

import pytest
import torch
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
    expected = torch.stack(
        [
            plain(model, x[row, :n]) if n else torch.zeros(8)
            for row, n in enumerate(lengths.tolist())
        ]
    )
    weighting, results = noise(len(x), 8, seed=9), []
    for vectors in (model(x, lengths), expected):
        (vectors * weighting).sum().backward()
        results.append([vectors, x.grad, *(p.grad for p in model.parameters())])
        x.grad = None
        model.zero_grad()
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)
    assert (model(x, torch.zeros_like(lengths)) == 0).all()


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
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))


@every_encoder
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


@every_encoder
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


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda x, n: ({"audio": x["audio"]}, n),
            r"must hold audio, visual, text; got",
        ),
        (lambda x, n: (x, {**n, "audio": n["audio"] + 1}), r"must be at most the 9"),
        (lambda x, n: (x, {**n, "text": n["text"][1:]}), r"'text'\] must have shape"),
    ],
)
def test_batches_that_do_not_fit_are_refused(change, words):
    with pytest.raises(ValueError, match=words):
        encoders()[0](*change(*batch_of()))


def test_only_known_modalities_are_encoded():
    with pytest.raises(ValueError, match="modality must be one of 'audio', 'visual'"):
        FusionEncoder({"eeg": 4})
    with pytest.raises(ValueError, match=r"number of modalities must be in \[1, 3\]"):
        FusionEncoder({})
