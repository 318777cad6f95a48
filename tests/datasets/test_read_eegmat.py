import numpy as np
import pytest
from edfio import Edf, EdfSignal

from emolib.checks import CorpusError
from emolib.datasets import eegmat
from emolib.datasets.edf import read_edf
from emolib.datasets.eegmat import find_eegmat, list_subjects, read_eegmat

CHANNELS = "Fp1 Fp2 F3 F4 F7 F8 T3 T4 C3 C4 T5 T6 P3 P4 O1 O2 Fz Cz Pz".split()


def write_edf(path, seconds=4, rate=500, drop=(), flat=()):
    rng = np.random.default_rng(0)
    labels = [f"EEG {name}" for name in CHANNELS] + ["EEG A2-A1", "ECG ECG"]
    signals = []
    for label in labels:
        data = rng.normal(0, 10, seconds * rate)
        unit, size = ("mV", (-1, 1)) if label == "ECG ECG" else ("uV", (-200, 200))
        data = np.clip(data / 1e2 if unit == "mV" else data, *size)
        data = np.zeros_like(data) if label in flat else data
        signal = EdfSignal(
            data, rate, label=label, physical_dimension=unit, physical_range=size
        )
        if label not in drop:
            signals.append(signal)
    path.parent.mkdir(parents=True, exist_ok=True)
    Edf(signals).write(path)
    return path


@pytest.fixture
def folder(tmp_path):
    for name in ("Subject00_1", "Subject00_2", "Subject07_1"):
        write_edf(tmp_path / "eegmat" / f"{name}.edf")
    (tmp_path / "eegmat" / "._Subject00_1.edf").write_bytes(b"x")
    (tmp_path / "eegmat" / "subject-info.csv").write_text("Subject,Age\n")
    return tmp_path


def test_rest_and_task_are_read_back(folder):
    rest, task, *_ = read_eegmat(folder)
    assert (rest.subject, rest.trial, rest.ratings) == (
        "Subject00", "rest", {"workload": 0.0},
    )  # fmt: skip
    assert (task.trial, task.ratings) == ("task", {"workload": 1.0})
    eeg, ecg = task.signals["eeg"], task.signals["ecg"]
    assert (eeg.data.shape, eeg.sfreq, eeg.unit) == ((19, 2000), 500.0, "uV")
    assert eeg.ch_names == tuple(CHANNELS) == eegmat.EEG_CH_NAMES
    assert (ecg.data.shape, ecg.ch_names, ecg.unit) == ((1, 2000), ("ECG",), "uV")
    assert 50 < ecg.data.std() < 200  # written in millivolts
    assert 8 < eeg.data.std() < 12
    assert not rest.problems and not task.problems and not rest.baseline


def test_a_trial_whose_file_is_missing_is_still_told(folder):
    assert list_subjects(folder) == ["Subject00", "Subject07"]
    assert len(find_eegmat(folder)) == 3
    last = list(read_eegmat(folder, subjects=["Subject07"]))[-1]
    assert last.trial == "task" and not last.signals
    assert last.problems == (
        "eeg: the file of this trial is not in the folder.",
        "ecg: the file of this trial is not in the folder.",
    )


def test_a_subject_without_ecg_says_so_and_has_none(folder):
    write_edf(folder / "eegmat" / "Subject00_1.edf", drop=("ECG ECG",))
    rest = next(read_eegmat(folder))
    assert set(rest.signals) == {"eeg"}
    assert rest.problems == ("ecg: the file has no channel ECG.",)


def test_flat_channels_and_another_rate_are_told(folder):
    write_edf(folder / "eegmat" / "Subject00_1.edf", rate=250, flat=("EEG F4",))
    rest = next(read_eegmat(folder))
    assert rest.problems[:2] == (
        "eeg: F4 is constant (flat).",
        "eeg: sampled at 250 Hz; expected 500 Hz.",
    )


@pytest.mark.parametrize("size", [0, 100, 300, 3000, 6000, 40_000, -2])
def test_a_truncated_edf_is_one_clear_error(folder, size):
    path = folder / "eegmat" / "Subject00_1.edf"
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(CorpusError, match=r"Subject00_1\.edf: expected .*; got .*Copy"):
        next(read_eegmat(folder))


@pytest.mark.parametrize("seed", range(20))
def test_a_mangled_edf_header_is_one_clear_error_or_is_read(folder, seed):
    path = folder / "eegmat" / "Subject00_1.edf"
    whole = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    start = int(rng.integers(8, 5800))
    whole[start : start + 40] = rng.bytes(40)
    path.write_bytes(bytes(whole))
    try:
        next(read_eegmat(folder))
    except CorpusError as error:
        assert "Subject00_1.edf" in str(error)


def test_what_is_no_edf_file_is_told(tmp_path):
    path = tmp_path / "Subject00_1.edf"
    path.write_text("<html>log in first</html>" * 40)
    with pytest.raises(CorpusError, match="expected an EDF file; got 1000 bytes"):
        read_edf(path)


def test_a_missing_folder_names_the_download(tmp_path):
    with pytest.raises(FileNotFoundError, match="emolib corpora fetch eegmat"):
        find_eegmat(tmp_path / "nowhere")


def test_a_folder_without_edf_files_says_what_is_there(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(CorpusError, match="got 1 other file, among them notes.txt"):
        find_eegmat(tmp_path)


def test_an_unknown_subject_is_refused(folder):
    with pytest.raises(ValueError, match="subjects must be in the corpus"):
        next(read_eegmat(folder, subjects=["Subject99"]))


def test_eight_real_subjects_have_their_published_shapes(realdata):
    recordings = list(read_eegmat(realdata / "eegmat"))
    assert [r.subject for r in recordings[::2]] == [
        f"Subject0{i}" for i in range(2, 10)
    ]
    assert [r.trial for r in recordings] == ["rest", "task"] * 8
    for recording in recordings:
        assert recording.problems == ()
        eeg, ecg = recording.signals["eeg"], recording.signals["ecg"]
        assert eeg.sfreq == ecg.sfreq == 500.0
        assert eeg.data.shape[0] == 19 and ecg.data.shape[0] == 1
        seconds = {62} if recording.trial == "task" else {170, 182}
        assert eeg.duration_s == ecg.duration_s and eeg.duration_s in seconds
        assert 3 < eeg.data.std() < 50 and 10 < ecg.data.std() < 500


def test_the_real_heart_rate_rises_from_rest_to_task(realdata):
    from emolib.preprocessing.cardiac import heart_rate_features

    rates = {}
    for recording in read_eegmat(realdata / "eegmat"):
        ecg = recording.signals["ecg"]
        rates[recording.subject, recording.trial] = heart_rate_features(
            ecg.data[None], ecg.sfreq
        )["rate_bpm"][0]
    rises = {
        subject: rates[subject, "task"] - rates[subject, "rest"] for subject, _ in rates
    }
    assert len(rises) == 8 and sum(rise > 3 for rise in rises.values()) >= 7
    assert all(55 < rates[subject, "task"] < 115 for subject in rises)
