"""What paper 3 sets, and what a run of its notebooks may choose.

`SYSTEMS` says everything about a row of the tables, `CORPORA` about a corpus; the grid,
the order of tables and the references follow from them. `Settings` is the grid of a
table. `Method` is how NMER is built and trained; each value says where it stands in the
paper, or where else it comes from. `PRESETS` are differences from it. A baseline keeps
its own published recipe, which stands in its ``systems`` file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeVar

from pydantic import Field, model_validator

from emolib.containers import MODALITIES_AVL
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

PAPER = "nmer"
LETTERS = {"audio": "a", "visual": "v", "text": "l"}
CLASSES = {
    "emotion": ("angry", "happy", "neutral", "sad"),
    "sentiment": ("negative", "positive"),
}


@dataclass(frozen=True)
class System:
    """One row of the tables, or what stands beside them.

    Parameters
    ----------
    module : str
        Its file in ``systems``.
    kind : {'baseline', 'method', 'uni-modal', 'majority', 'ceiling'}
        Presets apply to the method alone; the last two train nothing.
    change : mapping
        The settings that the row adds or changes.
    trained : {'noisy', 'clean', 'never'}
        Another level costs a test alone where it was trained clean, once, or never.
    reads : str
        Letters of its modalities; the six conditions do not concern one alone.
    shares : str
        The stage of clean data that other systems or levels need too, if there is one.
    row : (method, variant)
        How the paper's tables call it; its own name and no variant where not given.
    """

    module: str
    kind: str
    change: Mapping = field(default_factory=dict)
    trained: str = "noisy"
    reads: str = "avl"
    shares: str = ""
    row: tuple[str, str] | None = None


def _nmer(variant: str = "", **change) -> System:
    """Return NMER, or a row of its ablation: one change (Section 3.4)."""
    row = ("NMER", variant)
    return System("nmer", "method", change, shares="clean teacher", row=row)


def _unimodal(letter: str, name: str, trained: str, method: str) -> System:
    """Return a row of Table 4; Section 3.4 does not say on what it is trained."""
    change, row = {"modality": name, "trained": trained}, (method, letter)
    return System("unimodal", "uni-modal", change, trained, letter, "uni-modal", row)


def _ceiling(reads: str, ignore: bool) -> System:
    """Return an ideal reader; it leaves out what is noisy where it must ignore it."""
    names = [name for name, letter in LETTERS.items() if letter in reads]
    change = {"modalities": names, "ignore": ignore}
    row = ("ceiling", reads) if len(reads) == 1 else None
    return System("references", "ceiling", change, "never", reads, row=row)


SYSTEMS = {
    "MEN": System("men", "baseline", trained="clean", shares="MEN"),
    "MCTN": System("mctn", "baseline"),
    "MMIN": System("mmin", "baseline", shares="MEN"),
    "IF-MMIN": System("if_mmin", "baseline", shares="clean teacher"),
    "NMER": _nmer(),
    "w/o VAE": _nmer("w/o VAE", use_vae=False),
    "w/o L_inv": _nmer("w/o L_inv", w_inv=0.0),
    **{
        f"uni-modal {k}{words}": _unimodal(k, m, trained, f"uni-modal{words}")
        for trained, words in (("noisy", ""), ("clean", ", trained clean"))
        for m, k in LETTERS.items()
    },
    "majority": System("references", "majority", {"modalities": []}, "never"),
    "ceiling": _ceiling("avl", ignore=False),
    "ceiling, noisy ignored": _ceiling("avl", ignore=True),
    **{f"ceiling {k}": _ceiling(k, ignore=False) for k in "avl"},
}
"""Rows of Table 2, of Table 4, then references: as a reader meets them."""


@dataclass(frozen=True)
class Corpus:
    """What the grid knows of a corpus.

    Parameters
    ----------
    target : str
    n_folds : int
        The publisher's; IEMOCAP's ten hold out one session each (facts B0).
    is_rated : bool
        Its rating is a number from -3 to 3; that of the others is the class.
    z_scored : tuple of str
        Modalities scaled by the fold's training frames: its own convention.
    sizes : mapping
        Of its surrogate, by tier (surrogate-models, section 9.1); an open corpus has
        none.
    """

    target: str
    n_folds: int = 1
    is_rated: bool = False
    z_scored: tuple[str, ...] = ()
    sizes: Mapping = field(default_factory=dict)


_BY_SPEAKER = {
    tier: {"n_subjects": 10, "n_trials": n}
    for tier, n in {"smoke": 40, "quick": 120, "full": 300}.items()
}
_BY_PART = {
    "smoke": {"n_train": 120, "n_val": 30, "n_test": 60},
    "quick": {"n_train": 1200, "n_val": 200, "n_test": 400},
    "full": {"n_train": 3000, "n_val": 600, "n_test": 1200},
}
CORPORA = {
    "iemocap": Corpus("emotion", 10, z_scored=("audio",), sizes=_BY_SPEAKER),
    "mosei": Corpus("sentiment", is_rated=True, sizes=_BY_PART),
    # beside the paper: the same format, a smaller corpus; and open utterance vectors
    "mosi": Corpus("sentiment", is_rated=True, sizes=_BY_PART),
    "mosi_utterances": Corpus("sentiment"),
}

T = TypeVar("T")
Some = Annotated[list[T], Field(min_length=1)]
Below1 = Annotated[Number, Field(ge=0, lt=1)]
Decibel = Annotated[Number, Field(ge=-100, le=40)]


class Method(Typed):
    """How utterances are labelled and NMER is built and trained."""

    # Table 1's counts fit a sentiment of 0 that is positive (facts B0)
    positive: Literal["at_least_0", "above_0"] = "at_least_0"
    d_hidden: Count = 128  # Section 3.3: LSTM, TextCNN and invariance encoder
    n_layers: Count = 5  # Section 3.3
    n_heads: Count = 16  # Section 3.3; the released code has 8
    d_ff: Count = 128  # not stated; the released code's
    d_latent: Count = 64  # not stated; the released code's
    dropout: Below1 = 0.5  # Section 3.3; of the classifier
    text_dropout: Below1 = 0.5  # Section 3.3; of the TextCNN, the released code's too
    vae_dropout: Below1 = 0.1  # not stated for the Transformer; the released code's
    kaiming: bool = False  # not stated for the Transformer; the released code has it
    # Section 2.3: linear maps, as [39] has them on h'
    invariance: Literal["shared", "separate"] = "shared"
    # Section 2.3 reconstructs each utterance by itself
    attention: Literal["utterance", "batch"] = "utterance"
    decoder: list[Count] = [128, 256]  # Section 3.3
    # not stated; a sigmoid cannot reach the targets
    decoder_output: Literal["linear", "sigmoid"] = "linear"
    sample: bool = False  # not stated for the test; z is the mean there
    classifier: list[Count] = [384, 128]  # Section 3.3
    batch_norm: bool = False  # not stated; the released code's classifier has it
    # Eq. (6) sums over nothing, and Eq. (7) is a mean
    kl: Literal["utterance", "element", "sum"] = "element"
    w_gen: NotNegative = 1.0  # lambda_1, Section 3.3 (in its CMU-MOSEI paragraph)
    w_inv: NotNegative = 10.0  # lambda_2, Section 3.3
    w_cls: NotNegative = 1.0  # lambda_3, Section 3.3
    use_vae: bool = True  # Section 3.4: off is the row "w/o VAE"
    optimizer: Literal["adamw", "adam"] = "adamw"  # Section 3.3
    lr: Positive = 2e-4  # Section 3.3
    beta_1: Below1 = 0.9  # not stated; the released code's Adam has 0.5
    weight_decay: NotNegative = 0.01  # not stated; AdamW's own
    max_norm: Positive = 1.0  # not stated; each part's gradient, as the released code
    batch_size: Count = 128  # Section 3.3
    n_epochs: Count = 60  # Section 3.3
    constant: Share = 0.5  # share of epochs at full lr; "Lambda LR", form not stated
    teacher_epochs: Count = 20  # not stated; IF-MMIN's first stage, which it is
    teacher_dropout: Below1 = 0.3  # not stated; IF-MMIN's; the released code has 0.2
    patience: Annotated[Whole, Field(ge=0)] = 0  # not stated; 0 trains to the end
    # of a baseline's stages: a cap on epochs, their lr and batch; 0 is as published
    baseline_epochs: Annotated[Whole, Field(ge=0)] = 0
    baseline_lr: NotNegative = 0.0
    baseline_batch_size: Annotated[Whole, Field(ge=0)] = 0
    as_many_updates: bool = False  # not published: more epochs of smaller corpora
    keep_weights: bool = True  # off where thousands of models would be kept

    @model_validator(mode="after")
    def _heads_divide_features(self):
        d_model = 2 * len(MODALITIES_AVL) * self.d_hidden  # h' and H' of each modality
        if d_model % self.n_heads:
            raise ValueError(
                f"n_heads must divide the Transformer's {d_model} features; got "
                f"{self.n_heads}. 8, 12 and 16 do for d_hidden = 128."
            )
        return self


PRESETS = {
    "default": {},
    "as_printed": {  # where the text has a literal reading that the default leaves
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
        "kaiming": True,
        "dropout": 0.1,
        "teacher_dropout": 0.2,
        "w_inv": 1.0,
        "optimizer": "adam",
        "beta_1": 0.5,
        "weight_decay": 0.0,
        "n_epochs": 80,
    },
}


class Settings(GridSettings):
    """The grid of one run: what a notebook's parameters cell holds."""

    METHOD, PRESETS = Method, PRESETS

    config: str = ""
    data: Literal["surrogate", "local"] = "surrogate"
    corpora: Some[Literal[tuple(CORPORA)]] = ["iemocap"]
    systems: Some[Literal[tuple(SYSTEMS)]] = ["NMER", "IF-MMIN", "MEN"]
    # Section 2.2.1; "missing" is the older treatment that Section 1 argues against
    noises: Some[Literal["gaussian", "impulse", "missing"]] = ["gaussian"]
    dbs: Some[Decibel] = [-10.0]
    clean_dbs: list[Decibel] = []  # of what is trained clean or never; as dbs if empty
    exact: list[Decibel] = []  # of these: levels solved exactly
    # those of Tables 2 and 3; all modalities noisy (Tables 4, 5); none noisy
    conditions: Some[Literal["six", "all", "clean"]] = ["six"]
    presets: Some[Literal[tuple(PRESETS)]] = ["default"]
    # a fixed step per level and modality; or the released code's random step
    readings: Some[Literal["paper", "released"]] = ["paper"]
    folds: Some[Annotated[Whole, Field(ge=1, le=10)]] = [1]
    seeds: Some[Annotated[Whole, Field(ge=0)]] = [0]
    size: Literal["smoke", "quick", "full"] = "smoke"
    n_pairs: Annotated[Whole, Field(ge=2)] = 128  # Section 3.5: utterances a map
    surrogate: dict = {}

    @model_validator(mode="after")
    def _lists_fit_each_other(self):
        for db in self.exact:
            if db not in (*self.dbs, *self.clean_dbs):
                raise ValueError(
                    f"exact must be levels of dbs or clean_dbs; got {db:g}. Add it to "
                    "one of them."
                )
        for name in self.corpora:
            if min(self.folds) > CORPORA[name].n_folds:
                raise ValueError(
                    f"folds must be at most {CORPORA[name].n_folds} for {name}; got "
                    f"{self.folds}. {name} has no other folds."
                )
        return self

    def surrogate_knobs(self, corpus: str) -> dict:
        """Return the knobs of a surrogate writer; an open corpus has none.

        `surrogate` holds knobs for all corpora, and for one under its name.
        """
        if not CORPORA[corpus].sizes:
            return {}
        shared = {k: v for k, v in self.surrogate.items() if k not in CORPORA}
        own = self.surrogate.get(corpus, {})
        return {**CORPORA[corpus].sizes[self.size], **shared, **own}
