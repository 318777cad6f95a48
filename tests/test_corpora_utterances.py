"""Corpora of utterances: what a check says of them, and how a surrogate is told."""

import h5py
import numpy as np
import pytest

from emolib import corpora
from emolib.__main__ import main
from emolib.checks import CorpusError
from emolib.corpora.sources import files_digest
from tests.datasets.true_features import (
    iemocap_features,
    iemocap_ids,
    mmsa,
    senti,
    write_iemocap,
    write_pickle,
)


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    root = tmp_path / "project"
    (root / "notebooks").mkdir(parents=True)
    (root / "pyproject.toml").write_text('[project]\nname = "emolib"\n')
    monkeypatch.chdir(root)
    monkeypatch.delenv("EMOLIB_CACHE", raising=False)
    return root


def test_a_check_of_iemocap_counts_speakers_classes_widths_and_folds(tmp_path, capsys):
    held = iemocap_features(iemocap_ids(4))
    held["A/comparE.h5"]["Ses01F_impro01_F000"][0, 0] = np.inf
    held["V/denseface.h5"]["Ses01F_impro01_F001"][:] = 0
    labels = {utterance: i % 4 for i, utterance in enumerate(iemocap_ids(4))}
    folder = write_iemocap(tmp_path / "d", held, labels=labels)
    report = corpora.check_corpus("iemocap", folder)
    assert report.usable and report.source == "licensed"
    assert (report.n_subjects, report.n_usable, len(report.trials)) == (10, 39, 40)
    for line in (
        "IEMOCAP (features) in",
        "speakers   10 of 10 (Ses01F … Ses05M)",
        "utterances 39 of 40 usable; 3 to 4 a speaker; the whole corpus has 5531",
        "audio      130 features wide, ComParE 2016 descriptors",
        "; 11 to 49 steps, median 30",
        "visual     342 features wide, DenseNet face features; 40 to 40 steps, "
        "median 40; absent in 1 utterances",
        "text       1024 features wide, BERT-large tokens; 6 to 22 steps",
        "emotion    angry 9, happy 10, neutral 10, sad 10; majority 0.256",
        "fold 1     32 to train, 3 to validate, 4 to test",
        "fold 10    31 to train, 4 to validate, 4 to test",
        "  1 left out, such as Ses01F_impro01_F000: audio: 1 of 1300 values are not",
        "  1 kept, such as Ses01F_impro01_F001: visual: every step is zero",
        f"next       emolib corpora add iemocap '{folder}'",
        "next       emolib run nmer --config quick -p data local -p corpora '[iemocap]",
    ):
        assert line in report.text
    assert main(["corpora", "add", "iemocap", str(folder)]) == 0
    again = corpora.check_corpus("iemocap", folder).text
    assert "corpora add" not in again and "emolib run nmer" in again
    assert corpora.locate("iemocap", data="local").source == "licensed"


def test_a_check_of_mosei_names_package_padding_and_classes(tmp_path):
    held = senti()
    held["train"]["text"][0] = 0
    held["test"]["text"][0] = 0
    held["train"]["audio"][1, -1, :2] = -np.inf
    folder = write_pickle(tmp_path / "mosei_senti_data.pkl", held).parent
    report = corpora.check_corpus("mosei", folder)
    assert report.usable and report.n_usable == 10
    for line in (
        "videos     7 of 3228 (test-0 … valid-1)",
        "audio      74 features wide, of the senti package (MulT, MultiBench), padded "
        "on the left; 8 to 50 steps",
        "visual     35 features wide",
        "sentiment  negative 3, positive 7; majority 0.700; positive is >= 0, mean 0.6",
        "fold 1     4 to train, 3 to validate, 3 to test",
        "  2 left out, such as train-0[0.0,9.5]: text: every step is zero; MultiBench",
        "  1 kept, such as train-0[2.0,9.5]: audio: 2 values were -inf and are 0 now.",
    ):
        assert line in report.text


def test_a_check_of_what_does_not_fit_together_is_not_usable(tmp_path, capsys):
    mixed = {**senti(), "test": mmsa()["test"]}
    write_pickle(tmp_path / "x" / "mosei_raw.pkl", mixed)
    assert main(["corpora", "check", "mosei", str(tmp_path / "x")]) == 1
    said = capsys.readouterr()
    assert "NOT USABLE: " in said.out and "test of MMSA's aligned package" in said.out
    assert said.err == "" and len(said.out.splitlines()) == 1


def test_a_check_of_the_real_vectors_names_the_next_command(realdata):
    report = corpora.check_corpus("mosi_utterances", realdata / "mosi")
    assert report.usable and report.source == "open"
    for line in (
        "utterances 2199 of 2199 usable; 9 to 63 a video",
        "sentiment  negative 1023, positive 1176; majority 0.535",
        "fold 1     1447 to train, 752 to test",
        "emolib run nmer --config mosi_utterances",
    ):
        assert line in report.text


def test_a_surrogate_is_told_by_its_content_wherever_it_lies(tmp_path):
    about = "SURROGATE written by emolib: no person was recorded"
    folder = write_iemocap(tmp_path / "i")
    assert not corpora.is_surrogate("iemocap", folder)
    with h5py.File(folder / "V" / "denseface.h5", "a") as file:
        file.attrs["about"] = about
    assert corpora.is_surrogate("iemocap", folder)
    path = write_pickle(tmp_path / "mosei_raw.pkl", senti())
    assert not corpora.is_surrogate("mosei", tmp_path)
    text = about.encode()
    said = b"X" + len(text).to_bytes(4, "little") + text + b"0"  # put, and dropped
    path.write_bytes(b"\x80\x04" + said + path.read_bytes()[2:])
    assert corpora.is_surrogate("mosei", tmp_path)
    assert len(list(corpora.CORPORA["mosei"].read(tmp_path))) == 12


def test_files_of_one_name_in_several_folders_all_count(tmp_path):
    folder = write_iemocap(tmp_path / "d")
    files = corpora.CORPORA["iemocap"].files(folder)
    before = files_digest(files)
    path = folder / "target" / "3" / "val_label.npy"
    labels = np.load(path)
    np.save(path, labels[::-1])
    assert files_digest(files, verify=True) != before
    np.save(path, labels)
    assert files_digest(files, verify=True) == before


def test_the_list_says_utterances_and_who_speaks():
    text = corpora.list_corpora()
    for line in (
        "iemocap         IEMOCAP (features): 5531 utterances of 10 speakers, audio + v",
        "CMU-MOSEI (features): 22856 utterances of 3228 videos",
        "CMU-MOSI (a vector per utterance): 2199 utterances of 93 videos",
    ):
        assert line in text


@pytest.mark.parametrize("action", ["surrogate", "fetch"])
def test_vectors_that_no_command_can_make_say_where_they_come_from(
    tmp_path, capsys, action
):
    assert main(["corpora", action, "mosi_utterances", str(tmp_path / "x")]) == 1
    said = capsys.readouterr().err
    assert "emolib/datasets/README.md says where it comes from, `emolib corpora" in said
    assert len(said.splitlines()) == 1
    with pytest.raises(CorpusError, match="README.md says where it comes from"):
        corpora.locate("mosi_utterances")


@pytest.mark.parametrize("name", ["iemocap", "mosei", "mosi"])
def test_a_written_surrogate_is_read_back_marked_and_whole(name):
    pytest.importorskip(corpora.CORPORA[name].writer.split(":")[0])
    knobs = (
        dict(n_trials=4) if name == "iemocap" else dict(n_train=8, n_val=8, n_test=8)
    )
    found = corpora.locate(name, **knobs)
    report = corpora.check_corpus(name, found.path)
    assert report.usable and report.source == "surrogate"
    assert len(report.trials) == (40 if name == "iemocap" else 24)
    assert report.n_usable == len(report.trials) - (name != "iemocap")
