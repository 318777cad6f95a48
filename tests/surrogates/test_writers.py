"""What holds for every writer, whatever its format: bytes, knobs, failures, readers."""

import hashlib
import os
import re
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from emolib.corpora import CORPORA
from emolib.datasets.opened import is_marked
from emolib.surrogates import continuous, files

ROOT = Path(__file__).resolve().parents[2]
PARTS = dict(n_train=10, n_val=8, n_test=8)
PAIR = dict(n_subjects=1, n_trials=2)
SMALL = {
    "dreamer": dict(n_subjects=2, n_trials=3, seconds=8.0),
    "amigos": dict(n_subjects=2, seconds=6.0),
    "iemocap": dict(n_subjects=4, n_trials=4), "mosei": PARTS, "mosi": PARTS,
    "deap": PAIR, "deap as recorded": dict(**PAIR, source="raw"),
    "mahnob": dict(**PAIR, seconds=10.0),
    "mahnob_continuous": dict(**PAIR, seconds=4.0),
}  # fmt: skip
MORE = {
    "dreamer": dict(n_subjects=3), "amigos": dict(n_subjects=6),
    "iemocap": dict(n_subjects=6), "mosei": dict(n_train=23), "mosi": dict(n_test=11),
}  # fmt: skip
AS_STORED = {"amigos": dict(videos="all"), "deap as recorded": dict(source="raw")}
every = pytest.mark.parametrize("kind", list(SMALL))


def digests(folder):
    """Return the digest of every file of a surrogate and of its truth."""
    both = folder, folder.with_name(folder.name + ".truth")
    return {
        str(path.relative_to(folder.parent)): hashlib.sha256(path.read_bytes()).digest()
        for path in (own for top in both for own in top.rglob("*") if own.is_file())
    }


def corpus_of(kind):
    return kind.split()[0]


def read(kind, folder):
    return CORPORA[corpus_of(kind)].read(folder, **AS_STORED.get(kind, {}))


@every
def test_the_same_parameters_give_the_same_bytes_and_another_seed_others(
    written, tmp_path, kind
):
    corpus, size = corpus_of(kind), SMALL[kind]
    line = "from emolib.corpora import write_surrogate as write\n"
    line += f"write({corpus!r}, {str(tmp_path / corpus)!r}, **{size})"
    env = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", line], check=True, env=env)
    ours, theirs = (digests(written(corpus, **size, seed=seed)) for seed in (0, 1))
    assert digests(tmp_path / corpus) == ours
    assert theirs.keys() == ours.keys()
    alike = [name for name in ours if ours[name] == theirs[name]]
    assert all(re.search("int2name|clips", name) for name in alike)
    # nothing foreign, and every data file says what it is
    assert {path.name for path in tmp_path.iterdir()} == {corpus, f"{corpus}.truth"}
    marked = {".mat", ".pkl", ".h5", ".dat", ".bdf", ".xml"}
    files = [own for own in (tmp_path / corpus).rglob("*.*") if own.suffix in marked]
    assert files and all(map(is_marked, files))


def told(recording):
    """Return what a recording says of affect."""
    traces = {name: own.values for name, own in recording.traces.items()}
    return recording.subject, recording.trial, recording.ratings, traces


@every
def test_labels_know_nothing_of_effect_signature_and_nuisance(written, kind):
    corpus = corpus_of(kind)
    has_nuisance = corpus not in ("iemocap", "mosei", "mosi")
    knobs = dict.fromkeys(["effect", "signature"] + ["nuisance"] * has_nuisance, 0.0)
    plain = written(corpus, **SMALL[kind])
    other = written(corpus, **SMALL[kind], **knobs)
    said = [[*map(told, read(kind, folder))] for folder in (plain, other)]
    np.testing.assert_equal(*said)
    assert said[0] and digests(plain) != digests(other)


@every
def test_readers_find_what_was_planted_and_the_smaller_corpus_in_the_larger(
    written, truth, kind
):
    corpus = corpus_of(kind)
    folder = written(corpus, **SMALL[kind] | MORE.get(kind, dict(n_subjects=2)))
    noted, planted = truth(folder)
    names = list(zip(noted["subjects"], noted["trials"], strict=False))
    if "labels" not in planted:
        names = list(product(noted["subjects"], noted["trials"]))
    labels = planted.get("labels", planted.get("ratings"))
    if corpus == "mahnob_continuous":
        labels = continuous.label(planted["z"])[..., :16].mean(axis=2)
    said = dict(zip(names, labels.reshape(len(names), -1), strict=True))
    held = {(own.subject, own.trial): own for own in read(kind, folder)}
    assert held.keys() == said.keys()
    for name, own in held.items():
        kinds = ("valence", "arousal", "dominance", "emotion", "sentiment")
        found = [own.ratings[kind] for kind in kinds if kind in own.ratings]
        np.testing.assert_allclose(found, said[name][: len(found)], atol=1e-6)
        assert found or own.problems
    few = list(read(kind, written(corpus, **SMALL[kind])))
    assert len(few) < len(held)
    for own in few:
        twin = held[own.subject, own.trial]
        np.testing.assert_equal(told(own), told(twin))
        for name, signal in own.signals.items():
            pair = [
                own.data if hasattr(own, "data") else own.path.read_bytes()
                for own in (signal, twin.signals[name])
            ]
            np.testing.assert_array_equal(*pair)


@pytest.mark.parametrize(
    ("corpus", "wrong", "message"),
    [
        ("dreamer", dict(n_trials=19), r"n_trials must be in \[1, 18\]; got 19. DREAM"),
        ("dreamer", dict(n_trials=2.5), "n_trials must be a whole number of trials"),
        ("dreamer", dict(seconds=8.001), "seconds x 128 Hz must be a whole number"),
        ("dreamer", dict(n_subjects=300, n_trials=18, seconds=61.0), "4 GB; got 12"),
        ("amigos", dict(n_trials=17), r"n_trials must be in \[1, 16\]; got 17. AMIG"),
        ("iemocap", dict(n_subjects=12), r"n_subjects must be in \[4, 10\]; got 12. T"),
        ("iemocap", dict(n_subjects=5), "n_subjects must be even; got 5"),
        ("mosi", dict(n_val=7), r"n_val must be in \[8, 40000\]; got 7"),
    ],
)
def test_a_wrong_knob_is_one_clear_error(tmp_path, corpus, wrong, message):
    with pytest.raises(ValueError, match=message):
        CORPORA[corpus].write(tmp_path / "x", **SMALL[corpus] | wrong)
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_everything_as_it_was(tmp_path):
    def fails(aside):
        (aside / "half").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    def fill(aside):
        (aside / "data").write_bytes(b"data")
        return {"corpus": "toy"}, {"z": np.zeros(3)}

    with pytest.raises(OSError, match="No space left"):
        files.write(tmp_path / "x", fails)
    assert not list(tmp_path.iterdir())
    before = digests(files.write(tmp_path / "x", fill))
    with pytest.raises(OSError, match="No space left"):
        files.write(tmp_path / "x", fails)
    assert digests(tmp_path / "x") == before
    assert digests(files.write(tmp_path / "x", fill)) == before


def test_nobody_but_the_ceilings_reads_what_was_planted():
    places = [*(ROOT / "emolib").rglob("*.py"), *(ROOT / "notebooks").rglob("*.ipynb")]
    opens = re.compile(r"read_truth|(zeta|theta|readings)\.npy")
    found = {path for path in places if opens.search(path.read_text(encoding="utf-8"))}
    own = ROOT / "emolib" / "surrogates"
    names = ("files.py", "ceiling.py", "utterance_ceiling.py", "continuous_ceiling.py")
    assert found == {own / name for name in names}
