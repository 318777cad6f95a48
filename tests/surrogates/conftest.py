"""Written surrogates, their truth, a truth without waveforms, a detector of R peaks."""

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.signal import butter, find_peaks, sosfiltfilt

from emolib.corpora import CORPORA
from emolib.surrogates.affect import simulate_subject, truth_of
from emolib.surrogates.ceiling import DESIGNS
from emolib.surrogates.design import Knobs
from emolib.surrogates.files import write


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """Return a function: corpus, knobs -> folder; each is written once."""
    root = tmp_path_factory.mktemp("written")

    @cache
    def make(corpus, **knobs):
        return CORPORA[corpus].write(
            root / str(len(list(root.iterdir()))) / corpus, **knobs
        )

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
    def make(corpus, n_subjects=4, window_s=10.0, **knobs):
        design, knobs = DESIGNS[corpus](), Knobs(**knobs)
        n_short, seconds = design.scored.count(design.scored[0]), design.seconds
        size = dict(n_subjects=n_subjects, n_trials=n_short, seconds=seconds[0])
        ids = [f"s{i + 1:02d}" for i in range(n_subjects)]
        trials = [f"{k + 1:02d}" for k in range(design.n_trials)]
        held = [simulate_subject(design, knobs, i + 1).truth() for i in range(len(ids))]
        told = truth_of(design, held, ids, trials, **size, **vars(knobs))
        folder = write(tmp_path_factory.mktemp("truth") / corpus, lambda aside: told)
        rows = [
            (subject, "1", trials[k], start, start + window_s)
            for subject in ids
            for k in range(design.n_trials)
            for start in np.arange(
                seconds[k] % 10, seconds[k] - window_s + 0.1, window_s
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
