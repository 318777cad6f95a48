import numpy as np
import pytest
from edfio import Edf, EdfAnnotation, EdfSignal

from emolib.datasets.eegmat import CH_NAMES, list_subjects, read_eegmat
from tests.datasets.refusals import refused

CHANNELS = "Fp1 Fp2 F3 F4 F7 F8 T3 T4 C3 C4 T5 T6 P3 P4 O1 O2 Fz Cz Pz".split()
LABELS = [f"EEG {name}" for name in CHANNELS] + ["EEG A2-A1", "ECG ECG"]
FIELDS = {"label": (0, 16), "unit": (96, 8), "phys_max": (112, 8), "dig_max": (128, 8)}
"""Where a field of a channel stands in the header of EDF, per channel: from, size."""


def write_edf(path, seconds=4, rate=500, drop=(), flat=(), record_s=None, **fields):
    """Write a recording in true EDF; `fields` of its first channel are overwritten."""
    rng, signals = np.random.default_rng(0), []
    for label in [own for own in LABELS if own not in drop]:
        data = rng.normal(0, 10, int(seconds * rate)) * (label not in flat)
        unit, top = ("mV", 1) if label == "ECG ECG" else ("uV", 200)
        data = np.clip(data / 1e2 if unit == "mV" else data, -top, top)
        more = {"physical_dimension": unit, "physical_range": (-top, top)}
        signals.append(EdfSignal(data, rate, label=label, **more))
    path.parent.mkdir(parents=True, exist_ok=True)
    Edf(signals, data_record_duration=record_s).write(path)
    for name, value in fields.items():
        start, size = FIELDS[name]
        put(path, 256 + start * len(signals), value, size)
    return path


def put(path, at, text, size=8):
    """Overwrite a field of a header."""
    whole = bytearray(path.read_bytes())
    whole[at : at + size] = text.encode("latin-1").ljust(size)
    path.write_bytes(whole)


@pytest.fixture
def folder(tmp_path):
    for name in ("Subject00_1", "Subject00_2", "Subject07_1"):
        write_edf(tmp_path / "eegmat" / f"{name}.edf")
    return tmp_path


@pytest.fixture
def path(folder):
    return folder / "eegmat" / "Subject00_1.edf"


def first(path):
    return next(read_eegmat(path.parent))


def test_rest_and_task_are_read_back(folder):
    rest, task, *_ = read_eegmat(folder)
    assert rest.subject == "Subject00"
    assert (rest.trial, rest.ratings) == ("rest", {"workload": 0.0})
    assert (task.trial, task.ratings) == ("task", {"workload": 1.0})
    eeg, ecg = task.signals["eeg"], task.signals["ecg"]
    assert (eeg.data.shape, eeg.sfreq, eeg.unit) == ((19, 2000), 500.0, "uV")
    assert eeg.ch_names == tuple(CHANNELS) == CH_NAMES["eeg"]
    assert (ecg.data.shape, ecg.ch_names, ecg.unit) == ((1, 2000), ("ECG",), "uV")
    assert 50 < ecg.data.std() < 200  # written in millivolts
    assert 8 < eeg.data.std() < 12
    assert not rest.problems and not task.problems and not rest.notes


def test_a_trial_whose_file_is_missing_is_still_told(folder):
    assert list_subjects(folder) == ["Subject00", "Subject07"]
    last = list(read_eegmat(folder, subjects=["Subject07"]))[-1]
    assert last.trial == "task" and not last.signals
    why = "the file of this trial is not there."
    assert last.problems == (f"eeg: {why}", f"ecg: {why}")


SLOW = [f"{m}: sampled at 250 Hz; expected 500 Hz." for m in CH_NAMES]
DIFFER = "eeg: its channels differ in rate or unit: 500 Hz in 'mmHg' and 500 Hz"


@pytest.mark.parametrize(
    ("how", "problems"),
    [
        ({"drop": ("ECG ECG",)}, ["ecg: the file has no channel ECG."]),
        ({"flat": ("EEG F4",)}, ["eeg: F4 is constant (flat)."]),
        ({"rate": 250}, SLOW),
        ({"seconds": 7, "record_s": 0.7}, []),
        ({"unit": "µV"}, []),
        ({"unit": "mmHg"}, [DIFFER]),
        ({"unit": "", "drop": LABELS[1:-1]}, ["eeg: the file has no channel Fp2, F3"]),
    ],
)
def test_what_is_odd_in_a_trial_is_told(path, how, problems):
    write_edf(path, **how)
    rest = first(path)
    assert rest.notes == ()
    assert all(s.startswith(e) for s, e in zip(rest.problems, problems, strict=True))


def test_a_rate_a_unit_or_a_count_of_records_that_is_set_right_is_noted(path):
    put(path, 244, "1.00004")  # seconds a record
    put(path, 236, "-1")  # number of records, while recording
    put(path, 256 + 96 * len(LABELS), "", 8 * 19)  # units
    rest = first(path)
    assert rest.problems == () and rest.signals["eeg"].sfreq == 500.0
    assert rest.signals["eeg"].data.shape == (19, 2000)
    assert rest.notes == (
        "file: its number of records was not written; all are read.",
        "eeg: sampled at 499.98 Hz; taken for 500 Hz.",
        "eeg: its unit is ''; expected microvolts.",
        "ecg: sampled at 499.98 Hz; taken for 500 Hz.",
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"phys_max": "3000,0"}, "physical range of EEG Fp1: could not .*'3000,0'"),
        ({"phys_max": "-200"}, "physical range of EEG Fp1: -200 to -200"),
        ({"phys_max": "nan"}, "physical range of EEG Fp1: -200 to nan"),
        ({"dig_max": "-32768"}, "digital range of EEG Fp1: -32768 to -32768"),
        ({"label": "EEG Fp2"}, "expected each channel once; got EEG Fp2 2 times"),
    ],
)
@pytest.mark.filterwarnings("default")  # elsewhere a warning is no error
def test_channels_that_cannot_be_trusted_are_refused_by_name(path, fields, words):
    write_edf(path, **fields)
    refused(read_eegmat, path.parent, rf"Subject00_1\.edf: .*{words}")


@pytest.mark.parametrize("said", ["0", "-1", "nan", "inf"])
def test_a_record_that_lasts_no_time_is_refused(path, said):
    put(path, 244, said)
    refused(read_eegmat, path.parent, f"last some seconds; got {said} s")


def test_a_recording_with_a_gap_is_refused_and_the_gap_named(path):
    signals = [EdfSignal(np.arange(1000.0), 500, label="EEG Fp1")]
    told = [EdfAnnotation(0.5, None, "x")]
    Edf(signals, annotations=told, data_record_duration=0.5).write(path)
    whole = path.read_bytes().replace(b"EDF+C", b"EDF+D", 1)
    path.write_bytes(whole)  # its records say that there is none
    assert "eeg: the file has no channel Fp2" in first(path).problems[0]
    path.write_bytes(whole.replace(b"+1.5\x14\x14", b"+4.5\x14\x14"))
    words = r"got EDF\+D with a gap: record 4 begins 3 s after record 3 ends"
    refused(read_eegmat, path.parent, words)


def test_eight_real_subjects_have_their_published_shapes_and_faster_hearts(realdata):
    from emolib.preprocessing.cardiac import heart_rate_features

    recordings, rates = list(read_eegmat(realdata / "eegmat")), {}
    assert [r.trial for r in recordings] == ["rest", "task"] * 8
    for recording in recordings:
        assert recording.problems == () and recording.notes == ()
        eeg, ecg = recording.signals["eeg"], recording.signals["ecg"]
        assert eeg.sfreq == ecg.sfreq == 500.0 and eeg.duration_s == ecg.duration_s
        assert eeg.duration_s in ({62} if recording.trial == "task" else {170, 182})
        assert (len(eeg.data), len(ecg.data)) == (19, 1)
        assert 3 < eeg.data.std() < 50 and 10 < ecg.data.std() < 500
        beats = heart_rate_features(ecg.data[None], ecg.sfreq)
        rates[recording.subject, recording.trial] = beats["rate_bpm"][0]
    people = [f"Subject0{i}" for i in range(2, 10)]
    assert [r.subject for r in recordings[::2]] == people
    rises = [rates[person, "task"] - rates[person, "rest"] for person in people]
    assert np.sum(np.array(rises) > 3) >= 7
    assert all(55 < rates[person, "task"] < 115 for person in people)
