"""How SMIL is trained: an inner step on any windows, an outer loss on complete ones.

Ma et al. 2021, as its public code has it: one inner step of 1e-3, differentiated
through; outer loss of cross-entropy and .01 times the squared difference that the noise
makes at either layer; Adam 1e-3, weight decay 1e-4, batches of 64; ten cluster means a
modality, of its available training features.

Differs from the public code: constant rates; no pre-training on complete windows; all
weights take the inner step; the epoch is chosen on validation windows, not on the test.
Where fewer than one window in ten is complete (at 0.7 of seven modalities none is), the
most complete tenth stands for the complete ones. An epoch goes once through these: of
ten times through them the first would be the best.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.func import functional_call
from torch.nn import functional

from emolib.models.baselines.smil import SMIL as build
from emolib.papers.mmqnet.training import Fitted, Task, arrays_of, as_unit, unpack
from emolib.training.devices import resolve_device
from emolib.training.tensors import rows_of, to_tensors

FIT = {"lr": 1e-3, "weight_decay": 1e-4, "batch_size": 64, "max_epochs": 100}
INNER_RATE, W_NOISE, COMPLETE = 1e-3, 0.01, 0.1


def fit(features, present, y, *, task: Task) -> Fitted:
    """Return SMIL, trained on these windows."""
    model = task.build(build)
    model.set_priors(_priors(features, present, task.seed_of("priors")))
    any_window = arrays_of(features, present, y)
    step = _step(to_tensors(any_window, resolve_device(task.context.device)))
    most = _most_complete(present)
    whole = {name: x[most] for name, x in features.items()}, present[most], y[most]
    return task.classifier(task.fit(model, step, *whole, own=FIT))


def _priors(features, present, seed: int, n_priors: int = 10) -> dict:
    """Return cluster means of each modality where it is present, (n_priors, d)."""
    from sklearn.cluster import KMeans

    means = KMeans(n_priors, n_init=1, random_state=seed % 2**31)
    columns = zip(features.items(), present.T, strict=True)
    return {
        name: torch.tensor(means.fit(x[here]).cluster_centers_, dtype=torch.float32)
        for (name, x), here in columns
    }


def _most_complete(present: np.ndarray) -> np.ndarray:
    """Return the complete rows, at least the most complete tenth of all."""
    n_there = present.sum(axis=1)
    n_complete = int((n_there == present.shape[1]).sum())
    n = max(n_complete, int(np.ceil(COMPLETE * len(present))))
    return np.argsort(-n_there, kind="stable")[:n]


def _step(any_window: dict):
    def step(model, batch, generator):
        if not model.training:
            entropy = functional.cross_entropy(model(*unpack(batch)).logits, batch["y"])
            return {"class": entropy, "total": entropy}
        row = torch.randint(
            len(any_window["y"]), batch["y"].shape, generator=generator,
            device=batch["y"].device,
        )  # fmt: skip
        chosen = rows_of(any_window, row)
        named = dict(model.named_parameters())
        inner = model(*unpack(chosen), generator)
        entropy = functional.cross_entropy(inner.logits, chosen["y"])
        slopes = torch.autograd.grad(entropy, [*named.values()], create_graph=True)
        pairs = zip(named.items(), slopes, strict=True)
        moved = {name: weight - INNER_RATE * slope for (name, weight), slope in pairs}
        outer = functional_call(model, moved, (*unpack(batch), generator))
        return _outer_loss(outer, batch["y"])

    return step


def _outer_loss(outputs, y) -> dict:
    entropy = functional.cross_entropy(outputs.logits, y)
    noise = functional.mse_loss(outputs.noisy_features, outputs.features)
    noise = noise + functional.mse_loss(outputs.noisy_hidden, outputs.hidden)
    return {"class": entropy, "noise": noise, "total": entropy + W_NOISE * noise}


run = as_unit(fit)
