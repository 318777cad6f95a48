"""How TS-TCC is trained: contrast on views of the ECG, then fine-tuning of all of it.

Eldele et al. 2021; the published settings: Adam, 3e-4, betas (.9, .99), decay 3e-4,
batches of 128 with the incomplete one dropped, 40 epochs of each stage.

Differs from paper: views are drawn at every step, not once for the whole set; epochs
are chosen on validation windows, not the last one.
"""

from __future__ import annotations

from emolib.corruptions.ts_tcc_views import draw_step, strong_view, weak_view
from emolib.losses.temporal import ts_tcc_loss
from emolib.models.baselines.ts_tcc import TSTCC
from emolib.papers.ecg_eeg.classify import (
    classification_step,
    fit_unlabelled,
    joined,
    outcome_of,
    published,
    with_state,
)
from emolib.papers.ecg_eeg.task import FOLD_KEYS, Task, pick
from emolib.store import Outcome
from emolib.training.fit import fit
from emolib.training.states import load_state_arrays, state_arrays

READS = ("baseline_epochs", "patience")
EPOCHS = 40
FIT = {
    "optimizer": "adam",
    "lr": 3e-4,
    "betas": (0.9, 0.99),
    "weight_decay": 3e-4,
    "batch_size": 128,
    "drop_last": True,
}
N_PREDICTIONS = {2560: 50}
"""Steps predicted ahead in windows of so many time points; 20 in shorter ones."""


def build(windows) -> TSTCC:
    """Return the untrained model for windows of this size."""
    _, n_chans, n_times = windows.x["ecg"].shape
    n_predictions = N_PREDICTIONS.get(n_times, 20)
    return TSTCC(n_chans=n_chans, n_times=n_times, n_predictions=n_predictions)


def contrast(context, **settings) -> Outcome:
    """Pre-train on all training windows; no label is read."""
    result = fit_unlabelled(
        context,
        settings,
        build,
        _contrast_step,
        stage="contrast",
        modality="ecg",
        **FIT,
        **published(EPOCHS, settings),
    )
    return Outcome(tables={"history": result.history}, state=state_arrays(result.model))


def run(settings, context) -> Outcome:
    """Fine-tune the pre-trained model on the labelled windows and test it."""
    task = Task.of(settings, context)
    start = context.stage(contrast, **pick(settings, (*FOLD_KEYS, *READS)))
    model = build(task.windows)
    load_state_arrays(model, start.state)
    tuned = fit(
        model,
        classification_step("ecg"),
        task.arrays(task.labelled, "ecg"),
        validation=task.arrays(task.fold.val, "ecg"),
        seed=task.seed_of("tune"),
        device=context.device,
        **FIT,
        **published(EPOCHS, settings),
    )
    history = joined(contrast=start.tables["history"], tune=tuned.history)
    return outcome_of(task, tuned.model, history, "ecg", context)


def _contrast_step(model, batch, generator):
    """Return the temporal and contextual losses of two views of a batch."""
    x = batch["ecg"]
    views = model.compare_views(
        weak_view(x, generator=generator),
        strong_view(x, generator=generator),
        step=draw_step(model.n_steps, model.n_predictions, generator),
    )
    return ts_tcc_loss(views.predictions, views.targets, views.contexts)


def restore(entry, context) -> TSTCC:
    """Return the trained model of a stored unit."""
    return with_state(build(context.windows), entry.state)
