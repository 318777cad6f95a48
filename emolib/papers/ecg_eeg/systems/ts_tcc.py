"""How TS-TCC is trained: contrast on views of the ECG, then fine-tuning of all of it.

Eldele et al. 2021. Paper 2 names no configuration; this is the published one for the
longest windows, fault diagnosis (5,120 points), as a whole: kernel 32, stride 4, width
64, 50 predictions; factors of SD 2, noise of SD .1, fewer than 5 segments; Adam, 3e-4,
betas (.9, .99), decay 3e-4, batches of 64 with the incomplete one dropped, 40 epochs of
each stage.

Differs from paper: windows have 2,560 points, or 1,280 at 128 Hz, where 20 steps are
predicted because there are 42; two leads; views are drawn at every step, not once for
the whole set; the epoch of fine-tuning is chosen on validation windows.
Differs from paper: no ReduceLROnPlateau in fine-tuning. It acts after ten epochs
without a lower validation loss; training ends after `patience`.

Pre-training keeps its last epoch, as the public code does, because no loss on held-out
windows can choose one. In evaluation mode the contextual loss is another: the weak view
has eight times the power of the strong one, and batch norm takes each by its own mean
and variance in training, both by those of their mixture in evaluation. Measured at 12
subjects after one epoch: 4.5 in training mode, 8.9 in evaluation mode, on validation
and training windows alike; order of windows and the last, short batch move it by .2.
"""

from __future__ import annotations

from emolib.corruptions.ts_tcc_views import draw_step, strong_view, weak_view
from emolib.losses.pretext import ts_tcc_loss
from emolib.models.baselines.ts_tcc import TSTCC
from emolib.papers.ecg_eeg.training import Task, trained, unlabelled
from emolib.store import Outcome

ADAM = {"optimizer": "adam", "lr": 3e-4, "betas": (0.9, 0.99), "weight_decay": 3e-4}
FIT = {**ADAM, "batch_size": 64, "drop_last": True, "max_epochs": 40}
"""Of fine-tuning; pre-training has `pretraining_epochs` instead of 40."""
N_PREDICTIONS = {2560: 50}
"""Steps predicted ahead in windows of so many time points; 20 in shorter ones."""


def build(windows, settings) -> TSTCC:
    """Return the untrained model for windows of this size."""
    _, n_chans, n_times = windows.x["ecg"].shape
    n_predictions = N_PREDICTIONS.get(n_times, 20)
    return TSTCC(n_chans=n_chans, n_times=n_times, n_predictions=n_predictions)


def contrast(context, **settings) -> Outcome:
    """Pre-train on all training windows; no label is read."""
    return pretrain(build, _contrast_step, settings, context)


def pretrain(make, step, settings, context) -> Outcome:
    """Train to the last of the published epochs, or of as many as the run allows."""
    task = Task.of(settings, context)
    model = task.build(make, "contrast")
    own = {**FIT, "max_epochs": settings["pretraining_epochs"]}
    result = task.fit(model, "contrast", "ecg", step=step, own=own, chosen=False)
    return trained(result, model)


def _contrast_step(model, batch, generator):
    """Return the temporal and contextual losses of two views of a batch."""
    x = batch["ecg"]
    views = model.compare_views(
        weak_view(x, sigma=2.0, generator=generator),
        strong_view(x, sigma=0.1, max_segments=5, generator=generator),
        step=draw_step(model.n_steps, model.n_predictions, generator),
    )
    return ts_tcc_loss(views.predictions, views.targets, views.contexts)


def run(settings, context) -> Outcome:
    """Fine-tune the pre-trained model on the labelled windows and test it."""
    return finetune(build, contrast, settings, context, own=FIT)


def finetune(make, stage, settings, context, **options) -> Outcome:
    """Fine-tune all of a pre-trained model on the labelled windows, and test it."""
    task = Task.of(settings, context)
    start = context.stage(stage, **unlabelled(settings))
    model = task.build(make, "tune", start)
    tuned = task.fit(model, "tune", "ecg", **options)
    return task.outcome(model, "ecg", contrast=start, tune=tuned)
