import numpy as np
import pytest

from emolib.checks import CorpusError
from emolib.datasets import amigos
from emolib.datasets.amigos import find_amigos, list_subjects, read_amigos
from tests.datasets.true_formats import (
    ELECTRODES,
    LONG,
    SHORT,
    amigos_cells,
    write_amigos,
    write_dreamer,
)


def test_the_constants_are_those_of_the_publisher():
    assert amigos.EEG_CH_NAMES == tuple(ELECTRODES)
    assert (amigos.SFREQ, amigos.BASELINE_S, amigos.N_COLUMNS) == (128, 5, 17)
    assert list(amigos.SHORT_VIDEOS) == SHORT and list(amigos.LONG_VIDEOS) == LONG
    assert amigos.TARGETS[:2] == ("arousal", "valence")
    assert len(amigos.EMOTIONS) == 7


def test_sixteen_short_trials_are_read_back(tmp_path):
    held = amigos_cells(1)
    write_amigos(tmp_path, 1, held)
    recordings = list(read_amigos(tmp_path))

    assert [r.trial for r in recordings] == SHORT
    first = recordings[0]
    assert (first.corpus, first.subject, first.problems) == ("amigos", "P01", ())
    assert first.ratings["arousal"] == 2.5 and first.ratings["valence"] == 7.5
    assert list(first.ratings) == [
        "arousal", "valence", "dominance", "liking", "familiarity",
    ]  # fmt: skip
    for name, columns in (("eeg", slice(0, 14)), ("ecg", slice(14, 16))):
        signal = first.signals[name]
        assert (signal.sfreq, signal.unit) == (128.0, "uV")
        stored = held["joined_data"][0]
        np.testing.assert_array_equal(signal.data, stored[640:, columns].T)
        np.testing.assert_array_equal(
            first.baseline[name].data, stored[:640, columns].T
        )
    valence = first.traces["external_valence"]
    assert (valence.sfreq, valence.start_s) == (1 / 20, -5.0)
    np.testing.assert_array_equal(valence.values, [0.5, 0.25])
    np.testing.assert_array_equal(
        first.traces["external_arousal"].values, [-0.5, -0.25]
    )


def test_videos_are_matched_by_identifier_and_not_by_position(tmp_path):
    shuffled = (LONG + SHORT)[::-1]
    held = amigos_cells(1, shuffled)
    write_amigos(tmp_path, 1, held)
    short = list(read_amigos(tmp_path))
    assert [r.trial for r in short] == SHORT
    stored = held["joined_data"][shuffled.index("80")]
    found = next(r for r in short if r.trial == "80")
    np.testing.assert_array_equal(found.signals["eeg"].data, stored[640:, :14].T)
    every = list(read_amigos(tmp_path, videos="all"))
    assert [r.trial for r in every] == SHORT + LONG
    with pytest.raises(ValueError, match="videos must be one of 'short', 'all'"):
        next(read_amigos(tmp_path, videos="long"))


@pytest.mark.parametrize(
    "tree",
    [
        "AMIGOS/data_preprocessed",
        "AMIGOS/data_preprocessed/Data_Preprocessed_P01",
        "AMIGOS/Physiological Recordings/Matlab Preprocessed Data",
    ],
)
def test_every_known_tree_is_accepted(tmp_path, tree):
    path = write_amigos(tmp_path / tree)
    (path.parent / "._Data_Preprocessed_P01.mat").write_bytes(b"x")
    (path.parent / "Thumbs.db").write_bytes(b"x")
    for given in (tmp_path, tmp_path / "AMIGOS", path.parent, path):
        assert find_amigos(given) == [path]


def test_subjects_come_in_order_and_can_be_chosen(tmp_path):
    for number in (10, 2):
        write_amigos(tmp_path, number)
    assert list_subjects(tmp_path) == ["P02", "P10"]
    assert {r.subject for r in read_amigos(tmp_path, subjects=["P10"])} == {"P10"}
    with pytest.raises(ValueError, match=r"subjects must be .*P01.*It has"):
        next(read_amigos(tmp_path, subjects=["P01"]))


def test_skipped_long_videos_are_reported_and_not_dropped(tmp_path):
    held = amigos_cells(8)
    for i in range(16, 20):  # as in P08, P24, P28
        held["joined_data"][i] = np.empty((0, 0))
        held["labels_selfassessment"][i] = np.empty((1, 0))
        held["labels_ext_annotation"][i] = np.empty((0, 0))
    write_amigos(tmp_path, 8, held)
    assert all(not r.problems for r in read_amigos(tmp_path))
    last = list(read_amigos(tmp_path, videos="all"))[-4:]
    assert [r.trial for r in last] == LONG
    for recording in last:
        assert not recording.signals and not recording.ratings and not recording.traces
        assert recording.problems == (
            "eeg: no signal was recorded.",
            "ecg: no signal was recorded.",
            "ratings: no self-assessment was recorded.",
        )


def test_signals_without_self_assessment_are_kept(tmp_path):
    held = amigos_cells(32)
    held["labels_selfassessment"][17] = np.empty((1, 0))  # as in P32
    write_amigos(tmp_path, 32, held)
    found = {r.trial: r for r in read_amigos(tmp_path, videos="all")}["P1"]
    assert found.problems == ("ratings: no self-assessment was recorded.",)
    assert set(found.signals) == {"eeg", "ecg"}


def test_nan_is_told_for_each_modality_by_itself(tmp_path):
    held = amigos_cells(9)
    held["joined_data"][0][:, :14] = np.nan
    held["joined_data"][1][:, 14:16] = np.nan
    held["joined_data"][2][700:, 15] = np.nan
    held["joined_data"][3][:, 16] = np.nan  # GSR, which is not read
    write_amigos(tmp_path, 9, held)
    found = [r.problems for r in read_amigos(tmp_path)]
    assert found[0] == (
        "eeg: all 14 channels are not finite (NaN) in 17920 of 17920 values.",
    )
    assert found[1] == (
        "ecg: all 2 channels are not finite (NaN) in 2560 of 2560 values.",
    )
    assert found[2] == ("ecg: ECG left is not finite (NaN) in 1220 of 1280 values.",)
    assert found[3] == ()


def test_unknown_missing_and_repeated_identifiers_are_told(tmp_path):
    names = [*SHORT, *LONG]
    names[0], names[1], names[2] = "999", "", names[3]
    held = amigos_cells(1)
    held["VideoIDs"] = names
    write_amigos(tmp_path, 1, held)
    recordings = list(read_amigos(tmp_path))
    assert len(recordings) == 16
    told = [p for r in recordings for p in r.problems]
    assert "video: identifier '999' is none of AMIGOS's 20." in told
    assert "video: cell 2 has no video identifier." in told
    assert told.count("video: identifier '10' occurs 2 times.") == 2


def test_a_matrix_of_another_width_or_shorter_than_the_baseline_is_told(tmp_path):
    held = amigos_cells(1)
    held["joined_data"][0] = held["joined_data"][0].T
    held["joined_data"][1] = held["joined_data"][1][:600]
    write_amigos(tmp_path, 1, held)
    first, second, *_ = read_amigos(tmp_path)
    assert "eeg: expected shape (n_times, 17); got (17, 1920)." in first.problems
    assert "ecg: 600 time points, none after the baseline of 640." in second.problems
    assert not first.signals and not second.signals


def test_cells_that_disagree_in_number_are_refused(tmp_path):
    held = amigos_cells(1)
    held["VideoIDs"] = held["VideoIDs"][:19]
    write_amigos(tmp_path, 1, held)
    with pytest.raises(CorpusError, match="as many cells in each variable"):
        list(read_amigos(tmp_path))


def test_a_folder_of_dreamer_is_recognised(tmp_path):
    write_dreamer(tmp_path)
    with pytest.raises(CorpusError, match=r"looks like DREAMER \(DREAMER\.mat\)"):
        find_amigos(tmp_path)


def test_dreamer_under_a_file_name_of_amigos_is_recognised(tmp_path):
    write_dreamer(tmp_path).rename(tmp_path / "Data_Preprocessed_P01.mat")
    with pytest.raises(CorpusError, match="looks like DREAMER's file"):
        list(read_amigos(tmp_path))


def test_raw_files_and_packed_archives_are_named(tmp_path):
    (tmp_path / "Data_Preprocessed_P01.zip").write_bytes(b"PK")
    with pytest.raises(CorpusError, match="still packed, Data_Preprocessed_P01.zip"):
        find_amigos(tmp_path)
    (tmp_path / "Data_Original_P01.mat").write_bytes(b"x")
    with pytest.raises(CorpusError, match=r"looks like AMIGOS \(RAW FILES\)"):
        find_amigos(tmp_path)


def test_a_missing_folder_says_where_to_ask(tmp_path):
    with pytest.raises(FileNotFoundError, match="AMIGOS not found: expected Data_Prep"):
        list_subjects(tmp_path / "nowhere")
