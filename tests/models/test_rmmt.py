"""RMMT's equations by hand, and what every sequence model must not see."""

import math

import numpy as np
import pytest
import torch
from small_models import build_small
from step_batches import SIZES, steps_of
from torch.nn.functional import layer_norm

from emolib.models.baselines.choi import GRID, ChoiNet
from emolib.models.baselines.soleymani import SoleymaniLSTM
from emolib.models.baselines.tcn import DecisionFusion, TCNRegressor
from emolib.models.rmmt import RMMT, attention_weights
from emolib.models.steps import TCN

SEQUENCES = {
    "RSMT-E": lambda: RMMT(SIZES, query="eeg", source="eeg", d=8),
    "RSMT-F": lambda: RMMT(SIZES, query="face", source="face", d=8),
    "MMT": lambda: RMMT(SIZES, d=8, residual=False),
    "as printed": lambda: RMMT(
        SIZES, d=8, attention="relu", skip="query", positions=False
    ),
    "face LSTM": lambda: SoleymaniLSTM(SIZES, modalities=["face"]),
    "eeg LSTM": lambda: SoleymaniLSTM(SIZES, modalities=["eeg"]),
    "face CNN": lambda: ChoiNet(SIZES, modalities=["face"], d=8),
    "face TCN": lambda: TCNRegressor(SIZES, modalities=["face"], d=8),
    **{
        name: lambda name=name: build_small(name)
        for name in ("RMMT", "TCNRegressor", "DecisionFusion",
                     "SoleymaniLSTM", "ChoiNet")
    },
}  # fmt: skip
every_sequence = pytest.mark.parametrize("name", SEQUENCES)
causal = pytest.mark.parametrize(
    "name", [n for n in SEQUENCES if n[:4] not in ("RSMT", "RMMT", "MMT", "as p")]
)


def built(name):
    torch.manual_seed(0)
    return SEQUENCES[name]().eval()


# ---------------------------------------------------------------- what must not be seen


def test_the_tcn_sees_thirteen_steps_and_none_of_the_future():
    torch.manual_seed(0)
    tcn = TCN(3, (4, 4)).eval()
    x = torch.randn(1, 30, 3, requires_grad=True)
    tcn(x)[0, 20].sum().backward()
    seen = x.grad[0].abs().sum(-1).nonzero()[:, 0]
    assert seen.tolist() == list(range(8, 21))


@causal
def test_no_answer_knows_of_later_steps(name):
    model, (x, lengths) = built(name), steps_of()
    later = {n: s.index_fill(1, torch.arange(5, 9), 9.0) for n, s in x.items()}
    told, other = model(x, lengths).valence, model(later, lengths).valence
    assert torch.equal(told[:, :5], other[:, :5])
    assert not torch.isclose(told[:, 5:], other[:, 5:]).all()


@every_sequence
def test_padding_is_not_read_and_answers_nothing(name):
    model, (x, lengths) = built(name), steps_of(lengths=[9, 4, 1, 6])
    here = torch.arange(9) < lengths[:, None]
    spoilt = {n: s.where(here[..., None], torch.nan) for n, s in x.items()}
    told = model(spoilt, lengths).valence
    assert torch.equal(told, model(x, lengths).valence)
    assert (told[~here] == 0).all() and told.isfinite().all()
    for row, n in enumerate(lengths.tolist()):
        cut = {m: s[row : row + 1, :n] for m, s in x.items()}
        alone = model(cut, lengths[row : row + 1]).valence[0]
        torch.testing.assert_close(alone, told[row, :n], atol=1e-5, rtol=1e-4)


@every_sequence
def test_a_modality_that_is_not_used_may_be_nan_or_absent(name):
    model, (x, lengths) = built(name), steps_of()
    unused = {n: torch.full_like(s, torch.nan) for n, s in x.items()}
    told = model(x, lengths).valence
    other = model({**unused, **{n: x[n] for n in model.step_widths}}, lengths).valence
    absent = model({n: x[n] for n in model.step_widths}, lengths).valence
    assert torch.equal(told, other) and torch.equal(told, absent)


# ---------------------------------------------------------------- equations by hand


def layer_of(**options):
    torch.manual_seed(0)
    return RMMT(SIZES, d=8, n_layers=1, d_ff=6, **options).eval().layers[0]


@pytest.mark.parametrize("n_heads", [1, 2])
@pytest.mark.parametrize("attention", ["softmax", "relu"])
@pytest.mark.parametrize("skip", ["stream", "query"])
def test_a_layer_is_eq_9_to_16_by_hand(n_heads, attention, skip):
    layer = layer_of(n_heads=n_heads, attention=attention, skip=skip)
    face, eeg = torch.randn(2, 5, 8)
    query = face @ layer.w_q.weight.T  # Eq. (9)
    key, value = eeg @ layer.w_k.weight.T, eeg @ layer.w_v.weight.T  # Eq. (10), (11)
    parts, width = [], 8 // n_heads
    for h in range(n_heads):
        own = slice(h * width, (h + 1) * width)
        scores = query[:, own] @ key[:, own].T / math.sqrt(width)
        weights = scores.softmax(1) if attention == "softmax" else scores.clamp(min=0)
        parts.append(weights @ value[:, own])  # Eq. (13)
    attended = layer.out(torch.cat(parts, 1))
    kept = query if skip == "query" else face
    between = layer_norm(kept + attended, (8,))  # Eq. (14)
    first, second = layer.feed_forward[0], layer.feed_forward[3]
    hidden = (between @ first.weight.T + first.bias).clamp(min=0)
    by_hand = between + hidden @ second.weight.T + second.bias  # Eq. (15), (16)
    found = layer(face[None], eeg[None], torch.ones(1, 5, dtype=torch.bool))[0]
    torch.testing.assert_close(found, by_hand, atol=1e-5, rtol=1e-4)


def test_as_printed_weights_sum_to_anything_and_grow_with_the_sequence():
    torch.manual_seed(0)
    q, k = torch.randn(2, 1, 1, 40, 8)
    here = torch.ones(1, 40, dtype=torch.bool)
    soft = attention_weights(q, k, here, "softmax").sum(-1)
    torch.testing.assert_close(soft, torch.ones(1, 1, 40))
    sums = attention_weights(q, k, here, "relu").sum(-1)
    half = attention_weights(q, k, here & (torch.arange(40) < 20), "relu").sum(-1)
    assert sums.min() < 10 < 20 < sums.max() and (sums >= half).all()


def test_keys_and_values_of_every_layer_are_the_first_eeg_features():
    """Eq. (10), (11): X_E of layer 0; without positions nothing else enters."""
    torch.manual_seed(0)
    model = RMMT(SIZES, d=8, n_layers=3, positions=False).eval()
    told = model(*steps_of())
    fused = told.query  # Eq. (8)
    for layer in model.layers:
        fused = layer(fused, told.source, torch.ones(4, 9, dtype=torch.bool))
    assert torch.equal(fused, told.fused)


def test_the_regressor_reads_the_shallow_face_features_beside_the_deep_ones():
    torch.manual_seed(0)
    model = RMMT(SIZES, d=8).eval()
    told = model(*steps_of())
    weight, bias = model.regressor.weight[0], model.regressor.bias
    by_hand = told.query @ weight[:8] + told.fused @ weight[8:] + bias  # Eq. (17)
    torch.testing.assert_close(told.valence, by_hand)
    assert RMMT(SIZES, d=8, residual=False).regressor.in_features == 8


def test_features_are_joined_by_eq_25():
    torch.manual_seed(0)
    model, (x, lengths) = TCNRegressor(SIZES, d=8).eval(), steps_of()
    joined = torch.cat([model.tcns[m](x[m]) for m in ("face", "eeg")], dim=2)
    by_hand = model.regressor(joined)[..., 0]
    torch.testing.assert_close(model(x, lengths).valence, by_hand)


def test_decisions_are_weighed_by_eq_26():
    torch.manual_seed(0)
    model, batch = DecisionFusion(SIZES, w_face=0.6, d=8).eval(), steps_of()
    face, eeg = (branch(*batch).valence for branch in (model.face, model.eeg))
    torch.testing.assert_close(model(*batch).valence, 0.6 * face + 0.4 * eeg)


def test_sizes_are_those_of_the_public_codes():
    def count(model):
        return sum(weight.numel() for weight in model.parameters())

    assert count(TCN(192)) == 246_918 and count(TCN(512)) == 410_758
    layers = RMMT({"face": 512, "eeg": 192}).layers
    # MulT's, less a second norm and the biases of query, key and value
    assert count(layers) == 396_544 - 2 * (2 * 128 + 3 * 128)
    for n, widths in {
        38: (19, 10),
        128: (64, 32),
        166: (83, 42),
        512: (83, 42),
    }.items():
        model = SoleymaniLSTM({"eeg": n}, modalities=["eeg"])
        assert (model.first.hidden_size, model.second.hidden_size) == widths


def test_choi_s_pictures_hold_each_channel_at_its_place_and_its_weights_sum_to_one():
    places = np.array([*GRID.values()])
    assert len({*map(tuple, places)}) == 32
    left = [n for n in GRID if n[-1] in "13579"]
    assert all(GRID[n][1] < 4 for n in left)
    torch.manual_seed(0)
    weights = ChoiNet(SIZES, d=8).eval()(*steps_of()).weights
    torch.testing.assert_close(weights.sum(-1), torch.ones(4, 9))
    with pytest.raises(ValueError, match="bands of 32 channels each; got 85"):
        ChoiNet({"face": 5, "eeg": 85})
    with pytest.raises(ValueError, match="attention must be one of 'softmax', 'relu'"):
        RMMT(SIZES, attention="ReLU")
