"""The surrogates of CMU-MOSEI and CMU-MOSI, against layouts typed by hand."""

import json
import pickle
import pickletools

import numpy as np
import pytest

from emolib.surrogates.design import Knobs
from emolib.surrogates.mosei import write_mosei, write_mosi
from emolib.surrogates.segments import plant
from emolib.surrogates.utterance_frames import directions, gate
from emolib.surrogates.utterance_sizes import sentiment_plan

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
MOSEI = {
    "senti": ("mosei_senti_data.pkl", SENTI), "raw": ("mosei_raw.pkl", RAW),
    "mmsa_aligned": ("aligned_50.pkl", ALIGNED),
    "mmsa_unaligned": ("unaligned_50.pkl", UNALIGNED),
}  # fmt: skip
MOSI = {
    "senti": ("mosi_data.pkl", SENTI | {
        "vision": ((120, 50, 20), "<f4"), "audio": ((120, 50, 5), "<f4"),
        "id": ((120, 3), "|S14"),
    }),
    "raw": ("mosi_raw.pkl", SENTI | {"id": ((120,), "<U17")}),
    "mmsa_aligned": ("aligned_50.pkl", ALIGNED | {
        "vision": ((120, 50, 20), "<f4"), "audio": ((120, 50, 5), "<f4"),
    }),
    "mmsa_unaligned": ("unaligned_50.pkl", UNALIGNED | {
        "vision": ((120, 375, 20), "<f4"), "audio": ((120, 500, 5), "<f4"),
    }),
}  # fmt: skip
LAYOUTS = [("mosei", *own) for own in MOSEI.items()]
LAYOUTS += [("mosi", *own) for own in MOSI.items()]


def load(folder):
    """Return what the one file of a folder holds, which this test has just written."""
    (path,) = folder.iterdir()
    return pickle.loads(path.read_bytes())


def truth(folder):
    beside = folder.with_name(folder.name + ".truth")
    noted = json.loads((beside / "parameters.json").read_text())
    return noted, {path.stem: np.load(path) for path in beside.glob("*.npy")}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Return a function: corpus, knobs -> folder; written once a module."""
    root, done = tmp_path_factory.mktemp("m"), {}

    def write(corpus="mosei", **knobs):
        key = (corpus, *sorted(knobs.items()))
        if key not in done:
            writer = {"mosei": write_mosei, "mosi": write_mosi}[corpus]
            done[key] = writer(root / str(len(done)) / corpus, **knobs)
        return done[key]

    return write


@pytest.mark.parametrize(("corpus", "package", "layout"), LAYOUTS)
def test_each_package_has_its_own_keys_shapes_and_kinds(
    written, corpus, package, layout
):
    folder = written(corpus, package=package)
    name, arrays = layout
    assert [path.name for path in folder.iterdir()] == [name]
    held = load(folder)
    assert list(held) == ["train", "valid", "test"]
    for part, n in (("train", 120), ("valid", 30), ("test", 60)):
        assert set(held[part]) == set(arrays)
        for key, (shape, kind) in arrays.items():
            assert held[part][key].shape == (n, *shape[1:])
            if part == "train" or kind[1] != "U":
                assert held[part][key].dtype == np.dtype(kind), (part, key)


@pytest.mark.parametrize("package", ["senti", "raw"])
def test_real_steps_come_last_and_the_known_gaps_are_there(written, package):
    folder = written(package=package)
    held, (_, planted) = load(folder)["train"], truth(folder)
    lengths = planted["lengths"][:120]
    assert (lengths.min(), lengths.max()) == (5, 45)
    assert np.median(planted["lengths"]) == pytest.approx(25, abs=4)
    for key in ("vision", "audio", "text"):
        real = (held[key] != 0).any(axis=2)
        rows = np.arange(120) != 3 if key == "text" else slice(None)
        expected = np.arange(50) >= 50 - lengths[:, :1]
        np.testing.assert_array_equal(real[rows], expected[rows])
    assert not held["text"][3].any() and held["audio"][3].any()
    where = np.argwhere(~np.isfinite(held["audio"]))
    np.testing.assert_array_equal(where, [[5, 49, 2]])
    assert held["audio"][5, 49, 2] == -np.inf
    assert np.isfinite(held["text"]).all() and np.isfinite(held["vision"]).all()


@pytest.mark.parametrize("package", ["mmsa_aligned", "mmsa_unaligned"])
def test_mmsa_pads_on_the_right_and_counts_what_it_padded(written, package):
    held = load(written(package=package))["train"]
    real = {k: (held[k] != 0).any(axis=2) for k in ("text", "audio", "vision")}
    for key, own in real.items():
        assert (np.diff(own.astype(int), axis=1) <= 0).all(), key
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
    said = np.array(["Negative", "Neutral", "Positive"])
    sign = np.sign(held["regression_labels"]).astype(int) + 1
    np.testing.assert_array_equal(held["annotations"], said[sign])
    np.testing.assert_array_equal(held["classification_labels"], sign)
    assert (~np.isfinite(held["audio"])).sum() == 1


def test_all_packages_of_a_corpus_have_the_same_labels_and_videos(written):
    by_package = {package: load(written(package=package)) for package in MOSEI}
    for part in ("train", "valid", "test"):
        senti = by_package["senti"][part]
        labels = senti["labels"][:, 0, 0]
        videos = list(senti["id"][:, 0])
        assert sorted(set(videos)) == [
            f"SURROGATE{videos[0][9]}{k:04d}" for k in range(1, len(videos) // 5 + 1)
        ]
        raw = by_package["raw"][part]
        np.testing.assert_array_equal(raw["labels"][:, 0, 0], labels)
        assert (raw["labels"][..., 1:] >= 0).all() and raw["labels"].max() <= 3
        assert [name.split("[")[0] for name in raw["id"]] == videos
        mmsa = by_package["mmsa_aligned"][part]
        np.testing.assert_array_equal(mmsa["regression_labels"], labels)
        assert [name.split("$_$")[0] for name in mmsa["id"]] == videos
    videos = [set(own["id"][:, 0]) for own in by_package["senti"].values()]
    assert not videos[0] & videos[1] and not (videos[0] | videos[1]) & videos[2]


def test_segments_follow_each_other_in_their_video(written):
    ids = load(written())["train"]["id"]
    start, end = ids[:, 1].astype(float), ids[:, 2].astype(float)
    first = np.arange(120) % 5 == 0
    assert (start[first] == 0).all() and (end > start).all()
    np.testing.assert_allclose(start[~first], end[:-1][~first[1:]], atol=1e-9)


def test_labels_have_the_priors_of_the_corpus():
    def labels(corpus):
        return plant(sentiment_plan(corpus), Knobs(), 1, 40_000, aligned=True).labels

    mosei, mosi = labels("mosei"), labels("mosi")
    for own, grid in ((mosei, 3), (mosi, 5)):
        assert own.min() == -3 and own.max() == 3
        np.testing.assert_allclose(own * grid, np.round(own * grid), atol=1e-9)
    shares = [(mosei < 0).mean(), (mosei == 0).mean(), (mosei > 0).mean()]
    np.testing.assert_allclose(shares, [0.296, 0.212, 0.492], atol=0.01)
    shares = [(mosi < 0).mean(), (mosi == 0).mean(), (mosi > 0).mean()]
    np.testing.assert_allclose(shares, [0.465, 0.044, 0.491], atol=0.01)


def test_variances_give_the_papers_steps_at_minus_10_db(written):
    held = load(written(n_train=500, n_val=8, n_test=8))["train"]
    audio = np.where(np.isfinite(held["audio"]), held["audio"], 0)
    cases = {"audio": (audio, 150.8, 140), "visual": (held["vision"], 2.204, 60),
             "text": (held["text"], 0.0300, 5)}  # fmt: skip
    for name, (x, wanted, n_steps) in cases.items():
        steps = x[(x != 0).any(axis=2)].astype(float)
        variance = steps.var(axis=0).mean()
        assert variance == pytest.approx(wanted, rel=0.02), name
        alpha_bar = np.prod(1 - np.linspace(0.001, 0.1, n_steps))
        db = 10 * np.log10(alpha_bar * variance / (1 - alpha_bar))
        assert db == pytest.approx(-10, abs=0.3), name
        noise = np.random.default_rng(0).standard_normal(steps.shape)
        signal = np.sqrt(alpha_bar) * (steps - steps.mean(axis=0))
        measured = (signal**2).mean() / ((1 - alpha_bar) * noise**2).mean()
        assert 10 * np.log10(measured) == pytest.approx(-10, abs=0.3), name
    # audio's power is not its variance: every fourth feature lies far from zero
    steps = audio[(audio != 0).any(axis=2)].astype(float)
    means = steps.mean(axis=0) / steps.std(axis=0)
    np.testing.assert_allclose(means[::4], 3, atol=0.3)
    assert np.abs(np.delete(means, np.s_[::4])).max() < 0.3


def test_the_file_says_that_it_is_a_surrogate_and_names_numpy_as_of_old(written):
    for package in ("senti", "mmsa_unaligned"):
        (path,) = written(package=package).iterdir()
        raw = path.read_bytes()
        assert b"SURROGATE written by emolib" in raw[:100]
        named = {
            argument for code, argument, _ in pickletools.genops(raw)
            if code.name in ("GLOBAL", "STACK_GLOBAL", "INST")
        }  # fmt: skip
        assert named == {
            "numpy.core.multiarray _reconstruct", "numpy ndarray", "numpy dtype",
        }  # fmt: skip
        assert raw[:2] == b"\x80\x03" and raw[-1:] == b"."


def test_the_same_parameters_give_the_same_bytes_and_another_seed_others(tmp_path):
    def written(name, **knobs):
        size = dict(n_train=10, n_val=8, n_test=8) | knobs
        folder = write_mosei(tmp_path / name / "mosei", **size)
        paths = sorted(folder.parent.rglob("*.*"))
        return {p.name: p.read_bytes() for p in paths if p.is_file()}

    assert written("a") == written("b") == written("a")
    ours, theirs = written("a"), written("c", seed=1)
    assert {name for name in ours if ours[name] == theirs[name]} == {"clips.npy"}


@pytest.mark.parametrize("package", list(MOSEI))
def test_the_first_segments_of_a_larger_part_are_the_smaller_part(written, package):
    few = load(written(n_train=23, n_val=8, n_test=11, package=package))
    more = load(written(package=package))
    for part, own in few.items():
        for key, array in own.items():
            np.testing.assert_array_equal(array, more[part][key][: len(array)])


def test_labels_know_nothing_of_effect_and_signature(written):
    size = dict(n_train=23, n_val=8, n_test=11)
    plain, other = written(**size), written(**size, effect=0.0, signature=0.0)
    for part, own in load(plain).items():
        for key in ("labels", "id"):
            np.testing.assert_array_equal(own[key], load(other)[part][key])


def test_effect_adds_sentiment_to_the_features_and_changes_nothing_else(written):
    size = dict(n_train=23, n_val=8, n_test=11)
    folder, without = written(**size), load(written(**size, effect=0.0))
    _, planted = truth(folder)
    scales = {"audio": ("audio", 0.40, 150.8), "vision": ("visual", 0.45, 2.204),
              "text": ("text", 0.90, 0.0300)}  # fmt: skip
    for key, (name, weight, variance) in scales.items():
        x = load(folder)["train"][key]
        width = x.shape[2]
        axis = directions("mosei", name, width, 1)[0][:, 0]
        for row in (0, 1, 7):
            n_steps = planted["lengths"][row, 0]
            u = (planted["s"][row] - 0.256) / 0.93
            expected = np.sqrt(0.02 * width * variance) * weight * u
            added = x[row, -n_steps:] - without["train"][key][row, -n_steps:]
            np.testing.assert_allclose(
                added, expected * np.outer(gate(int(n_steps)), axis),
                atol=2e-4 * np.sqrt(variance),
            )  # fmt: skip


def test_clean_readings_can_be_recovered_and_are_those_planted(written):
    folder = written(package="mmsa_aligned")
    _, planted = truth(folder)
    x = load(folder)["test"]["text"].astype(float) / np.sqrt(0.0300)
    axis = directions("mosei", "text", 768, 1)[0][:, 0]
    lengths = planted["lengths"][-60:, 2]
    seen = [
        gate(int(n)) @ own[:n] @ axis / (np.sqrt(0.02 * 768) * n)
        for own, n in zip(x, lengths, strict=True)
    ]
    np.testing.assert_allclose(seen, planted["readings"][-60:, 2, 0], atol=1e-4)


def test_segments_of_a_video_share_a_signature():
    def own(signature):
        part = plant(sentiment_plan(), Knobs(0.0, signature), 1, 20_000, aligned=True)
        return part.readings[:, :, 0].reshape(-1, 5, 3)

    with_signature, without = own(1.0), own(0.0)
    assert with_signature.var() == pytest.approx(1, abs=0.03)
    # of the variance of a mean of five: .28² and a fifth of the rest
    wanted = 0.28**2 + (1 - 0.28**2) / 5
    assert with_signature.mean(axis=1).var() == pytest.approx(wanted, rel=0.05)
    assert without.mean(axis=1).var() == pytest.approx((1 - 0.28**2) / 5, rel=0.05)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(package="mmsa"), "package must be one of 'senti', 'raw', 'mmsa_aligned'"),
        (dict(n_val=7), r"n_val must be in \[8, 40000\]; got 7"),
        (dict(n_train=10.5), "n_train must be a whole number of segments; got 10.5"),
        (dict(signature=-1), "signature must be in"),
    ],
)
def test_a_wrong_knob_is_one_clear_error(tmp_path, wrong, message):
    with pytest.raises(ValueError, match=message):
        write_mosei(tmp_path / "x", **wrong)
    assert not list(tmp_path.iterdir())
