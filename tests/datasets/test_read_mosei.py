import numpy as np
import pytest

from emolib.checks import CorpusError
from emolib.datasets import mosei
from emolib.datasets.mosei import (
    find_mosei,
    find_mosi,
    list_mosei_videos,
    list_mosi_videos,
    read_mosei,
    read_mosi,
)
from tests.datasets.test_pickles import Hostile
from tests.datasets.true_features import LENGTHS, N, mmsa, raw, senti, write_pickle

PACKAGES = {
    "senti": ("mosei_senti_data.pkl", senti(), "left"),
    "raw": ("mosei_raw.pkl", raw(), "left"),
    "aligned": ("aligned_50.pkl", mmsa(), "right"),
    "unaligned": ("unaligned_50.pkl", mmsa(aligned=False), "right"),
}
NAMES = {
    "senti": "the senti package (MulT, MultiBench)",
    "raw": "the raw package (MultiBench)",
    "aligned": "MMSA's aligned package",
    "unaligned": "MMSA's unaligned package",
}
PARTS = ("train", "valid", "test")
MODALITIES = {"audio": "audio", "visual": "vision", "text": "text"}


def fresh(held):
    """Return a copy of a package that a test may spoil."""
    return {split: {k: v.copy() for k, v in own.items()} for split, own in held.items()}


@pytest.mark.parametrize("protocol", [2, 5])
@pytest.mark.parametrize("kind", PACKAGES)
def test_each_package_is_recognised_and_read_whole(tmp_path, kind, protocol):
    name, held, side = PACKAGES[kind]
    write_pickle(tmp_path / name, held, protocol)
    recordings = list(read_mosei(tmp_path))
    assert len(recordings) == sum(N.values())
    rows = [(split, i) for split in PARTS for i in range(N[split])]
    for (split, i), found in zip(rows, recordings, strict=True):
        assert (found.corpus, found.session) == ("mosei", "1")
        assert found.subject == f"{split}-{i // 2}"
        expected = {"senti": f"[{2.0 * i},9.5]", "raw": f"[{i}]"}.get(kind, f"$_${i}")
        assert found.trial == found.subject + expected
        assert found.ratings["sentiment"] == pytest.approx(-3 + 6 * i / (N[split] - 1))
        assert found.parts == {"1": {"valid": "val"}.get(split, split)}
        assert found.problems == () and found.notes == ()
        for modality, key in MODALITIES.items():
            signal = found.signals[modality]
            length = LENGTHS[split][i]
            if kind == "unaligned" and modality != "text":
                length *= 9
            stored = held[split][key][i]
            real = stored[len(stored) - length :] if side == "left" else stored[:length]
            np.testing.assert_array_equal(signal.data, real)
            assert signal.kind == f"of {NAMES[kind]}, padded on the {side}"


@pytest.mark.parametrize("kind", PACKAGES)
def test_mosi_comes_in_the_same_packages(tmp_path, kind):
    held = {
        "senti": senti((300, 5, 20), as_bytes=True),
        "raw": raw(1, (300, 74, 35)),
        "aligned": mmsa(widths=(768, 5, 20)),
        "unaligned": mmsa(aligned=False, widths=(768, 5, 20)),
    }[kind]
    name = {"senti": "mosi_data.pkl", "raw": "mosi_raw.pkl"}.get(kind)
    write_pickle(tmp_path / (name or PACKAGES[kind][0]), held)
    recordings = list(read_mosi(tmp_path))
    assert {r.corpus for r in recordings} == {"mosi"} and len(recordings) == 12
    assert recordings[0].subject == "train-0" and not recordings[0].problems
    assert list_mosi_videos(tmp_path)[0] == "test-0"
    with pytest.raises(CorpusError, match="of CMU-MOSEI; got CMU-MOSI's: |CMU-MOSEI: "):
        list(read_mosei(tmp_path / name if name else tmp_path))


def test_mosei_given_for_mosi_is_named(tmp_path):
    write_pickle(tmp_path / "mosei_raw.pkl", raw())
    with pytest.raises(CorpusError, match=r"looks like MOSEI \(mosei_raw\.pkl\)"):
        find_mosi(tmp_path)
    with pytest.raises(CorpusError, match="got CMU-MOSEI's: the raw package"):
        list(read_mosi(write_pickle(tmp_path / "own" / "mosi_raw.pkl", raw())))
    many = fresh(senti((1, 74, 1)))
    for key in many["train"]:
        many["train"][key] = np.repeat(many["train"][key], 440, axis=0)
    with pytest.raises(CorpusError, match="CMU-MOSEI's: the senti package.*2207 utter"):
        list(read_mosi(write_pickle(tmp_path / "mosi_data.pkl", many)))


def test_videos_can_be_chosen(tmp_path):
    write_pickle(tmp_path / "mosei_raw.pkl", raw())
    videos = [
        f"{split}-{k}" for split, n in (("test", 2), ("train", 3)) for k in range(n)
    ]
    assert list_mosei_videos(tmp_path) == [*videos, "valid-0", "valid-1"]
    chosen = [r.trial for r in read_mosei(tmp_path, subjects=["test-1"])]
    assert chosen == ["test-1[2]", "test-1[3]"]
    with pytest.raises(ValueError, match="subjects must be in the corpus"):
        list(read_mosei(tmp_path, subjects=["nobody"]))


def test_zero_steps_inside_stay_and_those_at_the_padded_end_go(tmp_path):
    held = fresh(senti())
    held["train"]["audio"][1, -3] = 0  # inside
    held["train"]["audio"][2, -1] = 0  # at the end that is not padded
    held["train"]["audio"][3, -10:-7] = 0  # where padding ends
    write_pickle(tmp_path / "mosei_senti_data.pkl", held)
    found = [r.signals["audio"].n_steps for r in read_mosei(tmp_path)][:5]
    assert found == [50, 8, 9, 7, 11]


def test_stored_lengths_decide_where_there_are_any(tmp_path):
    held = fresh(mmsa(aligned=False))
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
    held = fresh(senti())
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
    assert found[0].problems == (
        "text: every step is zero; MultiBench leaves it out too.",
    )
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
    assert train["audio"][1, -1, 0] == -np.inf


# ------------------------------------------------------------------------- bad input


def spoil(change, kind="senti"):
    held = fresh(PACKAGES[kind][1])
    change(held)
    return held


def drop(split, key):
    return lambda held: held[split].pop(key)


def put(split, key, value):
    def change(held):
        held[split][key] = value

    return change


def shorten(split, key):
    return lambda held: held[split].update({key: held[split][key][:-1]})


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ([1, 2], "a dictionary of train, valid, test; got list"),
        ({"train": {}, "test": {}}, "got 'test', 'train'"),
        (
            {**senti(), "test": raw()["test"]},
            r"a mixture: train of the senti.*test of the raw package.*\(N, 1, 7\)",
        ),
        ({**senti(), "valid": mmsa()["valid"]}, "valid of MMSA's aligned package"),
        (
            spoil(put("train", "labels", raw()["train"]["labels"])),
            "a mixture in 'train'",
        ),
        (spoil(drop("test", "vision")), "audio, vision, text, id and labels in 'test'"),
        (
            spoil(drop("valid", "id")),
            "id and labels in 'valid'; got only 'audio'",
        ),
        (spoil(drop("valid", "labels")), "labels in 'valid'; got only"),
        (spoil(put("train", "text", [[0.0]])), "'text' of 'train' to be an array"),
        (
            spoil(put("train", "text", np.ones((5, 50)))),
            r"array \(N, steps, f",
        ),
        (
            spoil(put("train", "text", np.full((5, 50, 300), None))),
            "to be an array of numbers; got ndarray",
        ),
        (spoil(put("train", "labels", [1, 2])), "'labels' of 'train' to be an array"),
        (spoil(shorten("test", "audio")), "as many rows of each kind in 'test'; got"),
        (spoil(shorten("test", "id")), "as many rows of each kind in 'test'; got"),
        (
            spoil(put("test", "audio", np.ones((4, 50, 33)))),
            "'audio' equally wide in train, valid, test; got 74, 74, 33 features",
        ),
        (
            spoil(put("test", "id", np.array(["a", "b", "c", "d"]))),
            "a mixture: train of the senti package.*test of the raw package",
        ),
        (
            spoil(put("train", "id", ["a", "b", "c", "d", "e"]), "raw"),
            r"expected ids of the raw package .*got \['a'\]",
        ),
        (
            spoil(put("train", "id", [["a"]] * 5), "aligned"),
            r"expected ids of MMSA's aligned package .*got \['a'\] in 'train'",
        ),
        (
            spoil(put("train", "id", ["\x1b[2J$_$1"] * 5), "aligned"),
            r"expected ids of MMSA's aligned package .*got \[''\]",
        ),
        (spoil(put("train", "id", 5), "aligned"), "a list or an array of ids; got int"),
        (
            spoil(put("train", "audio_lengths", ["a"] * 5), "unaligned"),
            "to be a list of whole numbers",
        ),
        (spoil(shorten("train", "audio_lengths"), "unaligned"), "'audio_lengths': 4"),
        (
            spoil(put("test", "regression_labels", np.ones((4, 2))), "aligned"),
            r"'regression_labels' of 'test' to be of shape \(N,\); got .*\(4, 2\)",
        ),
        (
            spoil(put("test", "regression_labels", [[1], [1, 2]]), "aligned"),
            "'test' to be an array .*got list of shape None",
        ),
        (
            spoil(put("test", "id", [["a"], 1, 2, 3])),
            "mixture: .* test of the raw pack",
        ),
    ],
)
def test_packages_that_do_not_fit_together_are_refused(tmp_path, held, words):
    write_pickle(tmp_path / "mosei_raw.pkl", held)
    with pytest.raises(CorpusError, match=words) as raised:
        list(read_mosei(tmp_path))
    assert "mosei_raw.pkl: expected" in str(raised.value)
    assert "\x1b" not in str(raised.value)


@pytest.mark.parametrize("protocol", range(6))
def test_a_hostile_package_is_one_error(tmp_path, monkeypatch, protocol):
    monkeypatch.chdir(tmp_path)
    held = fresh(senti())
    inner = np.empty(5, object)
    inner[3] = Hostile(eval, "open('ran', 'w').close()")
    held["train"]["id"] = inner
    write_pickle(tmp_path / "mosei_senti_data.pkl", held, protocol)
    with pytest.raises(CorpusError, match="asks for '.*eval'. Nothing in it was run"):
        list(read_mosei(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["mosei_senti_data.pkl"]


def test_an_id_too_long_to_print_is_one_error(tmp_path):
    held = fresh(senti())
    held["train"]["id"] = held["train"]["id"].astype(object)
    held["train"]["id"][0, 0] = 10**5000
    write_pickle(tmp_path / "mosei_senti_data.pkl", held)
    with pytest.raises(
        CorpusError, match=r"expected ids of .*got \['', '0\.0', '9\.5'"
    ):
        list(read_mosei(tmp_path))


def test_a_truncated_package_is_one_error(tmp_path):
    path = write_pickle(tmp_path / "mosei_senti_data.pkl", senti())
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(CorpusError, match=r"senti_data\.pkl: expected .*\(truncated\)"):
        list(read_mosei(tmp_path))


# ------------------------------------------------------------------------- folders


def test_one_package_of_the_corpus_is_found_among_folders(tmp_path):
    own = write_pickle(tmp_path / "MOSEI" / "Processed" / "aligned_50.pkl", {})
    other = write_pickle(tmp_path / "MOSI" / "Processed" / "aligned_50.pkl", {})
    assert find_mosei(tmp_path) == own and find_mosi(tmp_path) == other
    assert find_mosei(own) == own and find_mosei(own.parent) == own
    own.unlink()
    with pytest.raises(CorpusError, match="got packages of CMU-MOSI only"):
        find_mosei(tmp_path)


def test_several_packages_in_one_folder_are_not_guessed_between(tmp_path):
    for name in ("mosei_raw.pkl", "mosei_senti_data.pkl"):
        write_pickle(tmp_path / name, senti())
    words = "one package of CMU-MOSEI; got 2: mosei_raw.pkl, mosei_senti_data.pkl"
    with pytest.raises(CorpusError, match=words):
        find_mosei(tmp_path)
    assert len(list(read_mosei(tmp_path / "mosei_senti_data.pkl"))) == 12


def test_packed_archives_and_missing_folders_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="CMU-MOSEI not found: expected mosei_"):
        find_mosei(tmp_path / "nowhere")
    (tmp_path / "mosei_senti_data.pkl.gz").write_bytes(b"\x1f\x8b")
    with pytest.raises(CorpusError, match=r"still packed, mosei_senti_data\.pkl\.gz"):
        find_mosei(tmp_path)


def test_the_constants_are_those_of_the_publisher():
    assert mosei.RATING_SCALE == (-3, 3)
    assert mosei.N_UTTERANCES == {"mosei": 16326 + 1871 + 4659, "mosi": 2199}
