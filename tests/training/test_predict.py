from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

from emolib.training.devices import device_kind, one_thread, resolve_device
from emolib.training.predict import predict
from emolib.training.seeding import seeded
from emolib.training.states import load_state_arrays, state_arrays


class Outputs(NamedTuple):
    logits: torch.Tensor
    label: torch.Tensor
    nothing: None = None


def forward(model, batch):
    logits = model(batch["x"])
    return Outputs(logits, logits.argmax(1))


def make_model(n_out=2):
    with seeded(0):
        return nn.Sequential(nn.Linear(5, 8), nn.Dropout(0.5), nn.Linear(8, n_out))


def test_outputs_come_back_by_name_in_the_order_of_rows():
    x = np.random.default_rng(0).normal(size=(100, 5))
    model = make_model()
    whole = predict(model, forward, {"x": x}, device="cpu", batch_size=1000)
    pieces = predict(model, forward, {"x": x}, device="cpu", batch_size=7)
    single = predict(model, forward, {"x": x}, device="cpu", batch_size=1)
    assert set(whole) == {"logits", "label"} and whole["logits"].shape == (100, 2)
    assert whole["label"].dtype == np.int64
    for other in (pieces, single):
        np.testing.assert_allclose(whole["logits"], other["logits"], atol=1e-6)


def test_prediction_is_in_evaluation_mode_without_gradients():
    def checked(model, batch):
        assert not model.training and not torch.is_grad_enabled()
        return {"logits": model(batch["x"]).bfloat16()}

    model = make_model().train()
    out = predict(model, checked, {"x": np.zeros((3, 5))}, device="cpu")
    assert out["logits"].dtype == np.float32


def test_unnamed_outputs_are_refused():
    with pytest.raises(TypeError, match="forward must return a dict or a named tuple"):
        predict(make_model(), lambda m, b: m(b["x"]), {"x": np.zeros((3, 5))})


def test_a_state_survives_as_arrays():
    model, other = make_model(), make_model()
    arrays = state_arrays(model)
    with torch.no_grad():
        other[0].weight.zero_()
    load_state_arrays(other, arrays)
    assert torch.equal(model[0].weight, other[0].weight)
    arrays["0.weight"][:] = 7
    assert not (model[0].weight == 7).any()


def test_a_state_of_another_model_is_refused():
    arrays = state_arrays(make_model())
    with pytest.raises(ValueError, match="2.weight must have shape \\(3, 8\\)"):
        load_state_arrays(make_model(3), arrays)
    arrays.pop("0.bias")
    with pytest.raises(ValueError, match="first '0.bias' \\(missing\\)"):
        load_state_arrays(make_model(), arrays)
    with pytest.raises(ValueError, match="first 'odd' \\(unknown\\)"):
        load_state_arrays(make_model(), {**state_arrays(make_model()), "odd": 1})


def test_a_seed_builds_the_same_module_and_leaves_the_stream_alone():
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    one = make_model()
    assert torch.equal(torch.rand(1), expected)
    assert torch.equal(one[0].weight, make_model()[0].weight)


def test_auto_is_a_device_that_is_there():
    kind = resolve_device("auto").type
    assert kind == ("cuda" if torch.cuda.is_available() else "cpu")
    assert device_kind("cpu") == "cpu"


def test_an_unknown_device_is_named():
    with pytest.raises(ValueError, match="device must be 'auto', 'cpu', 'cuda'.*'tpu'"):
        resolve_device("tpu")


def test_a_gpu_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="one of the .* CUDA devices .* 'cuda:77'"):
        resolve_device("cuda:77")


def test_one_thread_is_set_and_given_back():
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
