"""A wrong corpus, setting or disk: one clear line, and nothing half-done."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emolib.__main__ import main
from emolib.corpora import add_corpus

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE / "datasets"))

from true_formats import dreamer_person, write_amigos, write_dreamer  # noqa: E402

CHANCE = ["-p", "systems", "[chance]", "-p", "readability", "[]", "-p", "data", "local"]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Return a project of its own with paper 2's notebook, store and notes."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    monkeypatch.setenv("EMOLIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def units_command(*changes):
    return main(["units", "ecg_eeg", "--config", "smoke", *CHANCE, *changes])


def stored(project):
    return [path for path in (project / "cache").rglob("*") if path.is_file()]


def one_line(said):
    assert len(said.splitlines()) == 1 and "Traceback" not in said
    return said


def person(number, **changes):
    """Return someone with three trials of 12 s, low and high, as DREAMER keeps them."""
    whole = {"seconds": (12, 12, 12), "valence": (4, 2, 5), "baseline_s": 1}
    return dreamer_person(number, **{**whole, **changes})


def spoil(person, name, trial):
    """Overwrite one channel of a trial by NaN."""
    stimuli = person[name][0, 0]["stimuli"][0, 0]
    stimuli[trial, 0][:, 1] = np.nan
    return person


def truncated(folder):
    path = write_dreamer(folder)
    path.write_bytes(path.read_bytes()[:-5000])


def mangled(folder):
    path = write_dreamer(folder)
    held = bytearray(path.read_bytes())
    held[5000:9000] = bytes(4000)
    path.write_bytes(held)


def truncated_edf(folder):
    folder.mkdir()
    for name in ("Subject00_1.edf", "Subject00_2.edf"):
        (folder / name).write_bytes(b"0       " + b" " * 300)


# ------------------------------------------------------------- the command's own line


@pytest.mark.parametrize(
    ("corpus", "make", "words"),
    [
        ("dreamer", None, "DREAMER not found: expected DREAMER.mat in"),
        ("dreamer", truncated, "DREAMER.mat: expected"),
        ("dreamer", mangled, "DREAMER.mat: expected"),
        ("dreamer", write_amigos, "looks like AMIGOS"),
        ("amigos", write_dreamer, "looks like DREAMER"),
        ("eegmat", truncated_edf, "Subject00_1.edf: expected"),
    ],
    ids=["missing", "truncated", "mangled", "another", "yet another", "edf"],
)
def test_a_check_of_what_cannot_be_read_says_so_and_exits_1(
    project, capsys, corpus, make, words
):
    folder = project / "corpus"
    if make:
        make(folder)
    assert main(["corpora", "check", corpus, str(folder)]) == 1
    said = capsys.readouterr()
    assert words in said.out and "NOT USABLE" in said.out and said.err == ""


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["corpora", "check", "dremer", "x"], "corpus must be one of 'dreamer'"),
        (["corpora", "add", "dreamer", "x"], "got no such folder"),
        (["corpora", "surrogate", "eegmat", "x"], "an open corpus, which has none"),
        (["corpora", "surrogate", "dreamer", "x", "--n-trials", "19"], "at most 18"),
        (["corpora", "fetch", "dreamer", "x"], "corpus must be open to be fetched"),
        (["units", "ecg_eeg", "--config", "smok"], "Did you mean 'smoke'?"),
        (["run", "ecg_eeg", "-p", "system", "[ours]"], "Did you mean 'systems'?"),
        (["run", "ecg_eeg", "-p", "systems", "[our]"], "got 'our'"),
        (["run", "ecg_eeg", "-p", "systems", "ours"], "Write systems: [ours]"),
        (["run", "ecg_eeg", "-p", "overrides", "{l_r: 1}"], "Did you mean 'lr'?"),
        (["run", "ecg_eeg", "-p", "folds", "[9]"], "; got 9"),
    ],
)
def test_each_mistake_is_one_line_before_anything_is_made(
    project, capsys, typed, words
):
    assert main(typed) == 1
    assert words in one_line(capsys.readouterr().err)
    assert not (project / "reports").exists() and not (project / "cache").exists()


def test_an_unknown_key_of_a_config_is_named(project, capsys):
    config = project / "notebooks/configs/ecg_eeg/own.yaml"
    config.write_text("config: own\nsistems: [ours]\n")
    assert main(["run", "ecg_eeg", "--config", "own"]) == 1
    assert "Did you mean 'systems'?" in one_line(capsys.readouterr().err)


def test_a_typed_command_ends_in_one_line_and_no_traceback(project):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    typed = [sys.executable, "-m", "emolib", "corpora", "add", "dreamer", "nowhere"]
    done = subprocess.run(
        typed, cwd=project, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1 and done.stdout == ""
    assert one_line(done.stderr).startswith("emolib: DREAMER not found: expected")
    assert not (project / "corpora.local.yaml").exists()


# ------------------------------------------------------------- a corpus that is odd


def test_a_subject_without_ecg_and_nan_channels_cost_their_trials_alone(
    project, capsys
):
    people = [person(i) for i in range(1, 7)]
    people[1] = person(2, with_ecg=False)
    people[2] = spoil(people[2], "EEG", trial=0)
    people[3] = spoil(people[3], "ECG", trial=1)
    write_dreamer(project / "own", people)
    assert main(["corpora", "check", "dreamer", str(project / "own")]) == 0
    said = capsys.readouterr().out
    assert "13 of 18 usable" in said and "5 with usable trials" in said
    for words in ("s02 trials 01, 02, 03: ecg", "s03 trial 01: eeg", "s04 trial 02: e"):
        assert words in said
    add_corpus("dreamer", project / "own")
    assert units_command("-p", "overrides", "{n_folds: 3}") == 0
    (table,) = (project / "cache").rglob("windows-*/removed.csv")
    removed = [line.split(",")[:4] for line in table.read_text().splitlines()[1:]]
    assert [(subject, trial) for subject, _, trial, _ in removed] == [
        ("s02", "01"), ("s02", "02"), ("s02", "03"), ("s03", "01"), ("s04", "02"),
    ]  # fmt: skip


def test_a_corpus_without_a_usable_trial_is_a_reason_and_exit_code_1(project, capsys):
    write_dreamer(project / "own", [person(i, with_ecg=False) for i in range(1, 6)])
    add_corpus("dreamer", project / "own")
    assert units_command() == 1
    said = capsys.readouterr().out
    assert "recordings must hold at least one usable trial; got 15 trials" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("damage", [truncated, mangled])
def test_a_damaged_file_is_a_reason_and_leaves_no_entry(project, capsys, damage):
    damage(project / "own")
    add_corpus("dreamer", project / "own")
    assert units_command() == 1
    said = capsys.readouterr().out
    assert "CorpusError" in said and "DREAMER.mat: expected" in said
    assert not [path for path in stored(project) if path.name == "manifest.json"]


def test_a_noted_folder_that_has_gone_is_one_line(project, capsys):
    write_dreamer(project / "own")
    add_corpus("dreamer", project / "own")
    shutil.rmtree(project / "own")
    assert units_command() == 1
    assert "DREAMER not found" in one_line(capsys.readouterr().err)


# ------------------------------------------------------------- a disk that is full


@pytest.fixture
def full_disk(monkeypatch):
    """Let every file that the store or a surrogate's writer finishes not fit."""

    def refuse(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("emolib.store.hash_file", refuse)
    monkeypatch.setattr("scipy.io.savemat", refuse)


def test_a_full_disk_is_a_reason_and_leaves_no_entry(project, capsys, full_disk):
    write_dreamer(project / "own", [person(i) for i in range(1, 6)])
    add_corpus("dreamer", project / "own")
    assert units_command() == 1
    said = capsys.readouterr().out
    assert "the store must be writable and have room; got [Errno 28]" in said
    left = [path.name for path in stored(project)]
    assert "manifest.json" not in left and "meta.csv" not in left


def test_a_surrogate_that_does_not_fit_is_one_line(project, capsys, full_disk):
    folder = project / "there"
    typed = ["corpora", "surrogate", "dreamer", str(folder), "--n-subjects", "3"]
    assert main([*typed, "--n-trials", "2", "--seconds", "11"]) == 1
    said = one_line(capsys.readouterr().err)
    assert "must fit into" in said and "nothing half-written was left" in said
    assert not folder.exists()
    assert not [path for path in project.iterdir() if "there" in path.name]


def test_a_cache_that_cannot_be_written_is_a_reason_that_names_it(
    project, capsys, monkeypatch
):
    write_dreamer(project / "own", [person(i) for i in range(1, 6)])
    add_corpus("dreamer", project / "own")
    (project / "file").write_text("in the way")
    monkeypatch.setenv("EMOLIB_CACHE", str(project / "file"))
    assert units_command() == 1
    said = capsys.readouterr().out
    assert "the store must be writable and have room; got" in said
    assert "move it with EMOLIB_CACHE" in said
    assert (project / "file").read_text() == "in the way"
