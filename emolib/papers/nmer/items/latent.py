"""Whether a trained NMER uses its latent, and how large the guide beside it is."""

from __future__ import annotations

from importlib import import_module

import pandas as pd
import torch

from emolib.losses.variational import kl_divergence
from emolib.papers.nmer.answers import unpack
from emolib.papers.nmer.evaluate import clean_and_noisy, in_conditions, noise_key
from emolib.papers.nmer.settings import VARIANTS
from emolib.papers.nmer.task import Task
from emolib.study import Study
from emolib.training.predict import predict

ACTIVE = 0.01
"""Variance of a unit's mean over utterances from which it counts as active: Burda,
Grosse and Salakhutdinov, "Importance Weighted Autoencoders", ICLR 2016."""

COLUMNS = (
    "dataset", "preset", "system", "conditions", "noise", "db", "fold", "seed", "kl",
    "active", "n_units", "rms_specific", "rms_invariant",
)  # fmt: skip


def latent(study: Study) -> pd.DataFrame:
    """Return how much each trained NMER says through its latent.

    Paper 3, Section 2.3. Read from the stored weights: of the run's first fold and
    seed, where they were kept, and of systems that have a VAE.

    Returns
    -------
    latent : DataFrame
        Columns dataset, preset, system, conditions, noise, db, fold, seed, and those of
        `latent_of`; a row a unit.
    """
    rows = []
    for unit, entry in study.finished:
        known = {name: unit.labels.get(name) for name in COLUMNS[:6]}
        known |= {name: unit.settings[name] for name in ("fold", "seed")}
        if known["system"] not in VARIANTS or not entry.state:
            continue
        if known["seed"] != study.settings.seeds[0] or _later_fold(study, unit):
            continue
        context = study.paper.context(study.settings, known["dataset"])
        task = Task.of(unit.settings, context)
        model = import_module(unit.system_module).restore(entry, context)
        found = latent_of(model, task, task.corruption(unit.settings))
        if found:
            rows.append({**known, **found})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _later_fold(study: Study, unit) -> bool:
    mine = [u.settings["fold"] for u, _ in study.select(dataset=unit.labels["dataset"])]
    return unit.settings["fold"] != min(mine)


def latent_of(model, task: Task, corruption, *, device="cpu") -> dict:
    """Return the use of the latent over the test utterances under all conditions.

    Parameters
    ----------
    model : NMER
    task : Task
    corruption : Corruption

    Returns
    -------
    use : dict
        kl: Eq. (6) in nats, summed over units, mean over utterances and conditions;
        active: units whose mean varies by more than `ACTIVE` over them; n_units;
        rms_specific, rms_invariant: root mean square of h' and of the guide H'. Empty
        without VAE.
    """
    arrays = task.arrays(task.fold.test)
    sides = clean_and_noisy(arrays, corruption, noise_key(task, corruption, "test"))
    parts = [
        predict(model, _distribution, read, device=device)
        for _, read in in_conditions(*sides, corruption.names)
    ]
    if "mu" not in parts[0]:
        return {}
    mu, log_var, specific, invariant = (
        torch.cat([torch.from_numpy(part[name]) for part in parts])
        for name in ("mu", "log_var", "specific", "invariant")
    )
    active = mu.var(0, correction=0) > ACTIVE
    return {
        "kl": float(kl_divergence(mu, log_var, reduction="batch_mean")),
        "active": int(active.sum()),
        "n_units": mu.shape[1],
        "rms_specific": float(specific.square().mean().sqrt()),
        "rms_invariant": float(invariant.square().mean().sqrt()),
    }


def _distribution(model, batch) -> dict:
    out = model(*unpack(batch))
    names = ("mu", "log_var", "specific", "invariant")
    return {name: getattr(out, name) for name in names}
