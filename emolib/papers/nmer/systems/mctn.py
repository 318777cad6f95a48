"""How MCTN is trained: text to audio and back, then on to visual; text alone is read.

Pham et al., AAAI 2019; the published settings: Adam, 1e-4, batches of 32, 200 epochs,
patience 20 (or the run's, if that is longer), weight .1 for each translation and 1 for
the prediction, a penalty of .01 on the last layer's squared weights.

Differs from paper: cross-entropy of classes. One model for all conditions of a unit:
text enters as seen, noisy or clean, and is translated to clean sequences. Every
modality is z-scored by the fold's clean training frames. Patience counts epochs without
a higher UA on validation, not without a lower loss. Of deviations below a tenth of
their modality's, that tenth is taken: noise would blow constant features up.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from emolib.losses.variational import feature_loss
from emolib.models.baselines.mctn import MCTN
from emolib.papers.nmer.answers import unpack
from emolib.papers.nmer.evaluate import outcome_of, with_state
from emolib.papers.nmer.frames import FRAME_KEYS, measure_frames, pick
from emolib.papers.nmer.steps import BASELINE_KEYS, fit_under, published, seen
from emolib.papers.nmer.task import Task
from emolib.store import Outcome
from emolib.training.seeding import seeded

READS = (*BASELINE_KEYS, "keep_weights")
EPOCHS, PATIENCE = 200, 20
FIT = {"optimizer": "adam", "lr": 1e-4, "batch_size": 32}
W_TRANSLATION, W_HEAD = 0.1, 0.01
SMALLEST = 0.1
READ = ("text",)


def build(task: Task) -> MCTN:
    """Return the untrained model for utterances of these widths."""
    return MCTN(task.widths, task.n_classes)


def run(settings, context) -> Outcome:
    """Train on utterances under the unit's noise, and test."""
    task = Task.of(settings, context)
    corruption = task.corruption(settings)
    with seeded(task.seed_of("MCTN, weights")):
        model = build(task)
    frames = context.stage(measure_frames, **pick(settings, FRAME_KEYS))
    for name in set(task.widths) - set(task.scales):
        set_scale(model, name, frames.arrays)
    options = published(EPOCHS, task, settings)
    options["patience"] = max(settings["patience"], PATIENCE)
    result = fit_under(
        corruption,
        task,
        model,
        translation_step(corruption),
        context,
        stage="MCTN",
        reads=READ,
        **FIT,
        **options,
    )
    return outcome_of(
        task, result.model, result.history, corruption, context,
        modalities=READ, keep_weights=settings["keep_weights"],
    )  # fmt: skip


def set_scale(model: MCTN, name: str, arrays) -> None:
    """Give the model the mean and deviation of a modality's training frames."""
    mean, std = (np.asarray(arrays[f"{name}_{part}"]) for part in ("mean", "std"))
    std = np.maximum(std, SMALLEST * np.sqrt(np.mean(std**2)))
    model.set_scale(name, torch.tensor(mean), torch.tensor(std))


def translation_step(corruption):
    """Return the step that scores classes and three translations to clean sequences."""

    def step(model, batch, generator):
        x, lengths, _ = seen(batch, corruption, generator, READ)
        with torch.no_grad():
            clean = model.sequences(*unpack(batch))
        source, second, third = (clean[name] for name in model.order)
        outputs = model(x, lengths)
        terms = {
            "class": F.cross_entropy(outputs.logits, batch["y"]),
            "translated": feature_loss(outputs.translated, second),
            "returned": feature_loss(outputs.returned, source),
            "translated_third": feature_loss(outputs.translated_third, third),
        }
        translation = sum(terms[name] for name in terms if name != "class")
        penalty = model.predictor.head.weight.square().sum()
        total = terms["class"] + W_TRANSLATION * translation + W_HEAD * penalty
        return {**terms, "total": total}

    return step


def restore(entry, context) -> MCTN:
    """Return the trained model of a stored unit."""
    settings = entry.key.parts["settings"]
    return with_state(build(Task.of(settings, context)), entry.state)
