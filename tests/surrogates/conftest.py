"""A plain reader of the written waveforms, and a truth folder without waveforms."""

from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from scipy.signal import butter, find_peaks, sosfiltfilt

from emolib.surrogates.affect import simulate_subject
from emolib.surrogates.amigos import amigos_design
from emolib.surrogates.cortical import bandpass
from emolib.surrogates.design import Knobs
from emolib.surrogates.dreamer import EEG_CH_NAMES, dreamer_design
from emolib.surrogates.signals import subject_ecg, subject_eeg
from emolib.surrogates.truth import write_truth

BANDS = [(4, 8), (8, 13), (14, 30), (31, 45)]  # below 4 Hz there are blinks
ALL = slice(None)


@pytest.fixture(scope="session")
def planted_features():
    """Return a function: knobs -> features of DREAMER-like waveforms, by window."""

    @lru_cache(maxsize=8)
    def features(n_subjects, effect=1.0, signature=1.0, seed=0):
        knobs, design = Knobs(effect, signature, 1.0, seed), dreamer_design()
        eeg, ecg, rows = [], [], []
        for number in range(1, n_subjects + 1):
            truth = simulate_subject(design, knobs, number)
            eeg.append(_eeg_features(design, knobs, number, truth))
            ecg.append(_ecg_features(design, knobs, number, truth))
            rows.append(_rows(number, truth))
        meta = pd.concat(rows, ignore_index=True)
        return {"eeg": np.concatenate(eeg), "ecg": np.concatenate(ecg)}, meta

    return features


def _rows(number, truth):
    trial, window = np.divmod(np.arange(18 * 6), 6)
    ratings = truth.ratings[trial]
    return pd.DataFrame(
        dict(subject=number, trial=trial, window=window, valence=ratings[:, 0] > 3,
             arousal=ratings[:, 1] > 3)
    )  # fmt: skip


def _eeg_features(design, knobs, number, truth):
    """Log band powers, (windows, channels x bands)."""
    x, _ = subject_eeg(
        design, knobs, number, truth, ALL, ch_names=EEG_CH_NAMES, sfreq=128.0,
        n_times=122 * 128, blink_share=1.0,
    )  # fmt: skip
    x = bandpass(x, 0.5, 45.0, 128.0)[..., -60 * 128 :]
    x = x.reshape(18, 14, 6, 1280).transpose(0, 2, 1, 3).reshape(108, 14, 1280)
    power = np.abs(np.fft.rfft(x * np.hanning(1280))) ** 2
    freqs = np.fft.rfftfreq(1280, 1 / 128)
    means = [power[..., (freqs >= a) & (freqs <= b)].mean(-1) for a, b in BANDS]
    return np.log(np.stack(means, axis=-1)).reshape(108, -1)


def _ecg_features(design, knobs, number, truth):
    """Rate, spread of intervals and T wave of each window."""
    ecg, _ = subject_ecg(
        design, knobs, number, truth, ALL, sfreq=256.0, n_times=122 * 256
    )
    sos = butter(2, (6, 24), "bandpass", fs=256.0, output="sos")
    out = []
    for signal in ecg[:, 0, -60 * 256 :]:
        power = np.convolve(sosfiltfilt(sos, signal) ** 2, np.ones(20), "same")
        tall = 0.25 * np.median([own.max() for own in np.array_split(power, 30)])
        peaks, _ = find_peaks(power, height=tall, distance=77)
        out += [_beats(signal, peaks, start * 2560) for start in range(6)]
    return np.array(out)


def _beats(signal, peaks, first):
    own = peaks[(peaks >= first) & (peaks < first + 2560)]
    rr = np.diff(own) / 256
    whole = own[own + 110 < len(signal)]
    t_wave = [signal[p + 40 : p + 110].max() - np.median(signal) for p in whole]
    return 60 / rr.mean(), np.log(rr.std()), np.log(max(np.mean(t_wave), 0.01))


@pytest.fixture(scope="session")
def truth_of(tmp_path_factory):
    """Return a function: corpus, n_subjects, knobs -> truth folder and its windows."""

    def make(corpus, n_subjects=4, window_s=10.0, videos="short", **knobs):
        design = {"dreamer": dreamer_design, "amigos": amigos_design}[corpus]()
        folder = tmp_path_factory.mktemp("truth") / corpus
        knobs = Knobs(**knobs)
        subjects = [simulate_subject(design, knobs, i + 1) for i in range(n_subjects)]
        ids = [f"s{i + 1:02d}" for i in range(n_subjects)]
        n_short = design.blocks.count(0)
        trials = [f"{k + 1:02d}" for k in range(design.n_trials)]
        noted = dict(
            n_subjects=n_subjects, n_trials=n_short, seconds=design.seconds[0],
            **{name: getattr(knobs, name) for name in knobs.__dataclass_fields__},
        )  # fmt: skip
        truth = write_truth(folder, noted, design, ids, trials, subjects, {})
        rows = [
            (subject, "1", trial, start, start + window_s)
            for subject in ids
            for trial, seconds in zip(trials, design.seconds, strict=True)
            if videos == "all" or trial in trials[:n_short]
            for start in np.arange(seconds % 10, seconds - window_s + 1e-9, window_s)
        ]
        columns = ["subject", "session", "trial", "start_s", "stop_s"]
        return truth, pd.DataFrame(rows, columns=columns)

    return make
