"""Write a surrogate of AMIGOS, in AMIGOS's own file format."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from emolib.checks import check_range, check_whole
from emolib.datasets.amigos import (
    BASELINE_S,
    EEG_CH_NAMES,
    EMOTIONS,
    LONG_VIDEOS,
    SEGMENT_S,
    SFREQ,
    SHORT_VIDEOS,
)
from emolib.surrogates import sizes
from emolib.surrogates.affect import Subject, simulate_subject
from emolib.surrogates.cortical import bandpass
from emolib.surrogates.design import Design, Knobs, Scale
from emolib.surrogates.matfile import cell, save_mat, written_aside
from emolib.surrogates.signals import (
    from_onset,
    subject_ecg,
    subject_eeg,
    subject_gsr,
)
from emolib.surrogates.streams import generator, trial_generators
from emolib.surrogates.traces import TRACE_SFREQ
from emolib.surrogates.truth import write_truth

N_SHORT = len(SHORT_VIDEOS)
SHORT_SCORED_S, LONG_S = (0.0, 60.0), 90.0
EEG_BAND_HZ, BLINK_SHARE = (4.0, 45.0), 0.1
WITHOUT_LONG, WITH_NAN_EEG, N_NAN_TRIALS = 5, 6, 3
"""P05 saw no long video; P06 lost the EEG of three short ones."""
SCALES = (
    ("valence", Scale(5.3, 1.9, 1, 9, 0.0, 5.0)),
    ("arousal", Scale(6.35, 1.50, 1, 9, 0.0, 5.0)),
    ("dominance", Scale(5.2, 1.8, 1, 9, 0.0, 5.0)),
)
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
    rho = (sizes.RHO_STIMULUS, sizes.RHO_PERSON, sizes.RHO_MOMENT)
    n_long = len(LONG_VIDEOS)
    return Design(
        "amigos", (seconds,) * n_trials + (LONG_S,) * n_long,
        (SHORT_SCORED_S,) * n_trials + ((0.0, LONG_S),) * n_long,
        (0,) * n_trials + (1,) * n_long, SCALES, (rho, rho, rho),
        baseline_s=float(BASELINE_S),
    )  # fmt: skip


def write_amigos(
    folder: str | Path, *, n_subjects: int = 6, n_trials: int = N_SHORT,
    seconds: float = 60.0, effect: float = 1.0, signature: float = 1.0,
    nuisance: float = 1.0, seed: int = 0,
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
    effect, signature, nuisance, seed
        As in `emolib.surrogates.design.Knobs`.

    Returns
    -------
    folder : Path

    Raises
    ------
    ValueError
        For more trials than AMIGOS has short videos.
    """
    folder = Path(folder)
    parameters = dict(
        n_subjects=n_subjects, n_trials=n_trials, seconds=seconds, effect=effect,
        signature=signature, nuisance=nuisance, seed=seed,
    )  # fmt: skip
    _check_size(n_subjects, n_trials, seconds)
    knobs = Knobs(effect, signature, nuisance, seed)
    design = amigos_design(n_trials=n_trials, seconds=seconds)
    ids = [f"P{i + 1:02d}" for i in range(n_subjects)]
    noted = []
    with written_aside(folder) as aside:
        for number, subject_id in enumerate(ids, start=1):
            truth, variables, events = _subject(design, knobs, number)
            save_mat(aside / f"Data_Preprocessed_{subject_id}.mat", variables)
            noted.append((truth, *events))
        truths, beats, blinks, responses = zip(*noted, strict=True)
        write_truth(
            folder, parameters, design, ids,
            [*SHORT_VIDEOS[:n_trials], *LONG_VIDEOS], truths,
            {"beats": beats, "blinks": blinks, "skin_responses": responses},
        )  # fmt: skip
    return folder


def _check_size(n_subjects: int, n_trials: int, seconds: float) -> None:
    """Raise ValueError for a corpus that AMIGOS's format cannot hold."""
    check_range("n_subjects", check_whole("n_subjects", n_subjects, "subjects"), 1, 999)
    check_range(
        "n_trials", check_whole("n_trials", n_trials, "trials"), 1, N_SHORT,
        hint="AMIGOS has 16 short videos; the four long ones come with them.",
    )  # fmt: skip
    check_range("seconds", seconds, 2.0, 600.0)
    check_whole("seconds x 128 Hz", seconds * SFREQ, "time points")


def _subject(design: Design, knobs: Knobs, number: int):
    """Return one subject's truth, its file's variables and its events."""
    truth = simulate_subject(design, knobs, number)
    n_short = design.n_trials - len(LONG_VIDEOS)
    cells, events = [], ([], [], [])
    for rows in (slice(0, n_short), slice(n_short, None)):
        data, own = _columns(design, knobs, number, truth, rows)
        cells += list(data)
        for all_of, more in zip(events, own, strict=True):
            all_of.extend(more)
    _plant_gaps(cells, knobs.seed, number, n_short)
    answers = _answers(truth, knobs.seed, number)
    segments = [_segments(design, truth, trial) for trial in range(design.n_trials)]
    columns = _twenty(
        n_short, cells, answers, segments, without_long=number == WITHOUT_LONG
    )
    names = ("joined_data", "labels_selfassessment", "labels_ext_annotation")
    variables = {name: cell(own) for name, own in zip(names, columns, strict=True)}
    variables["VideoIDs"] = cell((*SHORT_VIDEOS, *LONG_VIDEOS))
    return truth, variables, events


def _columns(design: Design, knobs: Knobs, number: int, truth: Subject, rows: slice):
    """Return trials of one length as (n_rows, n_times, 17), and events."""
    seconds = design.seconds[rows][0]
    n_times = round((design.baseline_s + seconds) * SFREQ)
    given = (design, knobs, number, truth, rows)
    shape = dict(sfreq=SFREQ, n_times=n_times)
    eeg, blinks = subject_eeg(
        *given, ch_names=EEG_CH_NAMES, blink_share=BLINK_SHARE, **shape
    )
    ecg, beats = subject_ecg(*given, **shape)
    gsr, responses = subject_gsr(*given, **shape)
    eeg = bandpass(eeg - eeg.mean(axis=1, keepdims=True), *EEG_BAND_HZ, SFREQ)
    joined = np.concatenate([eeg, 1e3 * ecg, 1e6 / gsr[:, None]], axis=1)
    events = [
        from_onset(own, design.baseline_s, seconds)
        for own in (beats, blinks, responses)
    ]
    return joined.transpose(0, 2, 1), events


def _plant_gaps(cells: list[np.ndarray], seed: int, number: int, n_short: int) -> None:
    """Blank the EEG of three short trials of P06."""
    if number != WITH_NAN_EEG:
        return
    rng = generator(seed, "amigos", "gaps", number)
    for trial in rng.permutation(n_short)[:N_NAN_TRIALS]:
        cells[trial][:, : len(EEG_CH_NAMES)] = np.nan


def _answers(truth: Subject, seed: int, number: int) -> list[np.ndarray]:
    """Return each trial's twelve self-assessments; arousal comes before valence."""
    rngs = trial_generators(seed, "amigos", "questions", number, len(truth.ratings))
    out = []
    for (valence, arousal, dominance), rng in zip(truth.ratings, rngs, strict=True):
        others = LIKING_MEAN + LIKING_SD * rng.standard_normal(2)
        felt = rng.choice(QUADRANTS[bool(valence > 5), bool(arousal > 5)])
        flags = [float(flag == felt) for flag in EMOTIONS]
        scores = [arousal, valence, dominance, *np.clip(others, 1, 9)]
        out.append(np.array([[*scores, *flags]]))
    return out


def _segments(design: Design, truth: Subject, trial: int) -> np.ndarray:
    """Return the external annotation: segment, valence, arousal in -1 to 1.

    The first segment covers the baseline of 5 s and 15 s of the video.
    """
    n_total = round((design.baseline_s + design.seconds[trial]) * TRACE_SFREQ)
    z = truth.z[trial, :2, :n_total]
    edges = np.arange(0, n_total, round(SEGMENT_S * TRACE_SFREQ))
    means = np.stack([part.mean(axis=1) for part in np.split(z, edges[1:], axis=1)])
    index = np.arange(1, len(edges) + 1)[:, None]
    return np.concatenate([index, np.clip(means / 3, -1, 1)], axis=1)


def _twenty(n_short: int, *columns: list[np.ndarray], without_long: bool):
    """Return each column's twenty cells; what was not recorded is empty.

    Empty labels keep a first axis of 1: readers index it before testing the length.
    """
    out = []
    for position, own in enumerate(columns):
        empty = np.zeros((0, 0) if position == 0 else (1, 0))
        long = [empty] * len(LONG_VIDEOS) if without_long else own[n_short:]
        out.append([*own[:n_short], *[empty] * (N_SHORT - n_short), *long])
    return out
