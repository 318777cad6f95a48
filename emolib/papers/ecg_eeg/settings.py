"""What paper 2 sets, and what a run of its notebooks may choose.

`Settings` is the grid of a table: corpora, targets, protocols, systems, folds, seeds.
`Method` is one way to prepare the data and train one system; the paper gives few of its
values, so each default says where it comes from. `PRESETS` are differences from it,
"as_printed" every switch at the paper's literal reading; `SYSTEMS` is every row.
"""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, Field, model_validator

from emolib.checks import check_range
from emolib.papers.ecg_eeg.training import ENCODER_KEYS, FIT_KEYS, LOSS_KEYS
from emolib.settings import Count, GridSettings, Number, Positive, Share, Typed, Whole
from emolib.splits import PROTOCOLS

ALIGNMENT = "ECG-EEG alignment"
"""The paper's method, which has no name of its own there."""

TARGETS = {
    "dreamer": ("valence", "arousal", "dominance"),
    "amigos": ("arousal", "valence"),  # Section 2.1: dominance is not reported
    "eegmat": ("workload",),
}
Fraction = Annotated[Number, Field(gt=0, le=1)]
PRETRAINING = {"TS-TCC": 40, "TFC": 40, "SSL-ECG": 100}
"""Epochs of pre-training that a baseline's authors publish."""
Pretraining = Annotated[
    dict[Literal[*PRETRAINING], Count], AfterValidator(PRETRAINING.__or__)
]


class Method(Typed):
    """How windows are made and one system is trained."""

    window_s: Positive = 10.0  # Section 2.1
    last_s: Number = Field(0.0, ge=0)  # not stated; 0 is the whole stimulus
    videos: Literal["short", "all"] = "short"  # not stated; long ones would set priors
    zscore_scope: Literal["subject", "pooled", "train"] = "subject"  # Section 2.1
    eeg_filter: bool = True  # not stated; `data.EEG_BAND`
    stem: Literal["conv", "linear"] = "conv"  # Section 2.2: iTransformer's, "linear"
    n_patches: Count = 10  # not stated; patches of 1 s divide 10 s exactly
    d_patch: Count = 32  # not stated; N_p x 32 = 320
    n_layers: Count = 2  # not stated; iTransformer's default
    n_heads: Count = 8  # not stated; iTransformer's default
    d_ff: Count = 256  # not stated
    dropout: Share = 0.1  # not stated; iTransformer's default
    align: bool = True  # Section 2.2, contrastive learning
    shuffle: bool = True  # Section 2.2, data preparation
    w_patch: Share = 0.5  # alpha of Eq. (4), not stated
    temperature_patch: Positive = 0.1  # tau_p of Eq. (2), not stated
    temperature_window: Positive = 0.1  # tau_S of Eq. (3), not stated
    similarity: Literal["cosine", "centred"] = "centred"  # not defined; see the README
    twins: Literal["excluded", "negative"] = "excluded"  # Section 2.2 says both
    lr: Positive = 5e-4  # not stated; read planted affect in trials of the stem
    weight_decay: Share = 0.01  # not stated
    batch_size: Count = 64  # not stated
    max_epochs: Count = 40  # not stated; every stage ends by early stopping
    patience: Count = 8  # not stated
    val_fraction: Share = 0.2  # not stated; part of the training folds
    baseline_epochs: Whole = 0  # cap on a baseline's stages; 0 is its published number
    pretraining_epochs: Pretraining = {}  # what is not named stays as published


PRESETS = {
    "default": {},
    "as_printed": {
        "stem": "linear",
        "twins": "negative",
        "similarity": "cosine",
        "eeg_filter": False,
    },
}


class System(NamedTuple):
    """One row of the tables, or one reference below them."""

    module: str  # systems/<module>.py runs it
    kind: str  # "method", "ablation", "baseline"; "reader", "teacher" and others
    reads: tuple[str, ...]  # settings that it reads beside those of its task
    change: dict = {}  # settings of its own
    presets: bool = False  # stands under every preset, not under the first alone
    few_labels: bool = False  # also trained on fractions of the labelled trials


ENCODER = (*ENCODER_KEYS, *FIT_KEYS)
FULL = (*ENCODER, "align", "shuffle", *LOSS_KEYS)
BASELINE = ("baseline_epochs", "patience")
PRETRAINED = (*BASELINE, "pretraining_epochs")
ECG, BOTH = {"modalities": ["ecg"]}, {"modalities": ["eeg", "ecg"]}
OBSERVERS = {"by_subject": "normalised", "by_trial": "labelled"}
"""What an ideal reader knows under each split: a test subject's unlabelled windows; by
trial also what the subject's other labels tell. Where windows of one trial are on both
sides no bound is defined."""
IDEAL = {"answer": "ceiling", "observers": OBSERVERS}
COLD = {"answer": "ceiling", "observers": {"by_subject": "cold"}}

SYSTEMS = {
    "TS-TCC": System("ts_tcc", "baseline", PRETRAINED),
    "TFC": System("tfc", "baseline", PRETRAINED),
    "SSL-ECG": System("ssl_ecg", "baseline", (*PRETRAINED, "dataset")),
    "EEG-Conformer": System("eeg_conformer", "baseline", BASELINE),
    "w/o align": System("aligned", "ablation", ENCODER, {"align": False}, True, True),
    "w/o shuffle": System("aligned", "ablation", FULL, {"shuffle": False}, True),
    "w/o patch-align": System("aligned", "ablation", FULL, {"w_patch": 0.0}, True),
    "w/o seq-align": System("aligned", "ablation", FULL, {"w_patch": 1.0}, True),
    ALIGNMENT: System("aligned", "method", FULL, {}, True, True),
    "chance": System("references", "reference", (), {"answer": "chance"}),
    "majority": System("references", "reference", (), {"answer": "majority"}),
    "linear probe": System("references", "reader", (), {"answer": "probe", **BOTH}),
    "linear probe, ECG": System("references", "reader", (), {"answer": "probe", **ECG}),
    "nearest neighbour": System("references", "reader", (), {"answer": "near", **BOTH}),
    "EEG teacher": System("teacher", "teacher", ENCODER, {}, True, True),
    "ceiling, ECG": System("references", "ceiling", (), {**IDEAL, **ECG}),
    "ceiling, ECG, cold": System("references", "ceiling", (), {**COLD, **ECG}),
    "ceiling": System("references", "ceiling", (), {**IDEAL, **BOTH}),
}
"""Every system, in the order of the tables: the paper's rows, then references.

A setting that a row does not read changes no unit of it: *w/o align* is one unit under
every temperature. Readers are cheap, so they may run under more protocols.
"""


def named(*kinds: str) -> list[str]:
    """Return the systems of some kinds, in the order of the tables."""
    return [name for name, system in SYSTEMS.items() if system.kind in kinds]


SWEEPS = {
    "temperature": ("temperature_patch", "temperature_window"),
    "w_patch": ("w_patch",),
}
"""What a sweep may vary, and the fields of `Method` that it sets."""


class Settings(GridSettings):
    """The grid of one run: what a notebook's parameters cell holds."""

    METHOD, PRESETS = Method, PRESETS

    config: str = ""
    data: Literal["surrogate", "local"] = "surrogate"
    corpora: list[Literal[*TARGETS]] = Field(["dreamer"], min_length=1)
    targets: list[Literal[*sum(TARGETS.values(), ())]] = Field(
        ["arousal"], min_length=1
    )
    protocols: list[Literal[*PROTOCOLS]] = Field(["by_subject"], min_length=1)
    reader_protocols: list[Literal[*PROTOCOLS]] = ["by_subject"]
    systems: list[Literal[*SYSTEMS]] = Field([ALIGNMENT, "w/o align"], min_length=1)
    presets: list[Literal[*PRESETS]] = Field(["default"], min_length=1)
    label_fractions: list[Fraction] = Field([1.0], min_length=1)
    n_subjects: Count = 6
    surrogate: dict = {}
    n_folds: Whole = Field(5, ge=2, le=100)
    folds: list[Whole] = Field([0], min_length=1)
    folds_within: list[Whole] = [0]  # where subjects overlap, and which systems
    systems_within: list[Literal[*SYSTEMS]] = list(SYSTEMS)
    seeds: list[Whole] = Field([0], min_length=1)
    sweep: dict[Literal[*SWEEPS], list[Number]] = {}
    readability: list[Count] = []
    readability_test: Count = 1000

    @model_validator(mode="after")
    def _has_its_folds(self) -> Settings:
        for fold in (*self.folds, *self.folds_within):
            check_range("folds", fold, 0, self.n_folds - 1)
        return self
