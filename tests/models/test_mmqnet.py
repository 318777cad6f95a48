"""MMQ-Net: Eq. (1) to (4) by hand, the four masks, and what leaks under each."""

import pytest
import torch
from modality_batches import N_FEATURES, features_of

from emolib.losses.information import InformationCritic, mmqnet_loss
from emolib.models.mmqnet import MASKS, MMQNet, attention_mask, masked_scores

MISSING = {1: ["eeg"], 2: ["gsr", "ecg"]}


def model_of(mask="log", n_layers=2, seed=0):
    torch.manual_seed(seed)
    return MMQNet(N_FEATURES, mask=mask, n_layers=n_layers).eval()


def with_other_queries(model, there):
    """Return the outputs after the queries of one modality were drawn anew."""
    with torch.no_grad():
        model.modality_queries[there] = torch.randn(16)
    return model(*features_of(missing=MISSING))


def test_the_sizes_are_the_papers():
    model = model_of()
    assert model.modality_queries.shape == (3, 16)
    assert {layer.n_heads for layer in model.layers} == {4}
    assert [layer.feed_forward[0].out_features for layer in model.layers] == [128, 128]
    assert sum(w.numel() for w in model.layers[0].parameters()) == 5_392


def test_tokens_are_features_where_present_and_queries_where_missing():
    model, (x, present) = model_of(), features_of(missing=MISSING)
    seen = []
    model.layers[0].register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    model(x, present)
    tokens = seen[0] - model.positions - model.modality_embedding
    eeg = model.project.layers["eeg"](x["eeg"])
    torch.testing.assert_close(tokens[0, 0], eeg[0])
    torch.testing.assert_close(tokens[1, 0], model.modality_queries[0])
    torch.testing.assert_close(tokens[2, 1:3], model.modality_queries[1:])
    queries = torch.cat([model.category_query, model.interference_query])
    torch.testing.assert_close(tokens[:, 3:], queries.expand(4, 2, 16))


def test_what_is_missing_is_no_token_before_its_query_stands_in():
    model, (x, present) = model_of(), features_of(missing=MISSING)
    features = model.project(x, present)
    assert (features[~present] == 0).all() and (features[present] != 0).all()


def test_without_layers_each_part_of_z_is_its_own_token():
    model, (x, present) = model_of(n_layers=0), features_of(missing={})
    outputs, beside = model(x, present), model.positions + model.modality_embedding
    tokens = model.project(x, present) + beside[:3]
    torch.testing.assert_close(outputs.attended, tokens)
    category, interference = model.category_query[0], model.interference_query[0]
    torch.testing.assert_close(outputs.category[0], category + beside[3])
    torch.testing.assert_close(outputs.interference[0], interference + beside[4])
    answer = model.classifier(outputs.category)
    assert torch.equal(outputs.logits, answer)


def test_the_mask_is_the_diagonal_and_what_is_available():
    mask = attention_mask(torch.tensor([[True, False, True]]))[0]
    by_hand = torch.tensor(
        [[2, 0, 1, 1, 1], [1, 1, 1, 1, 1], [1, 0, 2, 1, 1], [1, 0, 1, 2, 1],
         [1, 0, 1, 1, 2]]
    )  # fmt: skip
    assert torch.equal(mask, by_hand.float())


def test_the_four_readings_of_eq_3_by_hand():
    scores = torch.tensor([[[[0.5, -1.0, 2.0]] * 3]])
    mask = torch.tensor([[[2.0, 0, 1], [1, 1, 1], [1, 0, 2]]])
    first = {name: masked_scores(scores, mask, name)[0, 0, 0] for name in MASKS}
    inf, ln2 = torch.inf, torch.log(torch.tensor(2.0))
    torch.testing.assert_close(first["log"], torch.tensor([0.5 + ln2, -inf, 2.0]))
    torch.testing.assert_close(first["additive"], torch.tensor([0.5, -inf, 2.0]))
    torch.testing.assert_close(first["hadamard"], torch.tensor([1.0, 0.0, 2.0]))
    product = torch.tensor([0.5 * 2 - 1 + 2, -1.0, 0.5 - 1 + 2 * 2])
    torch.testing.assert_close(first["product"], product)


def test_attention_to_the_missing_leaks_under_the_literal_readings_alone():
    """Of random scores of unit variance; other random data give .18 and .22."""
    generator = torch.Generator().manual_seed(0)
    present = torch.rand(4000, 5, generator=generator) > 0.3
    present[~present.any(1), 0] = True
    scores = torch.randn(4000, 4, 7, 7, generator=generator)
    foreign = torch.cat([~present, torch.zeros(4000, 2, dtype=torch.bool)], 1)
    foreign = foreign[:, None, :] & ~torch.eye(7, dtype=torch.bool)
    mask = attention_mask(present)
    leaked = {}
    for name in MASKS:
        weights = masked_scores(scores, mask, name).softmax(-1)
        leaked[name] = float((weights * foreign[:, None]).sum(-1).mean())
    assert leaked["log"] == leaked["additive"] == 0
    assert leaked["hadamard"] == pytest.approx(0.14, abs=0.01)
    assert leaked["product"] == pytest.approx(0.24, abs=0.01)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("n_layers", [1, 3])
def test_the_query_of_what_is_missing_moves_nothing_else_under_a_mask_that_masks(
    mask, n_layers
):
    model = model_of(mask, n_layers)
    before = model(*features_of(missing=MISSING))
    after = with_other_queries(model, 0)  # the EEG's, which row 1 lacks
    moved = (before.category[1] - after.category[1]).abs().max() > 1e-4
    assert bool(moved) is (mask in ("hadamard", "product"))
    assert torch.equal(before.category[[0, 2, 3]], after.category[[0, 2, 3]])
    assert not torch.allclose(before.attended[1, 0], after.attended[1, 0])


def gradient_of_queries(mask, n_layers, dropped):
    """Return the gradient of Eq. (8) with respect to the modality queries."""
    model, critic = model_of(mask, n_layers), InformationCritic(16)
    x, present = features_of(missing=MISSING)
    features = model.project(x, present)
    hidden = torch.zeros_like(present)
    if dropped:
        hidden[0, 1] = hidden[3, 0] = True
    losses = mmqnet_loss(
        model.read(features, present & ~hidden), features, torch.tensor([0, 1, 0, 1]),
        critic, present=present, dropped=hidden if dropped else None,
    )  # fmt: skip
    losses["total"].backward()
    return model.modality_queries.grad


@pytest.mark.parametrize("n_layers", [1, 2, 3])
@pytest.mark.parametrize("mask", ["log", "additive"])
def test_eq_5_as_printed_never_trains_the_modality_queries(mask, n_layers):
    literal = gradient_of_queries(mask, n_layers, dropped=False)
    assert (literal == 0).all()
    dropped = gradient_of_queries(mask, n_layers, dropped=True)
    assert (dropped[:2].abs().sum(1) > 0).all()  # hidden on purpose: gsr and eeg
    assert (dropped[2] == 0).all()  # the ECG was hidden by nobody


def test_with_a_mask_that_leaks_eq_5_does_train_them():
    assert gradient_of_queries("product", 2, dropped=False).abs().sum() > 0


def test_a_mask_that_is_none_is_refused():
    with pytest.raises(ValueError, match="mask must be one of 'log'"):
        model_of("hard")
