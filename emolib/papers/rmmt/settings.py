"""What paper 4 sets, and what a run of its notebooks may choose.

`Settings` is the grid of a table. `Method` is one way to prepare the data and train
RMMT; each default says where it stands in the paper, "source" meaning the public code
of its [32], whose pipeline it follows. `PRESETS` are differences from it, "as_printed"
every switch at its literal reading. `SYSTEMS` is every row.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import Field, model_validator

from emolib.losses.regression import DIVISORS, LEARNERS
from emolib.models.face import BACKBONES
from emolib.models.rmmt import ATTENTIONS, SKIPS
from emolib.papers.rmmt.training import FIT_KEYS, LOSS_KEYS, MODEL_KEYS, SCALINGS
from emolib.preprocessing.spectral import READINGS_OF_PSD
from emolib.settings import (
    Count,
    GridSettings,
    NotNegative,
    Positive,
    Share,
    Typed,
    Whole,
)
from emolib.splits.traces import ORDERS, TRACE_PROTOCOLS

CORPORA = ("mahnob_continuous", "mahnob_features")
"""The paper's, and public features of the same trials."""

BANDS = {
    "delta": (0.3, 5.0), "theta": (5.0, 8.0), "alpha": (8.0, 12.0),
    "beta 1": (12.0, 18.0), "beta 2": (18.0, 30.0), "gamma": (30.0, 45.0),
}  # fmt: skip
"""Table 1, in Hz."""


class Method(Typed):
    """How features are made, and RMMT is built and trained."""

    backbone: Literal[*BACKBONES] = "small"  # Section 3.1: "resnet50"
    checkpoint: str = ""  # file of a backbone that was trained on other faces
    frames_per_step: Literal[1, 16] = 1  # source; of 64 a second, Section 4.2
    psd: Literal[*READINGS_OF_PSD] = "welch"  # Section 3.2; Eq. (1), (2): "printed"
    scaling: Literal[*SCALINGS] = "subject"  # not stated; the paper has none
    order: Literal[*ORDERS] = "shuffled"  # not stated; source: "contiguous"
    val_fraction: Share = 0.4  # Section 4.3, 10-fold
    val_fraction_subject: Share = 0.2  # Section 4.3, leave one out
    window: Count = 96  # steps of 1/4 s; not stated, source
    hop: Count = 32  # steps; not stated, source
    d: Count = 128  # not stated, source
    n_heads: Count = 4  # not stated
    n_layers: Count = 2  # N, not stated
    d_ff: Count = 512  # not stated
    dropout: Share = 0.1  # not stated, source
    attention: Literal[*ATTENTIONS] = "softmax"  # Eq. (12): "relu"
    skip: Literal[*SKIPS] = "stream"  # Eq. (14): "query"
    positions: bool = True  # not stated; Eq. (8): False
    w_distillation: NotNegative = 1.0  # alpha, Section 4.5.3
    learner: Literal[*LEARNERS] = "eeg"  # of Eq. (20), not stated; the formula: "both"
    divisors: Literal[*DIVISORS] = "equal"  # of Eq. (18); source: "mixed"
    decisions: Literal["apart", "joint"] = (
        "apart"  # how D-Fusion is trained, not stated
    )
    lr: Positive = 1e-4  # not stated, source's for new modules; Adam
    weight_decay: NotNegative = 1e-4  # not stated, source
    batch_size: Count = 2  # not stated, source
    max_epochs: Count = 30  # not stated, source
    patience: Count = 20  # not stated, source
    baseline_epochs: Whole = Field(0, ge=0)  # cap on a baseline; 0 is its own number


PRESETS = {
    "default": {},
    "as_printed": {
        "psd": "printed",
        "scaling": "none",
        "attention": "relu",
        "skip": "query",
        "positions": False,
        "learner": "both",
    },
}

RMMT = "RMMT"


class System(NamedTuple):
    """One row of the tables, or what stands beside them."""

    module: str  # systems/<module>.py runs it
    kind: str  # "baseline", "method", "ablation", "reference"
    items: tuple[str, ...]  # tables that print it
    reads: tuple[str, ...] = ()  # settings that it reads beside those of its task
    change: dict = {}  # settings of its own


OWN = (*MODEL_KEYS, *LOSS_KEYS, *FIT_KEYS)
BRANCH = ("d", "dropout", "divisors", *FIT_KEYS)
BOTH, ALONE = ["face", "eeg"], {"EEG": ["eeg"], "Face": ["face"]}
CROSS = {"query": "face", "source": "eeg", "residual": True}
TENFOLD, LOSO, FUSIONS, PARTS = "Table 4", "Table 5", "Table 3", "Table 6"
SWEEP = "Table 7"


def _alone(modality: str) -> dict:
    """Return what makes RMMT its single-modality twin."""
    return {**CROSS, "query": modality, "source": modality, "w_distillation": 0.0}


def _compared(name: str, module: str, reads: tuple) -> dict[str, System]:
    """Return the three rows of a baseline in Table 4."""
    rows = {**ALONE, "Multimodal": BOTH}
    return {
        f"{name} {row}": System(
            module, "baseline", (TENFOLD,), reads, {"modalities": m}
        )
        for row, m in rows.items()
    }


def _tcn(modalities: list[str], items: tuple, taught: bool = False) -> System:
    change = {"modalities": modalities, "taught": taught}
    return System("tcn", "baseline", items, BRANCH, change)


SYSTEMS = {
    "F-Fusion": _tcn(BOTH, (FUSIONS,)),
    "D-Fusion": System("decisions", "baseline", (FUSIONS,), (*BRANCH, "decisions")),
    **_compared("Soleymani", "soleymani", ("baseline_epochs", "patience")),
    **_compared("Choi", "choi", BRANCH),
    "Zhang EEG": _tcn(["eeg"], (TENFOLD, LOSO)),
    "Zhang Face": _tcn(["face"], (TENFOLD, LOSO)),
    "Zhang Multimodal": _tcn(["eeg"], (TENFOLD,), taught=True),
    "RSMT-E": System("rmmt", "ablation", (TENFOLD, LOSO), OWN, _alone("eeg")),
    "RSMT-F": System("rmmt", "ablation", (TENFOLD, LOSO), OWN, _alone("face")),
    "MMT": System("rmmt", "ablation", (PARTS,), OWN, {**CROSS, "residual": False}),
    "RMMT w/o KD": System(
        "rmmt", "ablation", (PARTS,), OWN, {**CROSS, "w_distillation": 0.0}
    ),
    RMMT: System("rmmt", "method", (FUSIONS, TENFOLD, LOSO, PARTS), OWN, CROSS),
    "constant": System(
        "references", "reference", (FUSIONS, TENFOLD, LOSO, PARTS, SWEEP), (),
        {"answer": "constant"},
    ),
    "ridge": System(
        "references", "reference", (FUSIONS, TENFOLD, LOSO), (), {"answer": "ridge"}
    ),
}  # fmt: skip
"""Every system, in the order of the tables: the paper's rows, then references."""


def named(*kinds: str) -> list[str]:
    """Return the systems of some kinds, in the order of the tables."""
    return [name for name, system in SYSTEMS.items() if system.kind in kinds]


class Settings(GridSettings):
    """The grid of one run: what a notebook's parameters cell holds."""

    METHOD, PRESETS = Method, PRESETS

    config: str = ""
    data: Literal["surrogate", "local"] = "surrogate"
    corpora: list[Literal[*CORPORA]] = Field(["mahnob_continuous"], min_length=1)
    protocols: list[Literal[*TRACE_PROTOCOLS]] = Field(["by_trial"], min_length=1)
    systems: list[Literal[*SYSTEMS]] = Field(
        ["F-Fusion", "RSMT-E", "RSMT-F", RMMT, "constant"], min_length=1
    )
    presets: list[Literal[*PRESETS]] = Field(["default"], min_length=1)
    alphas: list[NotNegative] = []  # Table 7, Fig. 9: RMMT at these as well
    n_folds: Whole = Field(10, ge=2, le=100)  # Section 4.3
    n_subject_folds: Whole = Field(24, ge=2, le=100)  # Section 4.3
    folds: list[Whole] = Field([0], min_length=1)
    seeds: list[Whole] = Field([0], min_length=1)
    surrogate: dict = {}

    @model_validator(mode="after")
    def _fits_together(self) -> Settings:
        sizes = {"by_trial": self.n_folds, "by_subject": self.n_subject_folds}
        for protocol in self.protocols:
            if max(self.folds) >= sizes[protocol] or min(self.folds) < 0:
                raise ValueError(
                    f"folds must be in [0, {sizes[protocol] - 1}] {protocol}; got "
                    f"{self.folds}."
                )
        method = self.method(self.presets[0])
        if method.backbone != "small" and not method.checkpoint:
            raise ValueError(
                f"checkpoint must be given with backbone={method.backbone!r}, which is "
                "never trained from scratch; got none. Name a file, or use 'small'."
            )
        return self
