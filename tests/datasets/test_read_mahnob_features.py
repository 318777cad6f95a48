"""The public features at 4 Hz."""

import numpy as np
import pytest
from scipy.io import loadmat

from emolib.datasets.mahnob_features import list_subjects, read_mahnob_features
from tests.datasets.refusals import refused
from tests.datasets.true_formats import write_mahnob_features


def test_every_trial_is_read_with_half_its_target(tmp_path):
    write_mahnob_features(tmp_path / "data" / "Features")
    trials = list(read_mahnob_features(tmp_path))
    named = [(trial.subject, trial.trial) for trial in trials]
    assert named == [("P3", "8"), ("P3", "10"), ("P13", "2")]
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
    write_mahnob_features(tmp_path, [(1, 2)], **change)
    refused(read_mahnob_features, tmp_path, words)


def test_a_value_that_is_no_number_is_told(tmp_path):
    faces = np.zeros((150, 327))
    faces[3, 5] = np.nan
    write_mahnob_features(tmp_path, [(1, 2)], face_feats=faces)
    (trial,) = read_mahnob_features(tmp_path)
    assert "face: 1 of 5700 values are not finite" in trial.problems[0]
