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
from emolib.papers.nmer.noise import seen
from emolib.papers.nmer.reading import unpack
from emolib.papers.nmer.training import BASELINE_KEYS, Task

READS = (*BASELINE_KEYS, "keep_weights")
EPOCHS, PATIENCE = 200, 20
FIT = {"optimizer": "adam", "lr": 1e-4, "batch_size": 32}
W_TRANSLATION, W_HEAD = 0.1, 0.01
SMALLEST = 0.1
READ = ("text",)


def build(task: Task) -> MCTN:
    """Return the untrained model, which scales what the task does not."""
    model = MCTN(task.widths, task.n_classes)
    for name in set(task.widths) - set(task.scales):
        mean, std = (
            np.asarray(task.frames.arrays[f"{name}_{part}"]) for part in ("mean", "std")
        )
        std = np.maximum(std, SMALLEST * np.sqrt(np.mean(std**2)))
        model.set_scale(name, torch.tensor(mean), torch.tensor(std))
    return model


def run(settings, context):
    """Train on utterances under the unit's noise, and test."""
    task = Task.of(settings, context)
    options = task.recipe(FIT, EPOCHS)
    options["patience"] = max(settings["patience"], PATIENCE)
    model, history = task.fit(
        "MCTN", build, translation_step(task.noise), task.noise, reads=READ, **options
    )
    return task.outcome(model, history, modalities=READ)


def translation_step(noise):
    """Return the step that scores classes and three translations to clean sequences."""

    def step(model, batch, generator):
        x, lengths, _ = seen(batch, noise, generator, READ)
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
