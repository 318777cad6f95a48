import numpy as np
import pytest

from emolib.surrogates.affect import simulate_subject, stimuli
from emolib.surrogates.amigos import amigos_design
from emolib.surrogates.design import Knobs
from emolib.surrogates.dreamer import dreamer_design
from emolib.surrogates.ratings import scored_moments
from emolib.surrogates.sizes import PARAMETERS
from emolib.surrogates.streams import generator
from emolib.surrogates.traces import one_pole


@pytest.fixture(scope="module")
def dreamer():
    return [simulate_subject(dreamer_design(), Knobs(), s + 1) for s in range(24)]


@pytest.fixture(scope="module")
def amigos():
    return [simulate_subject(amigos_design(), Knobs(seed=2), s + 1) for s in range(40)]


def test_a_stream_never_consumes_the_numbers_of_another():
    first = generator(0, "dreamer", "latents", 1, 1).standard_normal(5)
    generator(0, "dreamer", "eeg", 1, 1).standard_normal(1000)
    again = generator(0, "dreamer", "latents", 1, 1).standard_normal(5)
    assert np.array_equal(first, again)
    for other in (
        generator(1, "dreamer", "latents", 1, 1),
        generator(0, "amigos", "latents", 1, 1),
        generator(0, "dreamer", "ratings", 1, 1),
        generator(0, "dreamer", "latents", 2, 1),
        generator(0, "dreamer", "latents", 1, 2),
    ):
        assert not np.isclose(first, other.standard_normal(5)).any()


def test_the_latent_is_zero_before_onset_and_reaches_unit_variance(dreamer):
    z = np.stack([s.z for s in dreamer])
    assert (z[..., :245] == 0).all()
    late = z[:, :, :2, 245 + 160 :]
    assert late.std() == pytest.approx(1.0, abs=0.05)
    assert abs(late.mean()) < 0.1


def test_valence_of_drawn_stimuli_is_orthogonal_to_arousal():
    m = stimuli(amigos_design(), seed=5)[:16]
    np.testing.assert_allclose(m.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(m.std(axis=0), 1)
    assert m[:, 0] @ m[:, 1] == pytest.approx(0, abs=1e-9)


def test_published_clip_means_keep_their_correlation():
    m = stimuli(dreamer_design(), seed=5)
    assert np.corrcoef(m[:, 0], m[:, 1])[0, 1] == pytest.approx(-0.13, abs=0.01)
    assert np.array_equal(m[:, :2], stimuli(dreamer_design(), seed=6)[:, :2])


def test_zeta_has_the_variance_the_model_gives_it(amigos):
    zeta = np.stack([s.zeta[:16] for s in amigos])
    assert zeta.std() == pytest.approx(np.sqrt(1.09), abs=0.06)
    bias = np.stack([s.bias for s in amigos])
    assert bias.std() == pytest.approx(0.30, abs=0.05)


def test_the_scored_mean_has_its_theoretical_spread():
    sd, weight = scored_moments((0.0, 60.0), (0.3, 0.3, 0.4))
    subjects = [
        simulate_subject(amigos_design(), Knobs(seed=s), 1, parameters=PARAMETERS[:1])
        for s in range(60)
    ]
    means = np.stack([s.z[:16, :2, 20 : 20 + 240].mean(-1) for s in subjects])
    assert means.std() == pytest.approx(sd, rel=0.05)
    assert weight == pytest.approx(np.sqrt(0.3) * 0.9, abs=0.01)


@pytest.mark.parametrize("knob", ["effect", "signature", "nuisance"])
def test_ratings_do_not_depend_on_effect_signature_or_nuisance(dreamer, knob):
    other = simulate_subject(dreamer_design(), Knobs(**{knob: 0.0}), 3)
    assert np.array_equal(other.ratings, dreamer[2].ratings)
    assert np.array_equal(other.z, dreamer[2].z)
    assert not np.array_equal(other.theta, dreamer[2].theta)


@pytest.mark.parametrize("seconds", [20.0, 66.0, 80.0])
def test_ratings_do_not_depend_on_how_many_seconds_are_written(dreamer, seconds):
    other = simulate_subject(dreamer_design(seconds=seconds), Knobs(), 3)
    assert np.array_equal(other.ratings, dreamer[2].ratings)
    shared = min(other.z.shape[-1], dreamer[2].z.shape[-1])
    assert np.array_equal(other.z[..., :shared], dreamer[2].z[..., :shared])


def test_without_effect_signals_know_nothing_of_the_latent(dreamer):
    quiet = [
        simulate_subject(dreamer_design(), Knobs(effect=0.0), s + 1) for s in range(24)
    ]
    z = np.concatenate([s.z[:, 1, 245:].mean(-1) for s in quiet])
    rate = np.concatenate([_centred(s.trace("heart_rate")[:, 245:]) for s in quiet])
    assert abs(np.corrcoef(z, rate)[0, 1]) < 0.12
    planted = np.concatenate(
        [_centred(s.trace("heart_rate")[:, 245:]) for s in dreamer]
    )
    assert np.corrcoef(z, planted)[0, 1] > 0.5


def _centred(trace):
    means = trace.mean(axis=-1)
    return means - means.mean()


def test_without_signature_subjects_and_trials_are_exchangeable():
    calm = Knobs(effect=0.0, signature=0.0, nuisance=0.0)
    subjects = [simulate_subject(dreamer_design(), calm, s + 1) for s in range(8)]
    rates = np.stack([s.trace("heart_rate").mean(-1) for s in subjects])
    assert rates.std() < 0.8
    assert rates.mean() == pytest.approx(72, abs=0.3)


def test_signatures_have_their_sizes():
    knobs = Knobs(effect=0.0, nuisance=0.0)
    subjects = [simulate_subject(dreamer_design(), knobs, s + 1) for s in range(56)]
    level = np.stack([s.theta.mean(-1) for s in subjects])
    between = level.mean(axis=1).std(axis=0)
    wanted = np.array([p.subject for p in PARAMETERS])
    np.testing.assert_allclose(between, wanted, rtol=0.35)
    alpha = [i for i, p in enumerate(PARAMETERS) if p.group == "posterior_alpha"]
    shared = np.corrcoef(level.mean(axis=1)[:, alpha].T)
    assert shared[np.triu_indices(7, 1)].mean() == pytest.approx(0.5, abs=0.15)


def test_dreamer_ratings_are_integers_with_the_published_priors(dreamer):
    ratings = np.stack([s.ratings for s in dreamer])
    assert set(np.unique(ratings)) <= {1, 2, 3, 4, 5}
    high = (ratings > 3).mean(axis=(0, 1))
    assert high[0] == pytest.approx(0.36, abs=0.05)
    assert high[1] == pytest.approx(0.41, abs=0.05)


def test_dreamer_clips_are_rated_as_published(dreamer):
    published = [3.17, 3.04, 4.57, 2.04, 3.22, 2.70, 4.52, 1.35, 1.39, 2.17, 3.96,
                 3.96, 4.39, 2.35, 2.48, 3.65, 1.52, 2.65]  # fmt: skip
    mean = np.stack([s.ratings[:, 0] for s in dreamer]).mean(axis=0)
    assert np.abs(mean - published).max() < 0.65
    assert np.corrcoef(mean, published)[0, 1] > 0.95


def test_amigos_ratings_are_real_with_the_wanted_priors(amigos):
    ratings = np.stack([s.ratings[:16] for s in amigos])
    assert ratings.min() >= 1
    assert ratings.max() <= 9
    assert len(np.unique(ratings)) > 1000
    high = (ratings > 5).mean(axis=(0, 1))
    assert high[0] == pytest.approx(0.56, abs=0.05)
    assert high[1] == pytest.approx(0.81, abs=0.05)


def test_one_or_two_trials_can_be_drawn():
    for n_trials in (1, 2):
        for design in (dreamer_design, amigos_design):
            subject = simulate_subject(design(n_trials=n_trials), Knobs(), 1)
            assert np.isfinite(subject.theta).all()


def test_a_knob_out_of_range_says_so():
    with pytest.raises(ValueError, match=r"effect must be in \[0.0, 10.0\]; got -1"):
        Knobs(effect=-1)
    with pytest.raises(ValueError, match="seed must be a whole number"):
        Knobs(seed=0.5)
    with pytest.raises(ValueError, match="seed must be in"):
        Knobs(seed=-3)


def test_every_loading_is_recovered_within_a_fifth():
    """Effect 1 minus effect 0 at the same seed leaves affect's part alone."""
    above, below = 0, 0
    for s in range(24):
        on, off = (
            simulate_subject(dreamer_design(), Knobs(effect=e), s + 1) for e in (1, 0)
        )
        moved = (on.theta - off.theta)[..., 245:]
        z = np.stack(
            [one_pole(on.z[:, :2].swapaxes(1, 2), p.lag_s) for p in PARAMETERS]
        )[:, :, 245:]
        above = above + np.einsum("pktj,kpt->pj", z, moved)
        below = below + np.einsum("pkti,pktj->pij", z, z)
    slopes = np.linalg.solve(below, above[..., None])[..., 0]
    wanted = np.array([(p.valence, p.arousal) for p in PARAMETERS])
    np.testing.assert_allclose(slopes, wanted, rtol=0.2, atol=0.02)
