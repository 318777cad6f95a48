import numpy as np
import pytest

from emolib.checks import CorpusError
from emolib.datasets import amigos
from emolib.datasets.amigos import read_amigos
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
    assert first.ratings == {
        "arousal": 2.5, "valence": 7.5, "dominance": 5, "liking": 6, "familiarity": 1,
    }  # fmt: skip
    stored = held["joined_data"][0]
    for name, columns in (("eeg", slice(0, 14)), ("ecg", slice(14, 16))):
        signal, before = first.signals[name], first.baseline[name]
        assert (signal.sfreq, signal.unit) == (128.0, "uV")
        np.testing.assert_array_equal(signal.data, stored[640:, columns].T)
        np.testing.assert_array_equal(before.data, stored[:640, columns].T)


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


def test_skipped_long_videos_are_reported_and_not_dropped(tmp_path):
    held = amigos_cells(8)
    for i in range(16, 20):  # as in P08, P24, P28
        held["joined_data"][i] = np.empty((0, 0))
        held["labels_selfassessment"][i] = np.empty((1, 0))
        held["labels_ext_annotation"][i] = np.empty((0, 0))
    held["labels_selfassessment"][3] = np.empty((1, 0))  # as in P32
    write_amigos(tmp_path, 8, held)
    recordings = list(read_amigos(tmp_path, videos="all"))
    unrated = "ratings: no self-assessment was recorded."
    assert recordings[3].problems == (unrated,) and len(recordings[3].signals) == 2
    assert [r.trial for r in recordings if len(r.problems) == 3] == LONG
    for recording in recordings[-4:]:
        assert not recording.signals and not recording.ratings
        assert recording.problems == (
            "eeg: no signal was recorded.", "ecg: no signal was recorded.", unrated,
        )  # fmt: skip


def test_odd_identifiers_and_matrices_are_told(tmp_path):
    held = amigos_cells(1)
    held["VideoIDs"] = ["999", "", SHORT[3], *SHORT[3:], *LONG]
    held["joined_data"][4] = held["joined_data"][4].T
    held["joined_data"][5] = held["joined_data"][5][:600]
    write_amigos(tmp_path, 1, held)
    recordings = list(read_amigos(tmp_path))
    told = [p for r in recordings for p in r.problems]
    assert len(recordings) == 16 and len(told) == 8
    assert "video: identifier '999' is none of AMIGOS's 20." in told
    assert "video: cell 2 has no video identifier." in told
    assert told.count("video: identifier '10' occurs 2 times.") == 2
    assert "eeg: expected shape (n_times, 17); got (17, 1920)." in told
    assert "ecg: 600 time points, none after the baseline of 640." in told


def test_files_that_do_not_fit_are_refused(tmp_path):
    held = amigos_cells(1)
    write_amigos(tmp_path, 1, {**held, "VideoIDs": held["VideoIDs"][:19]})
    with pytest.raises(CorpusError, match=r"P01\.mat: expected a preprocessed file "):
        list(read_amigos(tmp_path))
    write_dreamer(tmp_path).rename(tmp_path / "Data_Preprocessed_P01.mat")
    with pytest.raises(CorpusError, match="got a file that holds DREAMER, without Vid"):
        list(read_amigos(tmp_path))
