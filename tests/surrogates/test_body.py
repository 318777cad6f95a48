"""DEAP's and MAHNOB-HCI's surrogates: formats, bodies, planted effects, artefacts."""

import numpy as np
import pytest
from scipy.signal import find_peaks

from emolib.datasets.deap import read_deap
from emolib.datasets.mahnob import read_mahnob
from emolib.papers.mmqnet.data import cleaned
from emolib.papers.mmqnet.features import features_of
from emolib.preprocessing.cardiac import r_peaks
from emolib.preprocessing.cleaning import fit_cleaning
from emolib.preprocessing.filtering import bandpass, resample
from emolib.surrogates.affect import simulate_subject
from emolib.surrogates.body import synthesise_pulse
from emolib.surrogates.deap import deap_design, write_deap
from emolib.surrogates.design import Knobs
from emolib.surrogates.files import read_truth, truth_folder
from emolib.surrogates.mahnob import mahnob_design, write_mahnob
from emolib.surrogates.peripheral import beat_times


def test_the_recording_and_the_pickle_tell_the_same_person(tmp_path):
    pickled = write_deap(tmp_path / "dat", n_subjects=1, n_trials=3)
    recorded = write_deap(tmp_path / "raw", n_subjects=1, n_trials=3, source="raw")
    pairs = zip(read_deap(pickled), read_deap(recorded, source="raw"), strict=True)
    for ours, theirs in pairs:
        assert ours.trial == theirs.trial
        assert ours.ratings == pytest.approx(theirs.ratings)
        assert ours.problems == theirs.problems == ()
        mine, other = (r.signals["gsr"].data.mean() for r in (ours, theirs))
        assert mine == pytest.approx(other, rel=0.2)


@pytest.mark.parametrize(
    ("design", "priors"),
    [(deap_design(), (0.57, 0.59)), (mahnob_design(seconds=40.0), (0.45, 0.42))],
)
def test_ratings_have_the_priors_that_the_real_corpora_have(design, priors):
    people = [simulate_subject(design, Knobs(), i + 1) for i in range(20)]
    rated = np.stack([person.planted["ratings"] for person in people])
    assert rated.min() >= 1 and rated.max() <= 9
    np.testing.assert_allclose((rated > 5).mean((0, 1))[:2], priors, atol=0.05)


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
    for recording in read_deap(folder):
        who = int(recording.subject[1:]) - 1, int(recording.trial) - 1
        for name in recording.signals:
            own = features_of(recording, name, window_s=2.0)
            own = own.reshape(len(own), -1)
            means.setdefault(name, {})[who] = np.nanmean(own, axis=0)
    for name, affect in (
        ("eeg", 0), ("emg", 0), ("eeg", 1), ("gsr", 1), ("resp", 1), ("ppg", 1),
        ("temperature", 1), ("eog", 1),
    ):  # fmt: skip
        x = np.stack([means[name][i, k] for i in range(4) for k in range(16)])
        x = x.reshape(4, 16, -1)
        z = truth[:, :, affect]
        z, x = (a - a.mean(axis=1, keepdims=True) for a in (z, x))
        r = (z[..., None] * x).mean((0, 1)) / (z.std() * x.std((0, 1)) + 1e-12)
        assert np.abs(r).max() > 0.6, (name, affect)


def test_the_blink_in_a_recording_is_found_and_taken_out(tmp_path):
    folder = write_mahnob(tmp_path, n_subjects=1, n_trials=3)
    trials = list(read_mahnob(folder))
    eeg = np.concatenate([t.signals["eeg"].data for t in trials], axis=1)
    names, sfreq = trials[0].signals["eeg"].ch_names, 256.0
    cleaning = fit_cleaning(eeg, names, sfreq)
    clean = bandpass(cleaning.apply(eeg, names, sfreq), 1, 10, sfreq)
    seen = bandpass(eeg, 1, 10, sfreq)
    assert 1 <= len(cleaning.removed["eye"]) <= 3
    top = [names.index(n) for n in ("Fp1", "Fp2")]
    back = [names.index(n) for n in ("O1", "O2", "Pz")]
    assert np.ptp(clean[top]) < 0.5 * np.ptp(seen[top])
    assert clean[back].std() > 0.7 * seen[back].std()
    assert "eye" in cleaning.log


@pytest.mark.parametrize("name", ["deap", "mahnob"])
def test_the_chain_of_section_2_2_takes_the_blink_out_with_an_eog_and_without(
    tmp_path, name
):
    if name == "deap":
        write_deap(tmp_path / name, n_subjects=1, n_trials=2, source="raw")
        trials = list(read_deap(tmp_path / name, source="raw"))
    else:
        write_mahnob(tmp_path / name, n_subjects=1, n_trials=2)
        trials = list(read_mahnob(tmp_path / name))
    clean = cleaned(trials, seed=0)
    assert "eye" in clean[0].notes[-1]
    for before, after in zip(trials, clean, strict=True):
        fp1 = (trial.signals["eeg"].data[0] for trial in (before, after))
        seen, left = (
            bandpass(x, 4, 30, trial.signals["eeg"].sfreq)
            for x, trial in zip(fp1, (before, after), strict=True)
        )
        assert np.ptp(left) < 0.6 * np.ptp(seen)
        assert after.signals["eeg"].sfreq == 128


def test_deap_as_preprocessed_holds_no_blink_and_its_beats_are_the_hearts(tmp_path):
    folder = write_deap(tmp_path / "d", n_subjects=1, n_trials=2, heart_field=0.0)
    first = next(read_deap(folder))
    eeg = dict(zip(first.signals["eeg"].ch_names, first.signals["eeg"].data,
                   strict=True))  # fmt: skip
    assert np.ptp(first.signals["eog"].data[1]) > 100 > np.ptp(eeg["Fp1"])
    recorded = next(read_mahnob(write_mahnob(tmp_path / "m", n_subjects=1, n_trials=1)))
    ecg = resample(recorded.signals["ecg"].data, 256, 256)
    assert 40 < 60 * len(r_peaks(ecg, 256.0)) / 40 < 120
