"""Write a surrogate of DEAP, in DEAP's own file formats: pickles or recordings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from emolib.checks import check_option
from emolib.datasets import deap as real
from emolib.surrogates import body, peripheral
from emolib.surrogates.affect import Subject, simulate_subject, truth_of
from emolib.surrogates.biosemi import save_bdf
from emolib.surrogates.cortical import blink_bumps, eeg_and_blinks
from emolib.surrogates.design import Design, Knobs, Scale, check_sizes
from emolib.surrogates.files import save_pickle, write
from emolib.surrogates.traces import bandpass

EEG_BAND_HZ = (4.0, 45.0)
SCALES = (
    Scale(5.38, 1.95, 1, 9, 0.01),
    Scale(5.45, 1.85, 1, 9, 0.01),
    Scale(5.4, 1.9, 1, 9, 0.01),
)
"""Of valence, arousal and dominance: 57 and 59 % of ratings lie above 5."""
LIKING_MU, LIKING_SD, LIKING_OF_VALENCE = 5.5, 2.2, 0.6
LINE_UV, LINE_HZ, BELT_COUNTS, PULSE_COUNTS = 2.0, 50.0, 1000.0, 2000.0
TWENTE = (
    "Fp1 AF3 F7 F3 FC1 FC5 T7 C3 CP1 CP5 P7 P3 Pz PO3 O1 Oz O2 PO4 P4 P8 CP6 CP2 C4 T8 "
    "FC6 FC2 F4 F8 AF4 Fp2 Fz Cz"
).split()
"""The order of electrodes in the recordings of the first 22 people."""
PAUSE_S = 5.0
"""Between two videos of a recording; in life it is a minute."""


def deap_design(*, n_trials: int = real.N_TRIALS) -> Design:
    """Return what DEAP shows and asks; scales are continuous from 1 to 9."""
    seconds = float(real.VIDEO_S)
    return Design(
        "deap", (seconds,) * n_trials, ((0.0, seconds),) * n_trials, SCALES,
        baseline_s=float(real.BASELINE_S),
    )  # fmt: skip


def write_deap(
    folder: str | Path, *, n_subjects: int = 4, n_trials: int = 12, effect: float = 1.0,
    signature: float = 1.0, nuisance: float = 1.0, heart_field: float = 1.0,
    seed: int = 0, source: str = "dat",
) -> Path:  # fmt: skip
    """Write a file per person into `folder`, and what was planted beside it.

    The first n subjects of a larger corpus are the smaller corpus. The same parameters
    give the same bytes. Nothing is left in `folder` when writing fails.

    Parameters
    ----------
    folder : path
        Made if it does not exist; the files lie flat in it.
    n_subjects : int
        At most 32.
    n_trials : int
        At most 40, of a minute each after 3 s of baseline.
    effect, signature, nuisance, heart_field, seed
        As in `emolib.surrogates.design.Knobs`.
    source : str
        ``"dat"``: pickles at 128 Hz, as the publisher preprocessed them (103 MB for 40
        trials, float64 by format); ``"raw"``: BDF at 512 Hz and the table of ratings.

    Returns
    -------
    folder : Path

    Raises
    ------
    ValueError
        For more people or trials than DEAP has.
    """
    check_option("source", source, ("dat", "raw"))
    size = dict(n_subjects=n_subjects, n_trials=n_trials)
    hint = "DEAP has 32 people and 40 videos."
    check_sizes(**size, seconds=float(real.VIDEO_S), n_stimuli=real.N_TRIALS, hint=hint)
    knobs = Knobs(effect, signature, nuisance, seed, heart_field)
    design = deap_design(n_trials=n_trials)

    def fill(aside: Path):
        people = [simulate_subject(design, knobs, i + 1) for i in range(n_subjects)]
        save: Callable = {"dat": _save_dat, "raw": _save_bdf}[source]
        planted = [save(aside, subject) for subject in people]
        if source == "raw":
            _save_ratings(aside, people)
        names = [f"s{i + 1:02d}" for i in range(n_subjects)]
        trials = [f"{k + 1:02d}" for k in range(n_trials)]
        noted = dict(**size, **asdict(knobs), source=source)
        return truth_of(design, planted, names, trials, **noted)

    return write(folder, fill)


def _save_dat(folder: Path, subject: Subject) -> dict:
    """Write one person's pickle; return what was planted."""
    signals, truth = _signals(subject, real.SFREQ, blink_share=0.0)
    eeg = signals["eeg"]
    eeg = bandpass(eeg - eeg.mean(axis=1, keepdims=True), *EEG_BAND_HZ, real.SFREQ)
    signals = {**signals, "eeg": eeg}
    data = np.concatenate([signals[name] for name in real.MODALITIES], axis=1)
    held = {"labels": lambda: _ratings(subject), "data": lambda: data}
    save_pickle(folder / f"s{subject.number:02d}.dat", held)
    return truth


def _signals(subject: Subject, sfreq: float, *, blink_share: float):
    """Return every modality (n_trials, n_chans, n_times), baseline first; the truth."""
    eeg, blinks = eeg_and_blinks(subject, real.EEG_CH_NAMES, sfreq, share=blink_share)
    _, beats = peripheral.synthesise_ecg(subject.trials("ecg", sfreq))
    gsr, drivers = peripheral.synthesise_conductance(subject.trials("gsr", sfreq))
    bumps = blink_bumps(subject.trials("artefacts", sfreq))[0]
    signals = {
        "eeg": eeg,
        "eog": body.synthesise_eyes(subject.trials("eog", sfreq), bumps),
        "emg": body.synthesise_muscle(subject.trials("emg", sfreq)),
        "gsr": 1e6 / gsr[:, None],
        "resp": BELT_COUNTS
        * body.synthesise_breathing(subject.trials("resp", sfreq))[:, None],
        "ppg": PULSE_COUNTS * body.synthesise_pulse(subject, sfreq)[:, None],
        "temperature": body.synthesise_temperature(
            subject.trials("temperature", sfreq)
        )[:, None],
    }
    events = dict(beats=beats, blinks=blinks, skin_responses=drivers)
    return signals, subject.truth(**events)


def _ratings(subject: Subject) -> np.ndarray:
    """Return valence, arousal, dominance and liking, shape (n_trials, 4)."""
    own = subject.planted["ratings"]
    rngs = subject.rngs("questions")
    noise = np.array([rng.standard_normal() for rng in rngs])
    lean = LIKING_OF_VALENCE * (own[:, 0] - SCALES[0].mu) / SCALES[0].sigma
    rest = np.sqrt(1 - LIKING_OF_VALENCE**2) * noise
    liking = np.clip(LIKING_MU + LIKING_SD * (lean + rest), 1, 9)
    return np.column_stack([own, np.round(liking, 2)])


def _save_bdf(folder: Path, subject: Subject) -> dict:
    """Write one person's recording, videos as they were shown; return the truth."""
    sfreq, names = real.RAW_SFREQ, list(real.EEG_CH_NAMES)
    signals, truth = _signals(subject, sfreq, blink_share=1.0)
    order = shown_order(subject)
    n_pause = round(PAUSE_S * sfreq)
    joined = {
        name: np.concatenate(
            [np.pad(own[k], ((0, 0), (n_pause, 0)), "edge") for k in order], axis=1
        )
        for name, own in signals.items()
    }
    n_times = joined["eeg"].shape[1]
    hum = LINE_UV * np.sin(2 * np.pi * LINE_HZ * np.arange(n_times) / sfreq)
    is_twente = subject.number <= real.N_TWENTE
    channels = {
        name: (joined["eeg"][names.index(name)] + hum, "uV")
        for name in (TWENTE if is_twente else names)
    }
    pairs = np.concatenate([joined["eog"], joined["emg"]])
    for i, pair in enumerate(pairs):
        channels[f"EXG{2 * i + 1}"] = (pair / 2 + hum, "uV")
        channels[f"EXG{2 * i + 2}"] = (-pair / 2 + hum, "uV")
    ohm = joined["gsr"][0]
    rest = np.zeros(n_times)
    channels |= {
        "GSR1": (1e9 / ohm, "nS") if is_twente else (ohm, "Ohm"),
        **{name: (rest, "uV") for name in ("GSR2", "Erg1", "Erg2")},
        "Resp": (joined["resp"][0], "uV"),
        "Plet": (joined["ppg"][0], "uV"),
        "Temp": (joined["temperature"][0], "C"),
    }
    codes, length = np.zeros(n_times, int), n_times // len(order)
    for place in range(len(order)):
        start = place * length + n_pause + round(real.BASELINE_S * sfreq)
        codes[start : start + round(sfreq)] = real.STATUS_VIDEO
    save_bdf(folder / f"s{subject.number:02d}.bdf", channels, codes, sfreq)
    return truth


def shown_order(subject: Subject) -> np.ndarray:
    """Return which video came first, second, …, each person's own order."""
    return subject.rng("order").permutation(subject.design.n_trials)


def _save_ratings(folder: Path, people: list[Subject]) -> None:
    """Write the publisher's table: who saw which video when, and said what."""
    head = "Participant_id,Trial,Experiment_id,Start_time,Valence,Arousal,Dominance,"
    lines = [f"{head}Liking,Familiarity"]
    for subject in people:
        ratings = _ratings(subject)
        for place, video in enumerate(shown_order(subject)):
            told = ",".join(f"{value:.2f}" for value in ratings[video])
            lines.append(f"{subject.number},{place + 1},{video + 1},0,{told},3")
    (folder / "participant_ratings.csv").write_text("\n".join(lines) + "\n")
