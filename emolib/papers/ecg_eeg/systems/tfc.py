"""How TFC is trained: time and spectrum of the ECG agree, then fine-tuning.

Zhang et al. 2022, the convolutional form. Paper 2 names no configuration; this is the
published one for the longest windows, fault diagnosis (FD-A, 5,120 points), as a whole:
that of TS-TCC (`ts_tcc`), fine-tuned in batches of 60.

Differs from paper: windows have 2,560 or 1,280 points and two leads; views are drawn at
every step, one of three in time per window, as the public code means to (its index does
something else); the epoch of fine-tuning is chosen on validation windows, where the
public code reports the best test epoch; one optimiser, the classifier's included.
Differs from paper: no ReduceLROnPlateau in either stage. It acts after ten epochs
without a lower training loss; fine-tuning ends after `patience`, on validation.

Pre-training keeps its last epoch, as the public code does; a held-out loss chooses
badly here for the reason that `ts_tcc` gives (consistency after one epoch: -2.6 in
training mode, 7.4 in evaluation mode).
"""

from __future__ import annotations

from torch.nn import functional

from emolib.corruptions.tfc_views import frequency_view, time_view
from emolib.losses.pretext import consistency_loss
from emolib.models.baselines.tfc import TFC, magnitude_spectrum
from emolib.papers.ecg_eeg.systems.ts_tcc import FIT, finetune, pretrain
from emolib.store import Outcome

TUNE = {**FIT, "batch_size": 60}


def build(windows, settings) -> TFC:
    """Return the untrained model for windows of this size."""
    _, n_chans, n_times = windows.x["ecg"].shape
    return TFC(n_chans=n_chans, n_times=n_times)


def contrast(context, **settings) -> Outcome:
    """Pre-train on all training windows; no label is read."""
    return pretrain(build, _consistency_step, settings, context)


def run(settings, context) -> Outcome:
    """Fine-tune the pre-trained model on the labelled windows and test it."""
    options = {"step": _tuning_step, "own": TUNE, "monitor": "emotion"}
    return finetune(build, contrast, settings, context, **options)


def _consistency_step(model, batch, generator):
    """Return the losses of a batch against a view of its signal and its spectrum."""
    return _consistency(model, batch["ecg"], generator)[1]


def _tuning_step(model, batch, generator):
    """Return cross-entropy plus the pre-training losses, as the public code does.

    They make the gradient; the epoch is chosen by cross-entropy alone.
    """
    outputs, losses = _consistency(model, batch["ecg"], generator)
    emotion = functional.cross_entropy(outputs.logits, batch["y"])
    return {**losses, "emotion": emotion, "total": emotion + losses["total"]}


def _consistency(model, x, generator):
    """Return the outputs of a batch and its consistency losses."""
    spectrum = magnitude_spectrum(x)
    outputs = model(x, spectrum)
    view = model(
        time_view(x, sigma=0.1, sigma_scale=2.0, max_segments=5, generator=generator),
        frequency_view(spectrum, generator=generator),
    )
    return outputs, consistency_loss(outputs, view)
