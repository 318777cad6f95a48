import numpy as np
import pytest
from scipy.signal import butter, find_peaks, sosfiltfilt

from emolib.surrogates.affect import simulate_subject
from emolib.surrogates.design import Knobs
from emolib.surrogates.dreamer import dreamer_design
from emolib.surrogates.signals import subject_ecg

DESIGN = dreamer_design()
N_SUBJECTS, SECONDS = 4, 61


def find_r_peaks(ecg, sfreq):
    """A plain detector: band-pass, square, smooth, threshold."""
    sos = butter(2, (6, 24), "bandpass", fs=sfreq, output="sos")
    power = np.convolve(
        sosfiltfilt(sos, ecg) ** 2, np.ones(round(0.08 * sfreq)), "same"
    )
    height = 0.25 * np.median(
        [part.max() for part in np.array_split(power, len(power) // round(2 * sfreq))]
    )
    peaks, _ = find_peaks(power, height=height, distance=round(0.3 * sfreq))
    return peaks / sfreq


@pytest.fixture(scope="module")
def subjects():
    return [simulate_subject(DESIGN, Knobs(), s + 1) for s in range(N_SUBJECTS)]


def ecg_of(subjects, sfreq):
    n_times = round((61 + SECONDS) * sfreq)
    return [
        subject_ecg(
            DESIGN, Knobs(), s + 1, truth, slice(None), sfreq=sfreq, n_times=n_times
        )
        for s, truth in enumerate(subjects)
    ]


@pytest.mark.parametrize("sfreq", [256.0, 128.0])
@pytest.mark.parametrize("lead", [0, 1])
def test_a_plain_detector_finds_the_planted_beats(subjects, sfreq, lead):
    found = planted = 0
    errors = []
    for ecg, beats in ecg_of(subjects, sfreq):
        for signal, true in zip(ecg[:, lead], beats, strict=True):
            peaks = find_r_peaks(signal, sfreq)
            inner = true[(true > 1) & (true < 121)]
            planted += len(inner)
            found += (np.abs(peaks[:, None] - inner).min(axis=0) < 0.06).sum()
            errors += list(_rate_errors(peaks, true))
    assert found / planted > 0.99
    assert np.max(errors) < 2
    assert np.median(errors) < 0.3


def _rate_errors(peaks, true):
    for start in range(2, 112, 10):
        inside = true[(true >= start) & (true < start + 10)]
        near = (peaks >= inside[0] - 0.06) & (peaks <= inside[-1] + 0.06)
        yield abs(60 / np.diff(peaks[near]).mean() - 60 / np.diff(inside).mean())


def test_both_leads_share_their_beats(subjects):
    ecg, beats = ecg_of(subjects[:1], 256.0)[0]
    for signal in ecg[0]:
        peaks = find_r_peaks(signal, 256.0)
        inner = beats[0][(beats[0] > 1) & (beats[0] < 121)]
        assert np.abs(peaks[:, None] - inner).min(axis=0).max() < 0.06


def test_heart_rate_follows_arousal_as_planted():
    slopes = []
    for s in range(20):
        truth = simulate_subject(DESIGN, Knobs(), s + 1)
        _, beats = subject_ecg(
            DESIGN, Knobs(), s + 1, truth, slice(None), sfreq=128.0, n_times=122 * 128
        )
        rate, z = [], []
        for trial, own in enumerate(beats):
            for start in range(61 + 10, 112, 10):
                inside = own[(own >= start) & (own < start + 10)]
                rate.append(60 / np.diff(inside).mean())
                z.append(truth.z[trial, 1, 4 * start : 4 * start + 40].mean())
        z = np.array(z) - np.mean(z)
        slopes.append([z @ (np.array(rate) - np.mean(rate)), z @ z])
    above, below = np.sum(slopes, axis=0)
    assert 1.3 < above / below < 2.3


def test_breathing_shows_in_the_intervals(subjects):
    knobs = Knobs(effect=0.0, nuisance=0.0)
    errors, spreads = [], []
    for s in range(N_SUBJECTS):
        truth = simulate_subject(DESIGN, knobs, s + 1)
        _, beats = subject_ecg(
            DESIGN, knobs, s + 1, truth, slice(None), sfreq=128.0, n_times=122 * 128
        )
        for trial, own in enumerate(beats):
            spreads.append(np.diff(own).std() * 1e3)
            planted = np.exp(truth.trace("ln_resp_rate")[trial]).mean()
            errors.append(_respiratory_peak(own) - planted)
    assert np.abs(np.median(errors)) < 0.01
    assert np.percentile(np.abs(errors), 90) < 0.03
    assert np.min(spreads) > 25
    assert np.max(spreads) < 120


def _respiratory_peak(beats):
    grid = np.arange(beats[1], beats[-1], 0.25)
    rr = np.interp(grid, beats[1:], np.diff(beats))
    spectrum = np.abs(np.fft.rfft((rr - rr.mean()) * np.hanning(len(rr)), 4096)) ** 2
    width = round(0.02 * 4096 / 4)
    spectrum = np.convolve(spectrum, np.ones(width), "same")
    freqs = np.fft.rfftfreq(4096, 0.25)
    inside = (freqs > 0.16) & (freqs < 0.45)
    return freqs[inside][spectrum[inside].argmax()]


def test_no_interval_is_shorter_than_a_third_of_a_second(subjects):
    _, beats = ecg_of(subjects[:1], 128.0)[0]
    assert min(np.diff(own).min() for own in beats) >= 0.35 - 1e-9
