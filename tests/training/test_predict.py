from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from emolib.containers import PREDICTION_COLUMNS
from emolib.training.devices import device_kind, resolve_device
from emolib.training.predict import predict, predictions_of
from emolib.training.seeding import seeded
from emolib.training.tensors import load_state_arrays, state_arrays


class Outputs(NamedTuple):
    logits: torch.Tensor
    label: torch.Tensor
    nothing: None = None


def forward(model, batch):
    assert not model.training and not torch.is_grad_enabled()
    logits = model(batch["x"])
    return Outputs(logits.bfloat16(), logits.argmax(1))


def make_model(n_out=2):
    with seeded(0):
        return nn.Sequential(nn.Linear(5, 8), nn.Dropout(0.5), nn.Linear(8, n_out))


def test_outputs_come_back_by_name_in_the_order_of_rows():
    x = np.random.default_rng(0).normal(size=(100, 5))
    model = make_model().train()
    whole = predict(model, forward, {"x": x}, device="cpu", batch_size=1000)
    assert set(whole) == {"logits", "label"} and whole["logits"].shape == (100, 2)
    assert (whole["logits"].dtype, whole["label"].dtype) == (np.float32, np.int64)
    for size in (7, 1):
        other = predict(model, forward, {"x": x}, device="cpu", batch_size=size)
        np.testing.assert_allclose(whole["logits"], other["logits"], atol=0.01)
    with pytest.raises(TypeError, match="forward must return a dict or a named tuple"):
        predict(model, lambda m, b: m(b["x"]), {"x": np.zeros((3, 5))})


def test_predictions_have_the_vessels_columns_for_two_classes_and_for_several():
    meta = pd.DataFrame(
        {"subject": ["a", "a", "b"], "session": "1", "trial": ["1", "2", "1"],
         "start_s": [0.0, 10.0, 0.0], "valence": [1.0, 2.0, 5.0]}
    )  # fmt: skip
    given = {"rows": np.array([2, 0]), "y_true": [1, 0], "fold": 1, "seed": 3}
    frame = predictions_of(meta, scores=np.array([0.7, 0.5]), **given)
    assert tuple(frame.columns) == PREDICTION_COLUMNS
    assert frame["window"].tolist() == [0, 2] and frame["y_pred"].tolist() == [0, 1]
    assert frame["subject"].tolist() == ["a", "b"]
    scores = np.array([[0.1, 0.2, 0.7], [0.4, 0.4, 0.2]])
    several = predictions_of(meta, scores=scores, clean="av", **given)
    assert several["y_pred"].tolist() == [0, 2] and set(several["clean"]) == {"av"}
    assert several.filter(like="y_score").to_numpy().tolist() == scores[::-1].tolist()
    with pytest.raises(ValueError, match=r"scores must have shape \(2,\) or \(2, n_c"):
        predictions_of(meta, scores=np.zeros(3), **given)


def test_a_state_survives_as_arrays_and_fits_no_other_model():
    model, other = make_model(), make_model()
    arrays = state_arrays(model)
    with torch.no_grad():
        other[0].weight.zero_()
    load_state_arrays(other, arrays)
    assert torch.equal(model[0].weight, other[0].weight)
    arrays["0.weight"][:] = 7
    assert not (model[0].weight == 7).any()
    with pytest.raises(ValueError, match="state of this model.*(?s:.)*2.weight"):
        load_state_arrays(make_model(3), arrays)
    with pytest.raises(ValueError, match="Unexpected(?s:.)*odd"):
        load_state_arrays(make_model(), {**arrays, "odd": 1})
    arrays.pop("0.bias")
    with pytest.raises(ValueError, match="Missing(?s:.)*0.bias"):
        load_state_arrays(make_model(), arrays)


def test_a_device_is_there_or_its_name_is_refused():
    kind = resolve_device("auto").type
    assert kind == ("cuda" if torch.cuda.is_available() else "cpu")
    assert device_kind("cpu") == "cpu"
    with pytest.raises(ValueError, match="device must be 'auto', 'cpu', 'cuda'.*'tpu'"):
        resolve_device("tpu")
    with pytest.raises(ValueError, match="one of the .* CUDA devices .* 'cuda:77'"):
        resolve_device("cuda:77")
