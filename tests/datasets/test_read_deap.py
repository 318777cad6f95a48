import numpy as np
import pytest

from emolib.datasets.deap import CORPUS, read_deap
from tests.datasets.refusals import refused
from tests.datasets.true_features import write_pickle
from tests.datasets.true_formats import write_biosemi

ROWS = (  # of data_preprocessed_python, typed from the publisher's description
    "Fp1 AF3 F3 F7 FC5 FC1 C3 T7 CP5 CP1 P3 P7 PO3 O1 Oz Pz Fp2 AF4 Fz F4 F8 FC6 FC2 "
    "Cz C4 T8 CP6 CP2 P4 P8 PO4 O2 hEOG vEOG zEMG tEMG GSR Resp Plet Temp"
).split()
TWENTE = (
    "Fp1 AF3 F7 F3 FC1 FC5 T7 C3 CP1 CP5 P7 P3 Pz PO3 O1 Oz O2 PO4 P4 P8 CP6 CP2 C4 T8 "
    "FC6 FC2 F4 F8 AF4 Fp2 Fz Cz"
).split()
REST = "EXG1 EXG2 EXG3 EXG4 EXG5 EXG6 EXG7 EXG8 GSR1 GSR2 Erg1 Erg2 Resp Plet Temp"
COLUMNS = (
    "Participant_id,Trial,Experiment_id,Start_time,Valence,Arousal,Dominance,Liking,"
    "Familiarity"
)


def write_dat(folder, number=1, n_trials=2, n_chans=40, n_times=8064):
    """Write a Python 2 pickle; each value says its trial, channel and second."""
    trial, chan, time = np.ogrid[:n_trials, :n_chans, :n_times]
    data = 1e6 * trial + 1e3 * chan + time // 128 + 0.001 * (time % 2)
    labels = np.tile([7.5, 3.0, 5.0, 9.0], (n_trials, 1))
    held = {"labels": labels, "data": data}
    return write_pickle(folder / f"s{number:02d}.dat", held, protocol=2)


def write_bdf(folder, number, *, names=TWENTE, shown=(2, 1), high=0, status="Status"):
    """Write three seconds of rest and a minute of video, twice; a channel, a level."""
    folder.mkdir(parents=True, exist_ok=True)
    labels, table = [*names, *REST.split(), status], COLUMNS
    codes = np.full(512 * (3 + 65 * len(shown)), float(high))
    for k, video in enumerate(shown):
        start = 512 * (5 + 64 * k)
        codes[start : start + 100] += 4
        table += f"\n{number},{k + 1},{video},0,{video + 0.5},2,3,4,5"
    rows = [np.full(codes.size, 10.0 + i) for i in range(47)]
    write_biosemi(folder / f"s{number:02d}.bdf", labels, [*rows, codes], 512)
    (folder / "participant_ratings.csv").write_text(table)
    return labels


def test_the_pickle_of_one_person_is_read_back_channel_by_channel(tmp_path):
    write_dat(tmp_path / "data_preprocessed_python")
    first, second = read_deap(tmp_path)
    assert (first.subject, first.trial, second.trial) == ("s01", "01", "02")
    assert first.ratings == dict(valence=7.5, arousal=3, dominance=5, liking=9)
    assert first.problems == ()
    names = [name for s in second.signals.values() for name in s.ch_names]
    assert names == ROWS
    for signal in second.signals.values():
        assert signal.sfreq == 128 and signal.duration_s == 60
        rows = [ROWS.index(name) for name in signal.ch_names]
        assert signal.data[:, 0].tolist() == [1e6 + 1e3 * row + 3 for row in rows]
    assert second.baseline["eeg"].duration_s == 3
    assert second.baseline["eeg"].data[0, 0] == 1e6
    units = {name: signal.unit for name, signal in first.signals.items()}
    assert units["eog"] == "uV" and units["gsr"] == "ohm"
    assert units["temperature"] == "degC"


def test_the_recording_is_read_by_name_and_put_in_the_order_of_the_videos(tmp_path):
    labels = write_bdf(tmp_path, 1)
    first, second = read_deap(tmp_path, source="raw")
    assert [first.trial, second.trial] == ["01", "02"]
    assert [first.ratings["valence"], second.ratings["valence"]] == [1.5, 2.5]
    eeg, eog = first.signals["eeg"], first.signals["eog"]
    assert eeg.ch_names == tuple(ROWS[:32])
    wanted = [10.0 + labels.index(name) for name in ROWS[:32]]
    np.testing.assert_allclose(eeg.data[:, 0], wanted, atol=0.05)
    assert (eeg.sfreq, eeg.duration_s) == (512, 60)
    assert first.baseline["eeg"].duration_s == 3
    np.testing.assert_allclose(eog.data, -1.0, atol=0.1)  # EXG1 - EXG2
    gsr = 10.0 + labels.index("GSR1")
    np.testing.assert_allclose(first.signals["gsr"].data, 1e9 / gsr, rtol=1e-2)


@pytest.mark.parametrize(("number", "status"), [(23, "Status"), (24, ""), (29, "-0")])
def test_geneva_and_its_nameless_trigger_channels_are_read(tmp_path, number, status):
    site = {"names": ROWS[:32], "high": 1703680, "status": status}
    labels = write_bdf(tmp_path, number, shown=(1, 2), **site)
    first, _ = read_deap(tmp_path, source="raw")
    gsr = 10.0 + labels.index("GSR1")
    np.testing.assert_allclose(first.signals["gsr"].data, gsr, atol=0.05)
    assert first.problems[0].startswith("eeg: all 32 channels are constant")


def test_bad_files_get_one_clear_error_each(tmp_path):
    for n_chans, n_times in ((39, 8064), (40, 7680)):
        write_dat(tmp_path, n_chans=n_chans, n_times=n_times)
        refused(read_deap, tmp_path, r"s01\.dat: expected DEAP's data .* got")
    write_pickle(tmp_path / "s01.dat", {"data": print, "labels": 1})
    refused(read_deap, tmp_path, "print'; nothing in it was run")
    words = "source must be one of 'dat', 'raw'"
    refused(read_deap, tmp_path, words, ValueError, source="matlab")


def test_a_table_of_ratings_that_does_not_fit_is_one_clear_error(tmp_path):
    write_bdf(tmp_path, 1, shown=(1, 2))
    table = tmp_path / "participant_ratings.csv"
    rows = table.read_text()
    table.write_text(rows + "\n1,3,3,0,1,2,3,4,5")
    words = "3 starts of a video .trigger 4.; got 2"
    refused(read_deap, tmp_path, words, source="raw")
    for other, words in (
        (rows.replace("1,1,1", "2,1,1").replace("1,2,2", "2,2,2"), "participant 1"),
        (rows.replace("1,1,1", "1,1,"), "do not read"),
        (rows.replace("1,2,2", "1,1,1"), "two rows of one person and trial"),
    ):
        table.write_text(other)
        refused(read_deap, tmp_path, rf"_ratings\.csv: .*{words}", source="raw")
    table.unlink()
    words = r"needs participant_ratings\.csv"
    refused(read_deap, tmp_path, words, FileNotFoundError, source="raw")
    assert CORPUS.class_of(5.0) == "low"
