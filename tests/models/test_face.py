"""Backbones of faces: sizes, names of weights, checkpoints that fit or do not."""

from pathlib import Path

import pytest
import torch

from emolib.checks import CorpusError
from emolib.models.face import BACKBONES, build_backbone
from emolib.training.checkpoints import load_checkpoint


@pytest.mark.parametrize("name", BACKBONES)
def test_frames_become_one_vector_each_whatever_stands_beside_them(name):
    torch.manual_seed(0)
    model = build_backbone(name).eval()
    frames = torch.rand(3, 3, model.size, model.size) * 2 - 1
    with torch.no_grad():
        many, one = model(frames), model(frames[1:2])
    assert many.shape == (3, model.d_out) and many.isfinite().all()
    torch.testing.assert_close(one[0], many[1], atol=1e-4, rtol=1e-3)
    with pytest.raises(ValueError, match=r"frames must have shape \(b, c, h, w\)"):
        model(frames[:, :1])


def test_weights_are_named_and_counted_as_in_common_checkpoints():
    models = {name: build_backbone(name) for name in ("resnet50", "ir50")}
    n = {k: sum(w.numel() for w in m.parameters()) for k, m in models.items()}
    assert n == {"resnet50": 23_508_032, "ir50": 37_283_520}
    names = {k: set(model.state_dict()) for k, model in models.items()}
    assert len(names["resnet50"]) == 318
    assert {"conv1.weight", "layer1.0.downsample.1.running_var",
            "layer4.2.bn3.bias"} <= names["resnet50"]  # fmt: skip
    assert {"input_layer.2.weight", "body.3.shortcut_layer.1.bias",
            "body.23.res_layer.4.weight", "output_layer.3.weight",
            "output_layer.4.running_mean"} <= names["ir50"]  # fmt: skip


def test_a_checkpoint_is_loaded_by_name_without_its_classifier(tmp_path):
    torch.manual_seed(0)
    other, path = build_backbone("small"), tmp_path / "weights.pth"
    held = {f"module.{name}": w for name, w in other.state_dict().items()}
    held["module.fc.weight"] = torch.ones(8, 512)
    torch.save({"state_dict": held, "epoch": 3}, path)
    model = load_checkpoint(build_backbone("small"), path)
    states = model.state_dict(), other.state_dict()
    torch.testing.assert_close(*states, rtol=0, atol=0)


class Harmful:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (Path.touch, (self.mark,))


def test_a_checkpoint_of_another_network_or_of_code_is_one_clear_error(tmp_path):
    path = tmp_path / "weights.pth"
    state = build_backbone("small").state_dict()
    state["blocks.2.0.weight"] = torch.ones(128, 64, 5, 5)
    torch.save(state, path)
    words = r"weights\.pth: expected blocks\.2\.0\.weight of shape \(128, 64, 3, 3\); "
    with pytest.raises(CorpusError, match=words + r"got \(128, 64, 5, 5\)"):
        load_checkpoint(build_backbone("small"), path)
    with pytest.raises(CorpusError, match="input_layer.* got no such weight"):
        load_checkpoint(build_backbone("ir50"), path)
    for held in ({"a": Harmful(tmp_path / "run")}, {"epoch": 3}):
        torch.save(held, path)
        with pytest.raises(CorpusError, match="expected a PyTorch checkpoint"):
            load_checkpoint(build_backbone("small"), path)
    assert not (tmp_path / "run").exists()
    path.write_bytes(b"<html>")
    with pytest.raises(CorpusError, match="expected a PyTorch checkpoint"):
        load_checkpoint(build_backbone("small"), path)
