"""IEMOCAP, CMU-MOSEI, CMU-MOSI as stored, against layouts and models typed by hand.

The loaders of MMIN, MulT and MultiBench and that of MMSA 2.2.1 read the default
surrogates once, under numpy 1.26.4; they index as is done here.
"""

import pickle
import pickletools

import h5py
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emolib.datasets.iemocap import read_iemocap
from emolib.surrogates.design import Knobs
from emolib.surrogates.iemocap import plant
from emolib.surrogates.mosei import Package
from emolib.surrogates.sizes import IEMOCAP
from emolib.surrogates.utterance_ceiling import utterance_ceiling
from emolib.surrogates.utterances import directions, frames, gate

FILES = {"audio": ("A/comparE.h5", 130), "visual": ("V/denseface.h5", 342),
         "text": ("L/bert_large.h5", 1024)}  # fmt: skip
SHARES = np.array([1103, 1636, 1708, 1084]) / 5531
WEIGHTS = {"audio": (0.35, 1.0, 0.50), "visual": (0.75, 0.35, 0.20),
           "text": (1.0, 0.30, 0.50)}  # fmt: skip
SMALL = dict(n_train=23, n_val=8, n_test=11)
PACKAGES = {  # widths of audio, vision, text; the shape of labels, the kind of ids
    ("mosei", "senti"): ("mosei_senti_data.pkl", (74, 35, 300), (1, 1), "<U14"),
    ("mosei", "raw"): ("mosei_raw.pkl", (74, 713, 300), (1, 7), "<U17"),
    ("mosei", "mmsa_aligned"): ("aligned_50.pkl", (74, 35, 768), (), "<U18"),
    ("mosei", "mmsa_unaligned"): ("unaligned_50.pkl", (74, 35, 768), (), "<U18"),
    ("mosi", "senti"): ("mosi_data.pkl", (5, 20, 300), (1, 1), "|S14"),
    ("mosi", "raw"): ("mosi_raw.pkl", (74, 35, 300), (1, 1), "<U17"),
    ("mosi", "mmsa_aligned"): ("aligned_50.pkl", (5, 20, 768), (), "<U18"),
    ("mosi", "mmsa_unaligned"): ("unaligned_50.pkl", (5, 20, 768), (), "<U18"),
}  # fmt: skip
KEYS = ("audio", "vision", "text")
MMSA = {"raw_text": "<U27", "annotations": "<U8", "classification_labels": "<f4"}


def features(folder):
    """Every modality's arrays of IEMOCAP by utterance."""
    out = {}
    for name, (file, _) in FILES.items():
        with h5py.File(folder / file) as held:
            out[name] = {key: value[()] for key, value in held.items()}
    return out


@pytest.fixture(scope="module")
def iemocap(written):
    return written("iemocap")


@pytest.fixture(scope="module")
def load(written):
    """Return a function: corpus, knobs -> what the one file written then holds."""

    def read(corpus="mosei", **knobs):
        (path,) = written(corpus, **knobs).iterdir()
        return pickle.loads(path.read_bytes())

    return read


def test_iemocaps_tree_and_shapes_are_those_of_the_licensed_set(iemocap):
    tree = {str(p.relative_to(iemocap)) for p in iemocap.rglob("*") if p.is_file()}
    assert tree == {file for file, _ in FILES.values()} | {"A/comparE_mean_std.h5"} | {
        f"target/{cv}/{part}_{what}.npy" for cv in range(1, 11)
        for part in ("trn", "val", "tst") for what in ("label", "int2name")
    }  # fmt: skip
    held = features(iemocap)
    assert set(held["audio"]) == set(held["visual"]) == set(held["text"])
    assert len(held["audio"]) == 200 and "Ses01F_impro01_F000" in held["audio"]
    for name, (_, width) in FILES.items():
        assert {x.shape[1] for x in held[name].values()} == {width}
        assert {x.dtype for x in held[name].values()} == {np.dtype("float32")}
    assert {len(x) for x in held["visual"].values()} == {50}
    assert {len(x) for x in held["text"].values()} == {22}
    lengths = [len(x) for x in held["audio"].values()]
    assert 10 <= min(lengths) and max(lengths) <= 350
    assert np.median(lengths) == pytest.approx(45, abs=6)
    for name in ("visual", "text"):
        x = np.concatenate(list(held[name].values()))
        variance = x[(x != 0).any(axis=1)].var(axis=0, dtype=float)
        assert variance.mean() == pytest.approx(1, abs=0.02)
        assert 0.85 < variance.min() and variance.max() < 1.2


def test_iemocaps_folds_leave_out_a_session_and_keep_the_classes_shares(iemocap):
    recordings, seen = list(read_iemocap(iemocap)), []
    for cv in range(1, 11):
        parts = {part: {r.subject for r in recordings if r.parts[str(cv)] == part}
                 for part in ("train", "val", "test")}  # fmt: skip
        session, (val, test) = f"Ses{(cv + 1) // 2:02d}", "FM" if cv % 2 else "MF"
        assert parts["val"] == {session + val} and parts["test"] == {session + test}
        assert len(parts["train"]) == 8
        assert session not in {own[:5] for own in parts["train"]}
        label = np.load(iemocap / "target" / str(cv) / "tst_label.npy")
        names = np.load(iemocap / "target" / str(cv) / "tst_int2name.npy")
        assert names.dtype.kind == "S" and names.shape == (20, 1)
        assert label.shape == (20, 4) and (label.sum(axis=1) == 1).all()
        assert (np.abs(label.sum(axis=0) - 20 * SHARES) < 1).all()
        seen += list(names[:, 0])
    assert len(set(seen)) == 200
    # as MMIN reads fold 1: 8324 steps in training, those of the first six utterances
    with h5py.File(iemocap / "A" / "comparE_mean_std.h5") as file:
        mean, std = (file["1"][name][()] for name in ("mean", "std"))
    audio = features(iemocap)["audio"]
    train = np.load(iemocap / "target/1/trn_int2name.npy")[:, 0]
    held = [(audio[name.decode()] - mean) / std for name in train]
    assert [len(x) for x in held[:6]] == [75, 10, 39, 79, 49, 40]
    joined = np.concatenate(held)
    assert joined.shape == (8324, 130)
    np.testing.assert_allclose(joined.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(joined.std(axis=0), 1, atol=1e-4)


def test_iemocaps_texts_and_faces_have_gaps(iemocap, truth):
    (noted, planted), held = truth(iemocap), features(iemocap)
    n_text = [int((x != 0).any(axis=1).sum()) for x in held["text"].values()]
    assert (min(n_text), max(n_text)) == (6, 22)
    assert all(
        not x[n:].any() for x, n in zip(held["text"].values(), n_text, strict=True)
    )
    blank = np.array([(held["visual"][n] == 0).all(axis=1) for n in noted["trials"]])
    np.testing.assert_array_equal(~blank, planted["shown"])
    assert blank.any(axis=1).mean() == pytest.approx(0.25, abs=0.08)
    assert blank.sum(axis=1).max() <= 15
    assert np.diff(blank, axis=1).sum(axis=1).max() <= 2


@pytest.mark.parametrize(("corpus", "package"), list(PACKAGES))
def test_each_package_has_its_own_keys_shapes_and_kinds(written, load, corpus, package):
    file, widths, labels, ids = PACKAGES[corpus, package]
    folder = written(corpus, package=package)
    assert [path.name for path in folder.iterdir()] == [file]
    raw = (folder / file).read_bytes()
    named = {argument for code, argument, _ in pickletools.genops(raw)
             if code.name in ("GLOBAL", "STACK_GLOBAL", "INST")}  # fmt: skip
    assert named == {
        "numpy.core.multiarray _reconstruct", "numpy ndarray", "numpy dtype",
    }  # fmt: skip
    assert raw[:2] == b"\x80\x03"
    held, steps, extra = load(corpus, package=package), (50, 50, 50), {}
    if package.startswith("mmsa"):
        extra = {name: ((), kind) for name, kind in MMSA.items()}
        extra["text_bert"] = ((3, 50), "<f4")
    if package == "mmsa_unaligned":
        steps = (500, 375, 50)
        extra |= dict.fromkeys(("audio_lengths", "vision_lengths"), ((), "<i8"))
    wanted = {key: (shape, "<f4") for key, shape
              in zip(KEYS, zip(steps, widths, strict=True), strict=True)}  # fmt: skip
    wanted["regression_labels" if extra else "labels"] = (labels, "<f4")
    wanted["id"] = ((3,) if package == "senti" else (), ids)
    assert list(held) == ["train", "valid", "test"]
    for part, n in (("train", 120), ("valid", 30), ("test", 60)):
        own = {key: (x.shape, x.dtype.str) for key, x in held[part].items()}
        texts = {} if part == "train" else {"raw_text": own.get("raw_text")}
        assert own | texts == {key: ((n, *shape), kind) for key, (shape, kind)
                               in (wanted | extra).items()} | texts  # fmt: skip


@pytest.mark.parametrize("package", ["senti", "raw", "mmsa_aligned", "mmsa_unaligned"])
def test_padding_and_the_known_gaps_are_where_they_belong(
    written, load, truth, package
):
    held, is_mmsa = load(package=package)["train"], package.startswith("mmsa")
    lengths = truth(written("mosei", package=package))[1]["lengths"][:120]
    assert (lengths[:, 2].min(), lengths[:, 2].max()) == (5, 45)
    assert np.median(lengths[:, 2]) == pytest.approx(25, abs=4)
    for k, key in enumerate(KEYS):
        real = (held[key] != 0).any(axis=2)
        place = np.arange(real.shape[1])
        place = place if is_mmsa else place[::-1]
        expected = place < lengths[:, [k]]
        if key == "text" and not is_mmsa:
            expected[3] = False
        np.testing.assert_array_equal(real, expected)
    where = [[5, 0 if is_mmsa else 49, 2]]
    np.testing.assert_array_equal(np.argwhere(~np.isfinite(held["audio"])), where)
    assert np.isneginf(held["audio"][tuple(where[0])])
    if is_mmsa:
        np.testing.assert_array_equal(
            held["text_bert"][:, 1].sum(axis=1), lengths[:, 2]
        )
        assert (held["text_bert"][:, 0, 0] == 101).all()
        assert (held["text_bert"][np.arange(120), 0, lengths[:, 2] - 1] == 102).all()
        sign = np.sign(held["regression_labels"]).astype(int) + 1
        said = np.array(["Negative", "Neutral", "Positive"])[sign]
        np.testing.assert_array_equal(held["annotations"], said)
        np.testing.assert_array_equal(held["classification_labels"], sign)
    if package == "mmsa_unaligned":
        stored = np.stack([held["audio_lengths"], held["vision_lengths"]], axis=1)
        np.testing.assert_array_equal(stored, lengths[:, :2])
        assert stored.max() > 300


def test_all_packages_have_the_same_labels_and_videos_of_one_part_each(load):
    held, seen = [load(package=p) for p in ("senti", "raw", "mmsa_aligned")], set()
    for part in ("train", "valid", "test"):
        senti, raw, mmsa = (own[part] for own in held)
        labels, videos = senti["labels"][:, 0, 0], list(senti["id"][:, 0])
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


def test_labels_have_the_priors_and_features_the_variances_of_the_corpus(load):
    for corpus, grid, wanted in (("mosei", 3, [0.296, 0.212, 0.492]),
                                 ("mosi", 5, [0.465, 0.044, 0.491])):  # fmt: skip
        y = Package(corpus, "senti", Knobs()).plant(1, 40_000)["labels"]
        assert y.min() == -3 and y.max() == 3
        np.testing.assert_allclose(y * grid, np.round(y * grid), atol=1e-9)
        shares = [(y < 0).mean(), (y == 0).mean(), (y > 0).mean()]
        np.testing.assert_allclose(shares, wanted, atol=0.01)
    held = load(n_train=500, n_val=8, n_test=8)["train"]
    held["audio"][~np.isfinite(held["audio"])] = 0
    for name, wanted, n_steps in zip(KEYS, (150.8, 2.204, 0.0300), (140, 60, 5),
                                     strict=True):  # fmt: skip
        steps = held[name][(held[name] != 0).any(axis=2)].astype(float)
        variance = steps.var(axis=0).mean()
        assert variance == pytest.approx(wanted, rel=0.02), name
        alpha_bar = np.prod(1 - np.linspace(0.001, 0.1, n_steps))
        db = 10 * np.log10(alpha_bar * variance / (1 - alpha_bar))
        assert db == pytest.approx(-10, abs=0.3), name
        if name == "audio":  # its power is not its variance
            means = steps.mean(axis=0) / steps.std(axis=0)
            np.testing.assert_allclose(means[::4], 3, atol=0.3)
            assert np.abs(np.delete(means, np.s_[::4])).max() < 0.3


def test_effect_adds_affect_to_the_features_and_changes_nothing_else(
    written, load, truth
):
    folder = written("iemocap", n_subjects=4, n_trials=4)
    (noted, planted), ours = truth(folder), features(folder)["text"]
    theirs = features(written("iemocap", n_subjects=4, n_trials=4, effect=0.0))["text"]
    for row, key in enumerate(noted["trials"]):
        n, said = planted["lengths"][row, 2], WEIGHTS["text"] * planted["u"][row]
        wanted = spread("iemocap", "text", 0.03, int(n), 1024, said)
        np.testing.assert_allclose((ours[key] - theirs[key])[:n], wanted, atol=1e-5)
    ours, theirs = load(**SMALL)["train"], load(**SMALL, effect=0.0)["train"]
    planted = truth(written("mosei", **SMALL))[1]
    for key, name, weight, variance in (
        ("audio", "audio", 0.40, 150.8), ("vision", "visual", 0.45, 2.204),
        ("text", "text", 0.90, 0.0300),
    ):  # fmt: skip
        for row in (0, 1, 7):
            n, u = planted["lengths"][row, 0], (planted["s"][row] - 0.256) / 0.93
            wanted = spread(
                "mosei", name, 0.02, int(n), ours[key].shape[2], [weight * u]
            )
            added = (ours[key][row, -n:] - theirs[key][row, -n:]) / np.sqrt(variance)
            np.testing.assert_allclose(added, wanted, atol=2e-4)


def spread(corpus, name, share, n_steps, width, said):
    """Return a reading as it is spread over the steps and features of a modality."""
    axes, _ = directions(corpus, name, width, len(said))
    gain = np.sqrt(share * width / len(said))
    return gain * np.outer(gate(n_steps), axes @ np.array(said))


def test_signatures_have_their_size_and_effect_0_leaves_no_class():
    def readings(**knobs):
        own = [plant(Knobs(**knobs), k, 300, 4.5) for k in range(1, 11)]
        return [
            np.stack([s[name] for s in own]) for name in ("readings", "u", "labels")
        ]

    for signature, wanted, slack in ((1.0, 0.28, 0.05), (0.0, 0.02, 0.03)):
        x, u, _ = readings(signature=signature)
        own = (x - u[:, :, None] * np.array(list(WEIGHTS.values()))).mean(axis=1)
        assert np.std(own) == pytest.approx(wanted, abs=slack)
    x, _, y = readings(effect=0.0, seed=3)
    x, y = (x - x.mean(axis=1, keepdims=True)).reshape(-1, 9), y.ravel()
    means = np.array([x[y == k].mean(axis=0) for k in range(4)])
    between = (np.bincount(y)[:, None] * means**2 / x.var(axis=0)).sum()
    assert 9 < between < 53  # chi-squared with 27 degrees of freedom, 1e-3 each side
    for signature, shared in ((1.0, 0.28**2), (0.0, 0.0)):
        part = Package("mosei", "senti", Knobs(0.0, signature)).plant(1, 20_000)
        means = part["readings"][:, :, 0].reshape(-1, 5, 3).mean(axis=1)
        # of the variance of a mean of five: .28² and a fifth of the rest
        assert means.var() == pytest.approx(shared + (1 - 0.28**2) / 5, rel=0.05)


@pytest.mark.parametrize("name", list(FILES))
def test_a_matched_filter_errs_as_much_as_the_ceiling_assumes(name):
    rng, n, n_steps = np.random.default_rng(5), 300, 20
    width = FILES[name][1]
    readings, lengths = rng.standard_normal((n, 3)), np.full(n, n_steps)
    x = frames(IEMOCAP, name, readings, lengths, rng.spawn(n))
    axes, _ = directions("iemocap", name, width, 3)
    gain = np.sqrt(0.03 * width / 3)
    seen = np.einsum("ntd,t,dk->nk", x, gate(n_steps), axes) / (gain * n_steps)
    wanted = 0.30 / (0.03 * width * n_steps / 3)
    assert np.var(seen - readings) == pytest.approx(wanted, rel=0.2)
    np.testing.assert_allclose(gate(4) / gate(4)[0], [1, 3, 3, 1])


@pytest.mark.slow
def test_a_linear_reader_finds_what_is_planted_and_stays_below_the_ceiling(
    written, truth
):
    folder = written("iemocap", n_trials=120)
    (noted, planted), held = truth(folder), features(folder)
    meta, y = pd.DataFrame(dict(trial=noted["trials"])), planted["labels"]
    session = [own[:5] for own in noted["subjects"]]
    reader = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500))
    wanted = {("audio",): 0.62, ("visual",): 0.51, ("text",): 0.62, tuple(FILES): 0.76}
    for names, reported in wanted.items():
        x = [[held[name][key][(held[name][key] != 0).any(axis=1)].mean(axis=0)
              for key in noted["trials"]] for name in names]  # fmt: skip
        x, out = np.concatenate(x, axis=1), LeaveOneGroupOut()
        said = cross_val_predict(reader, x, y, groups=session, cv=out)
        assert np.mean(said == y) == pytest.approx(reported, abs=0.03)
        absent = {name: None for name in FILES if name not in names}
        beside = folder.with_name("iemocap.truth")
        ideal = utterance_ceiling(beside, meta, noisy=absent).argmax(axis=1)
        assert np.mean(said == y) < np.mean(ideal == y) + 0.01
