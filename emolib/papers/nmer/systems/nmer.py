"""Ours: NMER, which rebuilds a clean joint representation from noisy utterances.

Paper 3, Sections 2.3, 2.4 and 3.3. Its encoders start from the clean teacher's; L_mse
and L_inv aim at the teacher's specific and invariant features of the clean utterance,
which are computed once a fit. "w/o VAE" is ``use_vae=False``, "w/o L_inv" ``w_inv=0``.
"""

from __future__ import annotations

import torch

from emolib.losses.variational import nmer_loss
from emolib.models.nmer import NMER
from emolib.papers.nmer.evaluate import outcome_of, with_state
from emolib.papers.nmer.steps import (
    FIT_KEYS,
    features_of,
    fit_options,
    fit_under,
    joined,
    seen,
)
from emolib.papers.nmer.systems import clean_teacher
from emolib.papers.nmer.task import Task
from emolib.store import Outcome
from emolib.training.seeding import seeded

VAE_KEYS = (
    "d_latent", "n_layers", "n_heads", "d_ff", "vae_dropout", "attention", "decoder",
    "decoder_output", "sample",
)  # fmt: skip
MODEL_KEYS = ("d_hidden", "dropout", "invariance", "batch_norm", "use_vae")
ONLY_WITH_VAE = (*VAE_KEYS, "classifier", "kl", "w_gen")
READS = (
    *MODEL_KEYS, *ONLY_WITH_VAE, *FIT_KEYS, "w_inv", "w_cls", "teacher_epochs",
    "keep_weights",
)  # fmt: skip
READS_IF = {"use_vae": ONLY_WITH_VAE}
"""A switch -> what is read only while it is on."""

SHARES = clean_teacher.SHARES
REDUCTIONS = {"utterance": "batch_mean", "element": "element_mean", "sum": "sum"}
"""Eq. (6) over latent dimensions and utterances: `kl` in the words of the loss."""

SAMPLING_SEED = 0


def build(task: Task, settings) -> NMER:
    """Return the untrained model for utterances of these widths."""
    vae = {}
    if settings["use_vae"]:
        names = ("d_latent", "n_layers", "n_heads", "d_ff", "vae_dropout")
        vae = {name: settings[name] for name in names}
        vae |= {
            "d_hidden": tuple(settings["classifier"]),
            "d_decoder": tuple(settings["decoder"]),
            "output": settings["decoder_output"],
            "batch_as_sequence": settings["attention"] == "batch",
            "sample_in_eval": settings["sample"],
        }
    return NMER(
        task.widths,
        task.n_classes,
        d=settings["d_hidden"],
        dropout=settings["dropout"],
        use_vae=settings["use_vae"],
        separate=settings["invariance"] == "separate",
        batch_norm=settings["batch_norm"],
        **vae,
    )


def forward(model, specific, invariant) -> torch.Tensor:
    """Return logits; where z is drawn in evaluation, every batch has the same draws."""
    generator = torch.Generator(specific.device).manual_seed(SAMPLING_SEED)
    return model.read(specific, invariant, generator).logits


def run(settings, context) -> Outcome:
    """Train on utterances under the unit's noise, and test."""
    task = Task.of(settings, context)
    corruption = task.corruption(settings)
    teacher, clean_history = clean_teacher.trained(
        task,
        settings,
        context,
        separate=settings["invariance"] == "separate",
        d=settings["d_hidden"],
    )
    with seeded(task.seed_of("NMER, weights")):
        model = build(task, settings)
    model.encoder.load_state_dict(teacher.encoder.state_dict())
    targets = {"joint_clean": "specific", "invariant_clean": "invariant"}
    result = fit_under(
        corruption,
        task,
        model,
        joint_step(settings, corruption),
        context,
        stage="NMER",
        targets=features_of(teacher, context, **targets),
        forward=forward,
        **fit_options(task, settings),
    )
    history = joined(clean=clean_history, noisy=result.history)
    return outcome_of(
        task, result.model, history, corruption, context, forward=forward,
        keep_weights=settings["keep_weights"],
    )  # fmt: skip


def joint_step(settings, corruption):
    """Return the step that computes the total loss of Section 2.4."""
    options = {"w_invariant": settings["w_inv"], "w_class": settings["w_cls"]}
    if settings["use_vae"]:
        options["w_generation"] = settings["w_gen"]
        options["reduction"] = REDUCTIONS[settings["kl"]]

    def step(model, batch, generator):
        x, lengths, _ = seen(batch, corruption, generator)
        return nmer_loss(
            model(x, lengths, generator), batch["joint_clean"],
            batch["invariant_clean"], batch["y"], **options,
        )  # fmt: skip

    return step


def restore(entry, context) -> NMER:
    """Return the trained model of a stored unit."""
    settings = entry.key.parts["settings"]
    return with_state(build(Task.of(settings, context), settings), entry.state)
