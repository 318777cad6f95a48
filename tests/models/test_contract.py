"""What every model keeps: names, shapes, gradients, eval, state, one as many."""

from inspect import signature

import pytest
import torch
from modality_batches import features_of
from small_models import MODELS, build_small
from step_batches import steps_of
from utterance_batches import WIDTHS, batch_of

from emolib.models.baselines.eeg_conformer import EEGConformer
from emolib.models.baselines.mctn import MCTN
from emolib.models.baselines.ssl_ecg import SSLECG
from emolib.models.baselines.ts_tcc import TSTCC
from emolib.models.baselines.unimodal import UniModal
from emolib.models.ecg_eeg import SignalEncoder
from emolib.models.utterances import FusionEncoder

OTHER_CALLS = {"TSTCC": lambda model, x: model.compare_views(x, x.flip(-1), step=3)}
"""Calls beside `forward` that reach the remaining weights."""

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
    if hasattr(model, "step_widths"):
        return steps_of(seed=seed)
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


def all_outputs(model, batch):
    outputs = [*model(*batch)]
    other = OTHER_CALLS.get(type(model).__name__)
    return outputs + ([*other(model, *batch)] if other else [])


def assert_taught(model):
    for key, weight in model.named_parameters():
        assert weight.grad is not None, key
        assert weight.grad.isfinite().all(), key


@every_model
def test_every_weight_gets_a_finite_gradient_and_the_input_stays_as_it_is(name):
    model = built(name)
    batch = inputs(model)
    before = changed(batch, lambda x: x.clone())
    outputs = all_outputs(model, batch)
    sum(output.square().sum() for output in outputs).backward()
    assert_taught(model)
    torch.testing.assert_close(batch, before, rtol=0, atol=0)


@every_model
def test_a_step_in_bfloat16_gives_nearly_the_same_outputs_and_finite_gradients(name):
    model = built(name)
    batch = inputs(model)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        sum(out.square().sum() for out in all_outputs(model, batch)).backward()
        rough = model.eval()(*batch)
    assert_taught(model)
    for a, b in zip(rough, model(*batch), strict=True):
        assert (a - b).norm() < 0.1 + 0.1 * b.norm()


@every_model
def test_seed_and_state_give_the_same_model_and_eval_the_same_outputs(name):
    model, same, other = (built(name, seed).eval() for seed in (0, 0, 1))
    batch, state = inputs(model), model.state_dict()
    assert all(torch.equal(state[key], same.state_dict()[key]) for key in state)
    other.load_state_dict(state)
    for outputs in (model(*batch), other(*batch)):
        torch.testing.assert_close(model(*batch), outputs, rtol=0, atol=0)


@every_model
def test_a_batch_of_one_equals_a_batch_of_many(name):
    model = built(name).eval()
    batch = inputs(model)
    many = model(*batch)
    assert {len(output) for output in many} == {4}
    shape = (4, 2 if hasattr(model, "n_chans") else 3)
    assert many._asdict().get("logits", torch.ones(shape)).shape == shape
    for row in range(4):
        one = model(*changed(batch, lambda x, row=row: x[row : row + 1]))
        alone = [output[row : row + 1] for output in many]
        torch.testing.assert_close([*one], alone, rtol=1e-4, atol=1e-5)


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
def test_a_window_of_another_size_is_refused(name):
    model = built(name)
    shape = r"(audio|text) must have shape \(b, s, d\)"
    if hasattr(model, "n_features"):
        shape = r"present must have shape \(b, m\)"
    elif hasattr(model, "step_widths"):
        shape = r"(face|eeg) must have shape \(b, s, d\)"
    elif not hasattr(model, "widths"):
        shape = r"x must have shape \(b, c, t\)"
    batch = inputs(model)
    with pytest.raises(ValueError, match=shape):
        model(*changed(batch, lambda x: x[..., 1:] if x.ndim > 1 else x))
    if hasattr(model, "n_features"):
        batch[0]["gsr"] = batch[0]["gsr"][:, :1]
        with pytest.raises(ValueError, match=r"gsr must have shape \(b, d\) with d=2"):
            model(*batch)


@pytest.mark.parametrize("name", [n for n in MODELS if hasattr(MODELS[n], "encode")])
def test_encoding_modalities_apart_and_reading_them_is_a_forward_pass(name):
    model = built(name).eval()
    batch, other = inputs(model), inputs(model, seed=9)
    apart = model.read(*model.encode(*batch))
    torch.testing.assert_close(apart, model(*batch), rtol=0, atol=0)
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


X, LENGTHS = batch_of()
WINDOW = {"n_chans": 2, "n_times": 1280}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: TSTCC(**WINDOW), r"n_predictions must be in \[1, 42\); got 50"),
        (lambda: built("TSTCC").compare_views(*[torch.ones(2, 2, 640)] * 2, step=17),
         r"step must be in \[0, 17\); got 17"),
        (lambda: SSLECG()(torch.ones(1, 2, 2560)), r"one lead at a time: x\[:, :1\]"),
        (lambda: EEGConformer(n_chans=2, n_times=98), "n_times must be 99 or more"),
        (lambda: SignalEncoder(n_chans=2, n_times=325), "n_patches whole .* 325"),
        (lambda: SignalEncoder(**WINDOW, n_heads=7), "of n_heads; got 320 and 7"),
        (lambda: UniModal(WIDTHS, 3), r"one modality; got \['audio', 'text', 'vis"),
        (lambda: MCTN({"text": 7}, 3), "widths must name audio, visual, text once"),
        (lambda: MCTN(WIDTHS, 3, order=("text",)), "order must name audio, visual, "),
        (lambda: FusionEncoder({}), r"number of modalities must be in \[1, 3\]"),
        (lambda: built("MEN")({"audio": X["audio"]}, LENGTHS), "must hold audio, visu"),
        (lambda: built("MEN")(X, {**LENGTHS, "text": LENGTHS["text"] + 1}), "at most "),
    ],
)  # fmt: skip
def test_sizes_and_batches_that_do_not_fit_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_every_model_of_four_papers_is_found():
    known = {"ECGClassifier", "TSTCC", "NMER", "MCTN", "RMMT", "ChoiNet"}
    assert len(MODELS) == 28 and known <= set(MODELS)
