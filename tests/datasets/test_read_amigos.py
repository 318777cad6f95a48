import numpy as np

from emolib.datasets.amigos import read_amigos
from tests.datasets import true_formats as formats
from tests.datasets.refusals import refused
from tests.datasets.true_formats import LONG, SHORT


def test_trials_are_read_back_by_their_videos_and_not_by_position(tmp_path):
    shuffled = (LONG + SHORT)[::-1]
    held = formats.amigos_cells(1, shuffled)
    formats.write_amigos(tmp_path, 1, held)
    recordings = list(read_amigos(tmp_path))
    assert [r.trial for r in recordings] == SHORT
    first = recordings[0]
    assert (first.corpus, first.subject, first.problems) == ("amigos", "P01", ())
    rated = dict(arousal=2.5, valence=7.5, dominance=5, liking=6, familiarity=1)
    assert first.ratings == rated
    stored = held["joined_data"][shuffled.index(SHORT[0])]
    assert first.signals["eeg"].ch_names == tuple(formats.ELECTRODES)
    for name, columns in (("eeg", slice(0, 14)), ("ecg", slice(14, 16))):
        signal, before = first.signals[name], first.baseline[name]
        assert (signal.sfreq, signal.unit) == (128.0, "uV")
        np.testing.assert_array_equal(signal.data, stored[640:, columns].T)
        np.testing.assert_array_equal(before.data, stored[:640, columns].T)
    every = list(read_amigos(tmp_path, videos="all"))
    assert [r.trial for r in every] == SHORT + LONG
    words = "videos must be one of 'short', 'all'"
    refused(read_amigos, tmp_path, words, ValueError, videos="long")


def test_what_is_odd_is_told_and_no_trial_is_dropped(tmp_path):
    held = formats.amigos_cells(8)
    held["VideoIDs"] = ["999", "", SHORT[3], *SHORT[3:], *LONG]
    held["joined_data"][4] = held["joined_data"][4].T
    held["joined_data"][5] = held["joined_data"][5][:600]
    for i in range(16, 20):  # as in P08, P24, P28
        held["joined_data"][i] = np.empty((0, 0))
        held["labels_selfassessment"][i] = np.empty((1, 0))
    held["labels_selfassessment"][6] = np.empty((1, 0))  # as in P32
    formats.write_amigos(tmp_path, 8, held)
    recordings = list(read_amigos(tmp_path, videos="all"))
    unrated = "ratings: no self-assessment was recorded."
    for recording in (long := [r for r in recordings if r.trial in LONG]):
        assert not recording.signals and not recording.ratings
        gaps = [f"{name}: no signal was recorded." for name in ("eeg", "ecg")]
        assert recording.problems == (*gaps, unrated)
    told = [p for r in recordings if r.trial not in LONG for p in r.problems]
    assert (len(recordings), len(long), len(told)) == (20, 4, 9)
    assert "video: identifier '999' is none of AMIGOS's 20." in told
    assert "video: cell 2 has no video identifier." in told
    assert told.count("video: identifier '10' occurs 2 times.") == 2
    assert "eeg: expected shape (n_times, 17); got (17, 896)." in told
    assert "ecg: 600 time points, none after the baseline of 640." in told
    (rated,) = (r for r in recordings if r.problems == (unrated,))
    assert rated.trial == SHORT[6] and len(rated.signals) == 2


def test_files_that_do_not_fit_are_refused(tmp_path):
    held = formats.amigos_cells(1)
    formats.write_amigos(tmp_path, 1, {**held, "VideoIDs": held["VideoIDs"][:19]})
    refused(read_amigos, tmp_path, r"P01\.mat: expected a preprocessed file ")
    formats.write_dreamer(tmp_path).rename(tmp_path / "Data_Preprocessed_P01.mat")
    refused(read_amigos, tmp_path, "got a file that holds DREAMER, without Vid")
