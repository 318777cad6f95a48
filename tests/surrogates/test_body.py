"""DEAP's and MAHNOB-HCI's surrogates: formats, bodies, planted effects, artefacts."""

import re

import numpy as np
import pytest
from scipy.signal import find_peaks

from emolib.datasets.deap import read_deap
from emolib.datasets.mahnob import read_mahnob
from emolib.papers.mmqnet.data import cleaned
from emolib.papers.mmqnet.features import features_of
from emolib.preprocessing.cardiac import r_peaks
from emolib.preprocessing.filtering import bandpass
from emolib.surrogates.affect import simulate_subject
from emolib.surrogates.body import synthesise_pulse
from emolib.surrogates.deap import deap_design, write_deap
from emolib.surrogates.design import Knobs
from emolib.surrogates.files import read_truth, truth_folder
from emolib.surrogates.peripheral import beat_times

PAIR = dict(n_subjects=1, n_trials=2)


def test_the_recording_and_the_pickle_tell_the_same_person(written):
    pickled = written("deap", **PAIR)
    recorded = written("deap", **PAIR, source="raw")
    pairs = zip(read_deap(pickled), read_deap(recorded, source="raw"), strict=True)
    for ours, theirs in pairs:
        assert ours.problems == theirs.problems == ()
        mine, other = (r.signals["gsr"].data.mean() for r in (ours, theirs))
        assert mine == pytest.approx(other, rel=0.2)


def test_the_pulse_follows_the_heart_by_its_delay():
    subject = simulate_subject(deap_design(n_trials=1), Knobs(), 1)
    pulse = synthesise_pulse(subject, 128.0)[0]
    beats, _ = beat_times(subject.trials("ecg", 128.0))
    tops = find_peaks(bandpass(pulse, 0.7, 8, 128), distance=40)[0] / 128
    delay = [tops[tops > beat][0] - beat for beat in beats[0] if beat < 60]
    assert np.median(delay) == pytest.approx(0.22 + 0.12, abs=0.03)


def test_every_modality_of_deap_lets_its_planted_effect_be_read(tmp_path):
    folder = write_deap(tmp_path, n_subjects=4, n_trials=16, effect=6.0, nuisance=0.0)
    truth = read_truth(truth_folder(folder))["z"].mean(axis=-1)
    means = {}
    for recording in read_deap(folder):  # person by person, video by video
        for name in recording.signals:
            own = features_of(recording, name, window_s=2.0)
            own = own.reshape(len(own), -1)
            means.setdefault(name, []).append(np.nanmean(own, axis=0))
    for name, affect in (
        ("eeg", 0), ("emg", 0), ("eeg", 1), ("gsr", 1), ("resp", 1), ("ppg", 1),
        ("temperature", 1), ("eog", 1),
    ):  # fmt: skip
        x, z = np.reshape(means[name], (4, 16, -1)), truth[:, :, affect]
        z, x = (a - a.mean(axis=1, keepdims=True) for a in (z, x))
        r = (z[..., None] * x).mean((0, 1)) / (z.std() * x.std((0, 1)) + 1e-12)
        assert np.abs(r).max() > 0.6, (name, affect)


@pytest.mark.parametrize(
    ("corpus", "read", "more"),
    [("deap", read_deap, {"source": "raw"}), ("mahnob", read_mahnob, {})],
)
def test_the_chain_of_section_2_2_takes_the_blink_out_with_an_eog_and_without(
    written, corpus, read, more
):
    trials = list(read(written(corpus, **PAIR, **more), **more))
    clean = cleaned(trials, seed=0)
    assert re.search(r"eye \d+(, \d+){0,2}(;|$)", clean[0].notes[-1])
    names = trials[0].signals["eeg"].ch_names
    back = [names.index(name) for name in ("O1", "O2", "Pz")]
    for before, after in zip(trials, clean, strict=True):
        seen, left = (
            bandpass(own.data, 4, 30, own.sfreq)
            for own in (before.signals["eeg"], after.signals["eeg"])
        )
        assert np.ptp(left[0]) < 0.6 * np.ptp(seen[0])
        assert left[back].std() > 0.7 * seen[back].std()
        assert after.signals["eeg"].sfreq == 128


def test_deap_as_preprocessed_holds_no_blink_and_its_beats_are_the_hearts(written):
    first = next(read_deap(written("deap", **PAIR)))
    fp1 = first.signals["eeg"].data[first.signals["eeg"].ch_names.index("Fp1")]
    assert np.ptp(first.signals["eog"].data[1]) > 100 > np.ptp(fp1)
    recorded = next(read_mahnob(written("mahnob", **PAIR)))
    beats = r_peaks(recorded.signals["ecg"].data, 256.0)
    assert 40 < 60 * len(beats) / 40 < 120
