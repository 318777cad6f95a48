"""One fold of one corpus: what every system of paper 3 is given, and does with it.

`Task` folds, builds, fits, reads and predicts. A system's file says what is its own:
stages, loss step, ``build``, ``run``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import torch
from torch import nn

from emolib.containers import MODALITIES_AVL, Windows
from emolib.corruptions.conditions import SIX, draw_conditions, names_of
from emolib.models.utterances import FusionEncoder, SpecificInvariantEncoder
from emolib.papers.nmer import reading
from emolib.papers.nmer.noise import Corruption, measure_levels
from emolib.splits import Fold
from emolib.store import Outcome
from emolib.training.devices import resolve_device
from emolib.training.fit import constant_then_linear, fit
from emolib.training.predict import predict, predictions_of
from emolib.training.seeding import derive_seed, seeded
from emolib.training.tensors import load_state_arrays, state_arrays

TASK_KEYS = ("fold", "labels", "n_classes", "z_scored", "seed")
"""What every unit reads, and every stage that trains."""

RECIPE_KEYS = ("baseline_lr", "baseline_batch_size", "patience", "as_many_updates")
"""What a stage of a published recipe reads, the clean teacher too."""

BASELINE_KEYS = ("baseline_epochs", *RECIPE_KEYS)

N_TRAIN = {"iemocap": 4446, "mosei": 16265}
"""Training utterances of the paper's corpora (Table 1): what its epochs count."""


def pick(settings: Mapping, keys: Sequence[str]) -> dict:
    """Return the part of `settings` that a stage reads."""
    return {key: settings[key] for key in keys}


@dataclass(frozen=True)
class Task:
    """Utterances, fold and labels of one unit, and what is done with them.

    Parameters
    ----------
    settings : mapping
        The unit's, or a stage's: `TASK_KEYS`, and what is asked for later.
    context
        The unit's: data, windows, device, stages.
    fold : Fold
    y : ndarray of int, shape (n,)
    frames : Entry
        Of `measure_frames`.
    """

    settings: Mapping
    context: object
    fold: Fold
    y: np.ndarray
    frames: object

    @classmethod
    def of(cls, settings: Mapping, context) -> Task:
        """Return the task that a unit's or a stage's settings name."""
        windows = context.windows
        where = pick(settings, ("fold", "z_scored"))
        frames = context.stage(reading.measure_frames, **where)
        y = reading.labels_of(windows.y, settings["labels"])
        return cls(settings, context, reading.fold_of(windows, settings), y, frames)

    @property
    def windows(self) -> Windows:
        """The utterances."""
        return self.context.windows

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return self.settings["n_classes"]

    @property
    def widths(self) -> dict[str, int]:
        """Number of features of each modality: what a model is built with."""
        return {name: self.windows.x[name].shape[2] for name in MODALITIES_AVL}

    @cached_property
    def scales(self) -> dict:
        """By what modalities are z-scored: the fold's real training frames."""
        return reading.scales_of(self.frames, self.settings["z_scored"])

    @property
    def variances(self) -> dict[str, float]:
        """σ² of each modality over the fold's real training frames."""
        return self.frames.tables["frames"].set_index("modality")["variance"].to_dict()

    @cached_property
    def noise(self) -> Corruption:
        """What the unit is trained and tested under."""
        return Corruption.of(self.settings, self.variances)

    def arrays(self, index, modalities=MODALITIES_AVL) -> dict[str, np.ndarray]:
        """Return clean utterances: x, ``<modality>_length`` and y of those at `index`.

        x is (n, n_steps, n_features), as long as the longest of them.
        """
        arrays = {"y": self.y[index]}
        for name in modalities:
            x, lengths = reading.sequences(self.windows, name, index, self.scales)
            arrays |= {name: x, f"{name}_length": lengths}
        return arrays

    def epochs(self, n_epochs: int, *, constant: float = 1.0, cap: int = 0) -> dict:
        """Return length, schedule and patience of a stage, for `fit`.

        Parameters
        ----------
        n_epochs : int
            Of its recipe. With ``as_many_updates``, an epoch of fewer utterances than
            the paper's corpus has counts in proportion, so that weights are updated as
            often; a corpus that the paper does not have counts as CMU-MOSEI.
        constant : float
            Share of the epochs at full learning rate; the rest falls in a line.
        cap : int
            Most epochs of the run; 0 for none.
        """
        if self.settings["as_many_updates"]:
            n_train = N_TRAIN.get(self.context.data["corpus"], N_TRAIN["mosei"])
            n_epochs = round(n_epochs * max(1.0, n_train / len(self.fold.train)))
        n_epochs = min(n_epochs, cap or n_epochs)
        return {
            "max_epochs": n_epochs,
            "schedule": constant_then_linear(n_epochs, constant),
            "patience": self.settings["patience"] or None,
        }

    def recipe(self, published: Mapping, n_epochs: int, constant: float = 1.0) -> dict:
        """Return a published recipe, its `epochs` too, but for what the run asks."""
        cap = self.settings.get("baseline_epochs", 0)
        found = {**published, **self.epochs(n_epochs, constant=constant, cap=cap)}
        for name in ("lr", "batch_size"):
            found[name] = self.settings[f"baseline_{name}"] or found[name]
        return found

    def fit(
        self, name: str, build: Callable, step: Callable, noise: Corruption, *,
        teacher=None, targets: Mapping[str, str] | None = None,
        modalities=MODALITIES_AVL, reads=None, **options,
    ) -> tuple[nn.Module, pd.DataFrame]:  # fmt: skip
        """Return a model fitted on the fold's training utterances, and its history.

        Paper 3, Section 3.3. The epoch is the one of the highest UA on validation
        utterances under the noise's conditions.

        Parameters
        ----------
        name : str
            The seeds of its weights, order and noise follow from it.
        build : callable (task) -> Module
        step : callable (model, batch, generator) -> dict of losses
        noise : Corruption
            Which conditions the epoch is chosen under.
        teacher : Module
            Frozen; the model's encoder starts from its.
        targets : mapping of str to str
            Name in the batch -> name among the teacher's outputs on clean utterances.
        modalities, reads : sequence of str
            Those that the step is given, and those that the model reads in evaluation,
            where they are fewer.
        **options
            Of `emolib.training.fit.fit`. With `max_norm`, each part of the model has
            its gradients cut by itself, as in all public codes of this family.
        """
        with seeded(self._seed(f"{name}, weights")):
            model = build(self)
        parts = [self.arrays(i, modalities) for i in (self.fold.train, self.fold.val)]
        if teacher is not None:
            model.encoder.load_state_dict(teacher.encoder.state_dict())
            parts = [part | self._features(teacher, targets, part) for part in parts]
        if "max_norm" in options:
            options["norm_parts"] = sub_networks(model)
        result = fit(
            model, step, parts[0], validation=parts[1], seed=self._seed(name),
            monitor=self._monitor(noise, reads or modalities),
            device=self.context.device, **options,
        )  # fmt: skip
        return result.model, result.history

    def _seed(self, stage: str) -> int:
        """Return the seed of one stage: stages share no random numbers."""
        return derive_seed(self.settings["seed"], stage)

    def _features(self, teacher, targets, arrays) -> dict[str, np.ndarray]:
        """Return outputs of a frozen teacher, by their names in the batch."""

        def read(model, batch):
            outputs = model(*reading.unpack(batch))
            return {name: getattr(outputs, own) for name, own in targets.items()}

        return predict(teacher, read, arrays, device=self.context.device)

    def stage(self, train: Callable, build: Callable, keys: Sequence[str], **more):
        """Return the model of a stage that others share, and its history.

        `train(context, **settings)` stands at the top of a system's file; it reads
        `keys` of the unit's settings and what else is given.
        """
        entry = self.context.stage(train, **pick(self.settings, keys), **more)
        return with_state(build(self), entry.state), entry.tables["history"]

    def _monitor(self, noise: Corruption, modalities) -> Callable:
        """Return the criterion of `fit`: minus UA on validation, mean over conditions.

        Paper 3 does not say how an epoch is chosen; this is the released code's rule.
        The noise is the same in every epoch; `fit` takes the lowest value.
        """
        sides, y = self.copies("val", noise, modalities), self.y[self.fold.val]

        def monitor(model, held_out) -> float:
            answers = reading.logits_under(model, sides, noise.names).values()
            found = (logits.argmax(1).cpu().numpy() for logits in answers)
            return -float(np.mean([reading.mean_recall(y, answer) for answer in found]))

        return monitor

    def copies(self, part: str, noise: Corruption, modalities=MODALITIES_AVL) -> list:
        """Return a part of the fold with no modality noisy, and with all of them.

        Two dictionaries of tensors, modalities and their lengths, on the device.
        """
        arrays = self.arrays(getattr(self.fold, part), modalities)
        key, device = self._noise_key(part, noise), resolve_device(self.context.device)
        sides = (noise.copy(arrays, is_noisy, key) for is_noisy in (False, True))
        return [{k: v.to(device) for k, v in side.items()} for side in sides]

    def _noise_key(self, part: str, noise: Corruption) -> str:
        """Return what fixes the noise of one part ("val", "test") of a fold."""
        corpus = self.context.data["corpus"]
        return f"{corpus}, fold {self.fold.fold}, {part}, {noise.text}"

    def predictions(self, part: str, noise: Corruption, scores: Mapping):
        """Return Predictions of one part of the fold under every condition.

        Paper 3, Section 3.1: each utterance is tested under all conditions of the unit.

        Parameters
        ----------
        part : {'val', 'test'}
        noise : Corruption
        scores : mapping of condition to ndarray, shape (n, n_classes)

        Returns
        -------
        predictions : DataFrame
            One row per utterance and condition. Column `clean` names the condition by
            its clean modalities; `drawn` is True in the one row of an utterance whose
            condition was drawn for it, the protocol that the paper has for CMU-MOSEI.
        """
        index = getattr(self.fold, part)
        seed = derive_seed(0, f"{self._noise_key(part, noise)}, conditions")
        draw = torch.Generator().manual_seed(seed)
        names = noise.names if len(noise.names) == 1 else SIX
        drawn = np.array(names_of(draw_conditions(len(index), draw, names=names)))
        tables = [
            predictions_of(
                self.windows.meta, index, y_true=self.y[index], scores=found,
                fold=self.fold.fold, seed=self.settings["seed"], clean=name,
                drawn=drawn == name,
            )
            for name, found in scores.items()
        ]  # fmt: skip
        return pd.concat(tables, ignore_index=True)

    def answers(self, model, part: str, modalities=MODALITIES_AVL) -> pd.DataFrame:
        """Return a model's Predictions of one part under the unit's noise."""
        sides = self.copies(part, self.noise, modalities)
        model = model.to(resolve_device(self.context.device)).eval()
        with torch.no_grad():
            found = reading.logits_under(model, sides, self.noise.names)
        scores = {name: o.softmax(1).cpu().numpy() for name, o in found.items()}
        return self.predictions(part, self.noise, scores)

    def outcome(
        self, model, history, *, clean=None, modalities=MODALITIES_AVL
    ) -> Outcome:
        """Return what a trained system leaves: predictions, history, noise, weights.

        `clean` is the history of the clean stage that it started from, if there is one;
        `modalities` are those that the model reads.
        """
        if clean is not None:
            parts = [clean.assign(stage="clean"), history.assign(stage="noisy")]
            history = pd.concat(parts, ignore_index=True)
        return Outcome(
            predictions=self.answers(model, "test", modalities),
            tables={
                "validation": self.answers(model, "val", modalities),
                "history": history,
                "levels": self.levels(),
            },
            state=state_arrays(model) if self.settings["keep_weights"] else {},
        )

    def levels(self) -> pd.DataFrame:
        """Return the noise asked for, nominal and measured, one row a modality.

        Empty where no level was fixed.
        """
        if not self.noise.levels:
            return pd.DataFrame(columns=["modality"])
        keys = ("fold", "z_scored", "noise", "db", "exact")
        entry = self.context.stage(measure_levels, **pick(self.settings, keys))
        return entry.tables["levels"]


def as_stage(model, history: pd.DataFrame) -> Outcome:
    """Return what a stage of training keeps."""
    return Outcome(tables={"history": history}, state=state_arrays(model))


def with_state(model, state: Mapping[str, np.ndarray]):
    """Return a built model with stored weights, for evaluation."""
    if not state:
        raise ValueError(
            "the unit must have kept its weights; got none. Run it with overrides = "
            "{'keep_weights': True}; its predictions are in the store."
        )
    return load_state_arrays(model, state).eval()


def sub_networks(model: nn.Module) -> list[nn.Module]:
    """Return the parts of a model, and of its encoder one for each modality."""
    if isinstance(model, FusionEncoder):
        return list(model.encoders.values())
    nested = (FusionEncoder, SpecificInvariantEncoder)
    found = []
    for child in model.children():
        found += sub_networks(child) if isinstance(child, nested) else [child]
    return found
