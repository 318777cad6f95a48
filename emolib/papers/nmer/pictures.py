"""Behind the pictures of paper 3: noisy twins, ideal readers, trained models asked.

Fan et al. 2024 (paper 3), Sections 2.3, 3.1 and 3.5.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module

import numpy as np
import pandas as pd
import torch

from emolib.containers import MODALITIES_AVL
from emolib.corruptions.conditions import ALL_NOISY, CONDITIONS, SIX
from emolib.corruptions.noise_levels import level_for
from emolib.metrics import CLASS_METRICS
from emolib.metrics.distances import time_average
from emolib.papers.nmer.noise import noisy_copy
from emolib.papers.nmer.reading import mean_recall, unpack
from emolib.papers.nmer.training import Task, with_state
from emolib.surrogates.utterance_ceiling import in_condition, model_scores
from emolib.training.predict import predict

DBS = (-10.0, -20.0, -30.0, -40.0)  # Section 3.3


def expected_distance(alpha_bar, power: float = 1.0):
    """Return the distance that Eq. (3) gives one step, over the root of its dimension.

    Paper 3, Eq. (3) and Algorithm 2: a vector x of mean square `power` moves by
    (1 - √ᾱ) x and by √(1 - ᾱ) ε, which are orthogonal on average. With mean square 1
    that is √(2 - 2 √ᾱ), and √2 when nothing of x is left.

    Parameters
    ----------
    alpha_bar : float or ndarray
        ᾱ_T.
    power : float
        Mean square of the features, their means included.
    """
    kept = np.sqrt(alpha_bar)
    return np.sqrt((1 - kept) ** 2 * power + 1 - np.square(kept))


def noisy_twins(
    task: Task, dbs: Sequence[float], *, n_pairs: int = 128, seed: int = 0
) -> Iterator[tuple[dict, dict[str, tuple[np.ndarray, np.ndarray]]]]:
    """Yield vectors of utterances and their noisy twins, by modality and level.

    Paper 3, Section 3.5, Fig. 3: 128 training utterances that lack no modality, the
    same throughout; Gaussian noise on all their real steps.

    Parameters
    ----------
    task : Task
    dbs : sequence of float
    n_pairs : int
        So many utterances, or all that are whole.

    Yields
    ------
    known : dict
        name (of the modality), asked_db, snr_db (nominal).
    vectors : dict of str to (original, noisy), shape (n_pairs, d) each
        What may stand for a sequence, which the paper does not say: its "time average",
        or "one step" in its middle.
    """
    lengths = [task.windows.lengths[m][task.fold.train] for m in MODALITIES_AVL]
    whole = task.fold.train[np.all(np.array(lengths) > 0, axis=0)]
    rows = np.sort(np.random.default_rng(seed).permutation(whole)[:n_pairs])
    arrays = task.arrays(rows)
    for name in MODALITIES_AVL:
        clean, steps = arrays[name], arrays[f"{name}_length"]
        tensors = torch.tensor(clean), torch.from_numpy(steps)
        middle = np.arange(len(clean)), steps // 2
        for db in dbs:
            level = level_for(db, task.variances[name])
            generator = torch.Generator().manual_seed(seed)
            sides = clean, noisy_copy(name, *tensors, level, generator).numpy()
            vectors = {
                "time average": tuple(time_average(x, steps) for x in sides),
                "one step": tuple(x[middle] for x in sides),
            }
            known = {"name": name, "asked_db": db, "snr_db": level.nominal_db}
            yield known, vectors


def ideal_reader(
    corpus: str, conditions, db: float | None, *, modalities="avl", n: int = 10_000
) -> tuple[float, float]:
    """Return WA and UA of who knows a surrogate's model, mean over conditions.

    Paper 3, Section 3.1. Each is that of a reader who answers for it. Utterances of
    usual lengths are drawn from the model itself, the same at every level: nothing is
    trained and nothing is read from disk.

    Parameters
    ----------
    corpus : {'iemocap', 'mosei', 'mosi'}
    conditions : sequence of str
    db : float or None
        The SNR that noisy modalities have; None: they are left out. Impulses at a T of
        the paper have 5.23 dB more than was asked for.
    modalities : str
        Letters of those that it reads.
    n : int
        Utterances drawn.
    """
    found = []
    for condition in conditions:
        states = in_condition(condition, db, modalities=modalities)
        sides = [model_scores(corpus, states, best_for=m, n=n) for m in CLASS_METRICS]
        (y, wa), (_, ua) = ((y, scores.argmax(axis=1)) for y, scores in sides)
        found.append((np.mean(wa == y), mean_recall(y, ua)))
    return tuple(np.mean(found, axis=0))


def ideal_readers(corpus: str, dbs: Sequence[float] = DBS) -> pd.DataFrame:
    """Return WA and UA of three ideal readers by level.

    What lies between the first two is open to weighing what is noisy by its SNR: the
    most that a joint representation can gain from it.

    Returns
    -------
    scores : DataFrame
        Columns name (the corpus), system, db, wa, ua.
    """
    readers = {
        "ceiling, six": (SIX, True),
        "ceiling, noisy ignored": (SIX, False),
        "ceiling, all noisy": ((ALL_NOISY,), True),
    }
    rows = [
        (corpus, name, db, *ideal_reader(corpus, conditions, db if weighs else None))
        for name, (conditions, weighs) in readers.items()
        for db in dbs
    ]
    return pd.DataFrame(rows, columns=["name", "system", "db", "wa", "ua"])


def trained_models(study, **labels) -> Iterator[tuple]:
    """Yield units of a run, each with its task and its model, where weights were kept.

    Parameters
    ----------
    study : Study
    **labels
        Of the units: ``system="NMER"``.
    """
    for unit, entry in study.select(**labels):
        if entry.state:
            where = study.paper.context(study.settings, unit.labels["dataset"])
            task = Task.of(unit.settings, where)
            build = import_module(unit.system_module).build
            yield unit, task, with_state(build(task), entry.state)


def outputs_of(
    model, task: Task, *, batch_size: int = 256, conditions: Sequence[str] = ()
) -> dict[str, torch.Tensor]:
    """Return a model's named outputs on the test utterances, under some conditions.

    They stand one condition after the other, all of the unit's where none are given; z
    is its mean.
    """
    if getattr(model, "vae", None) is not None:
        model.vae.sample_in_eval = False
    clean, noisy = task.copies("test", task.noise)
    parts = []
    for name in conditions or task.noise.names:
        hit = dict(zip(MODALITIES_AVL, CONDITIONS[name], strict=True))
        arrays = {
            k: (noisy if hit[k.removesuffix("_length")] else clean)[k].numpy(force=True)
            for k in clean
        }
        sizes = {"device": "cpu", "batch_size": batch_size}
        parts.append(predict(model, lambda m, b: m(*unpack(b)), arrays, **sizes))
    return {
        name: torch.from_numpy(np.concatenate([part[name] for part in parts]))
        for name in parts[0]
    }
