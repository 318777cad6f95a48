"""Write a surrogate of the MAHNOB-HCI trials whose valence was rated by the moment.

Sessions as `emolib.surrogates.mahnob` writes them, a film of a drawn face in each, and
the labels; or, in their place, the public files of features at 4 Hz.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from emolib.checks import check_option, check_range
from emolib.datasets.mahnob_continuous import LABELS
from emolib.surrogates.affect import Subject, simulate_subject, truth_of
from emolib.surrogates.continuous import (
    CORPUS,
    CUES,
    DB_PER_UNIT,
    FACE,
    cues_of,
    label,
    latent,
    with_reading_error,
)
from emolib.surrogates.design import Knobs, check_sizes
from emolib.surrogates.faces import HOLD, draw_faces, draw_identity, save_film
from emolib.surrogates.files import cell, save_mat, write
from emolib.surrogates.mahnob import (
    LONGEST_S,
    N_STIMULI,
    Session,
    clip_name,
    mahnob_design,
    questions,
    save_session,
)
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
HOLDS = ("sessions", "features")
WIDTHS = {"eeg_band_feats": 85, "eeg_band_feats_full": 128, "face_feats": 327,
          "gaze_feats": 2}  # fmt: skip
FEATURE_NOISE = 1.0


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
    own = dict(n_subjects=n_subjects, n_trials=n_trials, seconds=seconds,
               annotator_lag=annotator_lag)  # fmt: skip
    check_sizes(n_subjects, n_trials, seconds or LONGEST_S, n_stimuli=N_STIMULI,
                hint="MAHNOB-HCI has 20 clips.")  # fmt: skip
    check_range("n_subjects", n_subjects, 1, len(RATED))
    check_range("annotator_lag", annotator_lag, 0.0, 4.0)
    check_option("holds", holds, HOLDS)
    knobs = Knobs(effect, signature, nuisance, seed, heart_field)
    design = mahnob_design(n_trials=n_trials, seconds=seconds)
    design = replace(design, corpus=CORPUS)
    save = _save_person if holds == "sessions" else _save_features

    def fill(aside: Path):
        labels, planted = {}, []
        for number in range(1, n_subjects + 1):
            subject = simulate(design, knobs, number)
            said = label(subject.z[:, 0, design.n_before :], annotator_lag)
            rated = _rated(subject, said)
            planted.append(save(aside, subject, rated))
            labels |= {(_person(subject), at): own for at, (_, own) in rated.items()}
        _save_labels(aside, labels)
        names = [f"P{person}" for person in [*RATED][:n_subjects]]
        trials = [clip_name(k) for k in range(n_trials)]
        return truth_of(design, planted, names, trials, **own, **asdict(knobs))

    return write(folder, fill)


def _person(subject: Subject) -> int:
    return [*RATED][subject.number - 1]


def simulate(design, knobs: Knobs, number: int) -> Subject:
    """Return a person whose EEG follows the cues of `emolib.surrogates.continuous`."""
    valence = latent(knobs, number, design.n_trials, design.n_steps)
    subject = simulate_subject(design, knobs, number, valence=valence)
    cues = cues_of(subject.z[:, 0], knobs, number)
    for cue, trace in zip(CUES.values(), cues, strict=True):
        for source in cue.sources:
            subject.theta[:, subject.names.index(source)] = DB_PER_UNIT * trace
    return replace(subject, planted={**subject.planted, "cues": cues})


def _rated(subject: Subject, said: np.ndarray) -> dict[int, tuple]:
    """Return a person's rated trials: section -> (clip, label at 4 Hz)."""
    order = subject.rng("order").permutation(subject.design.n_trials)
    first = max(0, len(order) - RATED[_person(subject)])
    ends = [round(TRACE_SFREQ * stop) for _, stop in subject.design.scored]
    places = enumerate(order.tolist(), start=1)
    return {2 * at: (k, said[k, : ends[k]]) for at, k in places if at > first}


def _save_labels(folder: Path, labels: dict) -> None:
    """Write the file of labels, in order of people and sections."""
    held = cell([own[None] for own in labels.values()], column=True)
    trials = np.array([*labels], np.uint8)
    (folder / "data").mkdir(exist_ok=True)
    save_mat(folder / "data" / LABELS, dict(trials_included=trials, labels=held))


def _save_person(folder: Path, subject: Subject, rated: dict) -> dict:
    """Write BDF, XML and film of one person's rated trials; return what was planted."""
    none = {name: np.empty(0) for name in ("beats", "blinks", "skin_responses")}
    events, said = [none] * subject.design.n_trials, questions(subject)
    who = draw_identity(subject.rng("face"))
    for section, (k, _) in rated.items():
        person = _person(subject)
        session = Session(folder / "Sessions", subject, k, person, section, said[k])
        film = f"P{person}-Rec1-2009.07.09.12.00.00_C1 trigger _C_Section_{section}.avi"
        events[k] = save_session(session, film=film)
        blinks = events[k]["blinks"] - subject.design.baseline_s
        _film(session.own / film, subject, k, who, blinks)
    told = {name: [own[name] for own in events] for name in none}
    return {**subject.truth(**told), "cues": _from_onset(subject)}


def _from_onset(subject: Subject) -> np.ndarray:
    """Return the cues, (n_cues, n_trials, n_steps)."""
    return subject.planted["cues"][..., subject.design.n_before :].astype(np.float32)


def _film(path: Path, subject: Subject, k: int, who, blinks: np.ndarray) -> None:
    """Write the film of one trial; its first frame is the clip's beginning."""
    rng, sfreq = subject.rngs("face")[k], FILM_RATE[0] / FILM_RATE[1] / HOLD
    tail_s = min(TAIL_S + LONGER_TAIL_S * rng.standard_exponential(), LONGEST_TAIL_S)
    times = np.arange(0, subject.design.scored[k][1] + tail_s, 1 / sfreq)
    planted = dict(zip(CUES, _from_onset(subject)[:, k], strict=True))
    grid = np.arange(len(planted["smile"])) / TRACE_SFREQ
    traces = np.stack([np.interp(times, grid, planted[name]) for name in FACE])
    since = times[:, None] - np.append(blinks, -np.inf)
    shut = ((since >= 0) & (since < BLINK_S)).any(axis=1)
    save_film(path, draw_faces(who, traces, shut, rng, sfreq), FILM_RATE)


def _save_features(folder: Path, subject: Subject, rated: dict) -> dict:
    """Write a public file of features per rated trial; return what was planted.

    Columns are mixtures, the same for all, of what a detector reads of each cue.
    """
    (folder / "data" / "Features").mkdir(parents=True, exist_ok=True)
    read = with_reading_error(_from_onset(subject), subject.knobs, subject.number)
    facial = np.array([name in FACE for name in CUES])
    for section, (k, said) in rated.items():
        rng, held = subject.rngs("face")[k], {"target": 2 * said[None]}
        for name, width in WIDTHS.items():
            mix = generator(0, CORPUS, "directions").standard_normal((len(CUES), width))
            mix[facial != (name == "face_feats")] = 0
            mix *= name != "gaze_feats"
            noise = FEATURE_NOISE * rng.standard_normal((len(said), width))
            held[name] = read[:, k, : len(said)].T @ mix + noise
        who = f"P{_person(subject)}-features-resamp4hz-trial-{section}.mat"
        save_mat(folder / "data" / "Features" / who, held)
    return {"cues": _from_onset(subject)}
