"""The latent, its ratings, and the sizes of everything that is planted."""

import numpy as np
import pytest

from emolib.surrogates.affect import simulate_subject, stimuli
from emolib.surrogates.amigos import amigos_design
from emolib.surrogates.deap import deap_design
from emolib.surrogates.design import Knobs, scored_moments
from emolib.surrogates.dreamer import dreamer_design
from emolib.surrogates.mahnob import mahnob_design
from emolib.surrogates.sizes import PARAMETERS
from emolib.surrogates.traces import one_pole

PUBLISHED = [3.17, 3.04, 4.57, 2.04, 3.22, 2.70, 4.52, 1.35, 1.39, 2.17, 3.96, 3.96,
             4.39, 2.35, 2.48, 3.65, 1.52, 2.65]  # fmt: skip


def people(n, design, **knobs):
    return [simulate_subject(design, Knobs(**knobs), s + 1) for s in range(n)]


@pytest.fixture(scope="module")
def dreamer():
    return people(24, dreamer_design())


@pytest.fixture(scope="module")
def amigos():
    return people(40, amigos_design(), seed=2)


def held(subjects, name):
    return np.stack([subject.planted[name] for subject in subjects])


def test_the_latent_is_zero_before_onset_and_reaches_unit_variance(dreamer):
    z = np.stack([subject.z for subject in dreamer])
    assert (z[..., :245] == 0).all()
    late = z[:, :, :2, 245 + 160 :]
    assert late.std() == pytest.approx(1.0, abs=0.05)
    assert abs(late.mean()) < 0.1


def test_stimuli_are_standardised_and_published_clip_means_kept():
    m = stimuli(amigos_design(), seed=5)[:16]
    np.testing.assert_allclose(m.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(m.std(axis=0), 1)
    assert m[:, 0] @ m[:, 1] == pytest.approx(0, abs=1e-9)
    m = stimuli(dreamer_design(), seed=5)
    assert np.corrcoef(m[:, 0], m[:, 1])[0, 1] == pytest.approx(-0.13, abs=0.01)
    assert np.array_equal(m[:, :2], stimuli(dreamer_design(), seed=6)[:, :2])


def test_means_and_zeta_have_the_variance_the_model_gives_them(amigos):
    zeta = held(amigos, "zeta")[:, :16]
    assert zeta.std() == pytest.approx(np.sqrt(1.09), abs=0.06)
    assert held(amigos, "bias").std() == pytest.approx(0.30, abs=0.05)
    sd, weight = scored_moments((0.0, 60.0), (0.3, 0.3, 0.4))
    means = [
        simulate_subject(amigos_design(), Knobs(seed=s), 1, parameters=PARAMETERS[:1])
        .z[:16, :2, 20 : 20 + 240].mean(-1)
        for s in range(60)
    ]  # fmt: skip
    assert np.std(means) == pytest.approx(sd, rel=0.05)
    assert weight == pytest.approx(np.sqrt(0.3) * 0.9, abs=0.01)


@pytest.mark.parametrize("seconds", [20.0, 66.0, 80.0])
def test_ratings_do_not_depend_on_how_many_seconds_are_written(dreamer, seconds):
    other = simulate_subject(dreamer_design(seconds=seconds), Knobs(), 3)
    for name in ("ratings", "zeta", "bias"):
        assert np.array_equal(other.planted[name], dreamer[2].planted[name])
    shared = min(other.z.shape[-1], dreamer[2].z.shape[-1])
    assert np.array_equal(other.z[..., :shared], dreamer[2].z[..., :shared])


def test_signatures_have_their_sizes_and_signature_0_takes_them_away():
    def levels(n, **knobs):
        subjects = people(n, dreamer_design(), effect=0.0, nuisance=0.0, **knobs)
        return np.stack([subject.theta.mean(-1) for subject in subjects])

    level = levels(56)
    wanted = np.array([p.subject for p in PARAMETERS])
    np.testing.assert_allclose(level.mean(axis=1).std(axis=0), wanted, rtol=0.35)
    alpha = [i for i, p in enumerate(PARAMETERS) if p.group == "posterior_alpha"]
    shared = np.corrcoef(level.mean(axis=1)[:, alpha].T)
    assert shared[np.triu_indices(7, 1)].mean() == pytest.approx(0.5, abs=0.15)
    names = [p.name for p in PARAMETERS]
    rates = levels(8, signature=0.0)[..., names.index("heart_rate")]
    assert rates.std() < 0.8
    assert rates.mean() == pytest.approx(72, abs=0.3)


def test_ratings_have_the_scales_and_priors_of_the_corpora(dreamer, amigos):
    ratings = held(dreamer, "ratings")
    assert set(np.unique(ratings)) <= {1, 2, 3, 4, 5}
    high = (ratings > 3).mean(axis=(0, 1))
    np.testing.assert_allclose(high[:2], [0.36, 0.41], atol=0.05)
    mean = ratings[..., 0].mean(axis=0)
    assert np.abs(mean - PUBLISHED).max() < 0.65
    assert np.corrcoef(mean, PUBLISHED)[0, 1] > 0.95
    short = held(amigos, "ratings")[:, :16]
    deap, mahnob = (
        held(people(20, design), "ratings")
        for design in (deap_design(), mahnob_design(seconds=40.0))
    )
    assert len(np.unique(short)) > 1000
    priors = [0.56, 0.81], [0.57, 0.59], [0.45, 0.42]
    for ratings, prior in zip((short, deap, mahnob), priors, strict=True):
        assert ratings.min() >= 1 and ratings.max() <= 9
        high = (ratings > 5).mean(axis=(0, 1))
        np.testing.assert_allclose(high[:2], prior, atol=0.05)


def test_every_loading_is_recovered_within_a_fifth():
    """Effect 1 minus effect 0 at the same seed leaves affect's part alone."""
    above, below = 0, 0
    for s in range(24):
        on, off = (
            simulate_subject(dreamer_design(), Knobs(effect=e), s + 1) for e in (1, 0)
        )
        moved = (on.theta - off.theta)[..., 245:]
        z = on.z[:, :2].swapaxes(1, 2)
        z = np.stack([one_pole(z, p.lag_s) for p in PARAMETERS])[:, :, 245:]
        above = above + np.einsum("pktj,kpt->pj", z, moved)
        below = below + np.einsum("pkti,pktj->pij", z, z)
    slopes = np.linalg.solve(below, above[..., None])[..., 0]
    wanted = np.array([(p.valence, p.arousal) for p in PARAMETERS])
    np.testing.assert_allclose(slopes, wanted, rtol=0.2, atol=0.02)
