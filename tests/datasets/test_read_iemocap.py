import numpy as np
import pytest

from emolib.checks import CorpusError
from emolib.datasets import iemocap
from emolib.datasets.iemocap import (
    find_iemocap,
    list_subjects,
    read_iemocap,
    read_mean_std,
)
from tests.datasets.true_features import (
    iemocap_features,
    iemocap_ids,
    write_iemocap,
)

SPEAKERS = [f"Ses0{i}{voice}" for i in range(1, 6) for voice in "FM"]


def changed(folder, name, array):
    np.save(folder / "target" / name, array)


def test_the_constants_are_those_of_the_publisher():
    assert iemocap.EMOTIONS == ("angry", "happy", "neutral", "sad")
    assert (iemocap.N_SUBJECTS, iemocap.N_UTTERANCES) == (10, 1103 + 1636 + 1708 + 1084)


def test_every_utterance_comes_back_without_its_padding(tmp_path):
    held = iemocap_features(iemocap_ids())
    held["V/denseface.h5"]["Ses01F_impro01_F000"][5:9] = 0  # no face for a while
    write_iemocap(tmp_path, held)
    recordings = {r.trial: r for r in read_iemocap(tmp_path)}
    assert list(recordings) == iemocap_ids()
    for i, (name, found) in enumerate(recordings.items()):
        assert (found.corpus, found.session) == ("iemocap", name[:5])
        assert found.subject == name[:5] + name[-4]
        assert found.ratings == {"emotion": i % 4}
        assert found.problems == () and found.notes == ()
        for modality, file, n_steps in (
            ("audio", "A/comparE.h5", 10 + i),
            ("visual", "V/denseface.h5", 40),
            ("text", "L/bert_large.h5", 6 + i % 17),
        ):
            data = found.signals[modality].data
            assert data.dtype == np.float32
            np.testing.assert_array_equal(data, held[file][name][:n_steps])


def test_ten_folds_leave_a_session_out_and_take_turns_with_its_speakers(tmp_path):
    write_iemocap(tmp_path)
    for found in read_iemocap(tmp_path):
        assert list(found.parts) == [str(fold) for fold in range(1, 11)]
        for fold, part in found.parts.items():
            out = f"Ses0{(int(fold) + 1) // 2}"
            tested = out + ("M" if int(fold) % 2 else "F")
            expected = {True: "val", False: "train"}[found.session == out]
            assert part == ("test" if found.subject == tested else expected)


def test_speakers_are_named_by_who_speaks_and_can_be_chosen(tmp_path):
    write_iemocap(tmp_path)
    assert list_subjects(tmp_path) == SPEAKERS
    chosen = list(read_iemocap(tmp_path, subjects=["Ses03M"]))
    assert [r.trial for r in chosen] == ["Ses03F_impro01_M000", "Ses03F_impro01_M001"]
    with pytest.raises(ValueError, match=r"subjects must be in the corpus; got \['s1'"):
        next(read_iemocap(tmp_path, subjects=["s1"]))


def test_stored_means_are_read_by_fold(tmp_path):
    write_iemocap(tmp_path)
    stored = read_mean_std(tmp_path)
    assert list(stored) == [str(fold) for fold in range(1, 11)]
    mean, std = stored["7"]
    assert mean.tolist() == [7.0] * 130 and std.tolist() == [1.0] * 130
    (tmp_path / "A" / "comparE_mean_std.h5").unlink()
    assert len(list(read_iemocap(tmp_path))) == 20
    with pytest.raises(CorpusError, match=r"mean_std\.h5: expected mean and SD of"):
        read_mean_std(tmp_path)


@pytest.mark.parametrize("tree", ["IEMOCAP_features_2021", "a/IEMOCAP_features_2021"])
def test_the_folder_and_its_parents_are_accepted(tmp_path, tree):
    write_iemocap(tmp_path / tree)
    (tmp_path / tree / "A" / "._comparE.h5").write_bytes(b"x")
    found = find_iemocap(tmp_path)
    assert found == find_iemocap(tmp_path / tree) and len(found) == 3 + 1 + 60
    assert {path.suffix for path in found} == {".h5", ".npy"}


def test_gaps_are_told_and_no_utterance_is_dropped(tmp_path):
    held = iemocap_features(iemocap_ids())
    audio, visual, text = held.values()
    audio["Ses01F_impro01_F000"][2, 3] = np.nan
    visual["Ses01F_impro01_F001"][:] = 0
    del text["Ses01F_impro01_M000"]
    text["Ses01F_impro01_M001"][:] = 0
    write_iemocap(tmp_path, held)
    found = list(read_iemocap(tmp_path))[:4]
    assert found[0].problems == (
        "audio: 1 of 1300 values are not finite (NaN or infinite).",
    )
    assert found[1].notes == ("visual: every step is zero; it counts as absent.",)
    assert found[1].signals["visual"].data.shape == (0, 342)
    assert found[2].problems == ("text: not in bert_large.h5.",)
    assert "text" not in found[2].signals
    assert found[3].problems == () and found[3].signals["text"].n_steps == 0


@pytest.mark.parametrize(
    "missing", ["target/3/val_label.npy", "target/10/tst_int2name.npy", "target/4/*"]
)
def test_a_missing_fold_file_is_named(tmp_path, missing):
    write_iemocap(tmp_path)
    paths = sorted(tmp_path.glob(missing))
    for path in paths:
        path.unlink()
    words = "expected labels and names of every fold; got no such file.*'target' of"
    with pytest.raises(CorpusError, match=words) as raised:
        find_iemocap(tmp_path)
    more = " (and 5 more)" if len(paths) > 1 else ""
    assert f"no such file{more}." in str(raised.value)
    assert missing.split("/")[1] in str(raised.value)


def test_folds_that_do_not_fit_the_speakers_are_refused(tmp_path):
    write_iemocap(tmp_path, n_folds=9)
    with pytest.raises(CorpusError, match="a fold for each of 10 speakers.*got folds"):
        list(read_iemocap(tmp_path))


def test_a_missing_feature_file_is_named(tmp_path):
    write_iemocap(tmp_path)
    (tmp_path / "V" / "denseface.h5").unlink()
    words = r"expected denseface\.h5, the visual features; got only bert_large\.h5, com"
    with pytest.raises(CorpusError, match=words):
        find_iemocap(tmp_path)


def test_packed_archives_and_other_corpora_are_named(tmp_path):
    with pytest.raises(
        FileNotFoundError, match="IEMOCAP not found: expected A/comparE"
    ):
        find_iemocap(tmp_path / "nowhere")
    (tmp_path / "IEMOCAP_features_2021.zip").write_bytes(b"PK")
    with pytest.raises(CorpusError, match="still packed, IEMOCAP_features_2021.zip"):
        find_iemocap(tmp_path)
    (tmp_path / "mosei_raw.pkl").write_bytes(b"x")
    with pytest.raises(CorpusError, match=r"looks like MOSEI \(mosei_raw\.pkl\)"):
        find_iemocap(tmp_path)


ONE_HOT = np.eye(4)[[0, 1]]
NAMES = np.array([[b"Ses01F_impro01_M000"], [b"Ses01F_impro01_M001"]])


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("1/tst_label.npy", ONE_HOT[:1], r"one-hot rows of shape \(2, 4\)"),
        ("1/tst_label.npy", ONE_HOT[:, :3], r"got float64 of shape \(2, 3\)"),
        ("1/tst_label.npy", ONE_HOT * 2, "expected one-hot rows"),
        ("1/tst_label.npy", np.ones((2, 4)), "expected one-hot rows"),
        ("1/tst_label.npy", ONE_HOT[::-1], "with two labels"),
        ("1/tst_int2name.npy", NAMES[[0, 0]], "'Ses01F_impro01_M000' with two parts o"),
        ("1/tst_int2name.npy", NAMES.reshape(1, 2), r"ids of shape \(N, 1\); got |S19"),
        ("1/tst_int2name.npy", np.arange(2), "utterance ids of shape"),
        (
            "1/tst_int2name.npy",
            np.array(["MSP-IMPROV-S01A-F01-P-FM01"] * 2),
            "MSP-IMPR",
        ),
        ("1/tst_int2name.npy", np.array([["\x1b[2J"]] * 2), r"'\\x1b\[2J'\. Is this"),
    ],
)
def test_labels_that_do_not_fit_are_refused(tmp_path, name, array, words):
    write_iemocap(tmp_path, labels={u: i % 4 for i, u in enumerate(iemocap_ids())})
    changed(tmp_path, "1/tst_label.npy", np.eye(4)[[2, 3]])
    changed(tmp_path, name, array)
    with pytest.raises(CorpusError, match=words):
        list(read_iemocap(tmp_path))


def test_pickled_and_truncated_labels_are_refused(tmp_path):
    write_iemocap(tmp_path)
    path = tmp_path / "target" / "2" / "trn_label.npy"
    whole = path.read_bytes()
    for spoilt, words in (
        (whole[:-9], "mangled: ValueError"),
        (whole[:60], "mangled"),
        (b"", "an empty file"),
        (b"<html>", "a web page"),
    ):
        path.write_bytes(spoilt)
        with pytest.raises(CorpusError, match=rf"trn_label\.npy: expected .*{words}"):
            list(read_iemocap(tmp_path))
    np.save(path, np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(CorpusError, match="expected numbers and text, no objects"):
        list(read_iemocap(tmp_path))


def test_an_utterance_of_another_width_is_refused(tmp_path):
    held = iemocap_features(iemocap_ids())
    held["A/comparE.h5"]["Ses02F_impro01_F001"] = np.ones((9, 88))
    write_iemocap(tmp_path, held)
    words = r"comparE\.h5: expected every utterance 130 features wide.*88 in 'Ses02F_i"
    with pytest.raises(CorpusError, match=words):
        list(read_iemocap(tmp_path))
