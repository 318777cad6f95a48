"""What every reader does alike: where it looks, whom it reads, what it misses."""

import shutil

import pytest

from emolib.corpora import CORPORA
from tests.datasets import test_read_deap, test_read_mahnob, test_read_stress_predict
from tests.datasets import true_features as features
from tests.datasets import true_formats as formats
from tests.datasets.refusals import refused
from tests.datasets.test_read_eegmat import write_edf


def write_eegmat(folder):
    for name in ("Subject01_1", "Subject00_1", "Subject00_2"):
        write_edf(folder / f"{name}.edf")


def write_mahnob(folder):
    for number, subject in (("132", 2), ("2", 1)):
        test_read_mahnob.write_xml(folder / number, subject)
        test_read_mahnob.write_bdf(folder / number, subject)


def write_rated_mahnob(folder):
    write_mahnob(folder)
    formats.write_continuous_labels(folder, [(1, 2), (2, 2)], [80, 80])


WRITERS = {
    "deap": lambda folder: [test_read_deap.write_dat(folder, n) for n in (10, 2)],
    "mahnob": write_mahnob,
    "stress_predict": test_read_stress_predict.write_person,
    "dreamer": formats.write_dreamer,
    "amigos": lambda folder: [formats.write_amigos(folder, n) for n in (10, 2)],
    "eegmat": write_eegmat,
    "iemocap": features.write_iemocap,
    "mahnob_features": formats.write_mahnob_features,
    "mahnob_continuous": write_rated_mahnob,
    "mosei": lambda f: features.write_pickle(f / "mosei_raw.pkl", features.raw()),
    "mosi": lambda f: features.write_pickle(
        f / "unaligned_50.pkl", features.mmsa(False, True)
    ),
    "mosi_utterances": features.write_mosi_vectors,
}
every_reader = pytest.mark.parametrize("name", CORPORA)


@pytest.fixture
def folder(tmp_path, name):
    """Return the corpus's folder two levels down, beside what computers leave."""
    folder = tmp_path / name.upper() / "data_preprocessed"
    folder.mkdir(parents=True)
    WRITERS[name](folder)
    for path in list(folder.rglob("*.*")):
        (path.parent / f"._{path.name}").write_bytes(b"x")
        (path.parent / "Thumbs.db").write_bytes(b"x")
    for left in ("lost+found", "System Volume Information"):
        shutil.copytree(folder, folder.parent / left)
    return folder


@every_reader
def test_a_folder_its_parents_and_a_single_file_are_accepted(folder, name, tmp_path):
    files = CORPORA[name].files(folder)
    for given in (tmp_path, folder.parent, files[0] if len(files) == 1 else folder):
        assert CORPORA[name].files(given) == files
    assert not any(path.name.startswith(("._", "Thumbs")) for path in files)


@every_reader
def test_subjects_come_in_order_and_can_be_chosen(folder, name):
    read = CORPORA[name].read
    every = [(recording.subject, recording.trial) for recording in read(folder)]
    found = list(dict.fromkeys(subject for subject, _ in every))
    in_order = sorted(found, key=lambda subject: (len(subject), subject))
    assert found == in_order or name.startswith("mos")  # train, valid, test
    chosen = list(read(folder, subjects=[found[-1]]))
    last = [who for who in every if who[0] == found[-1]]
    assert [(recording.subject, recording.trial) for recording in chosen] == last
    assert {recording.corpus for recording in chosen} == {name}
    words = r"subjects must be in the c.*\['s99'\]. It"
    refused(read, folder, words, ValueError, subjects=["s99"])


@every_reader
def test_of_two_files_of_one_name_none_is_taken_in_silence(folder, name, tmp_path):
    n = len(list(CORPORA[name].read(folder)))
    if name not in ("mosei", "mosi"):  # those have one file in all
        (tmp_path / "link").symlink_to(folder, target_is_directory=True)
        assert len(list(CORPORA[name].read(tmp_path))) == n
        (tmp_path / "link").unlink()
    shutil.copytree(folder, tmp_path / "again")
    words = r"expected one (file|package) of.*; got"
    said = refused(CORPORA[name].read, tmp_path, words)
    for part in ("again", folder.name):
        assert any(f"{part}/{p.name}" in said for p in folder.rglob("*")), part


@every_reader
def test_missing_packed_and_other_folders_are_named(tmp_path, name):
    corpus = CORPORA[name]
    words = r" not found: expected .*(README\.md|corpora fetch)"
    refused(corpus.files, tmp_path / "nowhere", words, FileNotFoundError)
    refused(corpus.files, tmp_path, "got 0 other files|such file|got 0")
    if corpus.find is not None:
        return
    (tmp_path / "all.tar.gz").write_bytes(b"PK")
    refused(corpus.files, tmp_path, r"still packed, all\.tar\.gz: unpack it")
    other = "amigos" if name == "dreamer" else "dreamer"
    WRITERS[other](tmp_path)
    refused(corpus.files, tmp_path, f"looks like {CORPORA[other].title}")


@every_reader
def test_a_damaged_file_is_one_error_that_names_it(folder, name):
    read, path = CORPORA[name].read, CORPORA[name].files(folder)[0]
    whole = path.read_bytes()
    n = len(whole)
    page = b"<html>log in first</html>" * 40
    spoilt = [b"", page, whole[: n // 3], whole[: n - n // 99]]
    is_table = name == "stress_predict"  # numbers that stop early are a shorter file
    for contents in spoilt[: 2 if is_table else None]:
        path.write_bytes(contents)
        refused(read, folder, rf"{path.name}: .*expected .*; got ")
