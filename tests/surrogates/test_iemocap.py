"""The surrogate of IEMOCAP, against its layout and its model typed by hand."""

import h5py
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emolib.datasets.iemocap import read_iemocap
from emolib.surrogates.design import Knobs
from emolib.surrogates.iemocap import plant
from emolib.surrogates.utterance_sizes import IEMOCAP
from emolib.surrogates.utterances import directions, frames, gate

FILES = {"audio": ("A/comparE.h5", 130), "visual": ("V/denseface.h5", 342),
         "text": ("L/bert_large.h5", 1024)}  # fmt: skip
SHARES = np.array([1103, 1636, 1708, 1084]) / 5531
WEIGHTS = {"audio": (0.35, 1.0, 0.50), "visual": (0.75, 0.35, 0.20),
           "text": (1.0, 0.30, 0.50)}  # fmt: skip


def features(folder):
    """Every modality's arrays by utterance."""
    out = {}
    for name, (file, _) in FILES.items():
        with h5py.File(folder / file) as held:
            out[name] = {key: value[()] for key, value in held.items()}
    return out


@pytest.fixture(scope="module")
def folder(written):
    return written("iemocap")


@pytest.fixture(scope="module")
def held(folder):
    return features(folder)


def test_the_tree_and_the_shapes_are_those_of_the_licensed_set(folder, held):
    tree = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert tree == {file for file, _ in FILES.values()} | {"A/comparE_mean_std.h5"} | {
        f"target/{cv}/{part}_{what}.npy" for cv in range(1, 11)
        for part in ("trn", "val", "tst") for what in ("label", "int2name")
    }  # fmt: skip
    names = set(held["audio"])
    assert len(names) == 200 and "Ses01F_impro01_F000" in names
    assert names == set(held["visual"]) == set(held["text"])
    for name, (_, width) in FILES.items():
        assert {x.shape[1] for x in held[name].values()} == {width}
        assert {x.dtype for x in held[name].values()} == {np.dtype("float32")}
    assert {x.shape[0] for x in held["visual"].values()} == {50}
    assert {x.shape[0] for x in held["text"].values()} == {22}
    lengths = np.array([len(x) for x in held["audio"].values()])
    assert 10 <= lengths.min() and lengths.max() <= 350
    assert np.median(lengths) == pytest.approx(45, abs=6)


def test_folds_leave_out_a_session_and_keep_the_classes_shares(folder):
    seen = []
    for cv in range(1, 11):
        speakers = {}
        for part in ("trn", "val", "tst"):
            label = np.load(folder / "target" / str(cv) / f"{part}_label.npy")
            names = np.load(folder / "target" / str(cv) / f"{part}_int2name.npy")
            assert label.shape == (len(names), 4) and (label.sum(axis=1) == 1).all()
            assert names.dtype.kind == "S" and names.shape == (len(label), 1)
            speakers[part] = {n[0][:5].decode() + chr(n[0][-4]) for n in names}
        session = f"Ses{(cv + 1) // 2:02d}"
        val, tst = ("F", "M") if cv % 2 else ("M", "F")
        assert speakers["val"] == {session + val}
        assert speakers["tst"] == {session + tst}
        assert len(speakers["trn"]) == 8
        assert session not in {own[:5] for own in speakers["trn"]}
        assert (np.abs(label.sum(axis=0) - 20 * SHARES) < 1).all()
        seen += list(names[:, 0])
    assert len(seen) == len(set(seen)) == 200


def test_mean_and_sd_are_those_of_each_folds_training_steps(folder):
    recordings = list(read_iemocap(folder))
    for cv in ("1", "6"):
        own = [r for r in recordings if r.parts[cv] == "train"]
        x = np.concatenate([r.signals["audio"].data for r in own]).astype(float)
        with h5py.File(folder / "A/comparE_mean_std.h5") as file:
            mean, std = (file[f"{cv}/{name}"][()] for name in ("mean", "std"))
        np.testing.assert_allclose(mean, x.mean(axis=0), rtol=1e-5)
        np.testing.assert_allclose(std, x.std(axis=0), rtol=1e-5)
        assert x.std(axis=0).max() > 20 * x.std(axis=0).min()  # un-normalised
        assert np.abs(x.mean(axis=0) / x.std(axis=0)).max() > 3


def test_text_and_faces_have_gaps_where_the_licensed_set_has(folder, held, truth):
    noted, planted = truth(folder)
    n_text = [int((x != 0).any(axis=1).sum()) for x in held["text"].values()]
    assert (min(n_text), max(n_text)) == (6, 22)
    rows = zip(held["text"].values(), n_text, strict=True)
    assert all((x[n:] == 0).all() for x, n in rows)
    blank = np.array([(held["visual"][n] == 0).all(axis=1) for n in noted["trials"]])
    np.testing.assert_array_equal(~blank, planted["shown"])
    assert blank.any(axis=1).mean() == pytest.approx(0.25, abs=0.08)
    assert blank.sum(axis=1).max() <= 15
    assert np.diff(blank, axis=1).sum(axis=1).max() <= 2


def test_features_have_unit_variance_whichever_they_are(held):
    for name in ("visual", "text"):
        x = np.concatenate(list(held[name].values()))
        variance = x[(x != 0).any(axis=1)].var(axis=0, dtype=float)
        assert variance.mean() == pytest.approx(1, abs=0.02)
        assert 0.85 < variance.min() and variance.max() < 1.2


def test_effect_adds_affect_to_the_features_and_changes_nothing_else(written, truth):
    size = dict(n_subjects=4, n_trials=4)
    folder, without = written("iemocap", **size), written("iemocap", **size, effect=0.0)
    noted, planted = truth(folder)
    ours, theirs = features(folder), features(without)
    for name in ("visual", "text"):  # audio is stored in units of its own
        axes, _ = directions("iemocap", name, FILES[name][1], 3)
        gain = np.sqrt(0.03 * FILES[name][1] / 3)
        for row, key in enumerate(noted["trials"]):
            expected = gain * axes @ (np.array(WEIGHTS[name]) * planted["u"][row])
            real = (ours[name][key] != 0).any(axis=1)
            n_steps = 50 if name == "visual" else real.sum()
            shape = np.zeros(len(real))
            shape[:n_steps] = gate(int(n_steps)) * real[:n_steps]
            added = ours[name][key] - theirs[name][key]
            np.testing.assert_allclose(added, shape[:, None] * expected, atol=1e-5)


def test_without_effect_readings_do_not_know_the_class():
    speakers = [plant(Knobs(effect=0.0, seed=3), k, 300, 4.5) for k in range(1, 11)]
    y = np.concatenate([own["labels"] for own in speakers])
    x = np.concatenate([own["readings"] - own["readings"].mean(axis=0)
                        for own in speakers]).reshape(len(y), 9)  # fmt: skip
    means = np.array([x[y == k].mean(axis=0) for k in range(4)])
    per_class = np.bincount(y)[:, None]
    between = (per_class * means**2 / x.var(axis=0)).sum()
    assert 9 < between < 53  # chi-squared with 27 degrees of freedom, 1e-3 each side


def test_speakers_have_signatures_and_signature_0_takes_them_away():
    def spread(signature):
        out = []
        for number in range(1, 11):
            own = plant(Knobs(signature=signature), number, 300, 4.5)
            u = own["u"][:, None] * np.array(list(WEIGHTS.values()))
            out.append((own["readings"] - u).mean(axis=0))
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
    wanted = (0.30 + power) / (0.03 * width * n_steps / 3)
    assert np.var(seen - readings) == pytest.approx(wanted, rel=0.2)
    np.testing.assert_allclose(gate(4) / gate(4)[0], [1, 3, 3, 1])


def answers(folder, truth, *names):
    """Out-of-session answers of a logistic reader of time-averaged features."""
    (noted, planted), held = truth(folder), features(folder)
    x = np.concatenate([
        [held[name][key][(held[name][key] != 0).any(axis=1)].mean(axis=0)
         for key in noted["trials"]] for name in names
    ], axis=1)  # fmt: skip
    y, session = planted["labels"], np.array([own[:5] for own in noted["subjects"]])
    said = np.empty_like(y)
    for own in np.unique(session):
        reader = LogisticRegression(C=0.01, max_iter=500)
        model, test = make_pipeline(StandardScaler(), reader), session == own
        said[test] = model.fit(x[~test], y[~test]).predict(x[test])
    return said, y


@pytest.mark.slow
def test_a_linear_reader_finds_what_is_planted(written, truth):
    folder = written("iemocap", n_trials=120)
    wanted = {("audio",): 0.62, ("visual",): 0.51, ("text",): 0.62, tuple(FILES): 0.76}
    for names, reported in wanted.items():
        said, y = answers(folder, truth, *names)
        assert np.mean(said == y) == pytest.approx(reported, abs=0.03)


@pytest.mark.slow
def test_without_effect_a_linear_reader_finds_nothing(written, truth):
    p_values, rng = [], np.random.default_rng(0)
    for seed in (0, 1, 2):
        folder = written("iemocap", n_trials=120, effect=0.0, seed=seed)
        said, y = answers(folder, truth, *FILES)
        right, draws = np.mean(said == y), np.empty(5000)
        for i in range(len(draws)):
            mixed = rng.permuted(y.reshape(10, 120), axis=1).ravel()
            draws[i] = np.mean(said == mixed)
        p_values.append((1 + (draws >= right).sum()) / (1 + len(draws)))
        assert right < 0.33
    assert min(p_values) * len(p_values) > 0.01
