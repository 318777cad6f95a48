"""Write a surrogate of AMIGOS, in AMIGOS's own file format."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np

from emolib.datasets import amigos as real
from emolib.surrogates.affect import Subject, simulate_subject, truth_of
from emolib.surrogates.cortical import eeg_and_blinks, heart_map
from emolib.surrogates.design import Design, Knobs, Scale, check_sizes
from emolib.surrogates.files import cell, save_mat, write
from emolib.surrogates.peripheral import synthesise_conductance, synthesise_ecg
from emolib.surrogates.traces import TRACE_SFREQ, bandpass

N_SHORT, N_LONG = len(real.SHORT_VIDEOS), len(real.LONG_VIDEOS)
SHORT_SCORED_S, LONG_S = (0.0, 60.0), 90.0
EEG_BAND_HZ, BLINK_SHARE = (4.0, 45.0), 0.1
WITHOUT_LONG, WITH_NAN_EEG, N_NAN_TRIALS = 5, 6, 3
"""P05 saw no long video; P06 lost the EEG of three short ones."""
SCALES = (
    Scale(5.3, 1.9, 1, 9, 0.0), Scale(6.35, 1.50, 1, 9, 0.0), Scale(5.2, 1.8, 1, 9, 0.0)
)  # fmt: skip
LIKING_MEAN, LIKING_SD = 5.0, 1.5
QUADRANTS = {
    (True, True): ("happiness", "surprise"),
    (False, True): ("disgust", "anger", "fear"),
    (False, False): ("sadness",),
    (True, False): ("neutral",),
}
"""Emotions a subject may tick, by (valence above 5, arousal above 5)."""


def amigos_design(*, n_trials: int = N_SHORT, seconds: float = 60.0) -> Design:
    """Return what AMIGOS shows and asks: short videos, then the four long ones."""
    return Design(
        "amigos", (seconds,) * n_trials + (LONG_S,) * N_LONG,
        (SHORT_SCORED_S,) * n_trials + ((0.0, LONG_S),) * N_LONG, SCALES,
        baseline_s=float(real.BASELINE_S),
    )  # fmt: skip


def write_amigos(
    folder: str | Path, *, n_subjects: int = 6, n_trials: int = N_SHORT,
    seconds: float = 60.0, effect: float = 1.0, signature: float = 1.0,
    nuisance: float = 1.0, seed: int = 0, heart_field: float = 1.0,
) -> Path:  # fmt: skip
    """Write `Data_Preprocessed_PNN.mat` files, and what was planted beside them.

    P05 has no long videos, P06 no EEG (NaN) in three short ones, as in life some
    subjects lack the like. With fewer than 16 trials the cells of the other short
    videos are empty. The same parameters give the same bytes; the first n subjects of a
    larger corpus are the smaller corpus.

    Parameters
    ----------
    folder : path
        Made if it does not exist; the files lie flat in it.
    n_subjects, n_trials : int
        Any number of subjects; at most 16 short videos. Four long ones come with them.
    seconds : float
        Length of each short video, after 5 s of baseline; long ones last 90 s.
    effect, signature, nuisance, seed, heart_field
        As in `emolib.surrogates.design.Knobs`.

    Returns
    -------
    folder : Path

    Raises
    ------
    ValueError
        For more trials than AMIGOS has short videos.
    """
    size = dict(n_subjects=n_subjects, n_trials=n_trials, seconds=seconds)
    hint = "AMIGOS has 16 short videos; the four long ones come with them."
    check_sizes(**size, n_stimuli=N_SHORT, hint=hint)
    knobs = Knobs(effect, signature, nuisance, seed, heart_field)
    design = amigos_design(n_trials=n_trials, seconds=seconds)

    def fill(aside: Path):
        names, planted = [f"P{i + 1:02d}" for i in range(n_subjects)], []
        for number, name in enumerate(names, start=1):
            variables, own = _person(simulate_subject(design, knobs, number))
            save_mat(aside / f"Data_Preprocessed_{name}.mat", variables)
            planted.append(own)
        trials = [*real.SHORT_VIDEOS[:n_trials], *real.LONG_VIDEOS]
        return truth_of(design, planted, names, trials, **size, **asdict(knobs))

    return write(folder, fill)


def _person(subject: Subject) -> tuple[dict[str, np.ndarray], dict]:
    """Return one file's variables, and what was planted."""
    n_short = subject.design.n_trials - N_LONG
    videos = (slice(n_short), slice(n_short, None))
    parts = zip(*(_recorded(subject, rows) for rows in videos), strict=True)
    data, seen, beats, drivers = ([*short, *long] for short, long in parts)
    if subject.number == WITH_NAN_EEG:
        lost = subject.rng("gaps").permutation(n_short)[:N_NAN_TRIALS]
        for trial in lost:
            data[trial][:, : len(real.EEG_CH_NAMES)] = np.nan
    variables = {
        "joined_data": _twenty(subject, data, n_rows=0),
        "labels_selfassessment": _twenty(subject, _answers(subject)),
        "labels_ext_annotation": _twenty(subject, _segments(subject)),
        "VideoIDs": cell((*real.SHORT_VIDEOS, *real.LONG_VIDEOS)),
    }
    events = dict(beats=beats, blinks=seen, skin_responses=drivers)
    planted = subject.truth(**events)
    return variables, planted | {"heart_map": heart_map(subject, real.EEG_CH_NAMES)}


def _recorded(subject: Subject, rows: slice):
    """Return trials of one length, each (n_times, 17), and blinks, beats, drivers."""
    of = real.SFREQ, rows
    eeg, seen = eeg_and_blinks(subject, real.EEG_CH_NAMES, *of, share=BLINK_SHARE)
    ecg, beats = synthesise_ecg(subject.trials("ecg", *of))
    gsr, drivers = synthesise_conductance(subject.trials("gsr", *of))
    eeg = bandpass(eeg - eeg.mean(axis=1, keepdims=True), *EEG_BAND_HZ, real.SFREQ)
    joined = np.concatenate([eeg, 1e3 * ecg, 1e6 / gsr[:, None]], axis=1)
    return joined.transpose(0, 2, 1), seen, beats, drivers


def _answers(subject: Subject) -> list[np.ndarray]:
    """Return each trial's twelve self-assessments; arousal comes before valence."""
    out = []
    rows = zip(subject.planted["ratings"], subject.rngs("questions"), strict=True)
    for (valence, arousal, dominance), rng in rows:
        others = LIKING_MEAN + LIKING_SD * rng.standard_normal(2)
        felt = rng.choice(QUADRANTS[bool(valence > 5), bool(arousal > 5)])
        flags = [float(flag == felt) for flag in real.EMOTIONS]
        scores = [arousal, valence, dominance, *np.clip(others, 1, 9)]
        out.append(np.array([[*scores, *flags]]))
    return out


def _segments(subject: Subject) -> list[np.ndarray]:
    """Return the external annotation: segment, valence, arousal in -1 to 1.

    The first segment covers the baseline of 5 s and 15 s of the video.
    """
    out = []
    for z, seconds in zip(subject.z, subject.design.seconds, strict=True):
        n_total = round((real.BASELINE_S + seconds) * TRACE_SFREQ)
        edges = np.arange(0, n_total, round(real.SEGMENT_S * TRACE_SFREQ))
        parts = np.split(z[:2, :n_total], edges[1:], axis=1)
        means = np.stack([part.mean(axis=1) for part in parts])
        index = np.arange(1, len(edges) + 1)[:, None]
        out.append(np.concatenate([index, np.clip(means / 3, -1, 1)], axis=1))
    return out


def _twenty(subject: Subject, own: list[np.ndarray], *, n_rows: int = 1) -> np.ndarray:
    """Return twenty cells; what was not recorded is empty.

    Empty labels keep a first axis of 1: readers index it before testing the length.
    """
    empty, n_short = np.zeros((n_rows, 0)), len(own) - N_LONG
    long = own[n_short:] if subject.number != WITHOUT_LONG else [empty] * N_LONG
    return cell([*own[:n_short], *[empty] * (N_SHORT - n_short), *long])
