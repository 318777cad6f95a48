import json

import numpy as np
import pytest
from scipy.io import loadmat

from emolib.surrogates import matfile
from emolib.surrogates.dreamer import write_dreamer

SIZE = dict(n_subjects=2, n_trials=3, seconds=8.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_dreamer(tmp_path_factory.mktemp("a") / "dreamer", **SIZE)


@pytest.fixture(scope="module")
def top(folder):
    return loadmat(folder / "DREAMER.mat")["DREAMER"]


def test_the_file_is_laid_out_as_dreamer_is(top):
    assert top.shape == (1, 1)
    assert top.dtype.names == (
        "Data", "EEG_SamplingRate", "ECG_SamplingRate", "EEG_Electrodes",
        "noOfSubjects", "noOfVideoSequences", "Disclaimer", "Provider", "Version",
        "Acknowledgement",
    )  # fmt: skip
    inner = top[0, 0]
    assert inner["Data"].shape == (1, 2)
    assert [int(inner[n][0, 0]) for n in top.dtype.names[1:3]] == [128, 256]
    assert [str(own[0]) for own in inner["EEG_Electrodes"][0]] == [
        "AF3", "F7", "F3", "FC5", "T7", "P7", "O1", "O2", "P8", "T8", "FC6", "F4",
        "F8", "AF4",
    ]  # fmt: skip
    assert [int(inner[n][0, 0]) for n in top.dtype.names[4:6]] == [2, 3]
    assert str(inner["Provider"][0]) == "University of the West of Scotland"
    assert str(inner["Version"][0]) == "1.0.2"
    assert "SURROGATE" in str(inner["Disclaimer"][0])


def test_a_participant_is_laid_out_as_in_dreamer(top):
    person = top[0, 0]["Data"][0, 1]
    assert person.shape == (1, 1)
    assert person.dtype.names == (
        "Age", "Gender", "EEG", "ECG", "ScoreValence", "ScoreArousal",
        "ScoreDominance",
    )  # fmt: skip
    inner = person[0, 0]
    for name, sfreq, n_chans in (("EEG", 128, 14), ("ECG", 256, 2)):
        assert inner[name].shape == (1, 1)
        assert inner[name].dtype.names == ("baseline", "stimuli")
        for part, seconds in (("baseline", 61), ("stimuli", 8)):
            cells = inner[name][0, 0][part]
            assert cells.shape == (3, 1)
            assert all(own.dtype == np.float64 for own in cells[:, 0])
            assert {own.shape for own in cells[:, 0]} == {(seconds * sfreq, n_chans)}
    for name in person.dtype.names[4:]:
        assert inner[name].shape == (3, 1)
        assert set(np.unique(inner[name])) <= {1, 2, 3, 4, 5}


def test_the_units_are_those_of_the_devices(top):
    person = top[0, 0]["Data"][0, 0][0, 0]
    eeg = person["EEG"][0, 0]["stimuli"][0, 0]
    np.testing.assert_allclose(np.median(eeg, axis=0), 4200, atol=15)
    ecg = person["ECG"][0, 0]["stimuli"][0, 0]
    np.testing.assert_array_equal(ecg, np.round(ecg))
    assert 2000 < np.median(ecg) < 2100
    assert 60 < (ecg[:, 0] - 2048).max() < 600


def test_mains_hum_of_half_a_microvolt_is_there(top):
    eeg = top[0, 0]["Data"][0, 0][0, 0]["EEG"][0, 0]["baseline"][0, 0][:, 6]
    times = np.arange(len(eeg)) / 128
    hum = 2 * abs(np.mean((eeg - eeg.mean()) * np.exp(2j * np.pi * 50 * times)))
    assert hum == pytest.approx(0.5, abs=0.05)


def test_the_file_says_that_it_is_a_surrogate(folder):
    header = (folder / "DREAMER.mat").read_bytes()[:128]
    assert b"SURROGATE" in header[:116]
    assert b"emolib" in header[:116]
    assert header[124:128] == b"\x00\x01IM"


def test_same_parameters_give_the_same_bytes_and_another_seed_others(folder, tmp_path):
    again = write_dreamer(tmp_path / "again", **SIZE)
    other = write_dreamer(tmp_path / "other", **SIZE, seed=1)
    assert _bytes(folder) == _bytes(again)
    assert _bytes(folder)["DREAMER.mat"] != _bytes(other)["DREAMER.mat"]


def _bytes(folder):
    paths = [*folder.iterdir(), *folder.with_name(folder.name + ".truth").iterdir()]
    return {path.name: path.read_bytes() for path in paths}


def test_the_first_subjects_of_a_larger_corpus_are_the_smaller_corpus(top, tmp_path):
    folder = write_dreamer(tmp_path / "more", **{**SIZE, "n_subjects": 3})
    more = loadmat(folder / "DREAMER.mat")["DREAMER"]
    for i in range(2):
        _same(top[0, 0]["Data"][0, i], more[0, 0]["Data"][0, i])


def _same(a, b):
    if a.dtype.names:
        for name in a.dtype.names:
            _same(a[0, 0][name], b[0, 0][name])
    elif a.dtype == object:
        for x, y in zip(a.ravel(), b.ravel(), strict=True):
            _same(x, y)
    else:
        np.testing.assert_array_equal(a, b)


def test_nothing_foreign_lies_in_the_folder(folder):
    assert [path.name for path in folder.iterdir()] == ["DREAMER.mat"]
    beside = {path.name for path in folder.parent.iterdir()}
    assert beside == {"dreamer", "dreamer.truth"}


def test_the_truth_holds_what_was_planted(folder, top):
    truth = folder.with_name("dreamer.truth")
    noted = json.loads((truth / "parameters.json").read_text())
    assert noted["n_subjects"] == 2
    assert noted["subjects"] == ["s01", "s02"]
    assert noted["trials"] == ["01", "02", "03"]
    arrays = {path.stem: np.load(path) for path in truth.glob("*.npy")}
    assert set(arrays) >= {
        "z", "theta", "subject_signature", "trial_signature", "bias", "zeta", "beats",
        "blinks",
    }  # fmt: skip
    assert arrays["z"].shape == (2, 3, 3, 33)
    assert arrays["theta"].shape == (2, 3, len(noted["parameters"]), 33)
    stored = top[0, 0]["Data"][0, 1][0, 0]["ScoreArousal"][:, 0]
    np.testing.assert_array_equal(arrays["ratings"][1, :, 1], stored)


def test_the_noted_beats_are_where_the_ecg_peaks(folder, top):
    beats = np.load(folder.with_name("dreamer.truth") / "beats.npy")[0, 0]
    ecg = top[0, 0]["Data"][0, 0][0, 0]["ECG"][0, 0]["stimuli"][0, 0][:, 0]
    for beat in beats[np.isfinite(beats)]:
        if 0.2 < beat < 7.8:
            near = ecg[round((beat - 0.2) * 256) : round((beat + 0.2) * 256)]
            assert abs(near.argmax() / 256 - 0.2) < 0.02


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(n_trials=19), r"n_trials must be in \[1, 18\]; got 19. DREAMER has 18"),
        (dict(n_trials=2.5), "n_trials must be a whole number of trials"),
        (dict(n_subjects=0), r"n_subjects must be in \[1, 999\]; got 0"),
        (dict(seconds=1.0), r"seconds must be in \[2.0, 600.0\]; got 1.0"),
        (dict(seconds=8.001), "seconds x 128 Hz must be a whole number"),
        (dict(effect=-1.0), "effect must be in"),
        (dict(n_subjects=300, n_trials=18, seconds=61.0), "4 GB; got 12.* Ask for"),
    ],
)
def test_a_wrong_knob_is_one_clear_error(tmp_path, wrong, message):
    with pytest.raises(ValueError, match=message):
        write_dreamer(tmp_path / "x", **{**SIZE, **wrong})
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_nothing_half_written(tmp_path, monkeypatch):
    def full_disk(path, variables):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("emolib.surrogates.dreamer.save_mat", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_dreamer(tmp_path / "x", **SIZE)
    assert not list(tmp_path.iterdir())


def test_an_older_surrogate_survives_a_failure(tmp_path, monkeypatch):
    folder = write_dreamer(tmp_path / "x", **SIZE)
    before = _bytes(folder)
    monkeypatch.setattr(matfile, "HEADER", "ü" * 200)
    with pytest.raises(UnicodeEncodeError):
        write_dreamer(tmp_path / "x", **SIZE, seed=3)
    assert _bytes(folder) == before
