import numpy as np
import pandas as pd
import pytest

from emolib.datasets.stress_predict import PHASES, list_subjects, read_stress_predict
from tests.datasets.refusals import refused

START, STOP = 1644228180, 1644228480  # S02's Stroop test


def write_person(folder, seconds=3000):
    own = folder / "S02"
    own.mkdir(parents=True, exist_ok=True)
    start = START - 700
    for name, sfreq in (("BVP", 64), ("EDA", 4), ("TEMP", 4)):
        values = np.arange(seconds * sfreq) / sfreq
        lines = [f"{start:.2f}", f"{sfreq:.6f}", *(f"{v:.6f}" for v in values)]
        (own / f"{name}.csv").write_text("\n".join(lines))
    beats = "710.0,0.5\n710.75,0.75\n720.0,1.0\n"
    (own / "IBI.csv").write_text(f"{start:.6f}, IBI\n{beats}")
    return own


def test_phases_are_cut_at_their_seconds_and_beats_keep_their_gaps(tmp_path):
    write_person(tmp_path)
    phases = {r.trial: r for r in read_stress_predict(tmp_path)}
    stroop = phases["stroop"]
    assert stroop.ratings == {"stress": 1.0} and stroop.problems == ()
    for name, sfreq in (("ppg", 64), ("gsr", 4), ("temperature", 4)):
        signal = stroop.signals[name]
        assert (signal.sfreq, signal.duration_s) == (sfreq, STOP - START)
        assert signal.data[0, 0] == 700
    rate = stroop.traces["heart_rate"].values
    assert rate[40] == 120 and rate[41] == 80 and rate[43] == 80
    assert np.isnan(rate[44]) and rate[80] == 60 and np.isnan(rate[81])
    assert phases["relax_1"].ratings == {"stress": 0.0}
    assert "consent" not in phases and "questionnaire" not in phases


def test_what_was_not_worn_or_not_copied_is_said(tmp_path):
    own = write_person(tmp_path, seconds=1000)
    (own / "TEMP.csv").unlink()
    phases = {r.trial: r.problems for r in read_stress_predict(tmp_path)}
    assert phases["stroop"] == ("temperature: TEMP.csv is not there.",)
    assert "gsr: the sensor was not worn for the whole phase." in phases["relax_1"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("BVP", "1644227480\n32\n1\n", "expected 64 Hz in line 2; got 32 Hz"),
        ("BVP", "1\n64\nseven", "do not read"),
        ("IBI", "1\n64\nseven", "do not read"),
        ("IBI", "1, IBI\n5,0\n", "a beat at no time, or after none"),
        ("IBI", "nan, IBI\n5,1\n", "a beat at no time, or after none"),
        ("EDA", "nan\n4\n1\n", "a Unix second in line 1; got nan"),
    ],
)
def test_a_damaged_file_or_another_rate_is_one_error(tmp_path, name, text, words):
    (write_person(tmp_path) / f"{name}.csv").write_text(text)
    refused(read_stress_predict, tmp_path, rf"{name}\.csv: .*{words}")


def test_a_person_without_a_beat_has_no_heart_rate(tmp_path):
    (write_person(tmp_path) / "IBI.csv").write_text("1, IBI\n")
    first = next(read_stress_predict(tmp_path))
    assert np.isnan(first.traces["heart_rate"].values).all()


def test_the_phases_are_those_of_35_people():
    phases = pd.read_csv(PHASES)
    assert phases["subject"].nunique() == 35 and len(phases) == 350
    assert phases.groupby("phase")["stress"].nunique().eq(1).all()
    assert (phases["stop_utc"] > phases["start_utc"]).all()


def test_real_people_have_faster_hearts_under_stress(realdata):
    real = realdata / "stress-predict"
    people = list_subjects(real)
    assert len(people) == 12
    faster = []
    for person in people:
        rate = {0.0: [], 1.0: []}
        for trial in read_stress_predict(real, [person]):
            rate[trial.ratings["stress"]].append(trial.traces["heart_rate"].values)
        rest, stress = (np.nanmean(np.concatenate(own)) for own in rate.values())
        faster.append(stress > rest)
    assert np.mean(faster) >= 0.6
