"""Valence by the moment: labels as spread as the real ones, signs, drawn people."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from emolib.corpora import write_surrogate
from emolib.datasets.mahnob_continuous import read_mahnob_continuous
from emolib.papers.rmmt.data import eeg_steps
from emolib.preprocessing.faces import cut_faces, step_times
from emolib.surrogates import continuous
from emolib.surrogates.continuous_ceiling import ceiling_traces
from emolib.surrogates.design import Knobs
from emolib.surrogates.expressions import draw_expressions
from emolib.surrogates.faces import draw_identity
from emolib.surrogates.files import truth_folder
from emolib.surrogates.mahnob_continuous import RATED
from emolib.surrogates.traces import generator

N_STEPS = 320


@pytest.fixture(scope="module")
def people():
    """Return latent and cues of 60 people's ten trials."""
    knobs = Knobs()
    z = [continuous.latent(knobs, n, 10, N_STEPS) for n in range(1, 61)]
    cues = [continuous.cues_of(own, knobs, n + 1) for n, own in enumerate(z)]
    return np.concatenate(z), np.concatenate(cues, axis=1)


def test_labels_are_as_spread_as_the_real_ones(people):
    y = continuous.label(people[0])
    assert y.std() == pytest.approx(0.0705, abs=0.01)
    assert y.mean() == pytest.approx(0.015, abs=0.03)
    assert y.mean(axis=1).std() == pytest.approx(0.053, abs=0.01)
    assert np.sqrt(y.var(axis=1).mean()) == pytest.approx(0.046, abs=0.01)
    assert -0.5 < y.min() < -0.2 and 0.3 < y.max() < 0.7
    assert (y[:, :2] == 0).all()


@pytest.mark.parametrize("lag_s", [0.0, 0.5, 2.0, 4.0])
def test_annotators_come_late_by_what_was_asked(people, lag_s):
    z, cues = people
    y, smile = continuous.label(z, lag_s), cues[0]
    moves = [np.diff(part, axis=1) for part in (y, smile)]
    shifts = np.arange(25)
    told = [np.sum(moves[0][:, k:] * moves[1][:, : moves[1].shape[1] - k])
            for k in shifts]  # fmt: skip
    assert np.argmax(told) / 4 == pytest.approx(lag_s, abs=0.25)


def test_the_face_moves_four_times_less_below_zero_and_only_the_brow_does(people):
    z, (smile, brow, eye, *_) = people
    slopes = {
        (name, sign): np.polyfit(z[keep], cue[keep], 1)[0]
        for name, cue in (("smile", smile), ("brow", brow), ("eye", eye))
        for sign, keep in (("+", z > 0.2), ("-", z < -0.2))
    }
    assert slopes["smile", "+"] > 0.8 and abs(slopes["smile", "-"]) < 0.05
    share = -slopes["brow", "-"] / slopes["smile", "+"]
    assert share == pytest.approx(0.25, abs=0.06) and abs(slopes["brow", "+"]) < 0.05
    assert slopes["eye", "+"] / slopes["smile", "+"] == pytest.approx(0.3, abs=0.06)


def bend(face):
    """Return how much lower the middle of a mouth lies than its ends, in pixels."""
    mouth = face[28:42, :, 0].astype(float)
    dark = np.maximum(np.median(mouth) - mouth, 0) ** 3
    rows = np.arange(14) @ dark / (dark.sum(axis=0) + 1e-6)
    return rows[22:26].mean() - rows[[17, 18, 19, 28, 29, 30]].mean()


def test_what_is_planted_reaches_film_and_electrodes(tmp_path):
    size = dict(n_subjects=2, n_trials=2, seconds=60.0)
    folder = write_surrogate("mahnob_continuous", tmp_path / "c", **size)
    planted = np.load(tmp_path / "c.truth" / "cues.npy")
    found = {"mouth": [], "gamma": []}
    for trial in read_mahnob_continuous(folder):
        person, clip = int(trial.subject[1:]) - 1, int(trial.trial) - 101
        cues, times = planted[person, :, clip, :240], step_times(240, 4.0)
        faces = cut_faces(trial.signals["face"].frames(times), times).pixels
        bends = [bend(face) for face in faces]
        found["mouth"].append(np.corrcoef(bends, cues[0])[0, 1])
        share = eeg_steps(trial, 240, "welch").reshape(240, 6, 32)
        at_t7 = np.log(share[:, 5, trial.signals["eeg"].ch_names.index("T7")])
        found["gamma"].append(np.corrcoef(at_t7, cues[5])[0, 1])
    assert np.mean(found["mouth"]) > 0.6 and np.mean(found["gamma"]) > 0.4, found


@pytest.fixture(scope="module")
def ceiling(written, truth):
    """Return a function: effect, modalities -> PCC of the observer on 24 people."""
    size = dict(n_subjects=24, n_trials=8, seconds=80.0, holds="features", seed=3)

    def score(effect, *modalities):
        folder = written("mahnob_continuous", **size, effect=effect)
        noted, planted = truth(folder)
        rows = product(noted["subjects"], noted["trials"])
        meta = pd.DataFrame(rows, columns=["subject", "trial"])
        told = ceiling_traces(truth_folder(folder), meta, modalities=modalities)
        labels = continuous.label(planted["z"])[..., :N_STEPS]
        return np.corrcoef(np.concatenate(told), labels.ravel())[0, 1]

    return score


def test_ceilings_are_those_that_were_said_before_and_fall_with_the_effect(ceiling):
    said = {"face eeg": 0.79, "face": 0.75, "eeg": 0.67, "muscle": 0.58, "cortex": 0.48}
    found = {name: ceiling(1.0, *name.split()) for name in said}
    assert found == pytest.approx(said, abs=0.08)
    both, face, eeg, *parts = found.values()
    assert both > face > eeg > max(parts)
    half, none = ceiling(0.5, "face", "eeg"), ceiling(0.0, "face", "eeg")
    assert both > half + 0.1 and half > 0.3 and abs(none) < 0.1


def test_all_239_trials_are_written_where_all_are_asked_for():
    assert sum(RATED.values()) == 239 and len(RATED) == 24
    assert [*RATED][-1] == 30 and not {9, 11, 12, 15, 17, 26} & {*RATED}


def test_drawn_expressions_show_nobody_of_a_corpus():
    shapes = draw_expressions(0).shapes
    rngs = [generator(0, "mahnob_continuous", "face", n) for n in range(1, 25)]
    own = np.stack([draw_identity(rng).shape for rng in rngs])
    apart = np.abs(shapes[:, None] - own).max(axis=2)
    assert apart.min() > 0.1 and len(np.unique(shapes.round(6), axis=0)) == 200
