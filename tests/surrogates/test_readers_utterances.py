"""Surrogates of utterances go through the readers that serve the real files."""

import json

import numpy as np
import pytest

from emolib.surrogates.iemocap import write_iemocap
from emolib.surrogates.mosei import write_mosei, write_mosi
from emolib.surrogates.utterance_ceiling import utterance_ceiling

iemocap = pytest.importorskip("emolib.datasets.iemocap")
mosei = pytest.importorskip("emolib.datasets.mosei")
NAMES = ("audio", "visual", "text")
PACKAGES = ["senti", "raw", "mmsa_aligned", "mmsa_unaligned"]


def truth(folder):
    beside = folder.with_name(folder.name + ".truth")
    noted = json.loads((beside / "parameters.json").read_text())
    return beside, noted, {path.stem: np.load(path) for path in beside.glob("*.npy")}


@pytest.fixture(scope="module")
def emotions(tmp_path_factory):
    folder = tmp_path_factory.mktemp("r") / "iemocap"
    write_iemocap(folder, n_trials=6)
    return folder, list(iemocap.read_iemocap(folder))


def test_iemocap_comes_back_whole(emotions):
    folder, recordings = emotions
    _, noted, planted = truth(folder)
    place = {name: row for row, name in enumerate(noted["trials"])}
    assert len(recordings) == len(place) == 60
    assert not any(r.problems for r in recordings)
    shown, shorter = planted["shown"], 0
    for recording in recordings:
        row = place[recording.trial]
        assert recording.subject == noted["subjects"][row]
        assert recording.session == recording.subject[:5]
        assert recording.ratings["emotion"] == planted["labels"][row]
        steps = [recording.signals[name].n_steps for name in NAMES]
        audio, _, text = planted["lengths"][row]
        assert steps == [audio, np.flatnonzero(shown[row])[-1] + 1, text]
        shorter += steps[1] < 50
        widths = [recording.signals[name].n_features for name in NAMES]
        assert widths == [130, 342, 1024]
    assert shorter > 0  # some sequences end without a face


def test_iemocap_comes_back_in_its_folds_with_its_mean_and_sd(emotions):
    folder, recordings = emotions
    for fold in range(1, 11):
        parts = {r.subject: r.parts[str(fold)] for r in recordings}
        session = f"Ses{(fold + 1) // 2:02d}"
        val, test = "FM" if fold % 2 else "MF"
        assert (parts.pop(session + val), parts.pop(session + test)) == ("val", "test")
        assert set(parts.values()) == {"train"} and len(parts) == 8
    mean, std = iemocap.read_mean_std(folder)["4"]
    train = [r for r in recordings if r.parts["4"] == "train"]
    steps = np.concatenate([r.signals["audio"].data for r in train]).astype(float)
    np.testing.assert_allclose(mean, steps.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(std, steps.std(axis=0), rtol=1e-5)


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("corpus", ["mosei", "mosi"])
def test_each_package_comes_back_with_its_gaps_named(tmp_path, corpus, package):
    write = {"mosei": write_mosei, "mosi": write_mosi}[corpus]
    read = {"mosei": mosei.read_mosei, "mosi": mosei.read_mosi}[corpus]
    folder = write(tmp_path / corpus, n_train=20, n_val=8, n_test=9, package=package)
    beside, noted, planted = truth(folder)
    recordings = list(read(folder))
    assert [(r.subject, r.trial) for r in recordings] == list(
        zip(noted["subjects"], noted["trials"], strict=True)
    )
    sentiment = [r.ratings["sentiment"] for r in recordings]
    np.testing.assert_allclose(sentiment, planted["labels"], atol=1e-6)
    assert [r.parts["1"] for r in recordings] == (
        ["train"] * 20 + ["val"] * 8 + ["test"] * 9
    )
    steps = np.array([[r.signals[n].n_steps for n in NAMES] for r in recordings])
    lost = [] if package.startswith("mmsa") else [3]
    assert [k for k, r in enumerate(recordings) if r.problems] == lost
    assert [k for k, r in enumerate(recordings) if r.notes] == [5]
    whole = np.setdiff1d(np.arange(37), lost)
    np.testing.assert_array_equal(steps[whole], planted["lengths"][whole])
    assert all(np.isfinite(r.signals["audio"].data).all() for r in recordings)
    names = [r.trial for r in recordings]
    scores = utterance_ceiling(beside, names)
    positive = planted["labels"] >= 0
    assert scores[positive, 1].mean() > scores[~positive, 1].mean() + 0.1
