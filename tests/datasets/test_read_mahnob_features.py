"""The public features at 4 Hz, and the corpus's own valence by the moment."""

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from emolib.checks import CorpusError
from emolib.datasets.mahnob import read_mahnob, read_traces
from emolib.datasets.mahnob_features import list_subjects, read_mahnob_features
from tests.datasets.test_read_mahnob import write_bdf, write_xml
from tests.datasets.true_formats import write_continuous_labels, write_mahnob_features


def test_every_trial_is_read_with_half_its_target(tmp_path):
    write_mahnob_features(tmp_path / "data" / "Features")
    trials = list(read_mahnob_features(tmp_path))
    assert [(t.subject, t.trial) for t in trials] == [
        ("P3", "8"), ("P3", "10"), ("P13", "2"),
    ]  # fmt: skip
    assert list_subjects(tmp_path) == ["P3", "P13"]
    path = tmp_path / "data/Features/P3-features-resamp4hz-trial-10.mat"
    held, trial = loadmat(path), trials[1]
    trace = trial.traces["valence"]
    assert (trace.sfreq, trace.start_s) == (4.0, 0.0)
    np.testing.assert_array_equal(trace.values, held["target"][0] / 2)
    assert trial.ratings["valence"] == pytest.approx(trace.values.mean())
    eeg, face = trial.signals["eeg"].data, trial.signals["face"].data
    np.testing.assert_array_equal(eeg, held["eeg_band_feats_full"])
    np.testing.assert_array_equal(face, held["face_feats"][:, :38])
    assert not trial.problems


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"target": np.zeros((1, 149))}, r"eeg_band_feats_full \(150, 128\), target"),
        ({"face_feats": np.zeros((150, 20))}, r"face_feats \(150, 20\)"),
        ({"face_feats": None}, "without face_feats"),
    ],
)
def test_a_file_that_does_not_fit_together_is_one_error(tmp_path, change, words):
    write_mahnob_features(tmp_path, [(1, 2)])
    (path,) = tmp_path.iterdir()
    held = {k: v for k, v in loadmat(path).items() if k[0] != "_"} | change
    savemat(path, {name: value for name, value in held.items() if value is not None})
    with pytest.raises(CorpusError, match=words):
        list(read_mahnob_features(tmp_path))


def test_a_value_that_is_no_number_is_told(tmp_path):
    write_mahnob_features(tmp_path, [(1, 2)])
    (path,) = tmp_path.iterdir()
    held = {k: v for k, v in loadmat(path).items() if k[0] != "_"}
    held["face_feats"][3, 5] = np.nan
    savemat(path, held)
    (trial,) = read_mahnob_features(tmp_path)
    assert "face: 1 of 5700 values are not finite" in trial.problems[0]


TRIALS = [(1, 2), (1, 4), (2, 2)]


def test_the_corpus_s_own_labels_are_found_by_person_and_section(tmp_path):
    path, labels = write_continuous_labels(tmp_path / "CED", TRIALS, [140, 150, 160])
    traces = read_traces(path)
    assert [*traces] == ["2", "4", "132"]  # (person - 1) x 130 + section
    for trace, label in zip(traces.values(), labels, strict=True):
        np.testing.assert_array_equal(trace.values, label)
        assert (trace.sfreq, trace.start_s) == (4.0, 0.0)


def test_a_session_that_was_rated_by_the_moment_has_its_trace(tmp_path):
    _, labels = write_continuous_labels(tmp_path / "data", TRIALS, [140] * 3)
    for number, subject in (("2", 1), ("6", 1), ("132", 2)):
        write_xml(tmp_path / "Sessions" / number, subject)
    write_bdf(tmp_path / "Sessions" / "2")
    first, unrated, last = read_mahnob(tmp_path)
    np.testing.assert_array_equal(first.traces["valence"].values, labels[0])
    np.testing.assert_array_equal(last.traces["valence"].values, labels[2])
    assert not unrated.traces and unrated.ratings["valence"] == 8


def test_labels_of_other_trials_than_are_listed_are_one_error(tmp_path):
    path, _ = write_continuous_labels(tmp_path, TRIALS, [140])
    with pytest.raises(CorpusError, match=r"trials of shape \(3, 2\), 1 labels"):
        read_traces(path)
