"""ECG-EEG alignment: an ECG encoder pulled towards the EEG teacher, then fine-tuned.

Paper 2, Section 2.2. The four ablations of Tables 1 and 2 are settings of this file:
``align=False``, ``shuffle=False``, ``w_patch=0`` and ``w_patch=1``. At test only the
ECG is read.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import torch
from torch import nn

from emolib.corruptions.patch_shuffle import draw_permutations, shuffle_patches
from emolib.losses.contrastive import alignment_loss
from emolib.models.ecg_eeg import ECGClassifier, ECGEncoder
from emolib.papers.ecg_eeg.systems import teacher
from emolib.papers.ecg_eeg.training import LOSS_KEYS, Task, build_encoder, pick, trained
from emolib.store import Outcome


def build(windows, settings) -> ECGClassifier:
    """Return the untrained classifier for windows of this size."""
    return ECGClassifier(_student(windows, settings))


def _student(windows, settings) -> ECGEncoder:
    return build_encoder(ECGEncoder, windows.x["ecg"], settings)


def align(context, **settings) -> Outcome:
    """Pull the ECG encoder towards the frozen EEG encoder on all training windows.

    Paper 2, Section 2.2, Eq. (1)-(4). No label is read here, so the training windows
    without labels count too. For Fig. 2 both encoders' vectors of the test windows are
    kept, and of as many training windows, so that retrieval is as hard.
    """
    task = Task.of(settings, context)
    eeg = task.build(teacher.build, "tune", teacher.taught(settings, context))
    student = task.build(_student, "align")
    pair = nn.ModuleDict({"ecg": student, "eeg": eeg.encoder})  # learns, and does not

    def read(rows):
        known = task.embed(eeg.encoder, "eeg", rows)  # frozen: read once
        return {**task.arrays(rows, "eeg", "ecg"), "known": known}

    result = task.fit(
        pair, "align", step=_alignment_step(settings), read=read,
        rows=task.fold.train, trainable=[student],
    )  # fmt: skip
    train, test = task.fold.train, task.fold.test
    spread = np.linspace(0, len(train) - 1, min(len(train), len(test))).astype(int)
    arrays = {}
    for name, rows in (("", test), ("_train", train[spread])):
        arrays["aligned" + name] = task.embed(student, "ecg", rows)
        arrays["eeg" + name] = task.embed(eeg.encoder, "eeg", rows)
    return trained(result, student, **arrays)


def _alignment_step(settings):
    """Return the step that computes Eq. (4) on a batch and its shuffled copy."""

    def step(pair, batch, generator):
        ecg, keys = batch["ecg"], batch["known"]
        recording = torch.arange(len(ecg), device=ecg.device)
        if settings["shuffle"]:  # Section 2.2, data preparation: one order for both
            order = draw_permutations(len(ecg), settings["n_patches"], generator)
            with torch.no_grad():
                shuffled = pair["eeg"](shuffle_patches(batch["eeg"], order)).window
            ecg = torch.cat([ecg, shuffle_patches(ecg, order)])  # (2b, c, t)
            keys = torch.cat([keys, shuffled])  # (2b, d)
            recording = recording.repeat(2)
        patches = keys.unflatten(1, (settings["n_patches"], -1))
        keys = SimpleNamespace(window=keys, patches=patches)
        options = pick(settings, LOSS_KEYS)
        return alignment_loss(pair["ecg"](ecg), keys, recording=recording, **options)

    return step


def run(settings, context) -> Outcome:
    """Train and test the ECG classifier, with or without alignment before it."""
    task = Task.of(settings, context)
    start, arrays = None, {}
    if settings["align"]:
        start = context.stage(align, **settings)
        arrays = dict(start.arrays)
    model = task.build(build, "classify", start, "encoder")
    result = task.fit(model, "classify", "ecg")
    arrays["after"] = task.embed(model.encoder, "ecg", task.fold.test)
    return task.outcome(model, "ecg", arrays, alignment=start, classification=result)
