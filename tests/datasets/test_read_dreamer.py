import numpy as np
import pytest
from scipy.io import loadmat, savemat

from emolib.checks import CorpusError
from emolib.datasets import dreamer
from emolib.datasets.dreamer import find_dreamer, list_subjects, read_dreamer
from tests.datasets.true_formats import (
    ELECTRODES,
    cell,
    dreamer_person,
    struct,
    write_amigos,
    write_dreamer,
)


def test_the_constants_are_those_of_the_publisher():
    assert dreamer.EEG_CH_NAMES == tuple(ELECTRODES)
    assert (dreamer.EEG_SFREQ, dreamer.ECG_SFREQ, dreamer.BASELINE_S) == (128, 256, 61)
    assert len(dreamer.TARGET_EMOTIONS) == 18
    assert {name: len(v) for name, v in dreamer.MEAN_RATINGS.items()} == {
        "valence": 18,
        "arousal": 18,
    }
    assert dreamer.MEAN_RATINGS["valence"][7] == 1.35
    assert dreamer.MEAN_RATINGS["arousal"][3] == 4.26
    assert dreamer.TARGET_EMOTIONS[::17] == ("calmness", "surprise")


def test_two_people_with_two_trials_are_read_back(tmp_path):
    path = write_dreamer(tmp_path)
    recordings = list(read_dreamer(tmp_path))

    assert [(r.subject, r.trial) for r in recordings] == [
        ("s01", "01"), ("s01", "02"), ("s02", "01"), ("s02", "02"),
    ]  # fmt: skip
    first = recordings[0]
    assert first.corpus == "dreamer" and first.problems == ()
    assert first.ratings == {"valence": 4.0, "arousal": 2.0, "dominance": 3.0}
    eeg, ecg = first.signals["eeg"], first.signals["ecg"]
    assert (eeg.data.shape, eeg.sfreq, eeg.unit) == ((14, 12 * 128), 128.0, "uV")
    assert (ecg.data.shape, ecg.sfreq, ecg.unit) == ((2, 12 * 256), 256.0, "counts")
    assert first.baseline["eeg"].data.shape == (14, 7808)
    assert first.baseline["ecg"].data.shape == (2, 15616)
    raw = loadmat(path)["DREAMER"][0, 0]["Data"][0, 1][0, 0]
    stored = raw["ECG"][0, 0]["stimuli"][1, 0]
    np.testing.assert_array_equal(recordings[3].signals["ecg"].data, stored.T)


@pytest.mark.parametrize("given", [".", "DREAMER", "DREAMER/DREAMER.mat"])
def test_parent_folder_and_file_are_all_accepted(tmp_path, given):
    folder = tmp_path / "DREAMER"
    path = write_dreamer(folder)
    for left_behind in ("._DREAMER.mat", ".DS_Store", "Thumbs.db"):
        (folder / left_behind).write_bytes(b"x")
    assert find_dreamer(tmp_path / given) == path


def test_only_the_wanted_subjects_are_read(tmp_path):
    write_dreamer(tmp_path)
    assert list_subjects(tmp_path) == ["s01", "s02"]
    assert {r.subject for r in read_dreamer(tmp_path, subjects=["s02"])} == {"s02"}
    with pytest.raises(ValueError, match=r"subjects must be .* got \['s09'\]"):
        list(read_dreamer(tmp_path, subjects=["s09"]))


def test_a_single_person_and_a_single_trial_are_read(tmp_path):
    write_dreamer(tmp_path, [dreamer_person(1, seconds=(12,), valence=(4,))])
    (only,) = read_dreamer(tmp_path)
    assert only.problems == () and only.signals["ecg"].data.shape == (2, 3072)


def test_people_in_a_struct_array_are_read_too(tmp_path):
    people = [dreamer_person(1), dreamer_person(2)]
    write_dreamer(tmp_path, Data=np.concatenate(people, axis=1))
    assert [r.subject for r in read_dreamer(tmp_path)] == ["s01", "s01", "s02", "s02"]


def test_nan_and_flat_channels_are_named(tmp_path):
    person = dreamer_person(1)
    person["EEG"][0, 0]["stimuli"][0, 0][0, 0][:5, 3] = np.nan
    person["ECG"][0, 0]["stimuli"][0, 0][1, 0][:, 1] = 7.0
    write_dreamer(tmp_path, [person])
    first, second = read_dreamer(tmp_path)
    assert first.problems == ("eeg: FC5 is not finite (NaN) in 5 of 1536 values.",)
    assert second.problems == ("ecg: ECG2 is constant (flat).",)
    assert set(first.signals) == {"eeg", "ecg"}


def test_a_subject_without_ecg_says_so_and_has_none(tmp_path):
    write_dreamer(tmp_path, [dreamer_person(1, with_ecg=False), dreamer_person(2)])
    recordings = list(read_dreamer(tmp_path))
    assert len(recordings) == 4
    assert set(recordings[0].signals) == {"eeg"}
    assert recordings[0].problems == ("ecg: no signal was recorded.",)
    assert recordings[2].problems == ()


def test_an_empty_ecg_struct_is_a_subject_without_ecg(tmp_path):
    person = dreamer_person(1)
    person["ECG"][0, 0] = np.empty((0, 0))
    write_dreamer(tmp_path, [person])
    assert next(iter(read_dreamer(tmp_path))).problems == (
        "ecg: no signal was recorded.",
    )


def test_ecg_of_another_length_than_eeg_is_told(tmp_path):
    person = dreamer_person(1)
    held = person["ECG"][0, 0]["stimuli"][0, 0]
    held[0, 0] = held[0, 0][::2]
    write_dreamer(tmp_path, [person])
    first, _ = read_dreamer(tmp_path)
    assert first.problems == (
        "ecg: 1536 time points beside 1536 of eeg; expected 3072.",
    )


def test_a_matrix_with_channels_first_is_told(tmp_path):
    person = dreamer_person(1)
    held = person["EEG"][0, 0]["stimuli"][0, 0]
    held[0, 0] = held[0, 0].T
    write_dreamer(tmp_path, [person])
    first, _ = read_dreamer(tmp_path)
    assert "eeg" not in first.signals
    assert "expected a matrix of shape (n_times, 14); got (14, 1536)" in str(
        first.problems
    )


def test_missing_and_impossible_ratings_are_told(tmp_path):
    write_dreamer(tmp_path, [dreamer_person(1, valence=(np.nan, 7))])
    first, second = read_dreamer(tmp_path)
    assert "valence: no rating was given." in first.problems
    assert "valence" not in first.ratings
    assert "valence: rating 7 lies outside 1 to 5." in second.problems


def test_a_missing_folder_says_where_to_ask(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"DREAMER\.mat in .*README\.md"):
        find_dreamer(tmp_path / "nowhere")


def test_a_folder_of_amigos_is_recognised(tmp_path):
    write_amigos(tmp_path)
    with pytest.raises(CorpusError, match=r"looks like AMIGOS \(Data_Preprocessed_P01"):
        find_dreamer(tmp_path)


def test_amigos_under_dreamers_file_name_is_recognised(tmp_path):
    write_amigos(tmp_path, name="DREAMER.mat")
    with pytest.raises(CorpusError, match="looks like a preprocessed file of AMIGOS"):
        list(read_dreamer(tmp_path))


@pytest.mark.parametrize("name", ["DREAMER.zip", "dreamer.7z", "DREAMER.tar.gz"])
def test_a_packed_archive_is_named(tmp_path, name):
    (tmp_path / name).write_bytes(b"PK")
    with pytest.raises(CorpusError, match=f"still packed, {name}.* Unpack it"):
        find_dreamer(tmp_path)


def test_another_rate_or_montage_is_refused(tmp_path):
    people = [dreamer_person(1, seconds=(12,), valence=(4,), baseline_s=1)]
    write_dreamer(tmp_path / "a", people, EEG_SamplingRate=256)
    with pytest.raises(CorpusError, match="expected EEG at 128 Hz; got 256 Hz"):
        list(read_dreamer(tmp_path / "a"))
    turned = cell(ELECTRODES[::-1], (1, 14))
    write_dreamer(tmp_path / "b", people, EEG_Electrodes=turned)
    with pytest.raises(CorpusError, match="expected the electrodes"):
        list(read_dreamer(tmp_path / "b"))


def test_a_missing_field_is_named(tmp_path):
    savemat(tmp_path / "DREAMER.mat", {"DREAMER": struct(Data=cell([1.0], (1, 1)))})
    with pytest.raises(CorpusError, match="expected a field EEG_SamplingRate"):
        list(read_dreamer(tmp_path))


def test_no_people_is_told(tmp_path):
    write_dreamer(tmp_path, Data=np.empty((1, 0), dtype=object))
    with pytest.raises(CorpusError, match="expected a cell per person in Data"):
        list(read_dreamer(tmp_path))
