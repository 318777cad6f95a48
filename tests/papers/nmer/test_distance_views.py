"""How far noise moves a vector, by formula and on data."""

import numpy as np

from emolib.corruptions.noise_levels import exact_alpha_bar
from emolib.papers.nmer.distance_views import distance_frames, expected_distance

DBS = (-10.0, -20.0, -30.0, -40.0)


def test_the_distance_of_one_step_ends_at_the_root_of_two():
    kept = np.array([exact_alpha_bar(db, 1.0) for db in DBS])
    found = expected_distance(kept)
    np.testing.assert_allclose(found, [1.182, 1.342, 1.392, 1.407], atol=1e-3)
    np.testing.assert_allclose(found, np.sqrt(2 - 2 * np.sqrt(kept)))
    assert expected_distance(0.0) == np.sqrt(2) and expected_distance(1.0) == 0
    x, noise = np.random.default_rng(0).normal(size=(2, 200_000))
    moved = np.sqrt(np.mean((0.4 * 3 * x - 3 * x + np.sqrt(1 - 0.16) * noise) ** 2))
    np.testing.assert_allclose(expected_distance(0.16, power=9.0), moved, rtol=0.01)


def test_measured_distances_lie_on_the_formula():
    rng = np.random.default_rng(0)
    n, s, d = 200, 9, 40
    x = {"audio": rng.normal(size=(n, s, d)).astype(np.float32)}
    lengths = {"audio": np.full(n, s)}
    frame, curve = distance_frames(x, lengths, {"audio": 1.0}, dbs=DBS)
    assert list(frame["kind"][:2]) == ["one step", "time average"]
    for kind, shrunk in (("one step", 1.0), ("time average", np.sqrt(s))):
        mine = frame[frame["kind"] == kind]
        kept = 1 / (1 + 10 ** (-mine["snr_db"] / 10))
        wanted = expected_distance(kept.to_numpy()) / shrunk
        np.testing.assert_allclose(mine["relative"], wanted, rtol=0.03)
    on_curve = np.interp(10.0, -curve["snr_db"], curve["relative"])
    np.testing.assert_allclose(on_curve, 1.182, atol=2e-3)


def test_the_vector_of_one_step_is_a_real_one():
    x = {"text": np.full((2, 5, 3), np.nan, np.float32)}
    x["text"][0, :1], x["text"][1, :4] = 1.0, 2.0
    lengths = {"text": np.array([1, 4])}
    frame, _ = distance_frames(x, lengths, {"text": 1.0}, dbs=(-10.0,))
    assert np.isfinite(frame["relative"]).all()
