"""What paper 2 sets, and what a run of its notebooks may choose.

`Settings` is the grid of a table: corpora, targets, protocols, systems, folds, seeds.
`Method` is one way to prepare the data and train one system; the paper gives few of its
values, so each default says where it comes from. `PRESETS` and `VARIANTS` are
differences from it: "as_printed" is every switch at the paper's literal reading, a
variant is one row of the ablation study.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from emolib.checks import check_option, check_range
from emolib.choices import GridSettings
from emolib.corpora.registry import CORPORA

PAPER = "ecg_eeg"
TARGETS = {
    "dreamer": ("valence", "arousal", "dominance"),
    "amigos": ("arousal", "valence"),  # Section 2.1: dominance is not reported
    "eegmat": ("workload",),
}
THRESHOLDS = {name: CORPORA[name].threshold for name in TARGETS}
"""Not stated; the middle of each scale, high means above it."""
PROTOCOLS = ("by_subject", "by_trial", "random_windows")


@dataclass(frozen=True)
class Method:
    """How windows are made and one system is trained."""

    window_s: float = 10.0  # Section 2.1
    last_s: float = 0.0  # not stated; 0 is the whole stimulus
    videos: str = "short"  # not stated; AMIGOS's long ones would set the class prior
    zscore_scope: str = "subject"  # Section 2.1: per subject and channel
    eeg_band: list[float] = field(default_factory=lambda: [0.5, 45.0])  # not stated
    stem: str = "conv"  # Section 2.2 names iTransformer, which is "linear"
    n_patches: int = 10  # not stated; patches of 1 s divide 10 s exactly
    d_patch: int = 32  # not stated; N_p x 32 = 320
    n_layers: int = 2  # not stated; iTransformer's default
    n_heads: int = 8  # not stated; iTransformer's default
    d_ff: int = 256  # not stated
    dropout: float = 0.1  # not stated; iTransformer's default
    align: bool = True  # Section 2.2, contrastive learning
    shuffle: bool = True  # Section 2.2, data preparation
    w_patch: float = 0.5  # alpha of Eq. (4), not stated
    temperature_patch: float = 0.1  # tau_p of Eq. (2), not stated
    temperature_window: float = 0.1  # tau_S of Eq. (3), not stated
    similarity: str = "centred"  # not defined; plain cosines collapse, see the README
    twins: str = "excluded"  # Section 2.2 says both; see the paper's README
    lr: float = 5e-4  # not stated; read planted affect in trials of the stem
    weight_decay: float = 0.01  # not stated
    batch_size: int = 64  # not stated
    max_epochs: int = 40  # not stated; every stage ends by early stopping
    patience: int = 8  # not stated
    val_fraction: float = 0.2  # not stated; part of the training folds
    distortion_epochs: int = 0  # cap on SSL-ECG's pre-training; 0 is its own 100
    baseline_epochs: int = 0  # cap on a baseline's stages; 0 is its published number

    def __post_init__(self):
        check_option("stem", self.stem, ("conv", "linear"))
        check_option("zscore_scope", self.zscore_scope, ("subject", "pooled", "train"))
        check_option("videos", self.videos, ("short", "all"))
        check_option("twins", self.twins, ("excluded", "negative"))
        check_option("similarity", self.similarity, ("cosine", "centred"))
        check_range("w_patch", self.w_patch, 0, 1)
        for name in ("temperature_patch", "temperature_window"):
            check_range(name, getattr(self, name), 0, float("inf"), closed="neither")
        if len(self.eeg_band) not in (0, 2):
            raise ValueError(
                f"eeg_band must be [l_freq, h_freq] in Hz, or [] for no filter; "
                f"got {self.eeg_band}."
            )


PRESETS = {
    "ours": {},
    "as_printed": {
        "stem": "linear",
        "twins": "negative",
        "similarity": "cosine",
        "eeg_band": [],
    },
}
VARIANTS = {  # rows of Tables 1 and 2: one change each
    "ours": {},
    "w/o align": {"align": False},
    "w/o shuffle": {"shuffle": False},
    "w/o patch-align": {"w_patch": 0.0},
    "w/o seq-align": {"w_patch": 1.0},
}
BASELINES = {
    "TS-TCC": "ts_tcc",
    "TFC": "tfc",
    "SSL-ECG": "ssl_ecg",
    "EEG-Conformer": "eeg_conformer",
}
REFERENCES = {  # what stands beside the systems, and what it reads
    "chance": ("chance", {}),
    "majority": ("majority", {}),
    "linear probe": ("probe", {"modalities": ["eeg", "ecg"]}),
    "linear probe, ECG": ("probe", {"modalities": ["ecg"]}),
    "nearest neighbour": ("neighbour", {"modalities": ["eeg", "ecg"]}),
    "EEG teacher": ("teacher", {}),
    "ceiling, ECG": ("ceiling", {"modalities": ["ecg"], "observer": "normalised"}),
    "ceiling, ECG, cold": ("ceiling", {"modalities": ["ecg"], "observer": "cold"}),
    "ceiling": ("ceiling", {"modalities": ["eeg", "ecg"], "observer": "normalised"}),
}
SYSTEMS = (*VARIANTS, *BASELINES, *REFERENCES)
READERS = ("linear probe", "linear probe, ECG", "nearest neighbour")
"""Plain readers: cheap, so they may run under more protocols than the systems."""

SWEEPS = {
    "temperature": ("temperature_patch", "temperature_window"),
    "w_patch": ("w_patch",),
}
"""What a sweep may vary, and the fields of `Method` that it sets."""

FEW_LABELS = ("ours", "w/o align", "EEG teacher")
"""Systems that are also trained on a fraction of the labelled trials."""


@dataclass(frozen=True)
class Settings(GridSettings):
    """The grid of one run: what a notebook's parameters cell holds."""

    METHOD, PRESETS, VARIANTS = Method, PRESETS, VARIANTS

    config: str = ""
    data: str = "surrogate"
    corpora: list[str] = field(default_factory=lambda: ["dreamer"])
    targets: list[str] = field(default_factory=lambda: ["arousal"])
    protocols: list[str] = field(default_factory=lambda: ["by_subject"])
    reader_protocols: list[str] = field(default_factory=lambda: ["by_subject"])
    systems: list[str] = field(default_factory=lambda: ["ours", "w/o align"])
    presets: list[str] = field(default_factory=lambda: ["ours"])
    label_fractions: list[float] = field(default_factory=lambda: [1.0])
    n_subjects: int = 6
    surrogate: dict = field(default_factory=dict)
    n_folds: int = 5
    folds: list[int] = field(default_factory=lambda: [0])
    folds_within: list[int] = field(default_factory=lambda: [0])
    seeds: list[int] = field(default_factory=lambda: [0])
    sweep: dict = field(default_factory=dict)
    readability: list[int] = field(default_factory=list)
    readability_test: int = 1000
    overrides: dict = field(default_factory=dict)
    device: str = "auto"
    n_workers: int = 1
    run_name: str = ""

    def __post_init__(self):
        self.check_filled(
            "corpora", "targets", "protocols", "systems", "presets", "label_fractions",
            "folds", "seeds",
        )  # fmt: skip
        check_option("data", self.data, ("surrogate", "local"))
        for name, allowed in (
            ("corpora", TARGETS),
            ("protocols", PROTOCOLS),
            ("reader_protocols", PROTOCOLS),
            ("sweep", SWEEPS),
            ("systems", SYSTEMS),
            ("presets", PRESETS),
        ):
            for value in getattr(self, name):
                check_option(name, value, tuple(allowed))
        known = {target for corpus in self.corpora for target in TARGETS[corpus]}
        for target in self.targets:
            check_option("targets", target, tuple(sorted(known)))
        for fraction in self.label_fractions:
            check_range("label_fractions", fraction, 0, 1, closed="right")
        for fold in (*self.folds, *self.folds_within):
            check_range("folds", fold, 0, self.n_folds - 1)
        check_range("n_folds", self.n_folds, 2, 100)
        self.check_overrides()

    def surrogate_knobs(self, corpus: str) -> dict:
        """Return the knobs of a surrogate writer; an open corpus has none."""
        if CORPORA[corpus].is_open:
            return {}
        return {"n_subjects": self.n_subjects, **self.surrogate}
