"""What readers made by others rely on, as they showed it when they read a surrogate.

torcheeg 1.1.3 (scipy 1.10.1, numpy 1.26.4, pandas 2.3.3) and eegproc 2.0.0 read the
default surrogates once, in an environment of their own. The numbers below are theirs.
"""

import pytest
from scipy.io import loadmat

from emolib import corpora


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_CACHE", str(tmp_path))


def surrogate(name, **parameters):
    pytest.importorskip(corpora.CORPORA[name].writer.split(":")[0])
    return corpora.locate(name, **parameters).path


def test_dreamer_is_indexed_as_torcheeg_and_eegproc_do():
    folder = surrogate("dreamer", n_subjects=2, n_trials=2, seconds=61.0)
    data = loadmat(folder / "DREAMER.mat", verify_compressed_data_integrity=False)
    held = data["DREAMER"][0, 0]["Data"]
    assert held.shape == (1, 2)
    person = held[0, 1][0, 0]
    for name, rate, n_chans, offset in (("EEG", 128, 14, 4200), ("ECG", 256, 2, 2048)):
        stimulus = person[name]["stimuli"][0, 0][1, 0]
        baseline = person[name]["baseline"][0, 0][1, 0]
        # torcheeg: 6588 one-second chunks of 108 trials, 61 each; first mean 4200.4
        assert stimulus.shape == (61 * rate, n_chans)
        # eegproc: 1 686 528 rows of 108 trials, baseline and stimulus at 128 Hz
        assert baseline.shape == (61 * rate, n_chans)
        assert abs(stimulus.mean() - offset) < 60
    for score in ("ScoreValence", "ScoreArousal", "ScoreDominance"):
        assert 1 <= person[score][1, 0] <= 5
    # EEGain takes fields by position
    assert held.item(0).dtype.names == (
        "Age", "Gender", "EEG", "ECG", "ScoreValence", "ScoreArousal", "ScoreDominance",
    )  # fmt: skip


def test_amigos_is_indexed_as_torcheeg_and_eegproc_do():
    folder = surrogate("amigos", n_subjects=5, n_trials=16, seconds=10.0)
    # torcheeg takes every entry of the folder and reads the subject from its name
    assert sorted(path.name for path in folder.iterdir()) == [
        f"Data_Preprocessed_P0{i}.mat" for i in range(1, 6)
    ]
    for number, n_long in ((1, 4), (5, 0)):
        path = folder / f"Data_Preprocessed_P0{number}.mat"
        data = loadmat(path, verify_compressed_data_integrity=False)
        trials, ratings = data["joined_data"], data["labels_selfassessment"]
        assert trials.shape == ratings.shape == (1, 20)
        # torcheeg: the chunks begin at row 640, after the baseline
        assert {trials[0, i].shape for i in range(16)} == {(640 + 1280, 17)}
        assert {ratings[0, i].shape for i in range(16)} == {(1, 12)}
        # torcheeg with num_trial=20: 132 ten-second chunks of P01, 96 of P05, whose
        # long cells are empty and whose labels keep a first axis of one
        long = [trials[0, i].shape for i in range(16, 20)]
        assert long == [((5 + 90) * 128, 17)] * n_long + [(0, 0)] * (4 - n_long)
        if not n_long:
            assert ratings[0, 16].shape == (1, 0)
