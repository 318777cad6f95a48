"""The surrogates of CMU-MOSEI and CMU-MOSI, against layouts typed by hand."""

import pickle
import pickletools

import numpy as np
import pytest

from emolib.surrogates.design import Knobs
from emolib.surrogates.mosei import Package
from emolib.surrogates.utterances import directions, gate

SENTI = {
    "vision": ((120, 50, 35), "<f4"), "audio": ((120, 50, 74), "<f4"),
    "text": ((120, 50, 300), "<f4"), "labels": ((120, 1, 1), "<f4"),
    "id": ((120, 3), "<U14"),
}  # fmt: skip
RAW = SENTI | {
    "vision": ((120, 50, 713), "<f4"), "labels": ((120, 1, 7), "<f4"),
    "id": ((120,), "<U17"),
}  # fmt: skip
ALIGNED = {
    "vision": ((120, 50, 35), "<f4"), "audio": ((120, 50, 74), "<f4"),
    "text": ((120, 50, 768), "<f4"), "raw_text": ((120,), "<U27"),
    "id": ((120,), "<U18"), "text_bert": ((120, 3, 50), "<f4"),
    "annotations": ((120,), "<U8"), "classification_labels": ((120,), "<f4"),
    "regression_labels": ((120,), "<f4"),
}  # fmt: skip
UNALIGNED = ALIGNED | {
    "vision": ((120, 375, 35), "<f4"), "audio": ((120, 500, 74), "<f4"),
    "audio_lengths": ((120,), "<i8"), "vision_lengths": ((120,), "<i8"),
}  # fmt: skip
FEW = {"vision": ((120, 50, 20), "<f4"), "audio": ((120, 50, 5), "<f4")}
LAYOUTS = {
    ("mosei", "senti"): ("mosei_senti_data.pkl", SENTI),
    ("mosei", "raw"): ("mosei_raw.pkl", RAW),
    ("mosei", "mmsa_aligned"): ("aligned_50.pkl", ALIGNED),
    ("mosei", "mmsa_unaligned"): ("unaligned_50.pkl", UNALIGNED),
    ("mosi", "senti"): ("mosi_data.pkl", SENTI | FEW | {"id": ((120, 3), "|S14")}),
    ("mosi", "raw"): ("mosi_raw.pkl", SENTI | {"id": ((120,), "<U17")}),
    ("mosi", "mmsa_aligned"): ("aligned_50.pkl", ALIGNED | FEW),
    ("mosi", "mmsa_unaligned"): ("unaligned_50.pkl", UNALIGNED | {
        "vision": ((120, 375, 20), "<f4"), "audio": ((120, 500, 5), "<f4"),
    }),
}  # fmt: skip
PACKAGES = ("senti", "raw", "mmsa_aligned", "mmsa_unaligned")


@pytest.fixture(scope="module")
def load(written):
    """Return a function: corpus, knobs -> what the one file written then holds."""

    def read(corpus="mosei", **knobs):
        (path,) = written(corpus, **knobs).iterdir()
        return pickle.loads(path.read_bytes())

    return read


@pytest.mark.parametrize(("corpus", "package"), list(LAYOUTS))
def test_each_package_has_its_own_keys_shapes_and_kinds(written, load, corpus, package):
    name, arrays = LAYOUTS[corpus, package]
    assert [path.name for path in written(corpus, package=package).iterdir()] == [name]
    held = load(corpus, package=package)
    assert list(held) == ["train", "valid", "test"]
    for part, n in (("train", 120), ("valid", 30), ("test", 60)):
        assert set(held[part]) == set(arrays)
        for key, (shape, kind) in arrays.items():
            assert held[part][key].shape == (n, *shape[1:])
            if part == "train" or kind[1] != "U":
                assert held[part][key].dtype == np.dtype(kind), (part, key)


def test_the_pickle_names_numpy_as_of_old_and_nothing_else(written):
    for package in ("senti", "mmsa_unaligned"):
        (path,) = written("mosei", package=package).iterdir()
        raw = path.read_bytes()
        named = {argument for code, argument, _ in pickletools.genops(raw)
                 if code.name in ("GLOBAL", "STACK_GLOBAL", "INST")}  # fmt: skip
        assert named == {
            "numpy.core.multiarray _reconstruct", "numpy ndarray", "numpy dtype",
        }  # fmt: skip
        assert raw[:2] == b"\x80\x03" and raw[-1:] == b"."


@pytest.mark.parametrize("package", ["senti", "raw"])
def test_real_steps_come_last_and_the_known_gaps_are_there(
    written, load, truth, package
):
    held = load(package=package)["train"]
    lengths = truth(written("mosei", package=package))[1]["lengths"]
    assert np.median(lengths) == pytest.approx(25, abs=4)
    lengths = lengths[:120]
    assert (lengths.min(), lengths.max()) == (5, 45)
    for key in ("vision", "audio", "text"):
        real = (held[key] != 0).any(axis=2)
        rows = np.arange(120) != 3 if key == "text" else slice(None)
        expected = np.arange(50) >= 50 - lengths[:, :1]
        np.testing.assert_array_equal(real[rows], expected[rows])
    assert not held["text"][3].any() and held["audio"][3].any()
    np.testing.assert_array_equal(np.argwhere(np.isneginf(held["audio"])), [[5, 49, 2]])
    assert np.isfinite(held["text"]).all() and np.isfinite(held["vision"]).all()


@pytest.mark.parametrize("package", ["mmsa_aligned", "mmsa_unaligned"])
def test_mmsa_pads_on_the_right_and_counts_what_it_padded(load, package):
    held = load(package=package)["train"]
    real = {k: (held[k] != 0).any(axis=2) for k in ("text", "audio", "vision")}
    assert all((np.diff(own.astype(int), axis=1) <= 0).all() for own in real.values())
    words = real["text"].sum(axis=1)
    np.testing.assert_array_equal(held["text_bert"][:, 1].sum(axis=1), words)
    assert (held["text_bert"][:, 0, 0] == 101).all()
    assert (held["text_bert"][np.arange(120), 0, words - 1] == 102).all()
    if package == "mmsa_unaligned":
        for key in ("audio", "vision"):
            assert (real[key].sum(axis=1) == held[f"{key}_lengths"]).all()
        assert held["audio_lengths"].max() > 300
    else:
        assert (real["audio"].sum(axis=1) == words).all()
    sign = np.sign(held["regression_labels"]).astype(int) + 1
    said = np.array(["Negative", "Neutral", "Positive"])[sign]
    np.testing.assert_array_equal(held["annotations"], said)
    np.testing.assert_array_equal(held["classification_labels"], sign)
    assert (~np.isfinite(held["audio"])).sum() == 1


def test_all_packages_have_the_same_labels_and_videos_of_one_part_each(load):
    by_package, seen = {package: load(package=package) for package in PACKAGES}, set()
    for part in ("train", "valid", "test"):
        senti, raw, mmsa = (by_package[package][part] for package in PACKAGES[:3])
        labels, videos = senti["labels"][:, 0, 0], list(senti["id"][:, 0])
        assert [own[:9] for own in videos] == ["SURROGATE"] * len(videos)
        assert not seen & set(videos)
        seen |= set(videos)
        np.testing.assert_array_equal(raw["labels"][:, 0, 0], labels)
        assert (raw["labels"][..., 1:] >= 0).all() and raw["labels"].max() <= 3
        assert [name.split("[")[0] for name in raw["id"]] == videos
        np.testing.assert_array_equal(mmsa["regression_labels"], labels)
        assert [name.split("$_$")[0] for name in mmsa["id"]] == videos
        start, end = senti["id"][:, 1].astype(float), senti["id"][:, 2].astype(float)
        first = np.arange(len(start)) % 5 == 0
        assert (start[first] == 0).all() and (end > start).all()
        np.testing.assert_allclose(start[~first], end[:-1][~first[1:]], atol=1e-9)


def test_labels_have_the_priors_of_the_corpus():
    for corpus, grid, wanted in (("mosei", 3, [0.296, 0.212, 0.492]),
                                 ("mosi", 5, [0.465, 0.044, 0.491])):  # fmt: skip
        y = Package(corpus, "senti", Knobs()).plant(1, 40_000)["labels"]
        assert y.min() == -3 and y.max() == 3
        np.testing.assert_allclose(y * grid, np.round(y * grid), atol=1e-9)
        shares = [(y < 0).mean(), (y == 0).mean(), (y > 0).mean()]
        np.testing.assert_allclose(shares, wanted, atol=0.01)


def test_variances_give_the_papers_steps_at_minus_10_db(load):
    held = load(n_train=500, n_val=8, n_test=8)["train"]
    held["audio"][~np.isfinite(held["audio"])] = 0
    cases = {"audio": (150.8, 140), "vision": (2.204, 60), "text": (0.0300, 5)}
    for name, (wanted, n_steps) in cases.items():
        steps = held[name][(held[name] != 0).any(axis=2)].astype(float)
        variance = steps.var(axis=0).mean()
        assert variance == pytest.approx(wanted, rel=0.02), name
        alpha_bar = np.prod(1 - np.linspace(0.001, 0.1, n_steps))
        db = 10 * np.log10(alpha_bar * variance / (1 - alpha_bar))
        assert db == pytest.approx(-10, abs=0.3), name
    # audio's power is not its variance: every fourth feature lies far from zero
    steps = held["audio"][(held["audio"] != 0).any(axis=2)].astype(float)
    means = steps.mean(axis=0) / steps.std(axis=0)
    np.testing.assert_allclose(means[::4], 3, atol=0.3)
    assert np.abs(np.delete(means, np.s_[::4])).max() < 0.3


def test_effect_adds_sentiment_to_the_features_and_changes_nothing_else(
    written, load, truth
):
    size = dict(n_train=23, n_val=8, n_test=11)
    with_effect, without = load(**size)["train"], load(**size, effect=0.0)["train"]
    _, planted = truth(written("mosei", **size))
    scales = {"audio": ("audio", 0.40, 150.8), "vision": ("visual", 0.45, 2.204),
              "text": ("text", 0.90, 0.0300)}  # fmt: skip
    for key, (name, weight, variance) in scales.items():
        width = with_effect[key].shape[2]
        axis = directions("mosei", name, width, 1)[0][:, 0]
        for row in (0, 1, 7):
            n_steps = int(planted["lengths"][row, 0])
            u = (planted["s"][row] - 0.256) / 0.93
            expected = np.sqrt(0.02 * width * variance) * weight * u
            added = with_effect[key][row, -n_steps:] - without[key][row, -n_steps:]
            slack = 2e-4 * np.sqrt(variance)
            wanted = expected * np.outer(gate(n_steps), axis)
            np.testing.assert_allclose(added, wanted, atol=slack)


def test_clean_readings_can_be_recovered_and_are_those_planted(written, load, truth):
    _, planted = truth(written("mosei", package="mmsa_aligned"))
    x = load(package="mmsa_aligned")["test"]["text"].astype(float) / np.sqrt(0.0300)
    axis = directions("mosei", "text", 768, 1)[0][:, 0]
    rows = zip(x, planted["lengths"][-60:, 2], strict=True)
    gain = np.sqrt(0.02 * 768)
    seen = [gate(int(n)) @ own[:n] @ axis / (gain * n) for own, n in rows]
    np.testing.assert_allclose(seen, planted["readings"][-60:, 2, 0], atol=1e-4)


def test_segments_of_a_video_share_a_signature():
    def own(signature):
        part = Package("mosei", "senti", Knobs(0.0, signature)).plant(1, 20_000)
        return part["readings"][:, :, 0].reshape(-1, 5, 3)

    assert own(1.0).var() == pytest.approx(1, abs=0.03)
    # of the variance of a mean of five: .28² and a fifth of the rest
    for signature, shared in ((1.0, 0.28**2), (0.0, 0.0)):
        wanted = shared + (1 - 0.28**2) / 5
        assert own(signature).mean(axis=1).var() == pytest.approx(wanted, rel=0.05)
