"""Write a surrogate of DREAMER, in DREAMER's own file format."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np

from emolib.datasets import dreamer as real
from emolib.surrogates import sizes
from emolib.surrogates.affect import Subject, simulate_subject, truth_of
from emolib.surrogates.cortical import eeg_and_blinks, heart_map
from emolib.surrogates.design import Design, Knobs, Scale, check_sizes
from emolib.surrogates.files import MAX_BYTES, cell, save_mat, struct, write
from emolib.surrogates.peripheral import synthesise_ecg
from emolib.surrogates.traces import bandpass

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
