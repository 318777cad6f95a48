"""DREAMER and AMIGOS as stored, against their layouts typed by hand.

torcheeg 1.1.3 (scipy 1.10.1, numpy 1.26.4, pandas 2.3.3) and eegproc 2.0.0 read the
default surrogates once, in an environment of their own; they index as is done here.
"""

import numpy as np
import pytest
from scipy.io import loadmat

from emolib.surrogates.amigos import write_amigos
from tests.datasets.true_formats import ELECTRODES, LONG, SHORT


@pytest.fixture(scope="module")
def dreamer(written):
    return written("dreamer", n_subjects=2, n_trials=3, seconds=8.0)


@pytest.fixture(scope="module")
def top(dreamer):
    path = dreamer / "DREAMER.mat"
    return loadmat(path, verify_compressed_data_integrity=False)["DREAMER"]


@pytest.fixture(scope="module")
def amigos(written):
    return written("amigos", n_subjects=6, seconds=6.0)


@pytest.fixture(scope="module")
def person(amigos):
    return loadmat(amigos / "Data_Preprocessed_P02.mat")


def test_dreamers_file_is_laid_out_as_dreamer_is(top):
    assert top.shape == (1, 1)
    assert top.dtype.names == (
        "Data", "EEG_SamplingRate", "ECG_SamplingRate", "EEG_Electrodes",
        "noOfSubjects", "noOfVideoSequences", "Disclaimer", "Provider", "Version",
        "Acknowledgement",
    )  # fmt: skip
    inner = top[0, 0]
    assert inner["Data"].shape == (1, 2)
    counts = [int(inner[top.dtype.names[i]][0, 0]) for i in (1, 2, 4, 5)]
    assert counts == [128, 256, 2, 3]
    assert [str(own[0]) for own in inner["EEG_Electrodes"][0]] == ELECTRODES
    assert str(inner["Provider"][0]) == "University of the West of Scotland"
    assert str(inner["Version"][0]) == "1.0.2"
    assert "SURROGATE" in str(inner["Disclaimer"][0])
    person = inner["Data"].item(1)
    assert person.dtype.names == (  # EEGain takes them by position
        "Age", "Gender", "EEG", "ECG", "ScoreValence", "ScoreArousal", "ScoreDominance",
    )  # fmt: skip
    for name, sfreq, n_chans in (("EEG", 128, 14), ("ECG", 256, 2)):
        held = person[0, 0][name]
        assert held.dtype.names == ("baseline", "stimuli")
        for part, seconds in (("baseline", 61), ("stimuli", 8)):
            kinds = {(own.dtype.str, own.shape) for own in held[part][0, 0][:, 0]}
            assert held[part][0, 0].shape == (3, 1)
            assert kinds == {("<f8", (seconds * sfreq, n_chans))}
    for name in person.dtype.names[4:]:
        assert person[0, 0][name].shape == (3, 1)


def test_dreamers_units_are_those_of_the_devices_with_mains_hum(top):
    person = top[0, 0]["Data"][0, 0][0, 0]
    eeg = person["EEG"][0, 0]["baseline"][0, 0]
    np.testing.assert_allclose(np.median(eeg, axis=0), 4200, atol=15)
    times = np.arange(len(eeg)) / 128
    waves = (eeg[:, 6] - eeg[:, 6].mean()) * np.exp(2j * np.pi * 50 * times)
    assert 2 * abs(np.mean(waves)) == pytest.approx(0.5, abs=0.05)
    ecg = person["ECG"][0, 0]["stimuli"][0, 0]
    np.testing.assert_array_equal(ecg, np.round(ecg))
    assert 2000 < np.median(ecg) < 2100
    assert 60 < (ecg[:, 0] - 2048).max() < 600


def test_the_truth_holds_what_was_planted(dreamer, truth):
    noted, arrays = truth(dreamer)
    assert arrays["theta"].shape == (2, 3, len(noted["parameters"]), 33)
    assert arrays.keys() >= {"subject_signature", "trial_signature", "bias", "blinks"}


def test_amigos_files_are_named_and_laid_out_as_in_amigos(amigos, person):
    # torcheeg takes every entry of the folder and reads the subject from its name
    names = sorted(path.name for path in amigos.iterdir())
    assert names == [f"Data_Preprocessed_P{i:02d}.mat" for i in range(1, 7)]
    assert [str(own[0]) for own in person["VideoIDs"][0]] == SHORT + LONG
    # torcheeg: chunks begin at row 640, after the baseline; with num_trial=20 there are
    # 132 of ten seconds of P01, 96 of P05, whose long cells are empty
    kinds = [(own.dtype.str, own.shape) for own in person["joined_data"][0]]
    assert kinds == [("<f8", (640 + n * 128, 17)) for n in [6] * 16 + [90] * 4]
    assert {own.shape for own in person["labels_selfassessment"][0]} == {(1, 12)}
    p05 = loadmat(amigos / "Data_Preprocessed_P05.mat")
    for name, empty in (("joined_data", (0, 0)), ("labels_selfassessment", (1, 0)),
                        ("labels_ext_annotation", (1, 0))):  # fmt: skip
        assert {own.shape for own in p05[name][0, 16:]} == {empty}
    ecg = person["joined_data"][0, 16][:, 14:16]
    assert 300 < ecg[:, 0].max() < 3000
    assert np.corrcoef(ecg.T)[0, 1] > 0.5


def test_amigos_ticks_one_fitting_emotion_and_answers_within_its_scales(person):
    stored = np.concatenate(list(person["labels_selfassessment"][0]))
    assert stored[:, :5].min() >= 1 and stored[:, :5].max() <= 9
    flags, pleasant = stored[:, 5:], (stored[:, 1] > 5) & (stored[:, 0] > 5)
    assert set(np.unique(flags)) == {0.0, 1.0} and (flags.sum(axis=1) == 1).all()
    assert flags[pleasant][:, [2, 3]].sum() == pleasant.sum()


def test_amigos_annotation_follows_affect_in_segments_of_20_s(amigos, person, truth):
    own = person["labels_ext_annotation"][0, 17]
    np.testing.assert_array_equal(own[:, 0], [1, 2, 3, 4, 5])
    assert np.abs(own[:, 1:]).max() <= 1
    z = truth(amigos)[1]["z"][1, 17, :2]  # valence first; 5 s of baseline have none
    means = np.stack([z[:, :60].sum(axis=1) / 80, z[:, 60:140].mean(axis=1)]) / 3
    np.testing.assert_allclose(own[:2, 1:], np.clip(means, -1, 1), atol=1e-6)


def test_p06_lost_the_eeg_of_three_short_videos(amigos):
    data = loadmat(amigos / "Data_Preprocessed_P06.mat")["joined_data"][0]
    lost = [k for k, x in enumerate(data) if np.isnan(x).any()]
    assert len(lost) == 3 and max(lost) < 16
    for own in data[lost]:
        assert np.isnan(own[:, :14]).all() and np.isfinite(own[:, 14:]).all()


def test_amigos_eeg_is_average_referenced_and_band_limited(person):
    own = person["joined_data"][0, 16]
    assert np.abs(own[:, :14].mean(axis=1)).max() < 1e-3
    power = np.abs(np.fft.rfft(own[:, 6] * np.hanning(len(own)))) ** 2
    freqs = np.fft.rfftfreq(len(own), 1 / 128)
    inside = power[(freqs > 5) & (freqs < 40)].mean()
    assert power[freqs < 2].mean() < 0.01 * inside
    assert power[freqs > 58].mean() < 0.01 * inside
    assert 3 < np.median(own[:, :14].std(axis=0)) < 25


def test_fewer_trials_leave_the_other_cells_empty(tmp_path):
    folder = write_amigos(tmp_path / "x", n_subjects=1, n_trials=2, seconds=6.0)
    file = loadmat(folder / "Data_Preprocessed_P01.mat")
    shapes = [own.shape[0] for own in file["joined_data"][0]]
    assert shapes == [1408] * 2 + [0] * 14 + [95 * 128] * 4
    assert file["labels_selfassessment"][0, 2].shape == (1, 0)
