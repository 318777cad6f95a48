"""Write a surrogate of DREAMER, in DREAMER's own file format."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from emolib.checks import check_range, check_whole
from emolib.datasets.dreamer import (
    BASELINE_S,
    ECG_SFREQ,
    EEG_CH_NAMES,
    EEG_SFREQ,
    MEAN_RATINGS,
)
from emolib.surrogates import sizes
from emolib.surrogates.affect import simulate_subject
from emolib.surrogates.cortical import bandpass
from emolib.surrogates.design import Design, Knobs, Scale
from emolib.surrogates.matfile import (
    MAX_BYTES,
    cell,
    save_mat,
    struct,
    written_aside,
)
from emolib.surrogates.signals import from_onset, subject_ecg, subject_eeg
from emolib.surrogates.streams import generator, trial_generators
from emolib.surrogates.truth import write_truth

N_STIMULI = 18
SCORED_S = (1.0, 61.0)
"""What a rating is about: the last minute of a stimulus of 61 s."""
EEG_OFFSET_UV, EEG_BAND_HZ = 4200.0, (0.2, 45.0)
LINE_UV, LINE_HZ = 0.5, 50.0
ECG_OFFSET, ECG_COUNTS_PER_MV = 2048.0, 200.0
DOMINANCE = Scale(3.1, 1.1, 1, 5, 1.0, 3.0)
"""No clip means are published for dominance; level and width are chosen."""


def dreamer_design(*, n_trials: int = N_STIMULI, seconds: float = 61.0) -> Design:
    """Return what DREAMER shows and asks; scales are integers from 1 to 5."""
    means = {
        name: tuple(MEAN_RATINGS[name][:n_trials]) for name in ("valence", "arousal")
    }
    scales = {
        name: Scale(float(np.mean(own)), 0.95, 1, 5, 1.0, 3.0, own)
        for name, own in means.items()
    }
    rho = (sizes.RHO_STIMULUS, sizes.RHO_PERSON, sizes.RHO_MOMENT)
    return Design(
        "dreamer", (seconds,) * n_trials, (SCORED_S,) * n_trials, (0,) * n_trials,
        (*scales.items(), ("dominance", DOMINANCE)),
        (sizes.DREAMER_VALENCE_RHO, rho, rho), baseline_s=float(BASELINE_S),
    )  # fmt: skip


def write_dreamer(
    folder: str | Path, *, n_subjects: int = 6, n_trials: int = N_STIMULI,
    seconds: float = 61.0, effect: float = 1.0, signature: float = 1.0,
    nuisance: float = 1.0, seed: int = 0,
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
    effect, signature, nuisance, seed
        As in `emolib.surrogates.design.Knobs`.

    Returns
    -------
    folder : Path

    Raises
    ------
    ValueError
        For more trials than DREAMER has stimuli, or a file too large for its format.
    """
    folder = Path(folder)
    parameters = dict(
        n_subjects=n_subjects, n_trials=n_trials, seconds=seconds, effect=effect,
        signature=signature, nuisance=nuisance, seed=seed,
    )  # fmt: skip
    _check_size(n_subjects, n_trials, seconds)
    knobs = Knobs(effect, signature, nuisance, seed)
    design = dreamer_design(n_trials=n_trials, seconds=seconds)
    parts = [_subject(design, knobs, number + 1) for number in range(n_subjects)]
    subjects, structs, beats, blinks = zip(*parts, strict=True)
    with written_aside(folder) as aside:
        save_mat(aside / "DREAMER.mat", {"DREAMER": _top(structs, n_trials)})
        write_truth(
            folder, parameters, design, [f"s{i + 1:02d}" for i in range(n_subjects)],
            [f"{k + 1:02d}" for k in range(n_trials)], subjects,
            {"beats": beats, "blinks": blinks},
        )  # fmt: skip
    return folder


def _check_size(n_subjects: int, n_trials: int, seconds: float) -> None:
    """Raise ValueError for a corpus that DREAMER's format cannot hold."""
    check_range("n_subjects", check_whole("n_subjects", n_subjects, "subjects"), 1, 999)
    check_range(
        "n_trials", check_whole("n_trials", n_trials, "trials"), 1, N_STIMULI,
        hint="DREAMER has 18 stimuli.",
    )  # fmt: skip
    check_range("seconds", seconds, 2.0, 600.0)
    check_whole("seconds x 128 Hz", seconds * EEG_SFREQ, "time points")
    per_second = 8 * (EEG_SFREQ * len(EEG_CH_NAMES) + ECG_SFREQ * 2)
    size = n_subjects * n_trials * (seconds + BASELINE_S) * per_second
    if size > MAX_BYTES:
        raise ValueError(
            "the corpus must fit one MATLAB 5 variable of 4 GB; got "
            f"{size / 1e9:.1f} GB. Ask for fewer subjects or fewer seconds."
        )


def _subject(design: Design, knobs: Knobs, number: int):
    """Return one subject's truth, its MATLAB struct, its beats and its blinks."""
    truth, rows = simulate_subject(design, knobs, number), slice(None)
    seconds = design.baseline_s + design.seconds[0]
    eeg, blinks = subject_eeg(
        design, knobs, number, truth, rows, ch_names=EEG_CH_NAMES, sfreq=EEG_SFREQ,
        n_times=round(seconds * EEG_SFREQ), blink_share=1.0,
    )  # fmt: skip
    ecg, beats = subject_ecg(
        design, knobs, number, truth, rows, sfreq=ECG_SFREQ,
        n_times=round(seconds * ECG_SFREQ),
    )  # fmt: skip
    eeg = _as_stored(
        eeg, trial_generators(knobs.seed, "dreamer", "line", number, design.n_trials)
    )
    ecg = np.round(ECG_OFFSET + ECG_COUNTS_PER_MV * ecg)
    events = [
        from_onset(own, design.baseline_s, design.seconds[0]) for own in (beats, blinks)
    ]
    return truth, _person(knobs.seed, number, eeg, ecg, truth.ratings), *events


def _as_stored(eeg: np.ndarray, rngs) -> np.ndarray:
    """Return EEG filtered, with mains hum and the amplifier's offset."""
    eeg = bandpass(eeg, *EEG_BAND_HZ, EEG_SFREQ)
    phase = np.array([rng.uniform(0, 2 * np.pi) for rng in rngs])[:, None]
    times = np.arange(eeg.shape[-1]) / EEG_SFREQ
    line = LINE_UV * np.sin(2 * np.pi * LINE_HZ * times + phase)
    return eeg + line[:, None] + EEG_OFFSET_UV


def _person(seed: int, number: int, eeg, ecg, ratings: np.ndarray) -> np.ndarray:
    """Return one participant's struct; other readers go by the order of its fields."""
    rng = generator(seed, "dreamer", "questions", number)
    return struct(
        Age=str(rng.integers(22, 34)),
        Gender=str(rng.choice(["male", "female"])),
        EEG=_halves(eeg, round(BASELINE_S * EEG_SFREQ)),
        ECG=_halves(ecg, round(BASELINE_S * ECG_SFREQ)),
        ScoreValence=ratings[:, :1],
        ScoreArousal=ratings[:, 1:2],
        ScoreDominance=ratings[:, 2:],
    )


def _halves(signal: np.ndarray, n_before: int) -> np.ndarray:
    """Return the struct of baseline and stimuli, cells of (time, channel)."""
    return struct(
        baseline=cell((own[:, :n_before].T for own in signal), column=True),
        stimuli=cell((own[:, n_before:].T for own in signal), column=True),
    )


def _top(people, n_trials: int) -> np.ndarray:
    """Return the top struct; other readers go by the order of its fields."""
    said = "SURROGATE written by emolib: no person was recorded."
    return struct(
        Data=cell(people),
        EEG_SamplingRate=float(EEG_SFREQ),
        ECG_SamplingRate=float(ECG_SFREQ),
        EEG_Electrodes=cell(EEG_CH_NAMES),
        noOfSubjects=float(len(people)),
        noOfVideoSequences=float(n_trials),
        Disclaimer=said,
        Provider="University of the West of Scotland",
        Version="1.0.2",
        Acknowledgement=said,
    )
