"""Write a surrogate of the MAHNOB-HCI trials whose valence was rated by the moment.

Sessions as `emolib.surrogates.mahnob` writes them, a film of a drawn face in each, and
the labels; or, in their place, the public files of features at 4 Hz.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from emolib.checks import check_option, check_range
from emolib.datasets.mahnob_continuous import LABELS
from emolib.surrogates import continuous, faces, mahnob
from emolib.surrogates.affect import Subject, simulate_subject, truth_of
from emolib.surrogates.design import Design, Knobs, check_sizes
from emolib.surrogates.files import cell, save_mat, write
from emolib.surrogates.traces import TRACE_SFREQ, generator

RATED = {
    1: 19, 2: 5, 3: 13, 4: 9, 5: 13, 6: 9, 7: 13, 8: 13, 10: 5, 13: 6, 14: 13, 16: 2,
    18: 1, 19: 11, 20: 17, 21: 10, 22: 14, 23: 15, 24: 12, 25: 16, 27: 6, 28: 4,
    29: 10, 30: 3,
}  # fmt: skip
"""Person -> how many of the 239 trials are theirs."""
FILM_RATE = (6097, 100)
TAIL_S, LONGER_TAIL_S, LONGEST_TAIL_S = 16.0, 21.0, 116.0
"""Films go on after the clip: at least so long, so much longer on average, at most."""
BLINK_S = 0.3
WIDTHS = {
    "eeg_band_feats": (continuous.EEG, 85),
    "eeg_band_feats_full": (continuous.EEG, 128),
    "face_feats": (continuous.FACE, 327),
    "gaze_feats": (slice(0), 2),
}
"""Variable of a public file -> the cues in it, and how many columns it has."""
FILM = "P{}-Rec1-2009.07.09.12.00.00_C1 trigger _C_Section_{}.avi"
FEATURES = "P{}-features-resamp4hz-trial-{}.mat"


def write_mahnob_continuous(
    folder: str | Path, *, n_subjects: int = 4, n_trials: int = 6,
    seconds: float = 40.0, holds: str = "sessions", annotator_lag: float = 0.5,
    effect: float = 1.0, signature: float = 1.0, nuisance: float = 1.0,
    heart_field: float = 1.0, seed: int = 0,
) -> Path:  # fmt: skip
    """Write rated trials, and what was planted.

    Parameters
    ----------
    folder : path
        Made if it does not exist.
    n_subjects : int
        At most 24.
    n_trials : int
        Clips, at most 20. Nobody has more rated trials than in the corpus, where they
        are 239.
    seconds : float
        Length of each clip; 0: as in the corpus, 34.9 to 117 s.
    holds : {'sessions', 'features'}
        BDF, AVI and labels; or the public files of features, one a trial.
    annotator_lag : float
        In seconds, 0 to 4.
    effect, signature, nuisance, heart_field, seed
        As in `emolib.surrogates.design.Knobs`.
    """
    size = dict(n_subjects=n_subjects, n_trials=n_trials, seconds=seconds)
    most = dict(n_stimuli=mahnob.N_STIMULI, hint="MAHNOB-HCI has 20 clips.")
    check_sizes(n_subjects, n_trials, seconds or mahnob.LONGEST_S, **most)
    check_range("n_subjects", n_subjects, 1, len(RATED))
    check_range("annotator_lag", annotator_lag, 0.0, 4.0)
    check_option("holds", holds, tuple(HOLDS))
    knobs = Knobs(effect, signature, nuisance, seed, heart_field)
    design = mahnob.mahnob_design(n_trials=n_trials, seconds=seconds)
    design = replace(design, corpus=continuous.CORPUS)
    names = [f"P{person}" for person in [*RATED][:n_subjects]]

    def fill(aside: Path):
        trials, planted = [], []
        for number in range(1, n_subjects + 1):
            subject, cues = simulate(design, knobs, number)
            z = subject.z[:, 0, design.n_before :]
            own = _rated(subject, continuous.label(z, annotator_lag))
            HOLDS[holds](aside, subject, cues, own)
            trials += own
            planted.append({"cues": cues.astype(np.float32), "z": z})
        _save_labels(aside, trials)
        clips, lag = map(mahnob.clip_name, range(n_trials)), annotator_lag
        seconds_of = [stop for _, stop in design.scored]
        told = {**size, **asdict(knobs), "annotator_lag": lag, "clips_s": seconds_of}
        return truth_of(design, planted, names, clips, **told)

    return write(folder, fill)


class Rated(NamedTuple):
    """A rated trial."""

    person: int
    section: int
    k: int  # of the clip, from 0
    label: np.ndarray  # at 4 Hz


def simulate(design: Design, knobs: Knobs, number: int) -> tuple[Subject, np.ndarray]:
    """Return a person whose EEG follows cues, and these from each onset."""
    valence = continuous.latent(knobs, number, design.n_trials, design.n_steps)
    subject = simulate_subject(design, knobs, number, valence=valence)
    cues = continuous.cues_of(subject.z[:, 0], knobs, number)
    for cue, trace in zip(continuous.CUES, cues, strict=True):
        rows = [subject.names.index(source) for source in cue.sources]
        subject.theta[:, rows] = continuous.DB_PER_UNIT * trace[:, None]
    return subject, cues[..., design.n_before :]


def _rated(subject: Subject, labels: np.ndarray) -> list[Rated]:
    """Return the last of a person's trials, as many as were rated."""
    design, person = subject.design, [*RATED][subject.number - 1]
    order = subject.rng("order").permutation(design.n_trials)
    ends = [round(TRACE_SFREQ * stop) for _, stop in design.scored]
    trials = [
        Rated(person, 2 * place, k, labels[k, : ends[k]])
        for place, k in enumerate(order.tolist(), start=1)
    ]
    return trials[-RATED[person] :]


def _save_labels(folder: Path, trials: list[Rated]) -> None:
    """Write the file of labels, in order of people and sections."""
    held = cell([trial.label[None] for trial in trials], column=True)
    listed = np.array([trial[:2] for trial in trials], np.uint8)
    (folder / "data").mkdir(exist_ok=True)
    save_mat(folder / "data" / LABELS, {"trials_included": listed, "labels": held})


def _save_sessions(folder: Path, subject: Subject, cues, trials: list[Rated]) -> None:
    """Write BDF, XML and film of one person's rated trials."""
    said, who = mahnob.questions(subject), faces.draw_identity(subject.rng("face"))
    for person, section, k, _ in trials:
        own = folder / "Sessions", subject, k, person, section, said[k]
        session, film = mahnob.Session(*own), FILM.format(person, section)
        blinks = mahnob.save_session(session, film=film)["blinks"]
        blinks = blinks - subject.design.baseline_s
        face = cues[continuous.FACE, k]
        _save_film(session.own / film, subject, k, who, face, blinks)


def _save_film(path: Path, subject: Subject, k: int, who, cues, blinks) -> None:
    """Write the film of one trial; its first frame is the clip's beginning."""
    rng, sfreq = subject.rngs("face")[k], FILM_RATE[0] / FILM_RATE[1] / faces.HOLD
    tail_s = min(TAIL_S + LONGER_TAIL_S * rng.standard_exponential(), LONGEST_TAIL_S)
    times = np.arange(0, subject.design.scored[k][1] + tail_s, 1 / sfreq)
    grid = np.arange(cues.shape[1]) / TRACE_SFREQ
    traces = np.stack([np.interp(times, grid, cue) for cue in cues])
    since = times[:, None] - np.append(blinks, -np.inf)
    shut = ((since >= 0) & (since < BLINK_S)).any(axis=1)
    faces.save_film(path, faces.draw_faces(who, traces, shut, rng, sfreq), FILM_RATE)


def _save_features(folder: Path, subject: Subject, cues, trials: list[Rated]) -> None:
    """Write a public file of features for each of one person's rated trials.

    Columns are mixtures, the same for all, of what a detector reads of each cue, and
    noise; those of the gaze are noise.
    """
    own = folder / "data" / "Features"
    own.mkdir(parents=True, exist_ok=True)
    read = continuous.with_reading_error(cues, subject.knobs, subject.number)
    for person, section, k, label in trials:
        rng, held = subject.rngs("face")[k], {"target": 2 * label[None]}
        for name, (rows, width) in WIDTHS.items():
            seen = read[rows, k, : len(label)]
            mix = generator(0, continuous.CORPUS, "directions")
            held[name] = seen.T @ mix.standard_normal((len(seen), width))
            held[name] += rng.standard_normal(held[name].shape)
        save_mat(own / FEATURES.format(person, section), held)


HOLDS = {"sessions": _save_sessions, "features": _save_features}
