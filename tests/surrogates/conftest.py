"""Written surrogates, their truth, and what a plain reader measures in waveforms."""

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.signal import butter, find_peaks, sosfiltfilt

from emolib.surrogates.affect import simulate_subject, truth_of
from emolib.surrogates.amigos import amigos_design, write_amigos
from emolib.surrogates.cortical import bandpass, eeg_and_blinks
from emolib.surrogates.design import Knobs
from emolib.surrogates.dreamer import dreamer_design, write_dreamer
from emolib.surrogates.files import write
from emolib.surrogates.iemocap import write_iemocap
from emolib.surrogates.mosei import write_mosei, write_mosi
from emolib.surrogates.peripheral import synthesise_ecg

WRITERS = {"dreamer": write_dreamer, "amigos": write_amigos, "iemocap": write_iemocap,
           "mosei": write_mosei, "mosi": write_mosi}  # fmt: skip
EEG = ("AF3", "F7", "F3", "FC5", "T7", "P7", "O1", "O2", "P8", "T8", "FC6", "F4", "F8",
       "AF4")  # fmt: skip
BANDS = [(4, 8), (8, 13), (14, 30), (31, 45)]  # below 4 Hz there are blinks


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """Return a function: corpus, knobs -> folder; each is written once."""
    root = tmp_path_factory.mktemp("written")

    @cache
    def make(corpus, **knobs):
        return WRITERS[corpus](root / f"{len(list(root.iterdir()))}" / corpus, **knobs)

    return make


@pytest.fixture(scope="session")
def truth():
    """Return a function: surrogate's folder -> what its truth notes, and its arrays."""

    def read(folder):
        beside = folder.with_name(folder.name + ".truth")
        noted = json.loads((beside / "parameters.json").read_text())
        return noted, {path.stem: np.load(path) for path in beside.glob("*.npy")}

    return read


@pytest.fixture(scope="session")
def truth_only(tmp_path_factory):
    """Return a function: corpus, knobs -> truth folder and windows, no waveforms."""

    @cache
    def make(corpus, n_subjects=4, window_s=10.0, videos="short", **knobs):
        design = {"dreamer": dreamer_design, "amigos": amigos_design}[corpus]()
        knobs, n_short = Knobs(**knobs), design.scored.count(design.scored[0])
        size = dict(n_subjects=n_subjects, n_trials=n_short, seconds=design.seconds[0])
        people = [simulate_subject(design, knobs, i + 1) for i in range(n_subjects)]
        ids = [f"s{i + 1:02d}" for i in range(n_subjects)]
        trials = [f"{k + 1:02d}" for k in range(design.n_trials)]
        held = [own.truth() for own in people]
        told = truth_of(design, held, ids, trials, **size, **vars(knobs))
        folder = write(tmp_path_factory.mktemp("truth") / corpus, lambda aside: told)
        rows = [
            (subject, "1", trials[k], start, start + window_s)
            for subject in ids
            for k in range(n_short if videos == "short" else design.n_trials)
            for start in np.arange(
                design.seconds[k] % 10, design.seconds[k] - window_s + 1e-9, window_s
            )
        ]
        columns = ["subject", "session", "trial", "start_s", "stop_s"]
        return folder.with_name(f"{corpus}.truth"), pd.DataFrame(rows, columns=columns)

    return make


@pytest.fixture(scope="session")
def r_peaks():
    """Return a plain detector of R peaks in s: band-pass, square, smooth, threshold."""

    def find(ecg, sfreq):
        sos = butter(2, (6, 24), "bandpass", fs=sfreq, output="sos")
        power = sosfiltfilt(sos, ecg) ** 2
        power = np.convolve(power, np.ones(round(0.08 * sfreq)), "same")
        parts = np.array_split(power, len(power) // round(2 * sfreq))
        height = 0.25 * np.median([part.max() for part in parts])
        found, _ = find_peaks(power, height=height, distance=round(0.3 * sfreq))
        return found / sfreq

    return find


@pytest.fixture(scope="session")
def planted_features(r_peaks):
    """Return a function: knobs -> features of DREAMER's last six windows, by window."""

    @cache
    def features(n_subjects, effect=1.0, signature=1.0, seed=0):
        knobs, eeg, ecg, rows = Knobs(effect, signature, 1.0, seed), [], [], []
        for number in range(1, n_subjects + 1):
            subject = simulate_subject(dreamer_design(), knobs, number)
            x, _ = eeg_and_blinks(subject, EEG, 128.0)
            eeg.append(band_powers(bandpass(x, 0.5, 45.0, 128.0)[..., -60 * 128 :]))
            x, _ = synthesise_ecg(subject.trials("ecg", 256.0))
            ecg += [beats for own in x[:, 0, -60 * 256 :] for beats in by_window(own)]
            trial, window = np.divmod(np.arange(18 * 6), 6)
            high = subject.planted["ratings"][trial] > 3
            rows.append(pd.DataFrame(dict(subject=number, trial=trial, window=window,
                        valence=high[:, 0], arousal=high[:, 1])))  # fmt: skip
        meta = pd.concat(rows, ignore_index=True)
        return {"eeg": np.concatenate(eeg), "ecg": np.array(ecg)}, meta

    def band_powers(x):
        x = x.reshape(18, 14, 6, 1280).transpose(0, 2, 1, 3).reshape(108, 14, 1280)
        power = np.abs(np.fft.rfft(x * np.hanning(1280))) ** 2
        freqs = np.fft.rfftfreq(1280, 1 / 128)
        means = [power[..., (freqs >= a) & (freqs <= b)].mean(-1) for a, b in BANDS]
        return np.log(np.stack(means, axis=-1)).reshape(108, -1)

    def by_window(ecg):
        """Yield rate, spread of intervals and T wave of each window."""
        peaks = np.round(r_peaks(ecg, 256) * 256).astype(int)
        for first in range(0, 60 * 256, 2560):
            own = peaks[(peaks >= first) & (peaks < first + 2560)]
            rr, whole = np.diff(own) / 256, own[own + 110 < len(ecg)]
            t_wave = [ecg[p + 40 : p + 110].max() - np.median(ecg) for p in whole]
            yield 60 / rr.mean(), np.log(rr.std()), np.log(max(np.mean(t_wave), 0.01))

    return features
