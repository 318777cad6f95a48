"""What every model keeps: names, shapes, gradients, eval, state, one as many."""

from inspect import signature

import pytest
import torch
from modality_batches import features_of
from small_models import MODELS, build_small
from utterance_batches import batch_of

OTHER_CALLS = {"TSTCC": lambda model, x: model.compare_views(x, x.flip(-1), step=3)}
"""Calls beside `forward` that reach the remaining weights."""

NAMES = {
    "SignalEncoder": {"tokens": (4, 2, 80), "patches": (4, 5, 16), "window": (4, 80)},
    "ReconstructionModel": {
        "restored": (4, 2, 640), "patches": (4, 5, 16), "window": (4, 80),
    },
    "EmotionModel": {"logits": (4, 2), "patches": (4, 5, 16), "window": (4, 80)},
    "TSTCC": {"logits": (4, 2), "features": (4, 128, 22)},
    "TFC": {
        "logits": (4, 2), "time": (4, 2816), "frequency": (4, 2816),
        "z_time": (4, 128), "z_frequency": (4, 128),
    },
    "SSLECG": {"logits": (4, 2), "distortion_logits": (4, 7), "features": (4, 128)},
    "EEGConformer": {"logits": (4, 2), "tokens": (4, 37, 40)},
}  # fmt: skip
NAMES |= {
    "NMER": {
        "logits": (4, 3), "specific": (4, 24), "invariant": (4, 24), "joint": (4, 24),
        "mu": (4, 5), "log_var": (4, 5),
    },
    "CleanTeacher": {"logits": (4, 3), "specific": (4, 24), "invariant": (4, 24)},
    "MEN": {"logits": (4, 3), "specific": (4, 24)},
    "UniModal": {"logits": (4, 3), "specific": (4, 8)},
    "MMIN": {
        "logits": (4, 3), "specific": (4, 24), "imagined": (4, 24), "returned": (4, 24),
    },
    "IFMMIN": {
        "logits": (4, 3), "specific": (4, 24), "invariant": (4, 24),
        "imagined": (4, 24),
    },
    "MCTN": {
        "logits": (4, 3), "translated": (4, 6, 7), "returned": (4, 6, 7),
        "translated_third": (4, 6, 7),
    },
}  # fmt: skip
NAMES |= {
    "MMQNet": {
        "logits": (4, 3), "attended": (4, 3, 8), "restored": (4, 3, 8),
        "category": (4, 8), "interference": (4, 8),
    },
    "DCCA": {"first": (4, 10), "others": (4, 10)},
    "Autoencoder": {"logits": (4, 3), "restored": (4, 12)},
    "SMIL": {
        "logits": (4, 3), "features": (4, 24), "noisy_features": (4, 24),
        "hidden": (4, 64), "noisy_hidden": (4, 64),
    },
    "ShaSpec": {"logits": (4, 3), "shared": (4, 3, 8), "which": (4, 3, 3)},
    "TAE": {
        "logits": (4, 3), "deep": (4, 2, 3), "separate": (4, 3, 3),
        "first": (4, 3, 32, 8), "returned": (4, 3, 32, 8),
    },
}  # fmt: skip
NAMES["EEGEncoder"] = NAMES["ECGEncoder"] = NAMES["SignalEncoder"]
NAMES["ECGClassifier"] = NAMES["EmotionModel"]

BEARS_GAPS = [n for n in MODELS if "n_features" in signature(MODELS[n]).parameters]
every_model = pytest.mark.parametrize("name", MODELS)


def built(name, seed=0):
    torch.manual_seed(seed)
    return build_small(name)


def inputs(model, seed=0):
    """Return what a model is called with: windows, or features and what is there."""
    if hasattr(model, "n_features"):
        return features_of(seed=seed)
    if hasattr(model, "widths"):
        return batch_of(seed=seed)
    generator = torch.Generator().manual_seed(seed)
    return (torch.randn(4, model.n_chans, model.n_times, generator=generator),)


def changed(batch, change):
    """Return a batch with every tensor, lengths too, changed by a function."""
    return tuple(
        {name: change(tensor) for name, tensor in part.items()}
        if isinstance(part, dict)
        else change(part)
        for part in batch
    )


def signals(batch):
    """Return the tensors that are no lengths."""
    x = batch[0]
    return list(x.values()) if isinstance(x, dict) else [x]


def all_outputs(model, batch):
    outputs = [*model(*batch)]
    other = OTHER_CALLS.get(type(model).__name__)
    return outputs + ([*other(model, *batch)] if other else [])


@every_model
def test_outputs_have_their_names_and_shapes(name):
    model = built(name)
    shapes = {k: tuple(v.shape) for k, v in model(*inputs(model))._asdict().items()}
    assert shapes == NAMES.get(name, shapes)
    assert all(shape[0] == 4 for shape in shapes.values())


@every_model
def test_every_weight_gets_a_finite_gradient_and_the_input_stays_as_it_is(name):
    model = built(name)
    batch = inputs(model)
    before = changed(batch, lambda x: x.clone())
    outputs = all_outputs(model, batch)
    sum(output.square().sum() for output in outputs).backward()
    for key, weight in model.named_parameters():
        assert weight.grad is not None, key
        assert weight.grad.isfinite().all(), key
    for now, then in zip(signals(batch), signals(before), strict=True):
        assert torch.equal(now, then)


@every_model
def test_a_step_in_bfloat16_gives_nearly_the_same_outputs_and_finite_gradients(name):
    model = built(name)
    batch = inputs(model)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        sum(out.square().sum() for out in all_outputs(model, batch)).backward()
        rough = model.eval()(*batch)
    for key, weight in model.named_parameters():
        assert weight.grad is not None, key
        assert weight.grad.isfinite().all(), key
    for a, b in zip(rough, model(*batch), strict=True):
        assert (a - b).norm() < 0.1 + 0.1 * b.norm()


@every_model
def test_seed_and_state_give_the_same_model_and_eval_the_same_outputs(name):
    model, same, other = (built(name, seed).eval() for seed in (0, 0, 1))
    batch, state = inputs(model), model.state_dict()
    assert all(torch.equal(state[key], same.state_dict()[key]) for key in state)
    other.load_state_dict(state)
    for outputs in (model(*batch), other(*batch)):
        for a, b in zip(model(*batch), outputs, strict=True):
            assert torch.equal(a, b)


@every_model
def test_a_batch_of_one_equals_a_batch_of_many(name):
    model = built(name).eval()
    batch = inputs(model)
    many = model(*batch)
    for row in range(4):
        one = model(*changed(batch, lambda x, row=row: x[row : row + 1]))
        for a, b in zip(one, many, strict=True):
            torch.testing.assert_close(a[0], b[row], rtol=1e-4, atol=1e-5)


@every_model
def test_a_broken_window_does_not_reach_its_neighbours(name):
    def broken(x):
        is_signal = x.ndim > 1 and x.is_floating_point()
        return x.index_fill(0, torch.tensor([1]), torch.nan) if is_signal else x

    model = built(name).eval()
    batch = inputs(model)
    for good, bad in zip(model(*batch), model(*changed(batch, broken)), strict=True):
        torch.testing.assert_close(good[[0, 2, 3]], bad[[0, 2, 3]])
        assert bad[1].isnan().any()


@every_model
def test_a_window_has_no_gradient_to_its_neighbours(name):
    model = built(name).eval()
    batch = inputs(model)
    for x in signals(batch):
        x.requires_grad_()
    sum(output[0].square().sum() for output in model(*batch)).backward()
    reached = [x.grad for x in signals(batch) if x.grad is not None]
    assert all(grad[0].abs().sum() > 0 for grad in reached) and reached
    assert all((grad[1:] == 0).all() for grad in reached)


@every_model
def test_a_window_of_another_size_is_refused(name):
    model = built(name)
    shape = r"(audio|text) must have shape \(b, s, d\)"
    if hasattr(model, "n_features"):
        shape = r"present must have shape \(b, m\)"
    elif not hasattr(model, "widths"):
        shape = r"x must have shape \(b, c, t\)"
    with pytest.raises(ValueError, match=shape):
        model(*changed(inputs(model), lambda x: x[..., 1:] if x.ndim > 1 else x))


@pytest.mark.parametrize("name", [n for n in MODELS if hasattr(MODELS[n], "encode")])
def test_encoding_modalities_apart_and_reading_them_is_a_forward_pass(name):
    model = built(name).eval()
    batch, other = inputs(model), inputs(model, seed=9)
    for a, b in zip(model.read(*model.encode(*batch)), model(*batch), strict=True):
        assert torch.equal(a, b)
    first = next(iter(getattr(model, "order", model.widths)))  # what MCTN reads
    mixed = {**other[0], first: batch[0][first]}, {**other[1], first: batch[1][first]}
    pairs = zip(model.encode(*batch), model.encode(*mixed), strict=True)
    for a, b in pairs:  # the first modality's features do not know of the others
        assert torch.equal(a[:, 0], b[:, 0])


@pytest.mark.parametrize("name", BEARS_GAPS)
def test_what_is_hidden_reaches_no_output_and_no_gradient(name):
    model = built(name)
    x, present = features_of(missing={1: ["eeg"], 2: ["gsr", "ecg"]})
    poisoned = features_of(missing={1: ["eeg"], 2: ["gsr", "ecg"]}, fill=torch.nan)[0]
    for tensor in poisoned.values():
        tensor.requires_grad_()
    torch.manual_seed(1)
    outputs = model(x, present)
    torch.manual_seed(1)
    for seen, hidden in zip(outputs, model(poisoned, present), strict=True):
        assert torch.equal(seen, hidden)
        assert hidden.isfinite().all()
    torch.manual_seed(1)
    sum(out.square().sum() for out in model(poisoned, present)).backward()
    for here, tensor in zip(present.T, poisoned.values(), strict=True):
        assert (tensor.grad[~here] == 0).all() and tensor.grad[here].any()
    assert all(w.grad.isfinite().all() for w in model.parameters())


def test_every_model_of_both_papers_is_found():
    assert set(NAMES) <= set(MODELS)
