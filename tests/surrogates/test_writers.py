"""What holds for every writer, whatever its format: bytes, knobs, failures, readers."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

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
AFFECT = ("valence", "arousal", "dominance")
every = pytest.mark.parametrize("corpus", list(SMALL))


def digests(folder):
    """Return the digest of every file of a surrogate and of its truth."""
    both = folder, folder.with_name(folder.name + ".truth")
    return {
        path.relative_to(folder.parent): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (own for top in both for own in top.rglob("*"))
        if path.is_file()
    }


@every
def test_the_same_parameters_give_the_same_bytes_and_another_seed_others(
    written, tmp_path, corpus
):
    first, other = (
        written(corpus, **SMALL[corpus]),
        written(corpus, **SMALL[corpus], seed=1),
    )
    line = "from emolib.corpora import write_surrogate as write\n"
    line += f"write({corpus!r}, {str(tmp_path / corpus)!r}, **{SMALL[corpus]})"
    env = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", line], check=True, env=env)
    assert digests(first) == digests(tmp_path / corpus)
    ours, theirs = digests(first), digests(other)
    assert ours.keys() == theirs.keys()
    alike = {str(name) for name in ours if ours[name] == theirs[name]}
    assert all(re.search("int2name|clips", name) for name in alike)


@every
def test_nothing_foreign_lies_beside_and_every_data_file_says_what_it_is(
    written, corpus
):
    folder = written(corpus, **SMALL[corpus])
    beside = {path.name for path in folder.parent.iterdir()}
    assert beside == {corpus, f"{corpus}.truth"}
    for path in folder.rglob("*.*"):
        if path.suffix in (".mat", ".pkl"):
            assert b"SURROGATE written by emolib" in path.read_bytes()[:116]
        elif path.suffix == ".h5":
            assert b"SURROGATE written by emolib" in path.read_bytes()


@every
def test_labels_know_nothing_of_effect_signature_and_nuisance(written, truth, corpus):
    knobs = dict(effect=0.0, signature=0.0)
    if corpus in ("dreamer", "amigos"):
        knobs["nuisance"] = 0.0
    plain = written(corpus, **SMALL[corpus])
    other = written(corpus, **SMALL[corpus], **knobs)
    name = "ratings" if "nuisance" in knobs else "labels"
    np.testing.assert_array_equal(truth(plain)[1][name], truth(other)[1][name])
    assert digests(plain) != digests(other)


@every
def test_the_smaller_corpus_is_the_beginning_of_the_larger(written, corpus):
    few = written(corpus, **SMALL[corpus])
    more = written(corpus, **SMALL[corpus] | MORE[corpus])
    held = {(own.subject, own.trial): own for own in READERS[corpus](more)}
    n = 0
    for own in READERS[corpus](few):
        twin, n = held[own.subject, own.trial], n + 1
        assert own.ratings == twin.ratings
        for name, signal in own.signals.items():
            np.testing.assert_array_equal(signal.data, twin.signals[name].data)
    assert n < len(held)


@every
def test_readers_of_the_real_files_find_what_was_planted(written, truth, corpus):
    folder = written(corpus, **SMALL[corpus] | MORE[corpus])
    noted, planted = truth(folder)
    recordings = list(READERS[corpus](folder))
    if corpus in ("dreamer", "amigos"):
        names = [(s, t) for s in noted["subjects"] for t in noted["trials"]]
        said = planted["ratings"].reshape(-1, 3)
    else:
        names = list(zip(noted["subjects"], noted["trials"], strict=True))
        said = planted["labels"][:, None]
    said = dict(zip(names, said, strict=True))
    found = {(own.subject, own.trial): own for own in recordings}
    assert found.keys() == said.keys()
    for name, own in found.items():
        kinds = [
            kind for kind in (*AFFECT, "emotion", "sentiment") if kind in own.ratings
        ]
        read = [own.ratings[kind] for kind in kinds]
        np.testing.assert_allclose(read, said[name][: len(read)], atol=1e-6)
        assert read or own.problems


def test_the_planted_gaps_are_named_by_the_readers(written):
    folder = written("amigos", **SMALL["amigos"] | MORE["amigos"])
    lost = [own.subject for own in READERS["amigos"](folder) if own.problems]
    assert lost == ["P05"] * 4 + ["P06"] * 3
    for corpus in ("mosei", "mosi"):
        own = list(READERS[corpus](written(corpus, **PARTS)))
        assert [k for k, recording in enumerate(own) if recording.problems] == [3]
        assert [k for k, recording in enumerate(own) if recording.notes] == [5]


@pytest.mark.parametrize(
    ("corpus", "wrong", "message"),
    [
        ("dreamer", dict(n_trials=19), r"n_trials must be in \[1, 18\]; got 19. DREAM"),
        ("dreamer", dict(n_trials=2.5), "n_trials must be a whole number of trials"),
        ("dreamer", dict(n_subjects=0), r"n_subjects must be in \[1, 999\]; got 0"),
        ("dreamer", dict(seconds=8.001), "seconds x 128 Hz must be a whole number"),
        ("dreamer", dict(effect=-1.0), r"effect must be in \[0.0, 10.0\]; got -1"),
        ("dreamer", dict(seed=0.5), "seed must be a whole number"),
        ("dreamer", dict(n_subjects=300, n_trials=18, seconds=61.0), "4 GB; got 12"),
        ("amigos", dict(n_trials=17), r"n_trials must be in \[1, 16\]; got 17. AMIG"),
        ("iemocap", dict(n_subjects=12), r"n_subjects must be in \[4, 10\]; got 12. T"),
        ("iemocap", dict(n_subjects=5), "n_subjects must be even; got 5"),
        ("iemocap", dict(n_trials=3), r"n_trials must be in \[4, 3960\]; got 3. A sp"),
        ("iemocap", dict(seconds=0.1), r"seconds must be in \[1.0, 35.0\]"),
        ("mosei", dict(package="mmsa"), "package must be one of 'senti', 'raw', 'mm"),
        ("mosei", dict(n_val=7), r"n_val must be in \[8, 40000\]; got 7"),
        ("mosi", dict(signature=-1), "signature must be in"),
    ],
)  # fmt: skip
def test_a_wrong_knob_is_one_clear_error(tmp_path, corpus, wrong, message):
    from emolib.corpora import CORPORA

    with pytest.raises(ValueError, match=message):
        CORPORA[corpus].write(tmp_path / "x", **SMALL[corpus] | wrong)
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_everything_as_it_was(tmp_path):
    def fails(aside):
        (aside / "half").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        files.write(tmp_path / "x", fails)
    assert not list(tmp_path.iterdir())

    def fill(aside):
        (aside / "data").write_bytes(b"data")
        return {"corpus": "toy"}, {"z": np.zeros(3)}

    before = digests(files.write(tmp_path / "x", fill))
    with pytest.raises(OSError, match="No space left"):
        files.write(tmp_path / "x", fails)
    assert (
        digests(tmp_path / "x") == before == digests(files.write(tmp_path / "x", fill))
    )


def test_nobody_but_the_ceilings_reads_what_was_planted():
    own = ROOT / "emolib" / "surrogates"
    places = [*(ROOT / "emolib").rglob("*.py"), *(ROOT / "notebooks").rglob("*.ipynb")]
    opens = re.compile(r"read_truth|(zeta|theta|readings)\.npy")
    others = {
        str(path.relative_to(ROOT))
        for path in places
        if opens.search(path.read_text(encoding="utf-8"))
    }
    allowed = {"files.py", "ceiling.py", "utterance_ceiling.py"}
    assert others == {str((own / name).relative_to(ROOT)) for name in allowed}
