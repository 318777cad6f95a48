import numpy as np
import pytest

from emolib.containers import Video
from emolib.datasets.mahnob import read_mahnob, read_traces
from tests.datasets.refusals import refused
from tests.datasets.test_read_eegmat import put
from tests.datasets.true_formats import write_biosemi, write_continuous_labels

LABELS = (
    "Fp1 AF3 F3 F7 FC5 FC1 C3 T7 CP5 CP1 P3 P7 PO3 O1 Oz Pz Fp2 AF4 Fz F4 F8 FC6 FC2 "
    "Cz C4 T8 CP6 CP2 P4 P8 PO4 O2 EXG1 EXG2 EXG3 EXG4 EXG5 EXG6 EXG7 EXG8 GSR1 GSR2 "
    "Erg1 Erg2 Resp Temp Status"
).split()
FELT = 'feltEmo="4" feltArsl="7" feltVlnc="8" feltCtrl="5" feltPred="3"'


def write_xml(folder, subject=1, *, attributes=FELT, is_stim=1, head=""):
    folder.mkdir(parents=True, exist_ok=True)
    text = (
        f'<?xml version="1.0"?>{head}<session sessionId="{folder.name}" '
        f'isStim="{is_stim}" {attributes} cutNr="2" cutLenSec="20.5" vidRate="60.97" '
        f'mediaFile="69.avi"><subject id="{subject}" gender="f"/>'
        '<track type="Physiological" filename="a.bdf"/></session>'
    )
    (folder / "session.xml").write_text(text)


def write_bdf(folder, subject=1, *, pulses=(30, 50), seconds=80):
    codes = np.full(seconds * 256, 3801088.0)
    for second in pulses:
        codes[second * 256 : second * 256 + 5] += 16
    rng = np.random.default_rng(0)
    rows = [100.0 * i + rng.normal(size=codes.size) for i in range(46)]
    path = folder / f"Part_{subject}_S_Trial1_emotion.bdf"
    return write_biosemi(path, LABELS, [*rows, codes], 256)


@pytest.fixture
def session(tmp_path):
    """Return the folder of one whole session, P2's second section."""
    folder = tmp_path / "Sessions" / "132"
    write_xml(folder, 2)
    write_bdf(folder, 2)
    (folder / "P2-Rec1-2009.07.09.17.53.46_C1 trigger _C_Section_2.avi").touch()
    return folder


def test_a_session_is_cut_at_its_two_pulses(tmp_path, session):
    write_xml(tmp_path / "Sessions" / "131", 2, attributes="", is_stim=0)
    (only,) = read_mahnob(tmp_path)
    assert (only.subject, only.session, only.trial) == ("P2", "132", "69")
    assert only.ratings == dict(valence=8, arousal=7, control=5, predictability=3)
    assert only.problems == ()
    for name, n_chans in dict(eeg=32, ecg=3, gsr=1, resp=1, temperature=1).items():
        signal = only.signals[name]
        assert (signal.duration_s, signal.sfreq) == (20, 256)
        assert only.baseline[name].duration_s == 30
        rows = [LABELS.index(label) for label in signal.ch_names]
        assert len(rows) == n_chans
        means = signal.data.mean(axis=1)
        np.testing.assert_allclose(means, [100 * row for row in rows], atol=0.1)
    face = only.signals["face"]
    assert isinstance(face, Video) and face.fps == 60.97


def test_what_a_session_lacks_is_said_and_nothing_else_is_lost(tmp_path, session):
    other = tmp_path / "Sessions" / "134"
    write_xml(other, 2, attributes=FELT.replace('feltArsl="7"', ""))
    for pulses, words in (((), "has 0 pulses"), ((30,), "has 1 pulses")):
        write_bdf(session, 2, pulses=pulses)
        first, second = read_mahnob(tmp_path)
        told = {problem.split(": ", 1)[1] for problem in first.problems}
        assert told == {f"the BDF's Status {words}; expected 2."}
        assert set(first.signals) == {"face"} and first.ratings["valence"] == 8
    assert "eeg: the folder has no BDF." in second.problems
    assert "face" not in second.signals
    assert "arousal: no rating was given." in second.problems


def test_odd_rates_are_noted_once_and_no_picture_is_shown_at_no_rate(tmp_path, session):
    put(session / "Part_2_S_Trial1_emotion.bdf", 244, "1.00002")  # seconds a record
    text = (session / "session.xml").read_text()
    (session / "session.xml").write_text(text.replace('vidRate="60.97"', ""))
    (trial,) = read_mahnob(tmp_path)
    assert trial.problems == ("face: its rate is nan Hz.",)
    assert "gsr: sampled at 255.995 Hz; taken for 256 Hz." in trial.notes
    assert len(set(trial.notes)) == len(trial.notes) == 5


def test_bad_files_get_one_clear_error_each(tmp_path, session):
    path = session / "Part_2_S_Trial1_emotion.bdf"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    refused(read_mahnob, tmp_path, r"Part_2_S_Trial1_emotion\.bdf")
    path.write_bytes(whole)
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    write_xml(session, 2, head=bomb)
    refused(read_mahnob, tmp_path, r"session\.xml: .*DTDForbidden")
    large = "<session>" + " " * 2**20
    for text, words in (
        ("<session", "ParseError"),
        ("<a/>", "got <a>"),
        (large, "at most 1048576 bytes"),
    ):
        (session / "session.xml").write_text(text)
        refused(read_mahnob, tmp_path, words)


TRIALS = [(1, 2), (1, 4), (2, 2)]


def test_a_session_that_was_rated_by_the_moment_has_its_trace(tmp_path):
    _, labels = write_continuous_labels(tmp_path / "data", TRIALS, [140] * 3)
    for number, subject in (("2", 1), ("6", 1), ("132", 2)):
        write_xml(tmp_path / "Sessions" / number, subject)
    write_bdf(tmp_path / "Sessions" / "2")
    first, unrated, last = read_mahnob(tmp_path)
    np.testing.assert_array_equal(first.traces["valence"].values, labels[0])
    trace = last.traces["valence"]
    np.testing.assert_array_equal(trace.values, labels[2])
    assert (trace.sfreq, trace.start_s) == (4.0, 0.0)
    assert not unrated.traces and unrated.ratings["valence"] == 8


def test_labels_of_other_trials_than_are_listed_are_one_error(tmp_path):
    path, _ = write_continuous_labels(tmp_path, TRIALS, [140])
    refused(read_traces, path, r"trials of shape \(3, 2\), 1 labels")
