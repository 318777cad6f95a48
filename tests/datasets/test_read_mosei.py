import numpy as np
import pytest

from emolib.datasets.mosei import ID_PATTERNS, MOSEI, MOSI, read_mosei, read_mosi
from tests.datasets.refusals import refused
from tests.datasets.test_pickles import Hostile
from tests.datasets.true_features import LENGTHS, N, mmsa, raw, senti, write_pickle

SENTI, RAW, RAW_MOSI, ALIGNED, UNALIGNED = ID_PATTERNS
PACKAGES = {
    ("mosei", SENTI): ("mosei_senti_data.pkl", senti(), "left"),
    ("mosei", RAW): ("mosei_raw.pkl", raw(), "left"),
    ("mosei", ALIGNED): ("aligned_50.pkl", mmsa(), "right"),
    ("mosei", UNALIGNED): ("unaligned_50.pkl", mmsa(aligned=False), "right"),
    ("mosi", SENTI): ("mosi_data.pkl", senti((300, 5, 20), as_bytes=True), "left"),
    ("mosi", RAW_MOSI): ("mosi_raw.pkl", raw(1, (300, 74, 35)), "left"),
    ("mosi", ALIGNED): ("aligned_50.pkl", mmsa(narrow=True), "right"),
    ("mosi", UNALIGNED): ("unaligned_50.pkl", mmsa(False, narrow=True), "right"),
}
READ = {"mosei": read_mosei, "mosi": read_mosi}
MODALITIES = {"audio": "audio", "visual": "vision", "text": "text"}


@pytest.mark.parametrize(("corpus", "kind"), PACKAGES)
def test_each_package_is_recognised_and_read_whole(tmp_path, corpus, kind):
    name, held, side = PACKAGES[corpus, kind]
    write_pickle(tmp_path / name, held)
    recordings = list(READ[corpus](tmp_path))
    rows = [(split, i) for split in ("train", "valid", "test") for i in range(N[split])]
    for (split, i), found in zip(rows, recordings, strict=True):
        assert (found.corpus, found.session) == (corpus, "1")
        assert found.subject == f"{split}-{i // 2}"
        clip = {SENTI: f"[{2.0 * i},9.5]", RAW: f"[{i}]", RAW_MOSI: f"[{i}]"}
        assert found.trial == found.subject + clip.get(kind, f"$_${i}")
        assert found.ratings["sentiment"] == pytest.approx(-3 + 6 * i / (N[split] - 1))
        assert found.parts == {"1": {"valid": "val"}.get(split, split)}
        assert found.problems == () and found.notes == ()
        for modality, key in MODALITIES.items():
            signal = found.signals[modality]
            length = LENGTHS[split][i]
            if kind == UNALIGNED and modality != "text":
                length *= 9
            stored = held[split][key][i]
            real = stored[len(stored) - length :] if side == "left" else stored[:length]
            np.testing.assert_array_equal(signal.data, real)
            assert signal.kind == f"of {kind}, padded on the {side}"


@pytest.mark.parametrize("kind", [SENTI, RAW_MOSI, ALIGNED, UNALIGNED])
def test_mosi_given_for_mosei_is_named(tmp_path, kind):
    path = write_pickle(tmp_path / "mosei_raw.pkl", PACKAGES["mosi", kind][1])
    refused(read_mosei, path, "of CMU-MOSEI .*; got the other corpus's: ")


def test_mosei_given_for_mosi_is_named(tmp_path):
    write_pickle(tmp_path / "mosei_raw.pkl", raw())
    refused(MOSI.files, tmp_path, r"looks like CMU-MOSEI .*\(mosei_raw\.pkl\)")
    path = write_pickle(tmp_path / "own" / "mosi_raw.pkl", raw())
    refused(read_mosi, path, "of CMU-MOSI .*got the other corpus's: the")
    many = senti((1, 74, 1))
    for key in many["train"]:
        many["train"][key] = np.repeat(many["train"][key], 440, axis=0)
    path = write_pickle(tmp_path / "mosi_data.pkl", many)
    refused(read_mosi, path, "corpus's: the senti package.*2207 utteranc")


def test_zero_steps_inside_stay_and_those_at_the_padded_end_go(tmp_path):
    held = senti()
    held["train"]["audio"][1, -3] = 0  # inside
    held["train"]["audio"][2, -1] = 0  # at the end that is not padded
    held["train"]["audio"][3, -10:-7] = 0  # where padding ends
    write_pickle(tmp_path / "mosei_senti_data.pkl", held)
    found = [r.signals["audio"].n_steps for r in read_mosei(tmp_path)][:5]
    assert found == [50, 8, 9, 7, 11]


def test_stored_lengths_decide_where_there_are_any(tmp_path):
    held = mmsa(aligned=False)
    held["train"]["audio"][1, 60:] = 0  # a pause that the length includes
    held["train"]["audio_lengths"][2] = 900
    held["train"]["vision"][3] = 0
    write_pickle(tmp_path / "unaligned_50.pkl", held)
    found = list(read_mosei(tmp_path))
    assert found[1].signals["audio"].n_steps == 72 and not found[1].notes
    assert found[2].signals["audio"].n_steps == 500
    assert found[2].notes == ("audio: a length of 900 was stored.",)
    assert found[3].signals["visual"].n_steps == 0
    assert found[3].notes == ("visual: every step is zero; it counts as absent.",)


def test_gaps_of_the_licensed_files_are_handled_and_reported(tmp_path):
    held = senti()
    train = held["train"]
    train["text"][0] = 0
    train["audio"][1, -1, :2] = -np.inf
    train["audio"][2, -1, 0] = np.inf
    train["vision"][3, -2, 4] = np.nan
    train["labels"][4] = 3.5
    train["labels"][2] = np.nan
    held["test"]["id"][1] = held["test"]["id"][0]
    held["test"]["text"][2, -1, 0] = -np.inf
    write_pickle(tmp_path / "mosei_senti_data.pkl", held)
    found = list(read_mosei(tmp_path))
    words = "text: every step is zero; MultiBench leaves it out too."
    assert found[0].problems == (words,)
    assert found[1].problems == ()
    assert found[1].notes == ("audio: 2 values were -inf and are 0 now.",)
    assert found[1].signals["audio"].data[-1, :2].tolist() == [0, 0]
    assert found[1].signals["audio"].data.dtype == np.float32
    assert "audio: 1 of 666 values are not finite (NaN" in found[2].problems[0]
    assert found[2].problems[1] == "sentiment: no rating was given."
    assert found[2].ratings == {}
    assert "visual: 1 of 350 values are not finite" in found[3].problems[0]
    assert found[4].problems == ("sentiment: rating 3.5 lies outside -3 to 3.",)
    assert found[9].trial == "test-0[0.0,9.5] (2)"
    assert found[9].notes == ("id: 'test-0[0.0,9.5]' occurs 2 times so far.",)
    assert "text: 1 of" in found[10].problems[0]


# ------------------------------------------------------------------------- bad input


def spoil(part, key, value=None, kind=SENTI):
    """Return a package in which a part lacks a key, or has another value there."""
    held = dict(PACKAGES["mosei", kind][1])
    held[part] = {**held[part], key: value}
    if value is None:
        del held[part][key]
    return held


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ([1, 2], "expected a package of CMU-MOSEI .*: train, valid and test of arrays"),
        ({"train": {}, "test": {}}, "KeyError: 'labels'"),
        ({**senti(), "test": raw()["test"]}, "a mixture: .*senti pack.*the raw pack"),
        (spoil("train", "labels", np.ones((5, 1, 7))), "7 labels beside ids of shape"),
        (spoil("test", "vision"), "KeyError: 'vision'"),
        (spoil("train", "text", np.full((5, 9, 3), None)), "text of object, shape"),
        (spoil("test", "audio", np.ones((3, 50, 74))), "numbers of utt.*'audio': 3"),
        (spoil("test", "id", np.array(list("abcd"))), "package of MOSI.*: a"),
        (spoil("train", "id", ["\x1b[2J$_$1"] * 5, ALIGNED), "an id of MMSA's al"),
        (spoil("train", "id", [{}] * 5, ALIGNED), "an id that is no text"),
        (spoil("train", "audio_lengths", ["a"] * 5, UNALIGNED), "literal for int"),
        (spoil("train", "audio_lengths", [1] * 4, UNALIGNED), "lengths of audio': 4"),
        (spoil("train", "id", np.full((5, 3), 10**5000, object)), "ValueError: Exceed"),
    ],
)
def test_packages_that_do_not_fit_together_are_refused(tmp_path, held, words):
    write_pickle(tmp_path / "mosei_raw.pkl", held)
    said = refused(read_mosei, tmp_path, words)
    assert "mosei_raw.pkl: expected a package" in said and "\x1b" not in said


def test_a_hostile_package_is_one_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    held = senti()
    inner = np.empty(5, object)
    inner[3] = Hostile(eval, "open('ran', 'w').close()")
    held["train"]["id"] = inner
    write_pickle(tmp_path / "mosei_senti_data.pkl", held)
    words = "asks for '.*eval'; nothing in it was run.*do not trust this one"
    refused(read_mosei, tmp_path, words)
    assert [path.name for path in tmp_path.iterdir()] == ["mosei_senti_data.pkl"]


# ------------------------------------------------------------------------- folders


def test_one_package_of_the_corpus_is_found_among_folders(tmp_path):
    own = write_pickle(tmp_path / "MOSEI" / "Processed" / "aligned_50.pkl", {})
    other = write_pickle(tmp_path / "MOSI" / "Processed" / "aligned_50.pkl", {})
    assert MOSEI.files(tmp_path) == [own] and MOSI.files(tmp_path) == [other]
    assert MOSEI.files(own) == [own] == MOSEI.files(own.parent)
    write_pickle(own.parent / "mosei_raw.pkl", {})
    refused(MOSEI.files, own.parent, r"one package .*; got 2 \(of 2: aligned_50")
    (own.parent / "mosei_raw.pkl").unlink()
    own.unlink()
    refused(MOSEI.files, tmp_path, r"one package .*; got 0 \(of 1: MOSI/Proces")
