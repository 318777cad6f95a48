"""What readers made by others rely on, as they showed it when they read a surrogate.

The loaders of MMIN, MulT and MultiBench and that of MMSA 2.2.1 read the default
surrogates once, under numpy 1.26.4; the numbers are theirs. What torcheeg and eegproc
rely on stands in `test_recordings.py`.
"""

import pickle

import h5py
import numpy as np
import pytest


def test_iemocap_is_indexed_as_mmin_does(written):
    folder, names = written("iemocap"), {}
    for part, n in (("trn", 160), ("val", 20), ("tst", 20)):
        held = np.load(folder / f"target/1/{part}_int2name.npy")
        label = np.argmax(np.load(folder / f"target/1/{part}_label.npy"), axis=1)
        assert (len(held), len(label)) == (n, n)  # val, tst: 120 items, six conditions
        names[part] = [name[0].decode() for name in held]
        if part == "trn":
            np.testing.assert_array_equal(np.bincount(label), [32, 47, 49, 32])
    assert names["trn"][:2] == ["Ses02F_impro01_F000", "Ses02F_impro01_F001"]
    assert names["val"][0] == "Ses01F_impro01_F000"
    assert names["tst"][0] == "Ses01F_impro01_M000"
    with h5py.File(folder / "A" / "comparE_mean_std.h5") as file:
        mean, std = (np.float32(file["1"][name][()])[None] for name in ("mean", "std"))
    with h5py.File(folder / "A" / "comparE.h5") as file:
        held = [(np.float32(file[name][()]) - mean) / std for name in names["trn"]]
    # MMIN: lengths of the first batch of 24, padded to 131; 8324 frames in all
    assert [len(x) for x in held[:6]] == [75, 10, 39, 79, 49, 40]
    assert max(len(x) for x in held[:24]) == 131
    joined = np.concatenate(held)
    assert joined.shape == (8324, 130)
    np.testing.assert_allclose(joined.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(joined.std(axis=0), 1, atol=1e-4)


@pytest.fixture(scope="module")
def unpickled(written):
    """Return a function: corpus, package -> what a trusting reader gets."""

    def read(corpus, package="senti"):
        (path,) = written(corpus, package=package).iterdir()
        return pickle.loads(path.read_bytes())

    return read


MULT = {"mosei": ((74, 35), ["SURROGATE10002", "28.800", "39.600"]),
        "mosi": ((5, 20), [b"SURROGATE10002", b"9.200", b"14.400"])}  # fmt: skip
MMSA = {"mosei": (-2 / 3, [[429, 66, 143, 275], [312, 48, 104, 200]]),
        "mosi": (0.2, [[275, 165, 440, 99], [200, 120, 320, 72]])}  # fmt: skip


@pytest.mark.parametrize("corpus", ["mosei", "mosi"])
def test_mosei_and_mosi_are_indexed_as_mult_and_mmsa_do(unpickled, corpus):
    (audio, vision), meta = MULT[corpus]
    train = unpickled(corpus)["train"]
    shapes = [train[key].shape[1:] for key in ("text", "audio", "vision", "labels")]
    assert shapes == [(50, 300), (50, audio), (50, vision), (1, 1)]
    assert [train["id"][7][k] for k in range(3)] == meta
    label, lengths = MMSA[corpus]
    for kind, steps in (("aligned", (50, 50, 50)), ("unaligned", (50, 500, 375))):
        held = unpickled(corpus, f"mmsa_{kind}")
        counts = [len(own["regression_labels"]) for own in held.values()]
        assert counts == [120, 30, 60]
        train = held["train"]
        shapes = [train[key].shape[1:] for key in ("text", "audio", "vision")]
        assert shapes == list(zip(steps, (768, audio, vision), strict=True))
        assert train["id"][7] == "SURROGATE10002$_$2"
        assert train["regression_labels"][7] == pytest.approx(label)
    stored = [list(train[f"{key}_lengths"][:4]) for key in ("audio", "vision")]
    assert stored == lengths


@pytest.mark.parametrize("package", ["senti", "raw"])
def test_mosei_is_indexed_as_multibench_does(unpickled, package):
    for part, own in unpickled("mosei", package).items():
        drop = [i for i, text in enumerate(own["text"]) if text.sum() == 0]
        assert len(drop) == (part == "train")
        if part == "train":
            own = {key: np.delete(array, drop, 0) for key, array in own.items()}
            # MultiBench: sequences begin at the first step with a word
            starts = [np.nonzero(x)[0][0] for x in own["text"]]
            assert [50 - start for start in starts[:6]] == [39, 6, 13, 44, 39, 33]
            assert all(x[s:].all(axis=1).any() for x, s in zip(own["audio"], starts))  # noqa: B905
            rounded = np.round(own["labels"][:6, 0, 0], 3)
            np.testing.assert_allclose(rounded, [1, 0.667, 1.333, 0, 0.667, 0])
