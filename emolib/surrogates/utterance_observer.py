"""What an ideal observer infers from noisy readings of an utterance's affect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, softmax

from emolib.checks import check_option
from emolib.surrogates import utterance_sizes as sizes
from emolib.surrogates.utterance_sizes import Plan, Sentiment


def recover(plan: Plan, name: str, reading, energy, power: float, errors):
    """Return what a matched filter recovers of a reading, and its error's variance.

    Parameters
    ----------
    reading : ndarray, shape (n, n_axes)
    energy : ndarray, shape (n,)
        Sum of the squared gate over the frames that are there; 0: nothing is seen.
    power : float
        Of the added noise, in units of the frames' variance.
    errors : ndarray, shape (2, n, n_axes)
        Standard normals: of the frames' own white noise, and of the added noise.
    """
    known = plan.gain(name) ** 2 * np.asarray(energy, float)[:, None]
    is_seen = known > 0
    variances = np.array([plan.white_share, power])[:, None, None]
    variances = variances / np.where(is_seen, known, 1.0)
    reading = reading + (np.sqrt(variances) * errors).sum(axis=0)
    return reading, np.where(is_seen, variances.sum(axis=0), np.inf)


@dataclass(frozen=True)
class Evidence:
    """What the readings say together about u, per utterance and axis.

    Parameters
    ----------
    precision : ndarray, shape (n, n_axes)
        Zero: nothing is known.
    pull : ndarray, shape (n, n_axes)
        Precision times the estimate of u.
    """

    precision: np.ndarray
    pull: np.ndarray

    @classmethod
    def none(cls, n: int, n_axes: int) -> Evidence:
        """Return the evidence before anything was seen."""
        return cls(np.zeros((n, n_axes)), np.zeros((n, n_axes)))

    def joined(
        self, plan: Plan, name: str, reading: np.ndarray, error: np.ndarray,
        effect: float, signature: float,
    ) -> Evidence:  # fmt: skip
        """Return the evidence with one more modality, weighed by its reliability.

        Parameters
        ----------
        reading : ndarray, shape (n, n_axes)
        error : ndarray, shape (n, 1)
            Variance of the reading's error; infinite where no frame was seen.
        """
        noise = plan.noise_variance(name, signature) + error
        loading = effect * np.array(plan.carriers[name].weights)
        return Evidence(
            self.precision + loading**2 / noise, self.pull + loading * reading / noise
        )


def posteriors(
    corpus: str, evidence: Evidence, positive: str = "at_least_0"
) -> np.ndarray:
    """Return the posterior of each class (n, n_classes).

    Parameters
    ----------
    corpus : str
    evidence : Evidence
    positive : {'at_least_0', 'above_0'}
        Which labels of sentiment are positive.
    """
    check_option("positive", positive, ("at_least_0", "above_0"))
    if corpus == "iemocap":
        return _emotion_posteriors(evidence)
    is_with_zero = positive == "at_least_0"
    return _sentiment_posteriors(sizes.SENTIMENTS[corpus], evidence, is_with_zero)


def _emotion_posteriors(evidence: Evidence) -> np.ndarray:
    """Return P(class | readings); u is normal about its class's centre.

    With precision p and pull h, the estimate h/p is normal about the centre with
    variance EMOTION_SD² + 1/p; what does not depend on the class is left out.
    """
    centre = np.array(sizes.EMOTION_CENTRES)
    p, h = evidence.precision[:, None], evidence.pull[:, None]
    against = (p * centre**2 - 2 * h * centre) / (1 + sizes.EMOTION_SD**2 * p)
    prior = np.log(np.array(sizes.EMOTION_COUNTS) / sum(sizes.EMOTION_COUNTS))
    return softmax(prior - against.sum(axis=-1) / 2, axis=1)


def _sentiment_posteriors(
    law: Sentiment, evidence: Evidence, is_with_zero: bool
) -> np.ndarray:
    """Return P(negative), P(positive): of neutral utterances, and of all others."""
    p = np.maximum(evidence.precision[:, 0], 1e-12)
    estimate = law.centre + law.unit * evidence.pull[:, 0] / p
    error = law.unit**2 / p
    spread = law.spread**2
    like = np.stack([_normal(estimate, 0.0, error),
                     _normal(estimate, law.level, error + spread)])  # fmt: skip
    share = np.array([law.neutral_share, 1 - law.neutral_share])[:, None]
    neutral, other = share * np.exp(like - like.max(axis=0))
    trust = spread / (spread + error)
    mean = law.level + trust * (estimate - law.level)
    left = np.sqrt(spread * (1 - trust) + law.rating_sd**2)
    edge = -law.grid / 2 if is_with_zero else law.grid / 2
    high = (neutral * is_with_zero + other * ndtr((mean - edge) / left)) / (
        neutral + other
    )
    return np.stack([1 - high, high], axis=1)


def _normal(x, mean, variance) -> np.ndarray:
    """Return the logarithm of a normal density, up to a constant."""
    return -((x - mean) ** 2) / (2 * variance) - np.log(variance) / 2
