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
from emolib.datasets.amigos import read_amigos
from emolib.datasets.dreamer import read_dreamer
from emolib.datasets.iemocap import read_iemocap
from emolib.datasets.mosei import read_mosei, read_mosi
from emolib.surrogates import files

ROOT = Path(__file__).resolve().parents[2]
PARTS = dict(n_train=10, n_val=8, n_test=8)
SMALL = {
    "dreamer": dict(n_subjects=2, n_trials=3, seconds=8.0),
    "amigos": dict(n_subjects=2, seconds=6.0),
    "iemocap": dict(n_subjects=4, n_trials=4), "mosei": PARTS, "mosi": PARTS,
}  # fmt: skip
MORE = {
    "dreamer": dict(n_subjects=3), "amigos": dict(n_subjects=6),
    "iemocap": dict(n_subjects=6), "mosei": dict(n_train=23), "mosi": dict(n_test=11),
}  # fmt: skip
READERS = {
    "dreamer": read_dreamer, "amigos": lambda folder: read_amigos(folder, videos="all"),
    "iemocap": read_iemocap, "mosei": read_mosei, "mosi": read_mosi,
}  # fmt: skip
every = pytest.mark.parametrize("corpus", list(SMALL))


def digests(folder):
    """Return the digest of every file of a surrogate and of its truth."""
    both = folder, folder.with_name(folder.name + ".truth")
    return {
        str(path.relative_to(folder.parent)): hashlib.sha256(path.read_bytes()).digest()
        for path in (own for top in both for own in top.rglob("*") if own.is_file())
    }


@every
def test_the_same_parameters_give_the_same_bytes_and_another_seed_others(
    written, tmp_path, corpus
):
    size = SMALL[corpus]
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
    for path in (tmp_path / corpus).rglob("*.*"):
        if path.suffix in (".mat", ".pkl", ".h5"):
            head = path.read_bytes()[: None if path.suffix == ".h5" else 116]
            assert b"SURROGATE written by emolib" in head


@every
def test_labels_know_nothing_of_effect_signature_and_nuisance(written, truth, corpus):
    has_nuisance = corpus in ("dreamer", "amigos")
    knobs = dict.fromkeys(["effect", "signature"] + ["nuisance"] * has_nuisance, 0.0)
    plain = written(corpus, **SMALL[corpus])
    other = written(corpus, **SMALL[corpus], **knobs)
    name = "ratings" if has_nuisance else "labels"
    np.testing.assert_array_equal(truth(plain)[1][name], truth(other)[1][name])
    assert digests(plain) != digests(other)


@every
def test_readers_find_what_was_planted_and_the_smaller_corpus_in_the_larger(
    written, truth, corpus
):
    folder = written(corpus, **SMALL[corpus] | MORE[corpus])
    noted, planted = truth(folder)
    names, labels = zip(noted["subjects"], noted["trials"], strict=False), "labels"
    if "ratings" in planted:
        names, labels = product(noted["subjects"], noted["trials"]), "ratings"
    width = 3 if labels == "ratings" else 1
    said = dict(zip(names, planted[labels].reshape(-1, width), strict=True))
    held = {(own.subject, own.trial): own for own in READERS[corpus](folder)}
    assert held.keys() == said.keys()
    for name, own in held.items():
        kinds = ("valence", "arousal", "dominance", "emotion", "sentiment")
        read = [own.ratings[kind] for kind in kinds if kind in own.ratings]
        np.testing.assert_allclose(read, said[name][: len(read)], atol=1e-6)
        assert read or own.problems
    few = list(READERS[corpus](written(corpus, **SMALL[corpus])))
    assert len(few) < len(held)
    for own in few:
        twin = held[own.subject, own.trial]
        assert own.ratings == twin.ratings
        for name, signal in own.signals.items():
            np.testing.assert_array_equal(signal.data, twin.signals[name].data)


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
