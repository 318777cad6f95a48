import errno
import inspect
import json
import os
import time
from pathlib import Path

import numpy as np
import pytest

from emolib import code, corpora
from emolib.checks import CorpusError
from emolib.commands.corpora import KNOBS
from emolib.corpora import registry, sources, surrogate
from tests.datasets.true_formats import (
    amigos_cells,
    dreamer_person,
    write_amigos,
    write_dreamer,
)

MARK = b"MATLAB 5.0 MAT-file, SURROGATE written by emolib"


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """Give each test a project and a cache of its own."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "notebooks").mkdir()
    (root / "pyproject.toml").write_text('name = "emolib"')
    monkeypatch.chdir(root)
    monkeypatch.delenv("EMOLIB_CACHE", raising=False)
    return root


@pytest.fixture
def calls(monkeypatch):
    """Put a quick writer in place of DREAMER's; return what it was called with."""
    made = []

    def write(folder, *, n_subjects=3, n_trials=2, seconds=12.0, seed=0):
        made.append(dict(n_subjects=n_subjects, seconds=seconds, seed=seed))
        people = [
            dreamer_person(i + 10 * seed, seconds=(1, 2), baseline_s=1)
            for i in range(n_subjects)
        ]
        mark(write_dreamer(folder, people))
        truth = folder.with_name(folder.name + ".truth")
        truth.mkdir()
        (truth / "parameters.json").write_text("{}")
        return folder

    monkeypatch.setattr(registry.Corpus, "write", property(lambda self: write))
    monkeypatch.setattr(surrogate, "code_digests", lambda roots: {"w": "one"})
    return made


def mark(path):
    """Write the header text that tells a surrogate."""
    with path.open("r+b") as file:
        file.write(MARK.ljust(116))
    return path


def people(n, **options):
    return [dreamer_person(i, **{"baseline_s": 1, **options}) for i in range(n)]


def test_a_surrogate_is_written_once_and_found_again(calls, project):
    first = corpora.locate("dreamer", n_subjects=3)
    again = corpora.locate("dreamer", seconds=12)
    assert first == again and len(calls) == 1
    assert (first.source, first.name) == ("surrogate", "dreamer")
    assert first.parameters == dict(n_subjects=3, n_trials=2, seconds=12.0, seed=0)
    assert first.path == (
        project / ".emolib" / "surrogates" / f"dreamer-{first.digest[:16]}"
    )
    assert len({r.subject for r in first.read()}) == 3
    other = corpora.locate("dreamer", seed=1)
    assert other.path != first.path and len(calls) == 2


def test_a_surrogate_is_identified_without_being_written(calls):
    named = corpora.identify("dreamer", seed=3)
    assert calls == [] and not named.path.exists()
    assert corpora.locate("dreamer", seed=3) == named and named.path.is_dir()


def test_nothing_foreign_stands_in_a_surrogates_folder(calls):
    found = corpora.locate("dreamer")
    assert [p.name for p in found.path.iterdir()] == ["DREAMER.mat"]
    assert sorted(p.name for p in found.path.parent.iterdir()) == [
        found.path.name, f"{found.path.name}.truth",
    ]  # fmt: skip


def test_the_cache_can_be_moved(calls, monkeypatch, tmp_path):
    monkeypatch.setenv("EMOLIB_CACHE", str(tmp_path / "elsewhere"))
    assert corpora.cache_folder() == tmp_path / "elsewhere"
    assert tmp_path / "elsewhere" in corpora.locate("dreamer").path.parents


def test_a_knob_of_a_surrogate_that_is_no_number_is_named():
    with pytest.raises(ValueError, match="parameter effect must be a number; got 'ab"):
        surrogate.full_parameters("dreamer", {"effect": "abc"})


def test_code_libraries_and_parameters_each_change_the_digest(calls, monkeypatch):
    def now(**parameters):
        full = surrogate.full_parameters("dreamer", parameters)
        return surrogate.surrogate_digest("dreamer", full)

    before = now()
    assert now(seed=1) != before and now(seed=0) == before
    monkeypatch.setattr(surrogate, "code_digests", lambda roots: {"w": "two"})
    assert now() != before
    monkeypatch.setattr(surrogate, "code_digests", lambda roots: {"w": "one"})
    versions = dict.fromkeys(("numpy", "scipy", "mne"), "0")
    monkeypatch.setattr(surrogate, "library_versions", lambda: versions)
    assert now() != before


def test_a_writer_that_fails_leaves_nothing_behind(monkeypatch, project):
    def write(folder, *, seed=0):
        folder.mkdir()
        (folder / "DREAMER.mat").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(registry.Corpus, "write", property(lambda self: write))
    monkeypatch.setattr(surrogate, "code_digests", lambda roots: {"w": "one"})
    with pytest.raises(OSError, match=r"must fit into .* Free some space or set EMOLI"):
        corpora.locate("dreamer")
    assert list((project / ".emolib" / "surrogates").iterdir()) == []


def test_what_a_killed_writer_left_is_swept_later(calls, project):
    parent = project / ".emolib" / "surrogates"
    for name, age in ((".partial-old", 1e9), (".partial-live", time.time())):
        (parent / name).mkdir(parents=True)
        os.utime(parent / name, (age, age))
    corpora.locate("dreamer")
    left = [p.name for p in parent.iterdir() if p.name.startswith(".")]
    assert left == [".partial-live"]


def test_losing_the_race_to_write_is_fine(calls, monkeypatch):
    write = corpora.CORPORA["dreamer"].write

    def slow(folder, *, n_subjects=3, n_trials=2, seconds=12.0, seed=0):
        final = folder.parents[1] / folder.name
        if not final.exists():
            write(final)  # another process finishes first
        return write(folder)

    monkeypatch.setattr(registry.Corpus, "write", property(lambda self: slow))
    found = corpora.locate("dreamer")
    assert len(calls) == 2
    assert sorted(p.name for p in found.path.parent.iterdir()) == [
        found.path.name, f"{found.path.name}.truth",
    ]  # fmt: skip
    assert len(list(found.read())) == 6


def test_unknown_names_and_parameters_are_refused(calls):
    with pytest.raises(ValueError, match="corpus must be one of 'dreamer', 'amigos'"):
        corpora.locate("dremer")
    with pytest.raises(ValueError, match="data must be one of 'surrogate', 'local'"):
        corpora.locate("dreamer", data="real")
    with pytest.raises(ValueError, match="Did you mean 'n_subjects'"):
        corpora.locate("dreamer", n_subject=3)
    with pytest.raises(ValueError, match="n_trials must be at most 18, the stimuli of"):
        corpora.locate("dreamer", n_trials=19)


def test_a_surrogate_goes_to_a_new_folder_only(calls, tmp_path):
    folder = corpora.write_surrogate("dreamer", tmp_path / "mine", n_subjects=3)
    assert (folder / "DREAMER.mat").is_file()
    assert (tmp_path / "mine.truth" / "parameters.json").is_file()
    with pytest.raises(FileExistsError, match="folder must be new or empty"):
        corpora.write_surrogate("dreamer", folder)
    with pytest.raises(ValueError, match="eegmat', an open corpus, which has none"):
        corpora.write_surrogate("eegmat", tmp_path / "x")


def test_a_noted_folder_is_used_corpus_by_corpus(calls, tmp_path, project):
    write_dreamer(tmp_path / "licensed", people(3))
    notes = corpora.add_corpus("dreamer", tmp_path / "licensed")
    assert notes == project / "corpora.local.yaml"
    assert corpora.noted_folders() == {"dreamer": tmp_path / "licensed"}

    found = corpora.locate("dreamer", data="local", seed=5)
    assert (found.path, found.source) == (tmp_path / "licensed", "licensed")
    assert found.parameters == {} and calls == []
    assert corpora.locate("dreamer").source == "surrogate"

    assert corpora.locate("amigos", data="local").source == "surrogate"


def test_a_moved_surrogate_stays_marked(tmp_path):
    mark(write_dreamer(tmp_path / "moved"))
    assert corpora.is_surrogate("dreamer", tmp_path / "moved")
    corpora.add_corpus("dreamer", tmp_path / "moved")
    assert corpora.locate("dreamer", data="local").source == "surrogate"


def test_one_surrogate_file_among_real_ones_marks_the_folder(tmp_path):
    write_amigos(tmp_path, 1)
    assert not corpora.is_surrogate("amigos", tmp_path)
    mark(write_amigos(tmp_path, 2))
    assert corpora.is_surrogate("amigos", tmp_path)


@pytest.mark.parametrize("data", ["surrogate", "local"])
def test_an_open_corpus_without_a_folder_names_both_commands(data):
    with pytest.raises(CorpusError, match="corpora fetch eegmat FOLDER.*corpora add e"):
        corpora.locate("eegmat", data=data)


def test_only_folders_that_hold_the_corpus_are_noted(tmp_path, project):
    write_amigos(tmp_path / "a")
    with pytest.raises(CorpusError, match="looks like AMIGOS"):
        corpora.add_corpus("dreamer", tmp_path / "a")
    assert not (project / "corpora.local.yaml").exists()
    corpora.add_corpus("amigos", tmp_path / "a")
    write_dreamer(tmp_path / "d")
    corpora.add_corpus("dreamer", tmp_path / "d")
    assert set(corpora.noted_folders()) == {"amigos", "dreamer"}
    assert len(list(project.iterdir())) == 3  # nothing written aside is left


def test_a_noted_folder_that_has_gone_is_an_error(tmp_path, project):
    (project / "corpora.local.yaml").write_text(f"dreamer: {tmp_path / 'gone'}\n")
    with pytest.raises(FileNotFoundError, match="DREAMER not found"):
        corpora.locate("dreamer", data="local")


@pytest.mark.parametrize("text", ["- dreamer\n", "dreamer: 3\n", "x: y\n", "a: [\n"])
def test_notes_that_do_not_read_say_how_to_mend_them(project, text):
    (project / "corpora.local.yaml").write_text(text)
    with pytest.raises(ValueError, match="corpora.local.yaml must hold lines 'CORPUS"):
        corpora.noted_folders()


def test_files_are_hashed_once_and_again_on_request(tmp_path, monkeypatch):
    paths = [write_amigos(tmp_path, number) for number in (1, 2)]
    for path in paths:
        os.utime(path, (1e9, 1e9))  # a file changed this moment would not be kept
    first = sources.files_digest(paths)
    hashed = []
    original = code.hash_file
    monkeypatch.setattr(code, "hash_file", lambda p: hashed.append(p) or original(p))
    assert sources.files_digest(paths) == first and hashed == []
    assert sources.files_digest(paths, verify=True) == first and len(hashed) == 2
    write_amigos(tmp_path, 2, amigos_cells(3, seconds=4))
    assert sources.files_digest(paths) != first and len(hashed) == 3
    (corpora.cache_folder() / "file_digests.json").write_text("[broken")
    assert sources.files_digest(paths[:1]) != first


def test_every_corpus_is_listed_with_licence_and_folder(tmp_path):
    write_dreamer(tmp_path / "d")
    corpora.add_corpus("dreamer", tmp_path / "d")
    text = corpora.list_corpora()
    assert "DREAMER: 23 subjects, 18 trials each" in text
    assert "EEGMAT: 36 subjects, 2 trials each, eeg + ecg; open" in text
    assert f"folder: {tmp_path / 'd'}" in text and "no folder noted" in text


def test_a_check_counts_subjects_trials_labels_and_gaps(tmp_path):
    own = people(4)
    own[1]["EEG"][0, 0]["stimuli"][0, 0][0, 0][:, 2] = np.nan
    mark(write_dreamer(tmp_path / "d", own))
    report = corpora.check_corpus("dreamer", tmp_path / "d")
    assert report.usable and report.source == "surrogate"
    assert (report.n_subjects, report.n_usable, len(report.trials)) == (4, 7, 8)
    for line in (
        "source     surrogate (SURROGATE: not a result)",
        "subjects   4 of 23 (s01 … s04); 4 with usable trials",
        "trials     7 of 8 usable; up to 18 a subject",
        "eeg        14 channels at 128 Hz in uV (AF3, F7 … AF4); 12.0 to 14.0 s, 8 tri",
        "ecg        2 channels at 256 Hz in counts (ECG1, ECG2)",
        "baseline   1 to 1 s a trial",
        "valence    4 low, 3 high (> 3), prior of high 0.43; mean rating 2.86",
        "dominance  7 low, 0 high (> 3), prior of high 0.00; mean rating 3.00",
        "  s02 trial 01: eeg: F3 is not finite (NaN) in 1536 of 1536 values.",
        "  s01: 2 of 18 trials are there.",
        "  19 of 23 subjects are not there.",
        f"next       emolib corpora add dreamer '{tmp_path / 'd'}'",
        "next       emolib run ecg_eeg",
        "4 subjects make fewer folds",
    ):
        assert line in report.text
    corpora.add_corpus("dreamer", tmp_path / "d")
    again = corpora.check_corpus("dreamer", tmp_path / "d").text
    assert "corpora add" not in again and "emolib run ecg_eeg" in again


def test_a_check_names_the_damaged_file_and_goes_on(tmp_path):
    for number in (1, 2, 3, 4):
        path = write_amigos(tmp_path, number, amigos_cells(number, seconds=2))
    path.write_bytes(path.read_bytes()[:5000])
    report = corpora.check_corpus("amigos", tmp_path)
    assert not report.usable and list(report.damaged) == ["P04"]
    assert "P04.mat: expected" in report.text and "(truncated)" in report.text
    assert "NOT USABLE: 1 damaged file(s), see above" in report.text
    assert report.n_subjects == 3
    assert "and 12 of 12 of N1, P1, B1, U1" in report.text


def test_a_check_finds_too_few_subjects_and_a_single_class(tmp_path):
    write_dreamer(tmp_path / "few", people(2))
    few = corpora.check_corpus("dreamer", tmp_path / "few")
    assert not few.usable
    assert "NOT USABLE: 2 subjects with usable trials; 3 are needed." in few.text
    write_dreamer(tmp_path / "one", people(3, valence=(2, 2)))
    one = corpora.check_corpus("dreamer", tmp_path / "one")
    assert not one.usable and "NOT USABLE: no target has both classes." in one.text


def test_a_check_of_a_missing_or_another_corpus_is_not_usable(tmp_path):
    gone = corpora.check_corpus("dreamer", tmp_path / "gone")
    assert not gone.usable and gone.text.startswith("NOT USABLE: DREAMER not found")
    write_amigos(tmp_path / "a")
    other = corpora.check_corpus("dreamer", tmp_path / "a")
    assert not other.usable and "looks like AMIGOS" in other.text


def test_a_check_of_the_real_recordings_names_the_next_command(realdata):
    report = corpora.check_corpus("eegmat", realdata / "eegmat")
    assert report.usable and report.source == "open"
    assert (report.n_subjects, report.n_usable) == (8, 16)
    assert "workload   8 low, 8 high (> 0.5), prior of high 0.50" in report.text
    assert "28 of 36 subjects are not there." in report.text
    assert "emolib run ecg_eeg --config eegmat" in report.text
    odd = [row["subject"] + row["trial"] for row in report.trials if row["odd"]]
    assert odd == ["Subject02rest"]  # its ECG channel carries no heart
    assert "Subject02 trial rest: ecg: no heartbeat was found" in report.text


@pytest.mark.parametrize("name", [n for n, c in corpora.CORPORA.items() if c.writer])
def test_every_licensed_corpus_has_a_writer_with_the_same_knobs(name):
    pytest.importorskip(corpora.CORPORA[name].writer.split(":")[0])
    knobs = inspect.signature(corpora.CORPORA[name].write).parameters
    if corpora.CORPORA[name].n_utterances:  # sizes differ; the command knows them all
        assert {"effect", "signature", "seed"} < {*knobs} <= {"folder", *KNOBS}
        return
    assert list(knobs) == [
        "folder", "n_subjects", "n_trials", "seconds", "effect", "signature",
        "nuisance", "seed",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["dreamer", "amigos"])
def test_a_written_surrogate_passes_the_check_and_is_marked(name, tmp_path):
    pytest.importorskip(corpora.CORPORA[name].writer.split(":")[0])
    found = corpora.locate(name, n_subjects=3, n_trials=6, seconds=10.0)
    report = corpora.check_corpus(name, found.path)
    assert report.source == "surrogate" and report.n_subjects == 3
    # readers made by others list every entry of the folder
    assert all(path.suffix == ".mat" for path in found.path.iterdir())
    truth = Path(f"{found.path}.truth")
    assert {path.suffix for path in truth.iterdir()} <= {".npy", ".json"}
    assert json.dumps(found.parameters)


def test_the_words_of_a_check_are_no_part_of_what_results_depend_on():
    from emolib.code import code_digests

    closure = code_digests(["emolib.corpora"])
    assert "emolib.corpora.sources" in closure and "emolib.datasets.mat" in closure
    assert not {f"emolib.corpora.{n}" for n in ("check", "wording", "fetch")} & {
        *closure
    }
    with pytest.raises(AttributeError, match="has no attribute 'reader'"):
        corpora.reader  # noqa: B018
