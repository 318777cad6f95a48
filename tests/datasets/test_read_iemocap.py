import numpy as np
import pytest

from emolib.datasets.iemocap import CORPUS, EMOTIONS, read_iemocap
from tests.datasets.refusals import refused
from tests.datasets.true_features import iemocap_features, iemocap_ids, write_iemocap


def test_every_utterance_comes_back_without_padding_and_with_its_parts(tmp_path):
    held = iemocap_features(iemocap_ids())
    held["V/denseface.h5"]["Ses01F_impro01_F000"][5:9] = 0  # no face for a while
    write_iemocap(tmp_path, held)
    recordings = {r.trial: r for r in read_iemocap(tmp_path)}
    assert list(recordings) == iemocap_ids()
    assert EMOTIONS == ("angry", "happy", "neutral", "sad")
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
        assert list(found.parts) == [str(fold) for fold in range(1, 11)]
        for fold, part in found.parts.items():
            out = f"Ses0{(int(fold) + 1) // 2}"
            tested = out + ("M" if int(fold) % 2 else "F")
            expected = {True: "val", False: "train"}[found.session == out]
            assert part == ("test" if found.subject == tested else expected)


def test_gaps_are_told_and_no_utterance_is_dropped(tmp_path):
    held = iemocap_features(iemocap_ids())
    audio, visual, text = held.values()
    audio["Ses01F_impro01_F000"][2, 3] = np.nan
    visual["Ses01F_impro01_F001"][:] = 0
    del text["Ses01F_impro01_M000"]
    text["Ses01F_impro01_M001"][:] = 0
    write_iemocap(tmp_path, held)
    found = list(read_iemocap(tmp_path))[:4]
    assert [r.problems for r in found] == [
        ("audio: 1 of 1300 values are not finite (NaN or infinite).",),
        (),
        ("text: not in bert_large.h5.",),
        (),
    ]
    assert found[1].notes == ("visual: every step is zero; it counts as absent.",)
    assert found[1].signals["visual"].data.shape == (0, 342)
    assert "text" not in found[2].signals and found[3].signals["text"].n_steps == 0


@pytest.mark.parametrize(
    ("missing", "n"), [("target/10/tst_int2name.npy", 1), ("target/4/*", 6), ("V/*", 1)]
)
def test_a_missing_file_is_named(tmp_path, missing, n):
    write_iemocap(tmp_path)
    for path in tmp_path.glob(missing):
        path.unlink()
    where = missing.rstrip("*")
    words = rf"{where}.*: expected A/comparE\.h5, .*such file \({n} are missing\).*Copy"
    refused(CORPUS.files, tmp_path, words)


ONE_HOT = np.eye(4)[[0, 1]]
NAMES = np.array([[b"Ses01F_impro01_M000"], [b"Ses01F_impro01_M001"]])
OTHER = np.array(["MSP-IMPROV-S01A-F01-P-FM01"] * 2)


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("tst_label.npy", ONE_HOT[:1], r"\(1, 4\) beside 2 ids"),
        ("tst_label.npy", ONE_HOT * 2, "rows that are not one-hot"),
        ("tst_label.npy", ONE_HOT[::-1], "M000' .val_int2name.npy. twice"),
        ("tst_int2name.npy", NAMES[[0, 0]], "M000' .tst_int2name.npy. twice"),
        ("tst_int2name.npy", np.arange(2), "the id 0; another"),
        ("tst_int2name.npy", OTHER, "the id 'MSP-IMPROV.*another corpus, such as"),
        ("tst_int2name.npy", np.array([["\x1b[2J"]] * 2), r"the id '\\x1b\[2J'"),
    ],
)
def test_labels_that_do_not_fit_are_refused(tmp_path, name, array, words):
    write_iemocap(tmp_path)
    np.save(tmp_path / "target/1/tst_label.npy", np.eye(4)[[2, 3]])
    np.save(tmp_path / "target/1" / name, array)
    own = "_int2name" if "the id" in words else "_label"
    refused(read_iemocap, tmp_path, rf"target/\d/...{own}\.npy: .*{words}")


def test_folds_and_widths_that_do_not_fit_are_refused(tmp_path):
    held = iemocap_features(iemocap_ids())
    held["A/comparE.h5"]["Ses02F_impro01_F001"] = np.ones((9, 88))
    write_iemocap(tmp_path / "w", held)
    words = r"comparE\.h5: expected every utterance 130 features wide.*88 in 'Ses02F_i"
    refused(read_iemocap, tmp_path / "w", words)
    write_iemocap(tmp_path / "f", n_folds=9)
    words = "a fold for each of 10 speakers.*got 9 fold"
    refused(read_iemocap, tmp_path / "f", words)
