"""What trained models say when they are asked again: use of z, and of batch mates.

Trained models are read from the store and asked again; nothing is trained. A unit that
kept no weights has no row.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import numpy as np
import pandas as pd
import torch

from emolib.losses.variational import kl_divergence
from emolib.papers.nmer.answers import unpack
from emolib.papers.nmer.evaluate import (
    clean_and_noisy,
    in_conditions,
    mean_recall,
    noise_key,
)
from emolib.papers.nmer.grid import labels_of
from emolib.papers.nmer.task import Task
from emolib.study import Study
from emolib.training.predict import predict
from emolib.training.seeding import derive_seed

N_MATES = 64
"""Utterances that are asked alone and together."""


def latent_units(study: Study) -> pd.DataFrame:
    """Return what each latent unit says of the test utterances, preset by preset.

    Paper 3, Section 2.3, under the unit's conditions.

    Returns
    -------
    units : DataFrame
        Columns panel (the row's name), unit, variance (of mu over utterances), kl
        (Eq. 6, mean over utterances, in nats): `emolib.figures.latents`.
    """
    parts = []
    for name, _, model, (_, arrays) in _asked(study):
        found = _outputs(model, _joined(arrays))
        each = kl_divergence(found["mu"], found["log_var"], reduction="none").mean(0)
        variance = found["mu"].var(0, correction=0)
        unit = np.arange(1, len(each) + 1)
        values = {"variance": variance.numpy(), "kl": each.numpy()}
        parts.append(pd.DataFrame({"panel": name, "unit": unit, **values}))
    columns = ["panel", "unit", "variance", "kl"]
    return (
        pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    )


def answers_by_latent(study: Study) -> pd.DataFrame:
    """Return UA where the decoder is given another latent vector than its own.

    Paper 3, Section 2.3: the decoder reads z and the guide H'. Where answers stay as
    they were, whatever z is, they come from H' alone.

    Returns
    -------
    answers : DataFrame
        Columns system, latent ("own", "zero", "another utterance's"), ua, changed (the
        share of answers that differ from those with the own one).
    """
    rows = []
    for name, task, model, (y, arrays) in _asked(study):
        found = _outputs(model, _joined(arrays))
        mu, guide = found["mu"], found["invariant"]
        generator = torch.Generator().manual_seed(derive_seed(task.seed, "other z"))
        other = torch.randperm(len(mu), generator=generator)
        latents = {"own": mu, "zero": torch.zeros_like(mu), OTHER: mu[other]}
        answers = {k: _decoded(model, z, guide) for k, z in latents.items()}
        for latent, answer in answers.items():
            changed = float(np.mean(answer != answers["own"]))
            ua = mean_recall(np.tile(y, len(arrays)), answer)
            row = {"system": name, "latent": latent, "ua": ua, "changed": changed}
            rows.append(row)
    return pd.DataFrame(rows, columns=["system", "latent", "ua", "changed"])


OTHER = "another utterance's"


def batch_mates(study: Study) -> pd.DataFrame:
    """Return how many answers differ between an utterance alone and one in a batch.

    Paper 3, Section 2.3. z is its mean on both occasions, so that nothing is drawn.

    Returns
    -------
    mates : DataFrame
        Columns system, n (utterances), changed (share of answers), moved (largest
        change of a class's probability).
    """
    rows = []
    for name, _, model, (_, arrays) in _asked(study):
        few = {k: v[:N_MATES] for k, v in next(iter(arrays.values())).items()}
        n = len(next(iter(few.values())))
        one, many = (_outputs(model, few, size)["logits"] for size in (1, n))
        changed = float((one.argmax(1) != many.argmax(1)).float().mean())
        moved = float((one.softmax(1) - many.softmax(1)).abs().max())
        rows.append({"system": name, "n": n, "changed": changed, "moved": moved})
    return pd.DataFrame(rows, columns=["system", "n", "changed", "moved"])


def _asked(study: Study) -> Iterator[tuple]:
    """Yield a row's name, its task, its model and its test utterances by condition.

    One unit a preset: the first level, fold and seed of the run.
    """
    for preset in study.settings.presets:
        pairs = study.select(system="ours", preset=preset, conditions="six")
        kept = [(unit, entry) for unit, entry in pairs if entry.state]
        if not kept:
            continue
        unit, entry = kept[0]
        context = study.paper.context(study.settings, unit.labels["dataset"])
        task = Task.of(unit.settings, context)
        model = import_module(unit.system_module).restore(entry, context)
        model.vae.sample_in_eval = False  # z is its mean
        corruption, index = task.corruption(unit.settings), task.fold.test
        arrays = task.arrays(index)
        y = arrays.pop("y")
        key = noise_key(task, corruption, "test")
        sides = clean_and_noisy(arrays, corruption, key)
        name = labels_of("ours", preset)["variant"] or "ours"
        yield name, task, model, (y, dict(in_conditions(*sides, corruption.names)))


def _joined(arrays: dict) -> dict:
    """Return the utterances of all conditions, one condition after the other."""
    names = next(iter(arrays.values()))
    return {k: np.concatenate([part[k] for part in arrays.values()]) for k in names}


def _outputs(model, arrays, batch_size: int = 256) -> dict[str, torch.Tensor]:
    """Return the named outputs of a model; a batch is as long as its longest."""
    found = predict(
        model, lambda m, batch: m(*unpack(batch)), arrays, device="cpu",
        batch_size=batch_size,
    )  # fmt: skip
    return {name: torch.from_numpy(values) for name, values in found.items()}


@torch.no_grad()
def _decoded(model, z: torch.Tensor, guide: torch.Tensor) -> np.ndarray:
    """Return the classes that follow from a latent vector and the guide H'."""
    joint = model.vae.decoder(torch.cat([z, guide], dim=1))
    return model.classifier(joint).argmax(1).numpy()
