"""What readers made by others rely on, as they showed it when they read a surrogate.

torcheeg 1.1.3 (scipy 1.10.1, numpy 1.26.4, pandas 2.3.3) and eegproc 2.0.0 read the
default surrogates once, in an environment of their own; so did, under numpy 1.26.4, the
loaders of MMIN, MulT and MultiBench and that of MMSA 2.2.1. The numbers are theirs.
"""

import pickle

import h5py
import numpy as np
import pytest
from scipy.io import loadmat

from emolib import corpora
from emolib.surrogates.iemocap import write_iemocap
from emolib.surrogates.mosei import write_mosei, write_mosi


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_CACHE", str(tmp_path))


def surrogate(name, **parameters):
    pytest.importorskip(corpora.CORPORA[name].writer.split(":")[0])
    return corpora.locate(name, **parameters).path


def test_dreamer_is_indexed_as_torcheeg_and_eegproc_do():
    folder = surrogate("dreamer", n_subjects=2, n_trials=2, seconds=61.0)
    data = loadmat(folder / "DREAMER.mat", verify_compressed_data_integrity=False)
    held = data["DREAMER"][0, 0]["Data"]
    assert held.shape == (1, 2)
    person = held[0, 1][0, 0]
    for name, rate, n_chans, offset in (("EEG", 128, 14, 4200), ("ECG", 256, 2, 2048)):
        stimulus = person[name]["stimuli"][0, 0][1, 0]
        baseline = person[name]["baseline"][0, 0][1, 0]
        # torcheeg: 6588 one-second chunks of 108 trials, 61 each; first mean 4200.4
        assert stimulus.shape == (61 * rate, n_chans)
        # eegproc: 1 686 528 rows of 108 trials, baseline and stimulus at 128 Hz
        assert baseline.shape == (61 * rate, n_chans)
        assert abs(stimulus.mean() - offset) < 60
    for score in ("ScoreValence", "ScoreArousal", "ScoreDominance"):
        assert 1 <= person[score][1, 0] <= 5
    # EEGain takes fields by position
    assert held.item(0).dtype.names == (
        "Age", "Gender", "EEG", "ECG", "ScoreValence", "ScoreArousal", "ScoreDominance",
    )  # fmt: skip


def test_amigos_is_indexed_as_torcheeg_and_eegproc_do():
    folder = surrogate("amigos", n_subjects=5, n_trials=16, seconds=10.0)
    # torcheeg takes every entry of the folder and reads the subject from its name
    assert sorted(path.name for path in folder.iterdir()) == [
        f"Data_Preprocessed_P0{i}.mat" for i in range(1, 6)
    ]
    for number, n_long in ((1, 4), (5, 0)):
        path = folder / f"Data_Preprocessed_P0{number}.mat"
        data = loadmat(path, verify_compressed_data_integrity=False)
        trials, ratings = data["joined_data"], data["labels_selfassessment"]
        assert trials.shape == ratings.shape == (1, 20)
        # torcheeg: the chunks begin at row 640, after the baseline
        assert {trials[0, i].shape for i in range(16)} == {(640 + 1280, 17)}
        assert {ratings[0, i].shape for i in range(16)} == {(1, 12)}
        # torcheeg with num_trial=20: 132 ten-second chunks of P01, 96 of P05, whose
        # long cells are empty and whose labels keep a first axis of one
        long = [trials[0, i].shape for i in range(16, 20)]
        assert long == [((5 + 90) * 128, 17)] * n_long + [(0, 0)] * (4 - n_long)
        if not n_long:
            assert ratings[0, 16].shape == (1, 0)


def test_iemocap_is_indexed_as_mmin_does(tmp_path):
    folder = write_iemocap(tmp_path / "iemocap")
    shapes, counts = {}, []
    for part, n in (("trn", 160), ("val", 20), ("tst", 20)):
        names = np.load(folder / "target" / "1" / f"{part}_int2name.npy")
        label = np.argmax(
            np.load(folder / "target" / "1" / f"{part}_label.npy"), axis=1
        )
        counts.append((len(names), len(label)))
        assert counts[-1] == (n, n)  # val and tst: 120 items, each in six conditions
        shapes[part] = [name[0].decode() for name in names], label
    names, label = shapes["trn"]
    assert names[:2] == ["Ses02F_impro01_F000", "Ses02F_impro01_F001"]
    assert shapes["val"][0][0] == "Ses01F_impro01_F000"
    assert shapes["tst"][0][0] == "Ses01F_impro01_M000"
    np.testing.assert_array_equal(np.bincount(label), [32, 47, 49, 32])
    with h5py.File(folder / "A" / "comparE_mean_std.h5") as file:
        mean, std = (np.float32(file["1"][name][()])[None] for name in ("mean", "std"))
    with h5py.File(folder / "A" / "comparE.h5") as file:
        held = [(np.float32(file[name][()]) - mean) / std for name in names]
    # MMIN: lengths of the first batch of 24, padded to 131; 8324 frames in all
    assert [len(x) for x in held[:6]] == [75, 10, 39, 79, 49, 40]
    assert max(len(x) for x in held[:24]) == 131
    joined = np.concatenate(held)
    assert joined.shape == (8324, 130)
    np.testing.assert_allclose(joined.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(joined.std(axis=0), 1, atol=1e-4)
    for file, shape in (("V/denseface.h5", (50, 342)), ("L/bert_large.h5", (22, 1024))):
        with h5py.File(folder / file, "r") as own:
            assert {own[name].shape for name in names} == {shape}


def unpickled(folder):
    """Return what a reader that trusts its input gets from the file written here."""
    (path,) = folder.iterdir()
    with path.open("rb") as file:
        return pickle.load(file)


def test_mosei_and_mosi_are_indexed_as_mult_does(tmp_path):
    for write, dims in ((write_mosei, (300, 74, 35)), (write_mosi, (300, 5, 20))):
        train = unpickled(write(tmp_path / write.__name__))["train"]
        text, audio, vision = (
            train[key].astype(np.float32) for key in ("text", "audio", "vision")
        )
        audio[audio == -np.inf] = 0
        assert np.isfinite(audio).all()
        assert (text.shape[2], audio.shape[2], vision.shape[2]) == dims
        assert (text.shape[1], audio.shape[1], vision.shape[1]) == (50, 50, 50)
        assert train["labels"].shape[1:] == (1, 1)
        meta = [train["id"][7][k] for k in range(3)]
        if write is write_mosi:
            meta = [part.decode("UTF-8") for part in meta]
        expected = {
            write_mosei: ["SURROGATE10002", "28.800", "39.600"],
            write_mosi: ["SURROGATE10002", "9.200", "14.400"],
        }
        assert meta == expected[write]


@pytest.mark.parametrize("package", ["senti", "raw"])
def test_mosei_is_indexed_as_multibench_does(tmp_path, package):
    held = unpickled(write_mosei(tmp_path / "mosei", package=package))
    for part, n in (("train", 119), ("valid", 30), ("test", 60)):
        drop = [i for i, own in enumerate(held[part]["text"]) if own.sum() == 0]
        own = {key: np.delete(array, drop, 0) for key, array in held[part].items()}
        assert {len(array) for array in own.values()} == {n}
        if part == "train":
            # MultiBench: sequences begin at the first step with a word
            starts = [np.nonzero(x)[0][0] for x in own["text"]]
            lengths = [50 - start for start in starts]
            assert lengths[:6] == [39, 6, 13, 44, 39, 33]
            assert all(own["audio"][i, s:].all(axis=1).any() for i, s in
                       enumerate(starts))  # fmt: skip
            rounded = np.round(own["labels"][:6, 0, 0], 3)
            np.testing.assert_allclose(rounded, [1, 0.667, 1.333, 0, 0.667, 0])


def test_mosei_and_mosi_are_indexed_as_mmsa_does(tmp_path):
    for write, dims in ((write_mosei, (768, 74, 35)), (write_mosi, (768, 5, 20))):
        for kind, lengths in (("aligned", (50, 50, 50)), ("unaligned", (50, 500, 375))):
            folder = tmp_path / write.__name__ / kind
            size = dict(n_train=16, n_val=8, n_test=8)  # it read 120, 30, 60
            held = unpickled(write(folder, package=f"mmsa_{kind}", **size))
            counts = [len(own["regression_labels"]) for own in held.values()]
            assert counts == [16, 8, 8]
            train = held["train"]
            arrays = [train[key] for key in ("text", "audio", "vision")]
            assert tuple(x.shape[2] for x in arrays) == dims
            assert tuple(x.shape[1] for x in arrays) == lengths
            assert train["id"][7] == "SURROGATE10002$_$2"
            assert train["text_bert"].shape == (16, 3, 50)
            label = {write_mosei: -2 / 3, write_mosi: 0.2}[write]
            assert train["regression_labels"][7] == pytest.approx(label)
            if kind == "unaligned":
                stored = [list(train[f"{k}_lengths"][:4]) for k in ("audio", "vision")]
                assert stored == {
                    write_mosei: [[429, 66, 143, 275], [312, 48, 104, 200]],
                    write_mosi: [[275, 165, 440, 99], [200, 120, 320, 72]],
                }[write]  # fmt: skip
