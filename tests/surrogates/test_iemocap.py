"""The surrogate of IEMOCAP, against its layout and its model typed by hand."""

import json

import h5py
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emolib.surrogates.design import Knobs
from emolib.surrogates.iemocap import write_iemocap
from emolib.surrogates.speakers import plant
from emolib.surrogates.utterance_frames import directions, frames, gate
from emolib.surrogates.utterance_sizes import IEMOCAP

FILES = {"audio": ("A/comparE.h5", 130), "visual": ("V/denseface.h5", 342),
         "text": ("L/bert_large.h5", 1024)}  # fmt: skip
SHARES = np.array([1103, 1636, 1708, 1084]) / 5531
WEIGHTS = {"audio": (0.35, 1.0, 0.50), "visual": (0.75, 0.35, 0.20),
           "text": (1.0, 0.30, 0.50)}  # fmt: skip
N = 10 * 20


def features(folder):
    """Every modality's arrays by utterance."""
    out = {}
    for name, (file, _) in FILES.items():
        with h5py.File(folder / file) as held:
            out[name] = {key: value[()] for key, value in held.items()}
    return out


def truth(folder):
    beside = folder.with_name(folder.name + ".truth")
    noted = json.loads((beside / "parameters.json").read_text())
    return noted, {path.stem: np.load(path) for path in beside.glob("*.npy")}


def targets(folder, fold):
    """Labels and names of a fold's parts."""
    out = {}
    for part in ("trn", "val", "tst"):
        one_hot = np.load(folder / "target" / fold / f"{part}_label.npy")
        names = np.load(folder / "target" / fold / f"{part}_int2name.npy")
        assert one_hot.shape == (len(names), 4) and (one_hot.sum(axis=1) == 1).all()
        assert names.dtype.kind == "S" and names.shape == (len(one_hot), 1)
        out[part] = one_hot.argmax(axis=1), [own[0].decode() for own in names]
    return out


def digests(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_iemocap(tmp_path_factory.mktemp("i") / "iemocap")


@pytest.fixture(scope="module")
def held(folder):
    return features(folder)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Return a function: knobs -> folder of a corpus of 4 x 4 utterances."""
    root = tmp_path_factory.mktemp("s")

    def write(name, **knobs):
        size = dict(n_subjects=4, n_trials=4) | knobs
        return write_iemocap(root / name, **size)

    return write


def test_the_tree_and_the_shapes_are_those_of_the_licensed_set(folder, held):
    assert sorted(digests(folder)) == sorted(
        ["A/comparE.h5", "A/comparE_mean_std.h5", "L/bert_large.h5", "V/denseface.h5"]
        + [f"target/{cv}/{part}_{what}.npy" for cv in range(1, 11)
           for part in ("trn", "val", "tst") for what in ("label", "int2name")]
    )  # fmt: skip
    names = set(held["audio"])
    assert len(names) == N and "Ses01F_impro01_F000" in names
    assert names == set(held["visual"]) == set(held["text"])
    for name, (_, width) in FILES.items():
        assert {x.shape[1] for x in held[name].values()} == {width}
        assert {x.dtype for x in held[name].values()} == {np.dtype("float32")}
    assert {x.shape[0] for x in held["visual"].values()} == {50}
    assert {x.shape[0] for x in held["text"].values()} == {22}
    lengths = np.array([len(x) for x in held["audio"].values()])
    assert 10 <= lengths.min() and lengths.max() <= 350
    assert np.median(lengths) == pytest.approx(45, abs=6)


def test_every_hdf5_file_says_that_it_is_a_surrogate(folder):
    for path in folder.rglob("*.h5"):
        with h5py.File(path) as file:
            assert "SURROGATE written by emolib" in file.attrs["about"]


def test_each_fold_leaves_out_a_session_and_swaps_its_speakers(folder):
    seen = []
    for cv in range(1, 11):
        parts = targets(folder, str(cv))
        own = {part: {n[:5] + n[-4] for n in names} for part, (_, names)
               in parts.items()}  # fmt: skip
        session = f"Ses{(cv + 1) // 2:02d}"
        val, tst = ("F", "M") if cv % 2 else ("M", "F")
        assert own["val"] == {session + val} and own["tst"] == {session + tst}
        assert len(own["trn"]) == 8 and not any(s[:5] == session for s in own["trn"])
        assert sum(len(names) for _, names in parts.values()) == N
        seen += parts["tst"][1]
    assert len(seen) == len(set(seen)) == N


def test_mean_and_sd_are_those_of_each_folds_training_frames(folder, held):
    with h5py.File(folder / "A/comparE_mean_std.h5") as file:
        assert sorted(file, key=int) == [str(cv) for cv in range(1, 11)]
        for cv in ("1", "6"):
            names = targets(folder, cv)["trn"][1]
            x = np.concatenate([held["audio"][name] for name in names]).astype(float)
            assert file[cv]["mean"].shape == file[cv]["std"].shape == (130,)
            np.testing.assert_allclose(file[cv]["mean"], x.mean(axis=0), rtol=1e-6)
            np.testing.assert_allclose(file[cv]["std"], x.std(axis=0), rtol=1e-6)
            assert x.std(axis=0).max() > 20 * x.std(axis=0).min()  # un-normalised
            assert np.abs(x.mean(axis=0) / x.std(axis=0)).max() > 3


def test_classes_have_their_shares_in_every_speaker(folder):
    for cv in range(1, 11):
        labels = targets(folder, str(cv))["tst"][0]
        counts = np.bincount(labels, minlength=4)
        assert (np.abs(counts - 20 * SHARES) < 1).all()
    noted, planted = truth(folder)
    names = dict(zip(noted["trials"], planted["labels"], strict=True))
    labels, own = targets(folder, "3")["trn"]
    assert [names[name] for name in own] == list(labels)


def test_text_and_faces_have_gaps_where_the_licensed_set_has(folder, held):
    noted, planted = truth(folder)
    n_text = [int((x != 0).any(axis=1).sum()) for x in held["text"].values()]
    assert (min(n_text), max(n_text)) == (6, 22)
    assert all((x[n:] == 0).all() for x, n in zip(held["text"].values(), n_text,
                                                   strict=True))  # fmt: skip
    blank = np.array([(held["visual"][n] == 0).all(axis=1) for n in noted["trials"]])
    np.testing.assert_array_equal(~blank, planted["shown"])
    assert blank.any(axis=1).mean() == pytest.approx(0.25, abs=0.08)
    assert blank.sum(axis=1).max() <= 15 and (np.diff(blank, axis=1).sum(axis=1)
                                              <= 2).all()  # fmt: skip


def test_features_have_unit_variance_whichever_they_are(held):
    for name in ("visual", "text"):
        x = np.concatenate(list(held[name].values()))
        variance = x[(x != 0).any(axis=1)].var(axis=0, dtype=float)
        assert variance.mean() == pytest.approx(1, abs=0.02)
        assert 0.85 < variance.min() and variance.max() < 1.2


def test_the_same_parameters_give_the_same_bytes_and_another_seed_others(small):
    one, again, other = small("a"), small("b"), small("c", seed=1)
    assert digests(one) == digests(again)
    assert digests(truth_of(one)) == digests(truth_of(again))
    ours, theirs = digests(one), digests(other)
    assert all(ours[name] != theirs[name] for name in ours if "_int2name" not in name)
    assert digests(small("a")) == ours  # written over itself


def truth_of(folder):
    return folder.with_name(folder.name + ".truth")


def test_the_first_speakers_of_a_larger_corpus_are_the_smaller_corpus(small):
    few, more = small("four"), small("six", n_subjects=6)
    ours, theirs = features(few), features(more)
    for name in FILES:
        assert len(theirs[name]) == 24
        for key, x in ours[name].items():
            np.testing.assert_array_equal(x, theirs[name][key])
    np.testing.assert_array_equal(truth(few)[1]["u"], truth(more)[1]["u"][:16])
    assert sorted(p.name for p in (few / "target").iterdir()) == list("1234")


def test_labels_know_nothing_of_effect_and_signature(small):
    plain, other = small("d"), small("e", effect=0.0, signature=0.0)
    for cv in "1234":
        for part, (labels, names) in targets(plain, cv).items():
            theirs = targets(other, cv)[part]
            assert names == theirs[1]
            np.testing.assert_array_equal(labels, theirs[0])


def test_effect_adds_affect_to_the_features_and_changes_nothing_else(small):
    with_effect, without = small("f"), small("g", effect=0.0)
    noted, planted = truth(with_effect)
    theirs = features(without)
    for name, x in features(with_effect).items():
        if name == "audio":
            continue  # stored in units of its own
        axes, _ = directions("iemocap", name, FILES[name][1], 3)
        gain = np.sqrt(0.03 * FILES[name][1] / 3)
        for row, key in enumerate(noted["trials"]):
            added = x[key] - theirs[name][key]
            expected = gain * axes @ (np.array(WEIGHTS[name]) * planted["u"][row])
            real = (x[key] != 0).any(axis=1)
            n_steps = 50 if name == "visual" else real.sum()
            shape = np.zeros(len(real))
            shape[:n_steps] = gate(int(n_steps)) * real[:n_steps]
            np.testing.assert_allclose(added, shape[:, None] * expected, atol=1e-5)


def test_without_effect_readings_do_not_know_the_class():
    speakers = [plant(Knobs(effect=0.0, seed=3), k, 300, 4.5) for k in range(1, 11)]
    y = np.concatenate([own.labels for own in speakers])
    x = np.concatenate([own.readings - own.readings.mean(axis=0) for own in speakers])
    x = x.reshape(len(x), 9)
    means = np.array([x[y == k].mean(axis=0) for k in range(4)])
    per_class = np.array([(y == k).sum() for k in range(4)])[:, None]
    between = (per_class * means**2 / x.var(axis=0)).sum()
    assert 9 < between < 53  # chi-squared with 27 degrees of freedom, 1e-3 each side


def test_speakers_have_signatures_and_signature_0_takes_them_away():
    def spread(signature):
        out = []
        for number in range(1, 11):
            own = plant(Knobs(signature=signature), number, 300, 4.5)
            u = own.u[:, None] * np.array(list(WEIGHTS.values()))
            out.append((own.readings - u).mean(axis=0))
        return np.std(out)

    assert spread(1.0) == pytest.approx(0.28, abs=0.05)
    assert spread(0.0) < 0.05


@pytest.mark.parametrize("db", [None, -10])
@pytest.mark.parametrize("name", list(FILES))
def test_a_matched_filter_errs_as_much_as_the_ceiling_assumes(name, db):
    rng, n, n_steps = np.random.default_rng(5), 300, 20
    width = FILES[name][1]
    readings, lengths = rng.standard_normal((n, 3)), np.full(n, n_steps)
    x = frames(IEMOCAP, name, readings, lengths, rng.spawn(n))
    power = 0.0 if db is None else 10 ** (-db / 10)
    x = x + np.sqrt(power) * rng.standard_normal(x.shape)
    axes, _ = directions("iemocap", name, width, 3)
    gain = np.sqrt(0.03 * width / 3)
    seen = np.einsum("ntd,t,dk->nk", x, gate(n_steps), axes) / (gain * n_steps)
    error = np.var(seen - readings)
    assert error == pytest.approx(
        (0.30 + power) / (0.03 * width * n_steps / 3), rel=0.2
    )


def test_the_gate_is_a_triangle_of_mean_square_one():
    np.testing.assert_allclose(gate(4) / gate(4)[0], [1, 3, 3, 1])
    for n_steps in (1, 7, 350):
        assert np.mean(gate(n_steps) ** 2) == pytest.approx(1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(n_subjects=12), r"n_subjects must be in \[4, 10\]; got 12. Two speakers"),
        (dict(n_subjects=5), "n_subjects must be even; got 5"),
        (dict(n_trials=3), r"n_trials must be in \[4, 3960\]; got 3. A speaker needs"),
        (dict(seconds=0.1), r"seconds must be in \[1.0, 35.0\]"),
        (dict(effect=-1), "effect must be in"),
    ],
)
def test_what_the_layout_cannot_hold_is_one_clear_error(tmp_path, wrong, message):
    with pytest.raises(ValueError, match=message):
        write_iemocap(tmp_path / "x", **wrong)
    assert not list(tmp_path.iterdir())


def averages(folder):
    """Time-averaged features of every modality, side by side; labels; speakers."""
    noted, planted = truth(folder)
    held = features(folder)
    x = {
        name: np.array([own[key][(own[key] != 0).any(axis=1)].mean(axis=0)
                        for key in noted["trials"]])
        for name, own in held.items()
    }  # fmt: skip
    return x, planted["labels"], np.array(noted["subjects"])


def said_by_a_linear_reader(x, y, speakers):
    """Out-of-session answers of a logistic regression."""
    said = np.empty_like(y)
    session = np.array([speaker[:5] for speaker in speakers])
    for own in np.unique(session):
        model = make_pipeline(
            StandardScaler(), LogisticRegression(C=0.01, max_iter=500)
        )
        test = session == own
        said[test] = model.fit(x[~test], y[~test]).predict(x[test])
    return said


@pytest.mark.slow
def test_a_linear_reader_finds_what_is_planted(tmp_path):
    folder = write_iemocap(tmp_path / "iemocap", n_trials=120)
    x, y, speakers = averages(folder)
    wanted = {"audio": 0.62, "visual": 0.51, "text": 0.62}
    for name, reported in wanted.items():
        said = said_by_a_linear_reader(x[name], y, speakers)
        assert np.mean(said == y) == pytest.approx(reported, abs=0.03)
    said = said_by_a_linear_reader(
        np.concatenate(list(x.values()), axis=1), y, speakers
    )
    assert np.mean(said == y) == pytest.approx(0.76, abs=0.03)


@pytest.mark.slow
def test_without_effect_a_linear_reader_finds_nothing(tmp_path):
    p_values, rng = [], np.random.default_rng(0)
    for seed in (0, 1, 2):
        folder = tmp_path / str(seed)
        write_iemocap(folder, n_trials=120, effect=0.0, seed=seed)
        x, y, speakers = averages(folder)
        joined = np.concatenate(list(x.values()), axis=1)
        said = said_by_a_linear_reader(joined, y, speakers)
        right, draws = np.mean(said == y), np.empty(5000)
        per_speaker = y.reshape(10, 120)
        for i in range(len(draws)):
            draws[i] = np.mean(said == rng.permuted(per_speaker, axis=1).ravel())
        p_values.append((1 + (draws >= right).sum()) / (1 + len(draws)))
        assert right < 0.33
    assert min(p_values) * len(p_values) > 0.01
