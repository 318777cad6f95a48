"""Features of faces: no label reaches them, each is made once, all backbones read."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.io import loadmat, savemat

from emolib.checks import CorpusError
from emolib.corpora import write_surrogate
from emolib.datasets.mahnob_continuous import read_mahnob_continuous
from emolib.models.face import build_backbone
from emolib.papers.rmmt import data as prepared
from emolib.papers.rmmt import faces
from emolib.surrogates.faces import save_film

DATA = {
    "corpus": "mahnob_continuous", "data": "local", "surrogate": {}, "psd": "welch",
    "backbone": "small", "checkpoint": "", "frames_per_step": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    size = dict(n_subjects=2, n_trials=2, seconds=8.0)
    return write_surrogate("mahnob_continuous", tmp_path_factory.mktemp("a") / "b",
                           **size)  # fmt: skip


@pytest.fixture
def prepare(monkeypatch, tmp_path, folder):
    """Return a function: settings -> windows of four trials; few people, one epoch."""
    monkeypatch.setenv("EMOLIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(faces, "N_PEOPLE", 12)
    monkeypatch.setattr(faces, "N_HELD_OUT", 4)
    monkeypatch.setitem(faces.FIT, "max_epochs", 1)

    def of(place=folder, **changes):
        monkeypatch.setattr(
            prepared, "folder",
            lambda data: replace(prepared.corpora.identify("mahnob_continuous"),
                                 path=place),
        )  # fmt: skip
        return prepared.prepare({**DATA, **changes})

    return of


def test_poisoned_labels_leave_every_feature_as_it_was(prepare, folder, tmp_path):
    before = prepare()
    assert before.x["face"].shape == (4, 32, 512) and before.x["face"].std() > 0
    assert before.x["eeg"].shape == (4, 32, 192)
    assert (before.meta["steps_without_face"] == 0).all()
    path = folder / "data" / "lable_continous_Mahnob.mat"
    whole, held = path.read_bytes(), loadmat(path)
    for label in held["labels"][:, 0]:
        label[:] = np.random.default_rng(0).normal(size=label.shape)
    savemat(path, {name: held[name] for name in ("trials_included", "labels")})
    for cache in (tmp_path / "cache").glob("rmmt"):
        cache.rename(tmp_path / "aside")  # computed again, not found again
    after = prepare()
    path.write_bytes(whole)
    for name in ("face", "eeg"):
        np.testing.assert_array_equal(before.x[name], after.x[name])
    assert not np.allclose(before.y, after.y)


def test_films_are_decoded_and_the_backbone_trained_once_for_all(prepare, monkeypatch):
    calls = []
    for name in ("cut_faces", "draw_expressions"):
        own = getattr(faces, name)
        monkeypatch.setattr(
            faces, name, lambda *a, own=own, name=name: (calls.append(name), own(*a))[1]
        )
    welch, printed = prepare(), prepare(psd="printed")
    assert sorted(calls) == ["cut_faces"] * 4 + ["draw_expressions"]
    np.testing.assert_array_equal(welch.x["face"], printed.x["face"])
    assert not np.allclose(welch.x["eeg"], printed.x["eeg"])
    prepare(frames_per_step=16)
    assert calls.count("cut_faces") == 8


def test_a_film_without_a_face_leaves_its_trial_out_and_names_the_frames(
    prepare, folder
):
    film = next(iter(sorted(folder.rglob("*_Section_2.avi"))))
    whole = film.read_bytes()
    save_film(film, [np.full((64, 64), 90, np.uint8)] * 200, (6097, 100))
    windows = prepare()
    film.write_bytes(whole)
    assert len(windows) == 3
    (reason,) = windows.removed["reason"]
    assert "got none in 32 frames from 0.125 to 7.88 s" in reason


@pytest.mark.parametrize("name", ["resnet50", "ir50"])
def test_a_backbone_from_a_checkpoint_reads_faces(name, prepare, folder, tmp_path):
    torch.manual_seed(0)
    path, model = tmp_path / "weights.pth", build_backbone(name)
    torch.save(model.state_dict(), path)
    other = {"backbone": name, "checkpoint": str(path)}
    film = next(read_mahnob_continuous(folder)).signals["face"]
    told, _ = faces.features_of(film, 2, 4.0, faces.frozen({**DATA, **other}))
    assert told.shape == (2, model.d_out) and np.isfinite(told).all()


def test_a_wrong_checkpoint_stops_the_run_and_costs_no_trial(prepare, tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"a": torch.zeros(2)}, path)
    with pytest.raises(CorpusError, match="Choose the backbone it was made of"):
        prepare(backbone="ir50", checkpoint=str(path))
