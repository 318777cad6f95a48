"""What paper 3 sets, and what a run of its notebooks may choose.

`Settings` is the grid of a table: corpora, systems, kinds of noise, levels, conditions,
folds, seeds. `Method` is how NMER is built and trained; each value says where it stands
in the paper, or where else it comes from. `PRESETS` and `VARIANTS` are differences from
it. A baseline keeps its own published recipe, which stands in its ``systems`` file.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from emolib.checks import check_option, check_range
from emolib.choices import GridSettings
from emolib.containers import MODALITIES_AVL
from emolib.corpora.registry import CORPORA

PAPER = "nmer"
LETTERS = {"audio": "a", "visual": "v", "text": "l"}
TARGETS = {
    "iemocap": "emotion",
    "mosei": "sentiment",
    "mosi": "sentiment",  # beside the paper: the same format, a smaller corpus
    "mosi_utterances": "sentiment",  # real utterance vectors, open
}
CLASSES = {
    "emotion": ("angry", "happy", "neutral", "sad"),
    "sentiment": ("negative", "positive"),
}
N_FOLDS = {"iemocap": 10, "mosei": 1, "mosi": 1, "mosi_utterances": 1}
"""IEMOCAP's ten folds hold out one session each, MOSEI's split is given (facts B0)."""

RATED = ("mosei", "mosi")
"""Corpora whose rating is a number from -3 to 3; that of the others is the class."""

Z_SCORED = {"iemocap": ("audio",)}
"""Modalities z-scored by the fold's training frames: the corpus's own convention."""

NOISES = ("gaussian", "impulse", "missing")
"""Section 2.2.1; "missing" is the older treatment that Section 1 argues against."""

CONDITIONS = ("six", "all", "clean")
"""The six conditions (Tables 2, 3), all modalities noisy (Tables 4, 5), none noisy."""

READINGS = ("paper", "released")
"""A fixed step per level and modality; or the released code's random step."""


SIZES_OF_PARTS = (
    "d_hidden", "n_layers", "n_heads", "d_ff", "d_latent", "n_epochs", "teacher_epochs",
    "batch_size",
)  # fmt: skip


@dataclass(frozen=True)
class Method:
    """How utterances are labelled and NMER is built and trained."""

    positive: str = "at_least_0"  # not stated; Table 1's counts fit it (facts B0)
    d_hidden: int = 128  # Section 3.3: LSTM, TextCNN and invariance encoder
    n_layers: int = 5  # Section 3.3
    n_heads: int = 16  # Section 3.3; the released code has 8
    d_ff: int = 128  # not stated; the released code's
    d_latent: int = 64  # not stated; the released code's
    dropout: float = 0.5  # Section 3.3; of TextCNN and classifier
    vae_dropout: float = 0.1  # not stated for the Transformer; the released code's
    invariance: str = "shared"  # Section 2.3: linear maps, as [39] has them on h'
    attention: str = "utterance"  # Section 2.3 reconstructs each utterance by itself
    decoder: list[int] = field(default_factory=lambda: [128, 256])  # Section 3.3
    decoder_output: str = "linear"  # not stated; a sigmoid cannot reach the targets
    sample: bool = False  # not stated for the test; z is the mean there
    classifier: list[int] = field(default_factory=lambda: [384, 128])  # Section 3.3
    batch_norm: bool = False  # not stated; the released code's classifier has it
    kl: str = "element"  # Eq. (6) sums over nothing, and Eq. (7) is a mean
    w_gen: float = 1.0  # lambda_1, Section 3.3 (in its CMU-MOSEI paragraph)
    w_inv: float = 10.0  # lambda_2, Section 3.3
    w_cls: float = 1.0  # lambda_3, Section 3.3
    use_vae: bool = True  # Section 3.4: off is the row "w/o VAE"
    optimizer: str = "adamw"  # Section 3.3
    lr: float = 2e-4  # Section 3.3
    beta_1: float = 0.9  # not stated; the released code's Adam has 0.5
    weight_decay: float = 0.01  # not stated; AdamW's own
    max_norm: float = 1.0  # not stated; each part's gradient, as the released code
    batch_size: int = 128  # Section 3.3
    n_epochs: int = 60  # Section 3.3
    constant: float = 0.5  # share of epochs at full lr; "Lambda LR", form not stated
    teacher_epochs: int = 20  # not stated; IF-MMIN's first stage, which it is
    patience: int = 0  # not stated; 0 trains to the end
    baseline_epochs: int = 0  # cap on a baseline's stages; 0 is its published number
    as_many_updates: bool = False  # ours: more epochs where the corpus is smaller
    keep_weights: bool = True  # ours; off where thousands of models would be kept

    def __post_init__(self):
        check_option("positive", self.positive, ("at_least_0", "above_0"))
        check_option("invariance", self.invariance, ("shared", "separate"))
        check_option("attention", self.attention, ("utterance", "batch"))
        check_option("decoder_output", self.decoder_output, ("linear", "sigmoid"))
        check_option("kl", self.kl, ("utterance", "element", "sum"))
        check_option("optimizer", self.optimizer, ("adamw", "adam"))
        for name in ("w_gen", "w_inv", "w_cls", "weight_decay"):
            check_range(name, getattr(self, name), 0, float("inf"))
        for name in ("dropout", "vae_dropout", "beta_1"):
            check_range(name, getattr(self, name), 0, 1, closed="left")
        check_range("constant", self.constant, 0, 1)
        for name in ("lr", "max_norm"):
            check_range(name, getattr(self, name), 0, float("inf"), closed="neither")
        for name in ("patience", "baseline_epochs"):
            check_range(name, getattr(self, name), 0, float("inf"))
        for name in SIZES_OF_PARTS:
            check_range(name, getattr(self, name), 1, float("inf"))
        for width in (*self.decoder, *self.classifier):
            check_range("hidden width", width, 1, float("inf"))
        d_model = 2 * len(MODALITIES_AVL) * self.d_hidden  # h' and H' of each modality
        if d_model % self.n_heads:
            raise ValueError(
                f"n_heads must divide the Transformer's {d_model} features; got "
                f"{self.n_heads}. 8, 12 and 16 do for d_hidden = 128."
            )


PRESETS = {
    "ours": {},
    "as_printed": {  # where the text has a literal reading that ours departs from
        "sample": True,  # Section 2.3: a stochastic sampling process
        "vae_dropout": 0.5,  # Section 3.3: the dropout rate
    },
    "kl_summed": {  # nats an utterance; beside a mean they empty z
        "kl": "utterance",
    },
    "as_released": {  # facts B2: the public code of the preprint's first version
        "invariance": "separate",
        "attention": "batch",
        "decoder": [128],
        "decoder_output": "sigmoid",
        "classifier": [128, 128],
        "batch_norm": True,
        "sample": True,
        "kl": "sum",
        "n_heads": 8,
        "dropout": 0.1,
        "w_inv": 1.0,
        "optimizer": "adam",
        "beta_1": 0.5,
        "weight_decay": 0.0,
        "n_epochs": 80,
    },
}
VARIANTS = {  # the last two rows of Table 2: one change each
    "ours": {},
    "w/o VAE": {"use_vae": False},
    "w/o L_inv": {"w_inv": 0.0},
}
BASELINES = {"MEN": "men", "MCTN": "mctn", "MMIN": "mmin", "IF-MMIN": "if_mmin"}
UNIMODAL = {  # rows of Table 4: what is read, and at which level it is trained
    **{
        f"uni-modal {letter}": {"modality": name, "trained": "noisy"}
        for name, letter in LETTERS.items()
    },
    **{
        f"uni-modal {letter}, trained clean": {"modality": name, "trained": "clean"}
        for name, letter in LETTERS.items()
    },
}
REFERENCES = {  # what stands beside the systems, and what it reads
    "majority": ("majority", {}),
    "ceiling": ("ceiling", {"modalities": list(MODALITIES_AVL), "ignore": False}),
    "ceiling, noisy ignored": (
        "ceiling",
        {"modalities": list(MODALITIES_AVL), "ignore": True},
    ),
    **{
        f"ceiling {letter}": ("ceiling", {"modalities": [name], "ignore": False})
        for name, letter in LETTERS.items()
    },
}
SYSTEMS = (*VARIANTS, *BASELINES, *UNIMODAL, *REFERENCES)
CLEAN_TRAINED = ("MEN", *(name for name in UNIMODAL if name.endswith("clean")))
"""Systems trained once on clean data, whatever noise they are tested under."""

ONCE = (*CLEAN_TRAINED, *REFERENCES)
"""Systems that another level costs only a test: it is trained once, or not at all."""

ONE_MODALITY = (*UNIMODAL, *(f"ceiling {letter}" for letter in LETTERS.values()))
"""Systems that read one modality, which the six conditions do not concern."""

SIZES = {  # of the surrogates (surrogate-models, section 9.1)
    "smoke": {
        "iemocap": {"n_subjects": 10, "n_trials": 20},
        "mosei": {"n_train": 120, "n_val": 30, "n_test": 60},
        "mosi": {"n_train": 120, "n_val": 30, "n_test": 60},
    },
    "quick": {
        "iemocap": {"n_subjects": 10, "n_trials": 120},
        "mosei": {"n_train": 1200, "n_val": 200, "n_test": 400},
        "mosi": {"n_train": 1200, "n_val": 200, "n_test": 400},
    },
    "full": {
        "iemocap": {"n_subjects": 10, "n_trials": 300},
        "mosei": {"n_train": 3000, "n_val": 600, "n_test": 1200},
        "mosi": {"n_train": 3000, "n_val": 600, "n_test": 1200},
    },
}


@dataclass(frozen=True)
class Settings(GridSettings):
    """The grid of one run: what a notebook's parameters cell holds."""

    METHOD, PRESETS, VARIANTS = Method, PRESETS, VARIANTS

    config: str = ""
    data: str = "surrogate"
    corpora: list[str] = field(default_factory=lambda: ["iemocap"])
    systems: list[str] = field(default_factory=lambda: ["ours", "IF-MMIN", "MEN"])
    noises: list[str] = field(default_factory=lambda: ["gaussian"])
    dbs: list[float] = field(default_factory=lambda: [-10.0])
    clean_dbs: list[float] = field(default_factory=list)  # of `ONCE`; as dbs if empty
    exact: list[float] = field(default_factory=list)  # of these: levels solved exactly
    conditions: list[str] = field(default_factory=lambda: ["six"])
    presets: list[str] = field(default_factory=lambda: ["ours"])
    readings: list[str] = field(default_factory=lambda: ["paper"])
    folds: list[int] = field(default_factory=lambda: [1])
    seeds: list[int] = field(default_factory=lambda: [0])
    size: str = "smoke"
    n_pairs: int = 128  # Section 3.5: utterances in each map of Fig. 3
    surrogate: dict = field(default_factory=dict)
    overrides: dict = field(default_factory=dict)
    device: str = "auto"
    n_workers: int = 1
    run_name: str = ""

    def __post_init__(self):
        check_option("data", self.data, ("surrogate", "local"))
        check_option("size", self.size, tuple(SIZES))
        for name, allowed in (
            ("corpora", TARGETS),
            ("systems", SYSTEMS),
            ("noises", NOISES),
            ("conditions", CONDITIONS),
            ("presets", PRESETS),
            ("readings", READINGS),
            ("exact", (*self.dbs, *self.clean_dbs)),
        ):
            for value in getattr(self, name):
                check_option(name, value, tuple(allowed))
        self.check_filled(
            "corpora", "systems", "noises", "dbs", "conditions", "presets", "readings",
            "folds", "seeds",
        )  # fmt: skip
        for fold in self.folds:
            check_range("folds", fold, 1, max(N_FOLDS.values()))
        for corpus in self.corpora:
            hint = f"{corpus} has no other folds."
            check_range("folds", min(self.folds), 1, N_FOLDS[corpus], hint=hint)
        for seed in self.seeds:
            check_range("seeds", seed, 0, float("inf"))
        for db in (*self.dbs, *self.clean_dbs):
            check_range("dbs", db, -100, 40)
        check_range("n_pairs", self.n_pairs, 2, float("inf"))
        self.check_overrides()

    def surrogate_knobs(self, corpus: str) -> dict:
        """Return the knobs of a surrogate writer; an open corpus has none.

        `surrogate` holds knobs for all corpora, and for one under its name.
        """
        if CORPORA[corpus].is_open:
            return {}
        shared = {k: v for k, v in self.surrogate.items() if k not in TARGETS}
        own = self.surrogate.get(corpus, {})
        return {**SIZES[self.size][corpus], **shared, **own}
