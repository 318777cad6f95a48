import errno
import os
import re
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from filelock import FileLock

from emolib import code, corpora
from emolib.checks import CorpusError
from emolib.corpora.check import check_corpus
from emolib.datasets.corpus import Corpus
from emolib.datasets.opened import is_marked
from tests.datasets.test_every_reader import WRITERS
from tests.datasets.test_read_eegmat import write_edf
from tests.datasets.true_features import (
    iemocap_features,
    iemocap_ids,
    senti,
    write_iemocap,
    write_pickle,
)
from tests.datasets.true_formats import (
    amigos_cells,
    dreamer_person,
    write_amigos,
    write_dreamer,
)

MARK = "SURROGATE written by emolib: no person was recorded"
LICENSED = [name for name, corpus in corpora.CORPORA.items() if not corpus.is_open]


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """Give each test a project and a cache of its own."""
    root = tmp_path / "project"
    (root / "notebooks").mkdir(parents=True)
    (root / "pyproject.toml").write_text('name = "emolib"')
    monkeypatch.chdir(root)
    monkeypatch.delenv("EMOLIB_CACHE", raising=False)
    return root


@pytest.fixture
def written_by(monkeypatch):
    """Return a function that puts a writer in place of every corpus's own."""

    def put(write):
        monkeypatch.setattr(Corpus, "write", property(lambda self: write))
        monkeypatch.setattr(code, "code_digests", lambda roots: {"w": "one"})
        monkeypatch.setattr(code, "check_unchanged", lambda code: None)

    return put


@pytest.fixture
def calls(written_by):
    """Put a quick writer in place of DREAMER's; return what it was called with."""
    made = []

    def write(folder, *, n_subjects=3, n_trials=2, seconds=12.0, seed=0):
        made.append(dict(n_subjects=n_subjects, seconds=seconds, seed=seed))
        mark(write_dreamer(folder, people(n_subjects, seconds=(1, 2))))
        corpora.truth_folder(folder).mkdir()
        return folder

    written_by(write)
    return made


def mark(path):
    """Write what tells a surrogate into both ends of a MATLAB file."""
    with path.open("r+b") as file:
        file.write(f"MATLAB 5.0 MAT-file, {MARK}".encode().ljust(116))
        file.seek(0, 2)
        file.write(MARK.encode())
    return path


def people(n, **options):
    return [dreamer_person(i, **{"baseline_s": 1, **options}) for i in range(n)]


def rows(report, about):
    """Return (kind, trials) of the facts about something, as counted."""
    own = report.facts[report.facts["about"] == about]
    return own["kind"].value_counts().to_dict()


# ------------------------------------------------------------- surrogates


def test_a_surrogate_is_identified_written_once_and_found_again(
    calls, project, tmp_path, monkeypatch
):
    named = corpora.identify("dreamer", n_subjects=3)
    assert calls == [] and not named.path.exists()
    first = corpora.locate("dreamer", n_subjects=3)
    again = corpora.locate("dreamer", seconds="1.2e1")  # so YAML reads it
    assert named == first == again and len(calls) == 1
    assert (first.source, first.name) == ("surrogate", "dreamer")
    assert first.parameters == dict(n_subjects=3, n_trials=2, seconds=12.0, seed=0)
    parent = project / ".emolib" / "surrogates"
    assert first.path == parent / f"dreamer-{first.digest[:16]}"
    assert len({r.subject for r in first.read()}) == 3
    assert [p.name for p in first.path.iterdir()] == ["DREAMER.mat"]
    assert len(list(parent.iterdir())) == 2  # it and its truth
    monkeypatch.setenv("EMOLIB_CACHE", str(tmp_path / "elsewhere"))
    other = corpora.locate("dreamer", seed=1).path
    assert other.parents[1] == tmp_path / "elsewhere" and other.name != first.path.name


def test_code_tables_libraries_and_parameters_each_change_the_digest(
    calls, monkeypatch, tmp_path
):
    def now(**parameters):
        return corpora.identify("dreamer", **parameters).digest

    before = now()
    assert now(seed=1) != before and now(seed=0) == before
    monkeypatch.setattr(code, "code_digests", lambda roots: {"w": "two"})
    assert now() != before
    monkeypatch.setattr(code, "code_digests", lambda roots: {"w": "one"})
    versions = dict.fromkeys(("numpy", "scipy", "mne"), "0")
    monkeypatch.setattr(code, "library_versions", lambda: versions)
    assert now() != before
    before, tables = now(), code.PACKAGE / "surrogates"
    shutil.copytree(tables, tmp_path / "surrogates")
    monkeypatch.setattr(code, "PACKAGE", tmp_path)
    assert now() == before
    with (tmp_path / "surrogates" / "lead_field.csv").open("a") as file:
        file.write("Nz,0\n")
    assert now() != before
    kinds = {path.suffix for path in tables.iterdir() if path.is_file()}
    assert kinds == {".py", ".csv", ".md"}  # no table of another kind, unseen


def test_a_writer_that_fails_leaves_nothing_behind(written_by, project):
    def write(folder, *, seed=0):
        folder.mkdir()
        (folder / "DREAMER.mat").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    written_by(write)
    with pytest.raises(OSError, match=r"must fit into .* Free some space or set EMOLI"):
        corpora.locate("dreamer")
    assert list((project / ".emolib" / "surrogates").iterdir()) == []


def test_a_writer_edited_since_it_was_imported_writes_nothing(monkeypatch):
    name = "emolib.surrogates.dreamer"
    file, source = code._IMPORTED[name]
    monkeypatch.setitem(code._IMPORTED, name, (file, source + b"EDITED = 1\n"))
    with pytest.raises(RuntimeError, match=f"changed since: {name}.*restart"):
        corpora.locate("dreamer", n_subjects=3, n_trials=2, seconds=11.0)
    assert not list(corpora.cache_folder().glob("surrogates/*"))


def test_what_a_killed_writer_left_is_written_over(calls, project):
    final = corpora.identify("dreamer").path
    aside = final.with_name(f".partial-{final.name}")
    for left in (aside, corpora.truth_folder(final)):
        left.mkdir(parents=True)
        (left / "half").touch()
    found = corpora.locate("dreamer")
    assert len(list(found.read())) == 6
    truth = corpora.truth_folder(found.path)
    assert sorted(found.path.parent.iterdir()) == [found.path, truth]
    assert not list(truth.iterdir())


def test_of_two_that_want_a_surrogate_the_second_finds_it(calls, monkeypatch):
    class Waited(FileLock):
        def acquire(self, *args, **kwargs):
            if not calls:  # while we waited for the lock another process wrote it
                calls.append("theirs")
                corpora.write_surrogate("dreamer", corpora.identify("dreamer").path)
            return super().acquire(*args, **kwargs)

    monkeypatch.setattr(corpora, "FileLock", Waited)
    assert len(list(corpora.locate("dreamer").read())) == 6
    assert calls[0] == "theirs" and len(calls) == 2


def test_unknown_names_and_parameters_are_refused(calls):
    for name, given, words in (
        ("dremer", {}, "corpus must be one of 'dreamer', 'amigos'"),
        ("dreamer", {"data": "real"}, "data must be one of 'surrogate', 'local'"),
        ("dreamer", {"n_subject": 3}, "Did you mean 'n_subjects'"),
        ("dreamer", {"seconds": "abc"}, "seconds must be a valid number, .* got 'abc'"),
        ("dreamer", {"seed": True}, "seed must be a number; got True"),
    ):
        with pytest.raises(ValueError, match=words):
            corpora.locate(name, **given)


def test_a_surrogate_goes_to_a_new_folder_only(calls, tmp_path):
    folder = corpora.write_surrogate("dreamer", tmp_path / "mine", n_subjects=3)
    assert (folder / "DREAMER.mat").is_file() and (tmp_path / "mine.truth").is_dir()
    with pytest.raises(FileExistsError, match="folder must be new or empty"):
        corpora.write_surrogate("dreamer", folder)


def test_a_surrogate_is_told_by_its_content_wherever_it_lies(tmp_path):
    write_amigos(tmp_path, 1)
    assert corpora.source_of("amigos", tmp_path) == "licensed"
    mark(write_amigos(tmp_path, 2))  # one among real ones
    assert corpora.source_of("amigos", tmp_path) == "surrogate"
    corpora.add_corpus("amigos", tmp_path)
    assert corpora.locate("amigos", data="local").source == "surrogate"
    folder = write_iemocap(tmp_path / "i")
    assert corpora.source_of("iemocap", folder) == "licensed"
    with h5py.File(folder / "V" / "denseface.h5", "a") as file:
        file.attrs["about"] = MARK
        assert corpora.source_of("iemocap", folder) == corpora.UNKNOWN
        file.attrs["source"] = MARK
    assert corpora.source_of("iemocap", folder) == "surrogate"
    path = write_pickle(tmp_path / "mosei_raw.pkl", senti())
    assert corpora.source_of("mosei", tmp_path) == "licensed"
    said = b"X" + len(MARK).to_bytes(4, "little") + MARK.encode() + b"0"
    whole = path.read_bytes()
    path.write_bytes(b"\x80\x04" + said + whole[2:-1] + said + b".")  # put, and dropped
    assert corpora.source_of("mosei", tmp_path) == "surrogate"
    assert len(list(corpora.CORPORA["mosei"].read(tmp_path))) == 12


def test_no_flipped_bit_makes_a_surrogate_licensed(tmp_path):
    path = mark(write_dreamer(tmp_path, people(1)))
    whole = path.read_bytes()
    for place in (whole.find(MARK.encode()), whole.rfind(MARK.encode())):
        for bit in range(0, 8 * len("SURROGATE written by emolib"), 7):
            spoilt = bytearray(whole)
            spoilt[place + bit // 8] ^= 1 << bit % 8
            path.write_bytes(spoilt)
            assert corpora.source_of("dreamer", tmp_path) == corpora.UNKNOWN


@pytest.mark.parametrize("name", LICENSED)
def test_a_written_surrogate_passes_the_check_and_is_marked(name):
    given = {
        "iemocap": dict(n_trials=4),
        "deap": dict(n_subjects=3, n_trials=6),
        **dict.fromkeys(("mosei", "mosi"), dict(n_train=8, n_val=8, n_test=8)),
    }.get(name, dict(n_subjects=3, n_trials=6, seconds=10.0))
    found = corpora.locate(name, **given)
    assert {"effect", "signature", "seed", *given} <= {*found.parameters}
    report = check_corpus(name, found.path)
    assert report.source == "surrogate" and report.usable
    # readers made by others list every entry of the folder
    files = [path for path in found.path.rglob("*") if path.is_file()]
    suffixes = {path.suffix for path in files}
    unmarked = {".npy", ".avi"}
    assert all(is_marked(path) for path in files if path.suffix not in unmarked)
    session = {".xml", ".bdf"}
    kinds = {".mat"}, {".pkl"}, {".h5", ".npy"}, {".dat"}, session, {
        *session, ".avi", ".mat",
    }  # fmt: skip
    assert suffixes in kinds
    truth = corpora.truth_folder(found.path)
    assert {path.suffix for path in truth.iterdir()} <= {".npy", ".json"}


# ------------------------------------------------------------- folders


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
    text = corpora.list_corpora()
    assert f"folder: {tmp_path / 'licensed'}" in text and "none noted" in text
    assert "dreamer: DREAMER, 23 people, 18 film clips each, eeg + ecg; lic" in text
    assert "mosei: CMU-MOSEI (features), 22856 utterances of 3228 videos, audio" in text
    write_amigos(tmp_path / "a")
    corpora.add_corpus("amigos", tmp_path / "a")
    assert set(corpora.noted_folders()) == {"amigos", "dreamer"}


def test_a_full_disk_leaves_the_notes_as_they_were(project, tmp_path, monkeypatch):
    for name in ("a", "b"):
        write_dreamer(tmp_path / name)
    notes = corpora.add_corpus("dreamer", tmp_path / "a")
    before = notes.read_bytes()

    def refuse(path, text, **_):
        path.write_bytes(text[:4].encode())
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(OSError, match="No space left"):
        corpora.add_corpus("dreamer", tmp_path / "b")
    assert notes.read_bytes() == before and not [*project.glob(".partial*")]


@pytest.mark.parametrize("text", ["- dreamer\n", "dreamer: 3\n", "x: y\n", "a: [\n"])
def test_notes_that_do_not_read_say_how_to_mend_them(project, text):
    (project / "corpora.local.yaml").write_text(text)
    with pytest.raises(ValueError, match="corpora.local.yaml must hold lines 'CORPUS"):
        corpora.noted_folders()


@pytest.mark.parametrize("data", ["surrogate", "local"])
def test_an_open_corpus_without_a_folder_says_how_to_get_it(data):
    with pytest.raises(CorpusError, match="corpora fetch eegmat FOLDER.*corpora add e"):
        corpora.locate("eegmat", data=data)
    with pytest.raises(CorpusError, match="README.md; `emolib corpora add mosi_utter"):
        corpora.locate("mosi_utterances", data=data)


def test_files_are_hashed_once_and_again_when_they_change(tmp_path, monkeypatch):
    write_iemocap(tmp_path / "d")
    corpora.add_corpus("iemocap", tmp_path / "d")
    hashed, original = [], code.hash_file
    monkeypatch.setattr(code, "hash_file", lambda p: hashed.append(p) or original(p))
    first = corpora.identify("iemocap", data="local").digest
    assert corpora.identify("iemocap", data="local").digest == first
    assert len(hashed) == 63
    path = tmp_path / "d/target/3/val_label.npy"  # its name stands in every fold
    np.save(path, np.load(path)[::-1])
    os.utime(path, (1e9, 1e9))
    assert corpora.identify("iemocap", data="local").digest != first
    assert hashed[63:] == [path]


# ------------------------------------------------------------- the check


def test_a_check_counts_people_trials_labels_and_gaps(tmp_path):
    own = people(4)
    own[1]["EEG"][0, 0]["stimuli"][0, 0][0, 0][:, 2] = np.nan
    mark(write_dreamer(tmp_path / "d", own))
    report = check_corpus("dreamer", tmp_path / "d")
    assert report.usable and report.source == "surrogate"
    assert rows(report, "trials") == {"usable": 7, "with a problem": 1}
    assert rows(report, "valence") == {"low": 4, "high": 3}
    for words in (
        "surrogate (SURROGATE: not a result)",
        r"eeg +8 +4 +12 +14 +AF3 F7 .* AF4 at 128 Hz in uV",
        r"ecg +8 +4 +12 +14 +ECG1 ECG2 at 256 Hz in counts",
        r"trials +7 +4 +usable",
        r"dominance +7 +4 +3 +3 +low",
        r"left out +1 +1 +eeg: F3 is not finite \(NaN\) in 1536 .* s02 01",
        f"next: emolib corpora add dreamer {tmp_path / 'd'}",
        "next: emolib run ecg_eeg --config quick -p data local -p corpora",
    ):
        assert re.search(words, report.text) or words in report.text
    corpora.add_corpus("dreamer", tmp_path / "d")
    again = check_corpus("dreamer", tmp_path / "d").text
    assert "corpora add" not in again and "emolib run ecg_eeg" in again


def test_a_check_counts_utterances_classes_widths_and_folds(tmp_path):
    held = iemocap_features(iemocap_ids(4))
    held["A/comparE.h5"]["Ses01F_impro01_F000"][0, 0] = np.inf
    held["V/denseface.h5"]["Ses01F_impro01_F001"][:] = 0
    labels = {utterance: i % 4 for i, utterance in enumerate(iemocap_ids(4))}
    folder = write_iemocap(tmp_path / "d", held, labels=labels)
    report = check_corpus("iemocap", folder)
    assert report.usable and report.source == "licensed"
    assert rows(report, "trials") == {"usable": 39, "with a problem": 1}
    ten = dict.fromkeys(("happy", "neutral", "sad"), 10)
    assert rows(report, "emotion") == {"angry": 9, **ten}
    assert rows(report, "fold 1") == {"train": 32, "val": 3, "test": 4}
    assert rows(report, "fold 10") == {"train": 31, "val": 4, "test": 4}
    for words in (
        r"audio +40 +10 +10 +49 +130 features, ComParE 2016 descriptors",
        r"visual +40 +10 +0 +40 +342 features, DenseNet face features",
        r"left out +1 +1 +audio: 1 of 1300 values .*Ses01F Ses01F_impro01_F000",
        r"kept +1 +1 +visual: every step is zero.*Ses01F Ses01F_impro01_F001",
        "next: emolib run nmer --config quick -p data local -p corpora '.iemocap",
    ):
        assert re.search(words, report.text)


def several_amigos(folder):
    for number in (1, 2, 3, 4):
        write_amigos(folder, number, amigos_cells(number, seconds=2))


def two_sensors(folder):
    shutil.copytree(WRITERS["stress_predict"](folder), folder / "S03")


@pytest.mark.parametrize(
    ("name", "write", "file", "left"),
    [
        ("amigos", several_amigos, "Data_Preprocessed_P02.mat", 48),
        ("deap", WRITERS["deap"], "s02.dat", 2),
        ("eegmat", WRITERS["eegmat"], "Subject00_1.edf", 3),
        ("mahnob", WRITERS["mahnob"], "2/session.xml", 1),
        ("mahnob", WRITERS["mahnob"], "2/Part_1_S_Trial1_emotion.bdf", 1),
        ("mahnob_continuous", WRITERS["mahnob_continuous"], "2/session.xml", 1),
        ("mahnob_features", WRITERS["mahnob_features"],
         "P3-features-resamp4hz-trial-8.mat", 2),
        ("stress_predict", two_sensors, "S02/EDA.csv", 8),
    ],
)  # fmt: skip
def test_a_check_names_the_damaged_file_and_reads_all_others(
    tmp_path, name, write, file, left
):
    write(tmp_path)
    (tmp_path / file).write_bytes(b"")
    report = check_corpus(name, tmp_path)
    assert sum(rows(report, "trials").values()) == left
    assert not report.usable and "1 damaged file(s), see above" in report.text
    assert re.search(rf"damaged .*{file}: expected .*{file}\n", report.text)
    with pytest.raises(CorpusError, match=f"{file}: expected"):
        list(corpora.CORPORA[name].read(tmp_path))


def test_a_check_finds_too_few_people_and_a_single_class(tmp_path):
    for name, own, words in (
        ("few", people(2), "2 people with usable trials; 3 are needed"),
        ("one", people(3, valence=(2, 2)), "no target has both classes"),
    ):
        write_dreamer(tmp_path / name, own)
        report = check_corpus("dreamer", tmp_path / name)
        assert not report.usable and f"NOT USABLE: {words}." in report.text


def test_a_check_advises_no_more_folds_than_there_are_people(tmp_path):
    for number in range(3):
        for trial in (1, 2):
            write_edf(tmp_path / f"Subject{number:02d}_{trial}.edf")
    text = check_corpus("eegmat", tmp_path).text
    words = "run ecg_eeg --config eegmat -p n_folds 3 -p folds '[0, 1, 2]'"
    assert text.endswith(words)
    write_edf(tmp_path / "Subject03_1.edf")
    write_edf(tmp_path / "Subject04_1.edf")
    assert "-p" not in check_corpus("eegmat", tmp_path).text


def test_a_check_of_real_recordings_names_the_next_command(realdata):
    report = check_corpus("eegmat", realdata / "eegmat")
    assert report.usable and report.source == "open"
    assert rows(report, "workload") == {"low": 8, "high": 8}
    assert "emolib run ecg_eeg --config eegmat" in report.text
    report = check_corpus("mosi_utterances", realdata / "mosi")
    assert report.usable and rows(report, "fold 1") == {"train": 1447, "test": 752}
    assert rows(report, "sentiment") == {"negative": 1023, "positive": 1176}
    assert "emolib run nmer --config mosi_utterances" in report.text


def test_the_check_is_no_part_of_what_results_depend_on():
    closure = code.code_digests(["emolib.corpora"])
    assert "emolib.corpora" in closure and "emolib.datasets.mat" in closure
    assert "emolib.corpora.check" not in closure
