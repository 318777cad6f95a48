"""How NMER is trained: to rebuild a clean joint representation of noisy utterances.

Paper 3, Sections 2.3, 2.4 and 3.3. Its encoders start from the clean teacher's; L_mse
and L_inv aim at the teacher's specific and invariant features of the clean utterance,
which are computed once a fit. "w/o VAE" is ``use_vae=False``, "w/o L_inv" ``w_inv=0``.
"""

from __future__ import annotations

from emolib.losses.variational import nmer_loss
from emolib.models.nmer import NMER
from emolib.papers.nmer.noise import seen
from emolib.papers.nmer.systems import clean_teacher
from emolib.papers.nmer.training import RECIPE_KEYS, Task

FIT_KEYS = ("optimizer", "lr", "weight_decay", "max_norm", "batch_size")
VAE_KEYS = ("d_latent", "n_layers", "n_heads", "d_ff", "vae_dropout", "kaiming")
ONLY_WITH_VAE = (
    *VAE_KEYS, "attention", "decoder", "decoder_output", "sample", "classifier", "kl",
    "w_gen",
)  # fmt: skip
READS = (
    *ONLY_WITH_VAE, *FIT_KEYS, "d_hidden", "dropout", "text_dropout", "invariance",
    "batch_norm", "use_vae", "w_inv", "w_cls", "beta_1", "n_epochs", "constant",
    *RECIPE_KEYS, "teacher_epochs", "teacher_dropout", "keep_weights",
)  # fmt: skip
READS_IF = {"use_vae": ONLY_WITH_VAE}
"""A switch -> what is read only while it is on."""

REDUCTIONS = {"utterance": "batch_mean", "element": "element_mean", "sum": "sum"}
"""Eq. (6) over latent dimensions and utterances: `kl` in the words of the loss."""


def build(task: Task) -> NMER:
    """Return the untrained model for utterances of these widths."""
    settings, vae = task.settings, {}
    if settings["use_vae"]:
        vae = {name: settings[name] for name in VAE_KEYS} | {
            "d_hidden": tuple(settings["classifier"]),
            "d_decoder": tuple(settings["decoder"]),
            "output": settings["decoder_output"],
            "batch_as_sequence": settings["attention"] == "batch",
            "sample_in_eval": settings["sample"],
        }
    return NMER(
        task.widths,
        task.n_classes,
        dropout=settings["dropout"],
        text_dropout=settings["text_dropout"],
        use_vae=settings["use_vae"],
        batch_norm=settings["batch_norm"],
        separate=settings["invariance"] == "separate",
        d=settings["d_hidden"],
        **vae,
    )


def run(settings, context):
    """Train on utterances under the unit's noise, and test."""
    task = Task.of(settings, context)
    teacher, clean = clean_teacher.trained(
        task, separate=settings["invariance"] == "separate", d=settings["d_hidden"],
        dropout=settings["teacher_dropout"],
    )  # fmt: skip
    targets = {"joint_clean": "specific", "invariant_clean": "invariant"}
    one_is_left = len(task.fold.train) % settings["batch_size"] == 1
    model, history = task.fit(
        "NMER", build, joint_step(settings, task.noise), task.noise, teacher=teacher,
        targets=targets, betas=(settings["beta_1"], 0.999),
        drop_last=settings["batch_norm"] and one_is_left,  # no spread to divide by
        **{name: settings[name] for name in FIT_KEYS},
        **task.epochs(settings["n_epochs"], constant=settings["constant"]),
    )  # fmt: skip
    return task.outcome(model, history, clean=clean)


def joint_step(settings, noise):
    """Return the step that computes the total loss of Section 2.4."""
    options = {"w_invariant": settings["w_inv"], "w_class": settings["w_cls"]}
    if settings["use_vae"]:
        options["w_generation"] = settings["w_gen"]
        options["reduction"] = REDUCTIONS[settings["kl"]]

    def step(model, batch, generator):
        x, lengths, _ = seen(batch, noise, generator)
        return nmer_loss(
            model(x, lengths, generator), batch["joint_clean"],
            batch["invariant_clean"], batch["y"], **options,
        )  # fmt: skip

    return step
