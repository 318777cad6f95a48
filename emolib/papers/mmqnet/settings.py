"""What paper 1 sets, and what a run of its notebooks may choose.

`Settings` is the grid of a table. `Method` is one way to prepare the data, hide part of
it and train MMQ-Net; each default says where it stands in the paper. `PRESETS` are
differences from it, "as_printed" every switch at its literal reading. `SYSTEMS` is
every row; a baseline's published recipe stands in its ``systems`` file.
"""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from emolib.checks import check_range
from emolib.corruptions.presence import READINGS
from emolib.losses.information import ESTIMATORS
from emolib.models.mmqnet import MASKS
from emolib.papers.mmqnet.training import (
    FIT_KEYS,
    LOSS_KEYS,
    MODEL_KEYS,
    WEIGHT_KEYS,
)
from emolib.preprocessing.spectral import ENTROPY_FORMS, VARIANCES
from emolib.settings import (
    Count,
    GridSettings,
    NotNegative,
    Number,
    Positive,
    Share,
    Typed,
    Whole,
)
from emolib.splits import PROTOCOLS


class Corpus(NamedTuple):
    """What the grid knows of a corpus."""

    targets: tuple[str, ...]
    threshold: float  # high means above it; not stated
    item: str  # the paper's table; an open corpus has its own


CORPORA = {
    "deap": Corpus(("valence", "arousal"), 5.0, "Table 1"),
    "mahnob": Corpus(("valence", "arousal"), 5.0, "Table 2"),
    "stress_predict": Corpus(("stress",), 0.5, "Stress-Predict"),  # not in the paper
}


class Method(Typed):
    """How features are made and hidden, and MMQ-Net is built and trained."""

    window_s: Positive = 2.0  # Section 2.2, of DE
    entropy: Literal[*ENTROPY_FORMS] = "nats"  # "sd" is Section 2.2's sentence
    variance: Literal[*VARIANCES] = "spectrum"  # not stated
    de_bands: Literal["psd", "source"] = "psd"  # Section 2.2 gives one list for both
    # "as_printed" filters every modality from 4 to 45 Hz, as Section 2.2 says
    peripherals: Literal["own", "as_printed"] = "own"
    # Section 2.2's filters and ICA again on DEAP's files that have had them
    literal_2_2: bool = False
    zscore_scope: Literal["subject", "train"] = "subject"  # not stated
    fusion: Literal["attention", "none"] = "attention"  # Section 2.2
    ties: Literal["low", "high"] = "low"  # not stated; a rating of 5 is low
    missing: Literal[*READINGS] = "modalities"  # Section 2.1 gives a_i a window
    cca_views: Literal["two", "pairs"] = "two"  # not stated; GCNet's are "pairs"
    d: Count = 16  # Section 3.2
    n_heads: Count = 4  # Section 3.2
    d_ff: Count = 128  # Section 3.2
    n_layers: Count = 2  # not stated
    dropout: Share = 0.1  # not stated; that of its [20]
    mask: Literal[*MASKS] = "log"  # Eq. (3); "product" as printed
    reconstruction: Literal["dropped", "available"] = "dropped"  # Eq. (5): "available"
    p_drop: Share = 0.3  # not stated; of what is hidden on purpose
    estimator: Literal[*ESTIMATORS] = "difference"  # of Eq. (7), not stated
    w_reconstruction: NotNegative = 1.0  # lambda_1, Section 3.2
    w_class: NotNegative = 1.0  # lambda_2, Section 3.2
    w_interference: NotNegative = 0.01  # lambda_3, Section 3.2
    lr: Positive = 6e-4  # Section 3.2, Adam
    batch_size: Count = 1024  # Section 3.2
    max_epochs: Count = 5000  # Section 3.2
    patience: Count = 100  # not stated; of every trained system
    val_fraction: Share = 0.2  # not stated; part of the training folds
    baseline_epochs: Whole = Field(0, ge=0)  # cap on a baseline; 0 is its own number


PRESETS = {
    "default": {},
    "as_printed": {
        "entropy": "sd",
        "peripherals": "as_printed",
        "mask": "product",
        "reconstruction": "available",
    },
}

MMQ_NET = "MMQ-Net"
ABLATION_RATE = 0.3
"""Of Table 3, Section 3.4."""


class System(NamedTuple):
    """One row of the tables, or what stands beside them."""

    module: str  # systems/<module>.py runs it
    kind: str  # "baseline", "method", "ablation", "reference", "ceiling"
    reads: tuple[str, ...] = ()  # settings that it reads beside those of its task
    change: dict = {}  # settings of its own


OWN = (*MODEL_KEYS, *LOSS_KEYS, *FIT_KEYS)
TRAINED = ("baseline_epochs", "patience")
OBSERVERS = {"by_subject": "normalised", "by_trial": "labelled"}
"""What an ideal reader knows under each split: a test subject's unlabelled windows; by
trial also what the subject's other labels tell. Where windows of one trial are on both
sides no bound is defined."""

SYSTEMS = {
    "CCA": System("cca", "baseline", ("cca_views",)),
    "KCCA": System("kcca", "baseline"),
    "DCCA": System("dcca", "baseline", TRAINED),
    "AE": System("autoencoder", "baseline", TRAINED),
    "SMIL": System("smil", "baseline", TRAINED),
    "ShaSpec": System("shaspec", "baseline", TRAINED),
    "TAE": System("tae", "baseline", TRAINED),
    "w/o L_R": System("mmqnet", "ablation", OWN, {"w_reconstruction": 0.0}),
    "w/o L_I": System("mmqnet", "ablation", OWN, {"w_interference": 0.0}),
    MMQ_NET: System("mmqnet", "method", OWN),
    "majority": System("references", "reference", (), {"answer": "majority"}),
    "mean fill": System("references", "reference", (), {"answer": "mean fill"}),
    "ceiling": System(
        "references", "ceiling", (), {"answer": "ceiling", "observers": OBSERVERS}
    ),
}
"""Every system, in the order of the tables: the paper's rows, then references."""


def named(*kinds: str) -> list[str]:
    """Return the systems of some kinds, in the order of the tables."""
    return [name for name, system in SYSTEMS.items() if system.kind in kinds]


Rate = Annotated[Number, Field(ge=0, lt=1)]
Protocol = Literal[*PROTOCOLS]


class Settings(GridSettings):
    """The grid of one run: what a notebook's parameters cell holds."""

    METHOD, PRESETS = Method, PRESETS

    config: str = ""
    data: Literal["surrogate", "local"] = "surrogate"
    source: Literal["dat", "raw"] = "dat"  # of DEAP; "raw" is Section 2.2's route
    corpora: list[Literal[*CORPORA]] = Field(["deap"], min_length=1)
    targets: list[Literal["valence", "arousal", "stress"]] = Field(
        ["valence"], min_length=1
    )
    rates: list[Rate] = Field([0.0, 0.3, 0.7], min_length=1)
    protocols: list[Protocol] = Field(["by_trial"], min_length=1)
    # other protocols, for these systems and rates alone
    beside: list[Protocol] = []
    beside_systems: list[Literal[*SYSTEMS]] = ["CCA", "TAE", MMQ_NET]
    beside_rates: list[Rate] = [0.0, 0.7]
    # further folds of the run's own protocols, for the same systems and rates
    more_folds: list[Whole] = []
    systems: list[Literal[*SYSTEMS]] = Field(["CCA", "TAE", MMQ_NET], min_length=1)
    presets: list[Literal[*PRESETS]] = Field(["default"], min_length=1)
    # weights of Eq. (8), one changed at a time, for MMQ-Net at the ablation's rate
    sweep: dict[Literal[*WEIGHT_KEYS], list[NotNegative]] = {}
    n_folds: Whole = Field(5, ge=2, le=100)
    folds: list[Whole] = Field([0], min_length=1)
    seeds: list[Whole] = Field([0], min_length=1)
    surrogate: dict = {}

    @model_validator(mode="after")
    def _has_its_folds(self) -> Settings:
        for fold in (*self.folds, *self.more_folds):
            check_range("folds", fold, 0, self.n_folds - 1)
        return self
