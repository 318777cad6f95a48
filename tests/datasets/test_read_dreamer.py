import numpy as np
import pytest
from scipy.io import loadmat, savemat

from emolib.datasets.dreamer import MEAN_RATINGS, read_dreamer
from tests.datasets.refusals import refused
from tests.datasets.true_formats import (
    ELECTRODES,
    cell,
    dreamer_person,
    struct_of,
    write_dreamer,
)


def problems(folder, person):
    """Return what the reader says of the trials of one person."""
    write_dreamer(folder, [person])
    return [recording.problems for recording in read_dreamer(folder)]


def test_the_mean_ratings_are_those_of_the_publisher():
    assert {len(own) for own in MEAN_RATINGS.values()} == {18}
    assert (MEAN_RATINGS["valence"][7], MEAN_RATINGS["arousal"][3]) == (1.35, 4.26)


def test_two_people_with_two_trials_are_read_back(tmp_path):
    path = write_dreamer(tmp_path)
    recordings = list(read_dreamer(tmp_path))
    named = [(r.subject, r.trial) for r in recordings]
    assert named == [("s01", "01"), ("s01", "02"), ("s02", "01"), ("s02", "02")]
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


def test_a_single_person_and_people_in_a_struct_array_are_read(tmp_path):
    write_dreamer(tmp_path, [dreamer_person(1, seconds=(12,), valence=(4,))])
    (only,) = read_dreamer(tmp_path)
    assert only.problems == () and only.signals["ecg"].data.shape == (2, 3072)
    people = [dreamer_person(1), dreamer_person(2)]
    write_dreamer(tmp_path, Data=np.concatenate(people, axis=1))
    assert [r.subject for r in read_dreamer(tmp_path)] == ["s01", "s01", "s02", "s02"]


def test_nan_flat_short_and_turned_signals_are_told(tmp_path):
    person = dreamer_person(1)
    eeg, ecg = (person[name][0, 0]["stimuli"][0, 0] for name in ("EEG", "ECG"))
    eeg[0, 0][:5, 3] = np.nan
    ecg[1, 0][:, 1] = 7.0
    first, second = problems(tmp_path, person)
    assert first == ("eeg: FC5 is not finite (NaN) in 5 of 1536 values.",)
    assert second == ("ecg: ECG2 is constant (flat).",)
    eeg[0, 0] = eeg[1, 0][: 12 * 128]
    eeg[1, 0] = eeg[1, 0].T
    ecg[0, 0] = ecg[0, 0][::2]
    first, second = problems(tmp_path, person)
    assert first == ("ecg: 1536 time points beside 1536 of eeg; expected 3072.",)
    wanted = "eeg: expected a matrix of shape (n_times, 14); got (14, 1792)."
    assert second == (wanted, "ecg: ECG2 is constant (flat).")
    assert set(list(read_dreamer(tmp_path))[1].signals) == {"ecg"}


@pytest.mark.parametrize("is_there", [True, False])
def test_a_subject_without_ecg_says_so_and_has_none(tmp_path, is_there):
    person = dreamer_person(1, with_ecg=is_there)
    if is_there:
        person["ECG"][0, 0] = np.empty((0, 0))
    write_dreamer(tmp_path, [person, dreamer_person(2)])
    recordings = list(read_dreamer(tmp_path))
    assert [set(r.signals) for r in recordings[1:3]] == [{"eeg"}, {"eeg", "ecg"}]
    assert recordings[0].problems == ("ecg: no signal was recorded.",)
    assert recordings[2].problems == ()


def test_missing_and_impossible_ratings_are_told(tmp_path):
    first, second = problems(tmp_path, dreamer_person(1, valence=(np.nan, 7)))
    assert "valence: no rating was given." in first
    assert "valence: rating 7 lies outside 1 to 5." in second
    assert "valence" not in next(read_dreamer(tmp_path)).ratings


def test_another_rate_or_montage_and_missing_fields_are_refused(tmp_path):
    people = [dreamer_person(1, seconds=(12,), valence=(4,), baseline_s=1)]
    turned = cell(ELECTRODES[::-1], (1, 14))
    for changes, words in (
        ({"EEG_SamplingRate": 256}, "expected eeg at 128 Hz; got 256 Hz"),
        ({"EEG_Electrodes": turned}, "expected the electrodes"),
        ({"Data": np.empty((1, 0), dtype=object)}, "expected a cell per person in"),
        ({"Data": cell([struct_of(Age=1.0)], (1, 1))}, "KeyError: 'ScoreValence'"),
        ({"Data": cell([1.0], (1, 1))}, "expected DREAMER.mat 1.0.2; got contents"),
    ):
        write_dreamer(tmp_path, people, **changes)
        refused(read_dreamer, tmp_path, rf"DREAMER\.mat: .*{words}")
    savemat(tmp_path / "DREAMER.mat", {"DREAMER": struct_of(Data=cell([1.0], (1, 1)))})
    refused(read_dreamer, tmp_path, "KeyError: 'EEG_SamplingRate'")
