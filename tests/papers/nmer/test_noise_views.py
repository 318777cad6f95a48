"""The frames behind the pictures of the noise scheduler."""

import numpy as np
import pytest

from emolib.papers.nmer import noise_views

MOSEI = {"audio": 150.8, "visual": 2.204, "text": 0.03}


def utterances(n=12, s=9, d=30, seed=0):
    rng = np.random.default_rng(seed)
    x = {"audio": rng.normal(size=(n, s, d)).astype(np.float32)}
    x["text"] = 7 + 0.2 * rng.normal(size=(n, s, 2 * d)).astype(np.float32)
    lengths = {m: rng.integers(3, s + 1, n) for m in x}
    lengths["text"][0] = 0
    return x, lengths


def test_the_schedule_holds_the_printed_triple_on_its_curve():
    betas, curves, chosen = noise_views.schedule_frames(MOSEI)
    first = chosen[chosen["asked_db"] == -10].set_index("name")["n_steps"]
    assert first.to_dict() == {"audio": 140, "visual": 60, "text": 5}
    on_curve = chosen.merge(curves, on=["name", "n_steps"], validate="one_to_one")
    np.testing.assert_allclose(on_curve["snr_db"], on_curve["nominal_db"])
    assert sorted(betas["n_steps"].unique()) == [46, 88, 132, 176]
    assert betas.groupby("n_steps")["beta"].max().eq(0.1).all()


def test_a_louder_modality_hears_the_released_noise_as_softer():
    released = noise_views.released_frame({"one": 1.0, "ten": 10.0})
    one, ten = (released.loc[released["name"] == n, "snr_db"] for n in ("one", "ten"))
    assert len(one) == 100
    np.testing.assert_allclose(ten.to_numpy() - one.to_numpy(), 10.0)


def test_an_example_is_what_is_left_plus_what_its_noise_adds():
    frame = noise_views.example_frame(np.sin(np.arange(40.0)), dbs=(-10.0,))
    assert list(frame["noise"].unique()) == ["Gaussian", "Impulse"]
    assert list(frame["level"].unique()) == ["clean", "−10 dB"]
    clean = frame[frame["level"] == "clean"]
    np.testing.assert_array_equal(clean["clean"], clean["noisy"])
    assert clean["clean"].std(ddof=0) == pytest.approx(1)
    hit = frame[(frame["noise"] == "Impulse") & (frame["level"] != "clean")]
    added = (hit["noisy"] - hit["clean"]).abs().round(9)
    assert added.nunique() == 2 and added.min() == 0
    assert hit["nominal_db"].iloc[0] == pytest.approx(-4.83, abs=0.05)


def test_maps_pair_utterances_that_have_every_modality():
    x, lengths = utterances()
    variances = {"audio": 1.0, "text": 0.04}
    points, distances = noise_views.map_frames(
        x, lengths, variances, dbs=(-10.0, -40.0), n_pairs=11
    )
    counts = points.groupby(["name", "asked_db", "kind"]).size()
    assert (counts == 11).all() and len(counts) == 8
    far = distances.pivot(index="name", columns="asked_db", values="distance")
    assert (far[-40.0] > far[-10.0]).all()
    # the mean of 7 is no signal, yet Eq. (3) shrinks it too: most of the way
    left = (1e-4 / (1e-4 + 0.04)) ** 0.5
    assert far.loc["text", -40.0] == pytest.approx((1 - left) * 7 * 60**0.5, rel=0.02)
    with pytest.raises(ValueError, match=r"n_pairs must be in \[2, 11\]; got 12"):
        noise_views.map_frames(x, lengths, variances, n_pairs=12)
