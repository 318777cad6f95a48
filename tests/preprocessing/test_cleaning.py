import numpy as np
import pytest

from emolib.datasets.edf import edf_signals, triggers, values
from emolib.preprocessing.cleaning import fit_cleaning


def test_the_eye_in_a_real_recording_is_found_by_its_eog(realdata):
    import mne

    path = realdata / "biosemi" / "eeglab_data.set"
    raw = mne.io.read_raw_eeglab(path, verbose="error")
    eyes = ["EOG1", "EOG2"]
    names = [name for name in raw.ch_names if name not in eyes]
    eeg, eog = (raw.get_data(picks=own) * 1e6 for own in (names, eyes))
    cleaning = fit_cleaning(eeg, names, 128.0, eog=eog)
    assert 1 <= len(cleaning.removed["eye"]) <= 2
    clean = cleaning.apply(eeg, names, 128.0)
    assert 0.5 * eeg.std() < clean.std() < eeg.std()


@pytest.mark.parametrize(
    ("name", "n_chans", "n_triggers"),
    [
        ("eeglab_test_16ch_256hz_60s.bdf", 17, 40),
        ("mne_test_72ch_2048hz_1s.bdf", 73, 1),
    ],
)
def test_real_bdf_files_and_triggers_are_read(realdata, name, n_chans, n_triggers):
    notes = []
    with edf_signals(realdata / "biosemi" / name, notes) as signals:
        assert len(signals) == n_chans
        codes = triggers(signals["Status"])
        assert np.count_nonzero(np.diff(codes) > 0) == n_triggers
        first = next(iter(signals))
        data, sfreq, unit = values(signals[first])
        part, *_ = values(signals[first], (0.25, 0.75))
    assert unit == "uV" and len(part) == 0.5 * sfreq
    np.testing.assert_array_equal(part, data[int(0.25 * sfreq) : int(0.75 * sfreq)])
