"""How well an ideal observer can do on utterances of which some modalities are noisy.

Every modality gives a noisy reading of the same few axes of affect. A matched filter
over the frames (gate and directions known) recovers it with an error that is known,
too: smaller for long and wide sequences, larger for noisy ones. The ideal observer
weighs the readings by their reliability, multiplies by the prior and takes the class
with the largest posterior. What is absent, or hopelessly noisy, gets no weight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from scipy.special import ndtr, softmax

from emolib.checks import check_keys, check_option
from emolib.containers import MODALITIES_AVL
from emolib.surrogates import sizes
from emolib.surrogates.files import read_truth
from emolib.surrogates.sizes import Plan, Sentiment
from emolib.surrogates.traces import generator
from emolib.surrogates.utterances import emotions, sentiment

LETTERS = dict(zip("avl", MODALITIES_AVL, strict=True))
ABSENT = None
CLEAN_DB = np.inf


def utterance_ceiling(
    truth_folder: str | Path, meta, *, noisy: Mapping[str, float | None] | None = None,
    positive: str = "at_least_0", best_for: str = "wa", seed: int = 0,
) -> np.ndarray:  # fmt: skip
    """Return what an ideal observer says about utterances of a written surrogate.

    Paper 3, Section 3. The observer knows how the corpus was made, how long each
    utterance is and how noisy each modality; not who speaks. It sees what a matched
    filter recovers of the stored readings.

    Parameters
    ----------
    truth_folder : path
        The folder `<corpus>.truth` that the writer left beside the corpus.
    meta : DataFrame
        Column trial, a row per utterance.
    noisy : mapping of modality to float or None
        The SNR in dB of what has Gaussian noise (the one it has, not the one asked
        for); None where the modality is absent. Those that are not named are clean.
        Impulses of one size can be seen and subtracted: only clean is a bound there.
    positive : {'at_least_0', 'above_0'}
        Which labels of sentiment are the second class; without meaning for emotions.
    best_for : {'wa', 'ua'}
        What the answer of the largest score maximises: accuracy, or the mean recall of
        the classes, for which they count as equally likely.
    seed : int
        Of the observer's own errors; the same for every SNR, so that scores at two of
        them differ by the noise alone.

    Returns
    -------
    scores : ndarray, shape (n, n_classes)
        Posterior of each class, under equal shares of the classes where `best_for` is
        'ua': IEMOCAP's four in the order of the labels; for sentiment,
        negative and positive.

    Raises
    ------
    ValueError
        For an unknown modality, or an utterance that the corpus does not have.
    """
    truth = read_truth(truth_folder)
    rows, noted = truth.places("trials", meta["trial"]), truth.parameters
    corpus = noted["corpus"]
    check_option("corpus", corpus, tuple(sizes.PLANS), "Only these have utterances.")
    plan = sizes.PLANS[corpus]
    if corpus != "iemocap":
        plan = sizes.sentiment_plan(corpus, noted["package"].split("_")[0])
    readings, energy = truth["readings"], np.asarray(truth["energy"])
    rng = generator(noted["seed"], corpus, "observer", seed)
    errors = rng.standard_normal((2, *readings.shape))[:, rows]

    def seen(k: int, name: str, power: float):
        power = noted["variance"][name] * power
        return readings[rows, k], energy[rows, k], power, errors[:, :, k]

    shape, knobs = (len(rows), plan.n_axes), (noted["effect"], noted["signature"])
    evidence = _evidence(plan, noisy, seen, shape, *knobs)
    return posteriors(corpus, evidence, positive, best_for)


def model_scores(
    corpus: str, noisy: Mapping[str, float | None] | None = None, *,
    positive: str = "at_least_0", best_for: str = "wa", n: int = 40_000, seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return labels and posteriors of n utterances drawn from the model itself.

    Each modality has its usual length, effect and signature are 1. Parameters are those
    of `utterance_ceiling`.

    Returns
    -------
    y_true : ndarray of int, shape (n,)
    scores : ndarray, shape (n, n_classes)
    """
    check_option("corpus", corpus, tuple(sizes.PLANS), "Only these have utterances.")
    plan = sizes.PLANS[corpus]
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(n,)))
    u, y_true = _draw(corpus, n, rng, positive)
    own = {name: rng.standard_normal((3, *u.shape)) for name in MODALITIES_AVL}

    def seen(k: int, name: str, power: float):
        carrier, (normal, *errors) = plan.carriers[name], own[name]
        noise = np.sqrt(plan.noise_variance(name, 1.0)) * normal
        reading = np.array(carrier.weights) * u + noise
        return reading, np.full(n, carrier.n_steps), power, np.array(errors)

    evidence = _evidence(plan, noisy, seen, u.shape, 1.0, 1.0)
    return y_true, posteriors(corpus, evidence, positive, best_for)


def _draw(corpus: str, n: int, rng, positive: str) -> tuple[np.ndarray, np.ndarray]:
    """Return affect u (n, n_axes) and class (n,) of n utterances."""
    if corpus == "iemocap":
        share = np.cumsum(sizes.EMOTION_COUNTS) / np.sum(sizes.EMOTION_COUNTS)
        y = np.searchsorted(share, rng.random(n), side="right")
        return emotions(y, rng), y
    chance, normal = rng.random(n), rng.standard_normal((n, 2))
    _, label, u = sentiment(sizes.SENTIMENTS[corpus], chance, normal)
    is_positive = label >= 0 if positive == "at_least_0" else label > 0
    return u, is_positive.astype(int)


def in_condition(
    condition: str, db: float | None, modalities: str = "avl"
) -> dict[str, float | None]:
    """Return the states for one condition: its own modalities clean, others at `db`.

    Parameters
    ----------
    condition : str
        Letters of the clean modalities, as in ``"av"``; ``"none"`` or an empty text:
        all are noisy.
    db : float or None
        SNR of the others; None ignores them.
    modalities : str
        Letters of those that exist at all; the rest is absent.
    """
    clean = "" if condition == "none" else condition
    states = {LETTERS[k]: db for k in modalities if k not in clean}
    return states | {name: ABSENT for k, name in LETTERS.items() if k not in modalities}


def _evidence(
    plan: Plan, noisy: Mapping[str, float | None] | None, seen: Callable,
    shape: tuple[int, int], effect: float, signature: float,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return what all readings say together about u, each weighed by its reliability.

    Parameters
    ----------
    seen : function
        From a modality's number, its name and the added noise's power (in units of
        the frames' variance) to readings (n, n_axes), the sum of the squared gate over
        the frames that are there (n,), the power as it is, and two standard normals
        (2, n, n_axes): of the frames' own white noise, and of the added noise.

    Returns
    -------
    precision, pull : ndarray, shape (n, n_axes)
        Zero where nothing is known; precision times the estimate of u.
    """
    noisy = dict(noisy or {})
    check_keys("modality", noisy, MODALITIES_AVL)
    precision, pull = np.zeros(shape), np.zeros(shape)
    for k, name in enumerate(MODALITIES_AVL):
        db = noisy.get(name, CLEAN_DB)
        if db is ABSENT:
            continue
        reading, energy, power, errors = seen(k, name, 10 ** (-db / 10))
        reading, error = _matched(plan, name, reading, energy, power, errors)
        noise = plan.noise_variance(name, signature) + error
        loading = effect * np.array(plan.carriers[name].weights)
        precision = precision + loading**2 / noise
        pull = pull + loading * reading / noise
    return precision, pull


def _matched(plan: Plan, name: str, reading, energy, power: float, errors):
    """Return what a matched filter recovers of a reading, and its error's variance.

    The variance is infinite where no frame is there.
    """
    known = plan.gain(name) ** 2 * np.asarray(energy, float)[:, None]
    is_seen = known > 0
    variances = np.array([plan.white_share, power])[:, None, None]
    variances = variances / np.where(is_seen, known, 1.0)
    reading = reading + (np.sqrt(variances) * errors).sum(axis=0)
    return reading, np.where(is_seen, variances.sum(axis=0), np.inf)


def posteriors(
    corpus: str, evidence: tuple[np.ndarray, np.ndarray],
    positive: str = "at_least_0", best_for: str = "wa",
) -> np.ndarray:  # fmt: skip
    """Return the posterior of each class (n, n_classes), from precision and pull."""
    check_option("positive", positive, ("at_least_0", "above_0"))
    check_option("best_for", best_for, ("wa", "ua"))
    if best_for == "ua":
        nothing = np.zeros((1, evidence[0].shape[1]))
        scores = posteriors(corpus, evidence, positive)
        scores = scores / posteriors(corpus, (nothing, nothing), positive)
        return scores / scores.sum(axis=1, keepdims=True)
    if corpus == "iemocap":
        return _emotion_posteriors(*evidence)
    is_with_zero = positive == "at_least_0"
    return _sentiment_posteriors(sizes.SENTIMENTS[corpus], *evidence, is_with_zero)


def _emotion_posteriors(precision: np.ndarray, pull: np.ndarray) -> np.ndarray:
    """Return P(class | readings); u is normal about its class's centre.

    With precision p and pull h, the estimate h/p is normal about the centre with
    variance EMOTION_SD² + 1/p; what does not depend on the class is left out.
    """
    centre = np.array(sizes.EMOTION_CENTRES)
    p, h = precision[:, None], pull[:, None]
    against = (p * centre**2 - 2 * h * centre) / (1 + sizes.EMOTION_SD**2 * p)
    prior = np.log(np.array(sizes.EMOTION_COUNTS) / sum(sizes.EMOTION_COUNTS))
    return softmax(prior - against.sum(axis=-1) / 2, axis=1)


def _sentiment_posteriors(
    law: Sentiment, precision: np.ndarray, pull: np.ndarray, is_with_zero: bool
) -> np.ndarray:
    """Return P(negative), P(positive): of neutral utterances, and of all others."""
    p = np.maximum(precision[:, 0], 1e-12)
    estimate = law.centre + law.unit * pull[:, 0] / p
    error, spread = law.unit**2 / p, law.spread**2
    like = np.stack([_normal(estimate, 0.0, error),
                     _normal(estimate, law.level, error + spread)])  # fmt: skip
    share = np.array([law.neutral_share, 1 - law.neutral_share])[:, None]
    neutral, other = share * np.exp(like - like.max(axis=0))
    trust = spread / (spread + error)
    mean = law.level + trust * (estimate - law.level)
    left = np.sqrt(spread * (1 - trust) + law.rating_sd**2)
    edge = -law.grid / 2 if is_with_zero else law.grid / 2
    high = neutral * is_with_zero + other * ndtr((mean - edge) / left)
    high = high / (neutral + other)
    return np.stack([1 - high, high], axis=1)


def _normal(x, mean, variance) -> np.ndarray:
    """Return the logarithm of a normal density, up to a constant."""
    return -((x - mean) ** 2) / (2 * variance) - np.log(variance) / 2
