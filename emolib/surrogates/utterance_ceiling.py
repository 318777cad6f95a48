"""How well an ideal observer can do on utterances of which some modalities are noisy.

Every modality gives a noisy reading of the same few axes of affect. A matched filter
over the frames (gate and directions known) recovers it with an error that is known,
too: smaller for long and wide sequences, larger for noisy ones. The ideal observer
weighs the readings by their reliability, multiplies by the prior and takes the class
with the largest posterior. What is absent, or hopelessly noisy, gets no weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from emolib.checks import check_keys, check_option
from emolib.containers import MODALITIES_AVL
from emolib.surrogates import utterance_sizes as sizes
from emolib.surrogates.streams import generator
from emolib.surrogates.truth import Truth, read_truth
from emolib.surrogates.utterance_latents import draw_latents
from emolib.surrogates.utterance_observer import Evidence, posteriors, recover
from emolib.surrogates.utterance_sizes import Plan

LETTERS = dict(zip("avl", MODALITIES_AVL, strict=True))
ABSENT = None


def utterance_ceiling(
    truth_folder: str | Path, meta, *, noisy: Mapping[str, float | None] | None = None,
    positive: str = "at_least_0", seed: int = 0,
) -> np.ndarray:  # fmt: skip
    """Return what an ideal observer says about utterances of a written surrogate.

    Paper 3, Section 3. The observer knows how the corpus was made, how long each
    utterance is and how noisy each modality; not who speaks. It sees what a matched
    filter recovers of the stored readings.

    Parameters
    ----------
    truth_folder : path
        The folder `<corpus>.truth` that the writer left beside the corpus.
    meta : DataFrame or sequence of str
        Columns subject and trial, a row per utterance; or the names of trials.
    noisy : mapping of modality to float or None
        The SNR in dB of what has noise (the one it has, not the one asked for); None
        where the modality is absent. Those that are not named are clean.
    positive : {'at_least_0', 'above_0'}
        Which labels of sentiment are the second class; without meaning for emotions.
    seed : int
        Of the observer's own errors; the same for every SNR, so that scores at two of
        them differ by the noise alone.

    Returns
    -------
    scores : ndarray, shape (n, n_classes)
        Posterior of each class: IEMOCAP's four in the order of the labels; for
        sentiment, negative and positive.

    Raises
    ------
    ValueError
        For an unknown modality, or an utterance that the corpus does not have.
    """
    truth = read_truth(Path(truth_folder))
    plan, rows = _plan(truth), _rows(truth, meta)
    noisy = _checked(noisy)
    signature, effect = (truth.parameters[k] for k in ("signature", "effect"))
    energy = np.asarray(truth["energy"])
    readings, rng = truth["readings"], _observer(truth, seed)
    errors = rng.standard_normal((2, *readings.shape))[:, rows]
    evidence = Evidence.none(len(rows), plan.n_axes)
    for k, name in enumerate(MODALITIES_AVL):
        if noisy.get(name, 0.0) is ABSENT:
            continue
        power = truth.parameters["variance"][name] * _noise_power(noisy, name)
        seen = recover(plan, name, readings[rows, k], energy[rows, k], power,
                     errors[:, :, k])  # fmt: skip
        evidence = evidence.joined(plan, name, *seen, effect, signature)
    return posteriors(plan.corpus, evidence, positive)


def model_scores(
    corpus: str, noisy: Mapping[str, float | None] | None = None, *,
    positive: str = "at_least_0", n: int = 40_000, effect: float = 1.0,
    signature: float = 1.0, seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return labels and posteriors of n utterances drawn from the model itself.

    Each modality has its usual length. Parameters are those of `utterance_ceiling` and
    of the writers.

    Returns
    -------
    y_true : ndarray of int, shape (n,)
    scores : ndarray, shape (n, n_classes)
    """
    check_option("corpus", corpus, tuple(sizes.PLANS), "Only these have utterances.")
    plan, noisy = sizes.PLANS[corpus], _checked(noisy)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(n,)))
    u, y_true = draw_latents(corpus, n, rng, positive)
    evidence = Evidence.none(n, plan.n_axes)
    for name in MODALITIES_AVL:
        carrier = plan.carriers[name]
        own, errors = rng.standard_normal(u.shape), rng.standard_normal((2, *u.shape))
        if noisy.get(name, 0.0) is ABSENT:
            continue
        sd = np.sqrt(plan.noise_variance(name, signature))
        reading = effect * np.array(carrier.weights) * u + sd * own
        seen = recover(plan, name, reading, np.full(n, carrier.n_steps),
                     _noise_power(noisy, name), errors)  # fmt: skip
        evidence = evidence.joined(plan, name, *seen, effect, signature)
    return y_true, posteriors(corpus, evidence, positive)


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


def _noise_power(noisy: Mapping, name: str) -> float:
    """Return the added noise's power; a clean modality has none."""
    return 10 ** (-noisy[name] / 10) if name in noisy else 0.0


def _checked(noisy: Mapping | None) -> dict:
    noisy = dict(noisy or {})
    check_keys("modality", noisy, MODALITIES_AVL)
    return noisy


def _plan(truth: Truth) -> Plan:
    noted = truth.parameters
    if noted["corpus"] == "iemocap":
        return sizes.IEMOCAP
    check_option("corpus", noted["corpus"], tuple(sizes.PLANS))
    return sizes.sentiment_plan(noted["corpus"], noted["package"].split("_")[0])


def _observer(truth: Truth, seed: int) -> np.random.Generator:
    noted = truth.parameters
    return generator(noted["seed"], noted["corpus"], "observer", seed)


def _rows(truth: Truth, meta) -> np.ndarray:
    """Return the row in the truth of every utterance asked about."""
    known = truth.parameters
    own, asked = known["trials"], meta
    if hasattr(meta, "columns"):
        own = list(zip(known["subjects"], own, strict=True))
        asked = zip(meta["subject"], meta["trial"], strict=True)
    place = {name: row for row, name in enumerate(own)}
    asked = list(asked)
    unknown = [name for name in asked if name not in place]
    if unknown:
        raise ValueError(
            f"meta must name the surrogate's own utterances; got {unknown[:3]}. "
            f"{truth.folder} knows {own[:3]} …"
        )
    return np.array([place[name] for name in asked], int)
