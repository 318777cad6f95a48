"""Which modalities are missing: exact rates, one that stays, three readings."""

import numpy as np
import pytest
import torch

from emolib.corruptions import presence

WHOLE = np.ones((600, 5), bool)
TRIALS = np.repeat(np.arange(20), 30)


def drawn(rate, *, available=WHOLE, seed=0, reading="modalities"):
    more = {"reading": reading, "trials": TRIALS if reading == "gaps" else None}
    return presence.draw_presence(available, rate, seed=seed, **more)


@pytest.mark.parametrize("reading", ["modalities", "gaps"])
@pytest.mark.parametrize("rate", [0, 0.1, 0.3, 0.5, 0.7])
def test_the_rate_is_exact_and_one_modality_stays(rate, reading):
    present = drawn(rate, reading=reading)
    assert (~present).sum() == round(rate * present.size)
    assert presence.realised_rate(present, WHOLE) == pytest.approx(rate)
    assert present.any(axis=1).all()
    missing = 1 - present.mean(axis=0)
    assert np.abs(missing - rate).max() < (0.06 if reading == "modalities" else 0.15)


def test_more_than_all_but_one_cannot_be_hidden_and_the_realised_rate_says_so():
    present = drawn(0.7, available=WHOLE[:, :2])
    assert (present.sum(axis=1) == 1).all()
    assert presence.realised_rate(present, WHOLE[:, :2]) == 0.5


@pytest.mark.parametrize("reading", presence.READINGS)
def test_equal_arguments_draw_alike_and_others_do_not(reading):
    first, again = drawn(0.3, reading=reading), drawn(0.3, reading=reading)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, drawn(0.3, seed=1, reading=reading))


def test_what_was_never_recorded_is_not_hidden_but_missing():
    rng = np.random.default_rng(0)
    available = rng.random((600, 5)) > 0.2
    available[:, 2] |= ~available.any(axis=1)
    for reading in presence.READINGS:
        present = drawn(0.5, available=available, reading=reading)
        assert not (present & ~available).any() and present.any(axis=1).all()
    present = drawn(0.5, available=available)
    assert presence.realised_rate(present, available) == pytest.approx(0.5, abs=1e-3)


def test_the_fraction_of_incomplete_samples_is_the_rate():
    present = drawn(0.4, reading="samples")
    n_lost = (~present).sum(axis=1)
    assert (n_lost > 0).sum() == 240
    assert set(n_lost) == {0, 1, 2, 3, 4}


def test_gaps_are_runs_of_windows_within_a_trial():
    def n_changes(present):
        steps = present.reshape(20, 30, 5)
        return (steps[:, 1:] != steps[:, :-1]).sum()

    assert n_changes(drawn(0.3, reading="gaps")) < 0.5 * n_changes(drawn(0.3))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rate": 1.0}, r"rate must be in \[0, 1\); got 1.0. At 1.0 no modality is"),
        ({"reading": "time"}, "reading must be one of 'modalities'"),
        ({"trials": TRIALS}, "trials must be given with reading='gaps' and only there"),
        ({"available": WHOLE & False}, "available must hold a modality of each"),
    ],
)
def test_what_cannot_be_drawn_is_one_clear_error(change, words):
    with pytest.raises(ValueError, match=words):
        presence.draw_presence(**{"available": WHOLE, "rate": 0.3, "seed": 0, **change})


def test_hidden_values_are_nan_and_the_original_stays():
    x = {"eeg": np.ones((4, 2, 3)), "gsr": np.ones((4, 2))}
    present = np.array([[1, 1], [0, 1], [1, 0], [1, 1]], bool)
    hidden = presence.hide(x, present)
    assert np.isnan(hidden["eeg"][1]).all() and np.isnan(hidden["gsr"][2]).all()
    assert np.isfinite(hidden["eeg"][[0, 2, 3]]).all()
    assert np.isfinite(x["eeg"]).all()


def test_a_method_drops_more_but_never_the_last():
    generator = torch.Generator().manual_seed(0)
    present = torch.rand(5000, 4, generator=generator) > 0.4
    present[:, 1] |= ~present.any(1)
    kept = presence.drop_modalities(present, 0.3, generator)
    assert kept.any(1).all() and not (kept & ~present).any()
    whole = torch.ones(20_000, 5, dtype=torch.bool)
    left = presence.drop_modalities(whole, 0.3, generator).float().mean()
    assert float(left) == pytest.approx(0.7 + 0.3 / 5, abs=0.01)
    assert torch.equal(presence.drop_modalities(present, 0.0, generator), present)
    assert (presence.drop_modalities(present, 1.0, generator).sum(1) == 1).all()
