"""Write a surrogate of DREAMER, in DREAMER's own file format.

And windows with one planted quantity drawn uniformly, for encoders' learning curves:
made by the very functions the writers use, at DREAMER's rates and electrodes, so that a
learning curve on them says what to expect of a corpus. They carry no affect and no
field of the heart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from emolib.checks import check_range, check_whole
from emolib.datasets import dreamer as real
from emolib.surrogates import sizes
from emolib.surrogates.affect import Subject, Trials, simulate_subject, truth_of
from emolib.surrogates.cortical import (
    SOURCES,
    eeg_and_blinks,
    heart_map,
    synthesise_eeg,
)
from emolib.surrogates.design import Design, Knobs, Scale, check_sizes
from emolib.surrogates.files import MAX_BYTES, cell, save_mat, struct, write
from emolib.surrogates.peripheral import synthesise_ecg
from emolib.surrogates.traces import TRACE_SFREQ, bandpass

N_STIMULI = 18
SCORED_S = (1.0, 61.0)
"""What a rating is about: the last minute of a stimulus of 61 s."""
EEG_OFFSET_UV, EEG_BAND_HZ = 4200.0, (0.2, 45.0)
LINE_UV, LINE_HZ = 0.5, 50.0
ECG_OFFSET, ECG_COUNTS_PER_MV = 2048.0, 200.0
DOMINANCE = Scale(3.1, 1.1, 1, 5, 1.0)
"""No clip means are published for dominance; level and width are chosen."""


def dreamer_design(*, n_trials: int = N_STIMULI, seconds: float = 61.0) -> Design:
    """Return what DREAMER shows and asks; scales are integers from 1 to 5."""
    means = [tuple(real.MEAN_RATINGS[name][:n_trials]) for name in sizes.AFFECT[:2]]
    rhos = (sizes.DREAMER_VALENCE_RHO, sizes.RHO)
    scales = [
        Scale(float(np.mean(own)), 0.95, 1, 5, 1.0, own, rho)
        for own, rho in zip(means, rhos, strict=True)
    ]
    return Design(
        "dreamer", (seconds,) * n_trials, (SCORED_S,) * n_trials, (*scales, DOMINANCE),
        baseline_s=float(real.BASELINE_S),
    )  # fmt: skip


def write_dreamer(
    folder: str | Path, *, n_subjects: int = 6, n_trials: int = N_STIMULI,
    seconds: float = 61.0, effect: float = 1.0, signature: float = 1.0,
    nuisance: float = 1.0, seed: int = 0, heart_field: float = 1.0,
) -> Path:  # fmt: skip
    """Write `DREAMER.mat` into `folder`, and what was planted into `<folder>.truth`.

    The first n subjects of a larger corpus are the smaller corpus. The same parameters
    give the same bytes. Nothing is left in `folder` when writing fails.

    Parameters
    ----------
    folder : path
        Made if it does not exist.
    n_subjects, n_trials : int
        Any number of subjects; at most 18 trials.
    seconds : float
        Length of each stimulus; a baseline of 61 s comes before it.
    effect, signature, nuisance, seed, heart_field
        As in `emolib.surrogates.design.Knobs`.

    Returns
    -------
    folder : Path

    Raises
    ------
    ValueError
        For more trials than DREAMER has stimuli, or a file too large for its format.
    """
    size = dict(n_subjects=n_subjects, n_trials=n_trials, seconds=seconds)
    check_sizes(**size, n_stimuli=N_STIMULI, hint="DREAMER has 18 stimuli.")
    _check_bytes(n_subjects * n_trials * (seconds + real.BASELINE_S))
    knobs = Knobs(effect, signature, nuisance, seed, heart_field)
    design = dreamer_design(n_trials=n_trials, seconds=seconds)

    def fill(aside: Path):
        subjects = (simulate_subject(design, knobs, i + 1) for i in range(n_subjects))
        people, planted = zip(*map(_person, subjects), strict=True)
        save_mat(aside / "DREAMER.mat", {"DREAMER": _top(people, n_trials)})
        names = [f"s{i + 1:02d}" for i in range(n_subjects)]
        trials = [f"{k + 1:02d}" for k in range(n_trials)]
        return truth_of(design, planted, names, trials, **size, **asdict(knobs))

    return write(folder, fill)


def _check_bytes(seconds: float) -> None:
    """Raise ValueError for more seconds than a MATLAB 5 variable holds."""
    size = 8 * seconds * (real.EEG_SFREQ * len(real.EEG_CH_NAMES) + real.ECG_SFREQ * 2)
    if size > MAX_BYTES:
        raise ValueError(
            "the corpus must fit one MATLAB 5 variable of 4 GB; got "
            f"{size / 1e9:.1f} GB. Ask for fewer subjects or fewer seconds."
        )


def _person(subject: Subject) -> tuple[np.ndarray, dict]:
    """Return one participant's struct and what was planted.

    Other readers go by the order of the struct's fields.
    """
    eeg, seen = eeg_and_blinks(subject, real.EEG_CH_NAMES, real.EEG_SFREQ)
    ecg, beats = synthesise_ecg(subject.trials("ecg", real.ECG_SFREQ))
    eeg = _as_stored(eeg, subject.rngs("line"))
    ecg = np.round(ECG_OFFSET + ECG_COUNTS_PER_MV * ecg)
    rng, ratings = subject.rng("questions"), subject.planted["ratings"]
    own = struct(
        Age=str(rng.integers(22, 34)),
        Gender=str(rng.choice(["male", "female"])),
        EEG=_halves(eeg, real.EEG_SFREQ),
        ECG=_halves(ecg, real.ECG_SFREQ),
        ScoreValence=ratings[:, :1],
        ScoreArousal=ratings[:, 1:2],
        ScoreDominance=ratings[:, 2:],
    )
    planted = subject.truth(beats=beats, blinks=seen)
    return own, planted | {"heart_map": heart_map(subject, real.EEG_CH_NAMES)}


def _as_stored(eeg: np.ndarray, rngs) -> np.ndarray:
    """Return EEG filtered, with mains hum and the amplifier's offset."""
    eeg = bandpass(eeg, *EEG_BAND_HZ, real.EEG_SFREQ)
    phase = np.array([rng.uniform(0, 2 * np.pi) for rng in rngs])[:, None]
    times = np.arange(eeg.shape[-1]) / real.EEG_SFREQ
    line = LINE_UV * np.sin(2 * np.pi * LINE_HZ * times + phase)
    return eeg + line[:, None] + EEG_OFFSET_UV


def _halves(signal: np.ndarray, sfreq: float) -> np.ndarray:
    """Return the struct of baseline and stimuli, cells of (time, channel)."""
    n_before = round(real.BASELINE_S * sfreq)
    return struct(
        baseline=cell((own[:, :n_before].T for own in signal), column=True),
        stimuli=cell((own[:, n_before:].T for own in signal), column=True),
    )


def _top(people, n_trials: int) -> np.ndarray:
    """Return the top struct; other readers go by the order of its fields."""
    said = "SURROGATE written by emolib: no person was recorded."
    return struct(
        Data=cell(people),
        EEG_SamplingRate=float(real.EEG_SFREQ),
        ECG_SamplingRate=float(real.ECG_SFREQ),
        EEG_Electrodes=cell(real.EEG_CH_NAMES),
        noOfSubjects=float(len(people)),
        noOfVideoSequences=float(n_trials),
        Disclaimer=said,
        Provider="University of the West of Scotland",
        Version="1.0.2",
        Acknowledgement=said,
    )


# ------------------------------------------------------ windows for learning curves

SECONDS, AT_ONCE = 10, 256
RATE_BPM, LEVEL_DB = (50.0, 110.0), (-6.0, 6.0)
MARGIN_S = 1
"""Beats are drawn this far beyond both ends of a window."""


def rate_windows(n: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return windows of ECG whose heart rate is drawn uniformly from 50 to 110 bpm.

    Breathing, RSA, T wave, wave widths and lead gains vary from window to window as
    they do from subject to subject.

    Parameters
    ----------
    n : int
        Number of windows of 10 s; the first n of more are the same.
    seed : int

    Returns
    -------
    x : ndarray of float32, shape (n, 2, 2560)
        mV, at 256 Hz.
    rate_bpm : ndarray, shape (n,)
    """
    seconds = SECONDS + 2 * MARGIN_S

    def make(rngs):
        rate = np.array([rng.uniform(*RATE_BPM) for rng in rngs])
        traces = {"heart_rate": rate}
        for p in sizes.PARAMETERS:
            if p.name in ("ln_rsa", "ln_t_wave", "ln_resp_rate"):
                drawn = [rng.standard_normal() for rng in rngs]
                traces[p.name] = p.base + p.subject * np.array(drawn)
        x, _ = synthesise_ecg(_trials(rngs, traces, real.ECG_SFREQ, seconds))
        margin = round(MARGIN_S * real.ECG_SFREQ)
        return x[..., margin:-margin], rate

    return _windows(1, n, seed, make)


def power_windows(n: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return windows of EEG in which posterior alpha has a level drawn uniformly.

    Parameters
    ----------
    n, seed : int
        As in `rate_windows`.

    Returns
    -------
    x : ndarray of float32, shape (n, 14, 1280)
        µV, at 128 Hz, before any reference, filter or artefact.
    level_db : ndarray, shape (n,)
        From -6 to 6 dB of source power.
    """
    posterior = [name for name in SOURCES if name.startswith("posterior_alpha")]
    return _eeg_windows(2, dict.fromkeys(posterior, 1.0), n, seed)


def asymmetry_windows(n: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return windows of EEG whose frontal alpha differs between right and left.

    Parameters
    ----------
    n, seed : int
        As in `rate_windows`.

    Returns
    -------
    x : ndarray of float32, shape (n, 14, 1280)
        µV, at 128 Hz.
    level_db : ndarray, shape (n,)
        Right minus left source level, from -6 to 6 dB; their mean stays.
    """
    side = {f"frontal_alpha_{site}": -0.5 for site in sizes.FRONTAL_LEFT}
    side |= {f"frontal_alpha_{site}": 0.5 for site in sizes.FRONTAL_RIGHT}
    return _eeg_windows(3, side, n, seed)


def _eeg_windows(kind: int, pattern: Mapping[str, float], n: int, seed: int):
    """Return EEG windows whose sources follow `pattern` times a uniform level."""

    def make(rngs):
        level = np.array([rng.uniform(*LEVEL_DB) for rng in rngs])
        traces = {name: level * share for name, share in pattern.items()}
        trials = _trials(rngs, traces, real.EEG_SFREQ, SECONDS)
        return synthesise_eeg(trials, real.EEG_CH_NAMES), level

    return _windows(kind, n, seed, make)


def _trials(rngs, levels: Mapping[str, np.ndarray], sfreq: float, seconds: float):
    """Return what windows with constant traces are made of, each another person's."""
    flat = np.ones(round(seconds * TRACE_SFREQ) + 2)
    traces = {name: own[:, None] * flat for name, own in levels.items()}
    return Trials(rngs, rngs, traces, sfreq, round(seconds * sfreq))


def _windows(kind: int, n: int, seed: int, make: Callable):
    """Return windows and their quantity, made from generators of no corpus's streams.

    In parts, which keeps memory small.
    """
    n = check_whole("n", n, "windows")
    check_range("n", n, 1, 10**7)
    parts = []
    for first in range(0, n, AT_ONCE):
        keys = [(0, kind, i) for i in range(first, min(first + AT_ONCE, n))]
        roots = [np.random.SeedSequence(seed, spawn_key=key) for key in keys]
        x, y = make([np.random.default_rng(root) for root in roots])
        parts.append((x.astype(np.float32), y))
    x, y = zip(*parts, strict=True)
    return np.concatenate(x), np.concatenate(y)
