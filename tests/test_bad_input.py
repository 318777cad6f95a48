"""A wrong corpus, setting or disk: one clear line, and nothing half-done."""

import errno
import re
import shutil
from unittest.mock import Mock

import numpy as np
import pytest
from toy_notebooks import ROOT, emolib

from emolib.corpora import add_corpus
from tests.datasets.true_formats import dreamer_person, write_amigos, write_dreamer

CHANCE = ["-p", "systems", "[chance]", "-p", "readability", "[]", "-p", "data", "local"]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Return a project of its own with paper 2's notebook, store and notes."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    monkeypatch.setenv("EMOLIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compute(*changes):
    """Compute chance on the noted corpus; return what was said, and the exit code."""
    done = emolib("units", "ecg_eeg", "--config", "smoke", *CHANCE, *changes)
    assert "Traceback" not in done.output
    return done.stderr, done.exit_code


def person(number, **changes):
    """Return someone with three trials of 12 s, low and high, as DREAMER keeps them."""
    whole = {"seconds": (12, 12, 12), "valence": (4, 2, 5), "baseline_s": 1}
    return dreamer_person(number, **{**whole, **changes})


def spoil(person, name, trial):
    """Overwrite one channel of a trial by NaN."""
    person[name][0, 0]["stimuli"][0, 0][trial, 0][:, 1] = np.nan
    return person


def truncated(folder):
    path = write_dreamer(folder)
    path.write_bytes(path.read_bytes()[:-5000])


@pytest.fixture
def noted(project):
    """Return the folder of a small corpus that is whole, and noted."""
    write_dreamer(project / "own", [person(i) for i in range(1, 6)])
    add_corpus("dreamer", project / "own")
    return project / "own"


# ------------------------------------------------------------- the command's own line


@pytest.mark.parametrize(
    ("corpus", "make", "words"),
    [
        ("dreamer", None, "DREAMER not found: expected DREAMER.mat in"),
        ("dreamer", truncated, "DREAMER.mat: expected"),
        ("dreamer", write_amigos, "looks like AMIGOS"),
        ("amigos", write_dreamer, "looks like DREAMER"),
    ],
    ids=["missing", "truncated", "another", "yet another"],
)
def test_a_check_of_what_cannot_be_read_says_so_and_exits_1(
    project, corpus, make, words
):
    folder = project / "corpus"
    if make:
        make(folder)
    done = emolib("corpora", "check", corpus, str(folder))
    assert done.exit_code == 1 and done.stderr == ""
    assert words in done.stdout and "NOT USABLE" in done.stdout


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("corpora add dreamer x", "got no such folder"),
        ("corpora surrogate eegmat x", "an open corpus, which has none"),
        ("corpora surrogate dreamer x -p n_trials 19", "DREAMER has 18 stimuli"),
        ("corpora fetch dreamer x", "corpus must be one of 'eegmat', 'stress_predict'"),
        ("corpora check dremer x", "corpus must be one of 'dreamer'"),
        ("run ecg_eeg -p system [x]", "Did you mean 'systems'?"),
        ("run ecg_eeg -p systems [chancy]", "got 'chancy'. Did you mean 'chance'?"),
        ("run ecg_eeg -p systems chance", "Write systems: [chance]"),
        ("run ecg_eeg -p overrides {l_r:1}", "Did you mean 'lr'?"),
        ("run ecg_eeg -p folds [9]", "; got 9"),
        ("run ecg_eeg -p n_folds true", "got True"),
        (
            "run ecg_egg",
            "notebook must be known; got 'ecg_egg'. Did you mean 'ecg_eeg'?",
        ),
        (
            "run ecg_eeg --config quik",
            "config of ecg_eeg must be known; got 'quik'. Did",
        ),
        ("run ecg_eeg --config quick -p config full --dry-run", "got 'full'. Name"),
        ("run ecg_eeg -p seeds [1", "-p must be NAME and YAML; got (('seeds', '[1'),)"),
        (
            "run mmqnet nmer -p rates [0]",
            "Error: nmer: parameter must be known; got 'r",
        ),
        ("units mmqnet_lab --shard x", "i of --shard i/n must be in"),
        ("units mmqnet_lab --shard 3/2", "must be in [1, 2]; got 3"),
        ("units mmqnet_lab --shard ²/3", "got 0. It was '²/3'."),
    ],
)
def test_each_mistake_is_one_line_before_anything_is_made(project, typed, words):
    done = emolib(*typed.replace(":", ": ").split(" ", typed.count(" ")))
    assert done.exit_code == 1 and words in done.stderr, done.output
    told = done.stderr.removeprefix("planning ecg_eeg\n")  # said before it is looked at
    assert len(told.splitlines()) == 1 and done.stdout == ""
    assert not (project / "reports").exists() and not (project / "cache").exists()


# ------------------------------------------------------------- a corpus that is odd


def test_a_subject_without_ecg_and_nan_channels_cost_their_trials_alone(project):
    people = [person(i) for i in range(1, 7)]
    people[1] = person(2, with_ecg=False)
    people[2] = spoil(people[2], "EEG", trial=0)
    people[3] = spoil(people[3], "ECG", trial=1)
    write_dreamer(project / "own", people)
    done = emolib("corpora", "check", "dreamer", str(project / "own"))
    assert done.exit_code == 0
    assert re.search(r"trials +13 +5 +usable", done.stdout), done.output
    add_corpus("dreamer", project / "own")
    assert compute("-p", "overrides", "{n_folds: 3}") == ("", 0)
    (table,) = (project / "cache").rglob("removed.csv")
    removed = [line.split(",")[:4] for line in table.read_text().splitlines()[1:]]
    assert [(subject, trial) for subject, _, trial, _ in removed] == [
        ("s02", "01"), ("s02", "02"), ("s02", "03"), ("s03", "01"), ("s04", "02"),
    ]  # fmt: skip


def no_ecg(folder):
    write_dreamer(folder, [person(i, with_ecg=False) for i in range(1, 6)])


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (no_ecg, "recordings must hold at least one usable trial; got 15"),
        (truncated, "CorpusError: "),
        (shutil.rmtree, "DREAMER not found"),
    ],
)
def test_a_corpus_that_cannot_be_used_is_a_reason_and_leaves_no_entry(
    project, noted, spoil, words
):
    spoil(noted)
    said, code = compute()
    assert code == 1 and words in said and len(said.splitlines()) == 1
    assert not list((project / "cache").rglob("manifest.json"))


# ------------------------------------------------------------- a disk that is full


def test_a_full_disk_is_a_reason_and_leaves_no_entry(project, noted, monkeypatch):
    full = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr("numpy.save", Mock(side_effect=full))
    said, code = compute()
    assert code == 1
    assert "the store must be writable and have room; got [Errno 28]" in said
    left = [path for path in (project / "cache").rglob("*") if path.is_file()]
    assert {path.parent.name for path in left} <= {".locks", "cache"}


def test_a_cache_that_cannot_be_written_is_a_reason_that_names_it(
    project, noted, monkeypatch
):
    (project / "file").write_text("in the way")
    monkeypatch.setenv("EMOLIB_CACHE", str(project / "file"))
    said, code = compute()
    assert code == 1 and "the store must be writable and have room; got" in said
    assert "EMOLIB_CACHE" in said and (project / "file").read_text() == "in the way"
