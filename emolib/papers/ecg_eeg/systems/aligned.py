"""Ours: an ECG encoder aligned with the EEG teacher, then fine-tuned on ECG alone.

Paper 2, Section 2.2. The four ablations of Tables 1 and 2 are settings of this file:
``align=False``, ``shuffle=False``, ``w_patch=0`` and ``w_patch=1``. At test only the
ECG is read.
"""

from __future__ import annotations

import torch
from torch import nn

from emolib.corruptions.patch_shuffle import draw_permutations, shuffle_patches
from emolib.losses.contrastive import alignment_loss
from emolib.models.ecg_eeg import ECGClassifier, ECGEncoder
from emolib.papers.ecg_eeg.classify import (
    ENCODER_KEYS,
    FIT_KEYS,
    build_encoder,
    classification_step,
    fit_options,
    joined,
    outcome_of,
    with_state,
)
from emolib.papers.ecg_eeg.systems.teacher import embed, load_teacher
from emolib.papers.ecg_eeg.task import TASK_KEYS, Task, pick
from emolib.store import Outcome
from emolib.training.fit import fit
from emolib.training.seeding import seeded
from emolib.training.states import load_state_arrays, state_arrays

ALIGN_KEYS = (
    "shuffle",
    "w_patch",
    "temperature_patch",
    "temperature_window",
    "twins",
    "similarity",
)
READS = (*ENCODER_KEYS, *FIT_KEYS, "align", *ALIGN_KEYS)
READS_IF = {"align": ALIGN_KEYS}
"""A switch -> what is read only while it is on."""


class Pair(nn.Module):
    """The ECG encoder that learns beside the EEG encoder that does not."""

    def __init__(self, ecg: nn.Module, eeg: nn.Module):
        super().__init__()
        self.ecg = ecg
        self.eeg = eeg


def align(context, **settings) -> Outcome:
    """Pull the ECG encoder towards the frozen EEG encoder on all training windows.

    Paper 2, Section 2.2, Eq. (1)-(4). No label is read here, so the training windows
    without labels count too.
    """
    task = Task.of(settings, context)
    teacher = load_teacher(context, settings, task.windows.x["eeg"])
    seed = task.seed_of("align")
    with seeded(seed):
        student = build_encoder(ECGEncoder, task.windows.x["ecg"], settings)
    pair = Pair(student, teacher.encoder)
    result = fit(
        pair,
        _alignment_step(settings),
        task.arrays(task.fold.train, "eeg", "ecg"),
        validation=task.arrays(task.fold.val, "eeg", "ecg"),
        trainable=[pair.ecg],
        seed=seed,
        device=context.device,
        **fit_options(settings),
    )
    test = task.arrays(task.fold.test, "eeg", "ecg")
    student = nn.ModuleDict({"encoder": result.model.ecg})
    return Outcome(
        tables={"history": result.history},
        arrays={
            "ecg_aligned": embed(student, test, "ecg", context),
            "eeg": embed(teacher, test, "eeg", context),
        },
        state=state_arrays(result.model.ecg),
    )


def _alignment_step(settings):
    """Return the step that computes Eq. (4) on a batch and its shuffled copy."""

    def step(pair, batch, generator):
        eeg, ecg = batch["eeg"], batch["ecg"]
        recording = torch.arange(len(ecg), device=ecg.device)
        if settings["shuffle"]:  # Section 2.2, data preparation: one order for both
            order = draw_permutations(len(ecg), settings["n_patches"], generator)
            eeg = torch.cat([eeg, shuffle_patches(eeg, order)])  # (2b, c, t)
            ecg = torch.cat([ecg, shuffle_patches(ecg, order)])
            recording = recording.repeat(2)
        with torch.no_grad():
            keys = pair.eeg(eeg)
        return alignment_loss(
            pair.ecg(ecg),
            keys,
            w_patch=settings["w_patch"],
            temperature_patch=settings["temperature_patch"],
            temperature_window=settings["temperature_window"],
            recording=recording,
            twins=settings["twins"],
            similarity=settings["similarity"],
        )

    return step


def run(settings, context) -> Outcome:
    """Train and test the ECG classifier, with or without alignment before it."""
    task = Task.of(settings, context)
    seed = task.seed_of("classify")
    with seeded(seed):
        encoder = build_encoder(ECGEncoder, task.windows.x["ecg"], settings)
        model = ECGClassifier(encoder)
    arrays, histories = {}, {}
    if settings["align"]:
        keys = (*TASK_KEYS, *ENCODER_KEYS, *FIT_KEYS, *ALIGN_KEYS)
        aligned = context.stage(align, **pick(settings, keys))
        load_state_arrays(model.encoder, aligned.state)
        arrays = {name: aligned.arrays[name] for name in ("ecg_aligned", "eeg")}
        histories = {"alignment": aligned.tables["history"]}
    result = fit(
        model,
        classification_step("ecg"),
        task.arrays(task.labelled, "ecg"),
        validation=task.arrays(task.fold.val, "ecg"),
        seed=seed,
        device=context.device,
        **fit_options(settings),
    )
    test = task.arrays(task.fold.test, "ecg")
    arrays["ecg"] = embed(result.model, test, "ecg", context)
    history = joined(**histories, classification=result.history)
    return outcome_of(task, result.model, history, "ecg", context, **arrays)


def restore(entry, context) -> ECGClassifier:
    """Return the trained classifier of a stored unit."""
    settings = entry.key.parts["settings"]
    x = context.windows.x["ecg"]
    model = ECGClassifier(build_encoder(ECGEncoder, x, settings))
    return with_state(model, entry.state)
