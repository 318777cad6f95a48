"""Testing under noise that every system sees alike, and choosing the epoch by it.

Paper 3, Sections 3.1 and 3.3. The noise of validation and of test is drawn once for
each utterance and modality, from a seed that depends on corpus, fold, noise and level
and on nothing else; a condition then picks the clean or the noisy copy of a modality.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd
import torch

from emolib.containers import MODALITIES_AVL
from emolib.corruptions.conditions import CONDITIONS, SIX, draw_conditions, names_of
from emolib.papers.nmer.answers import logits_of, logits_under
from emolib.papers.nmer.corruption import Corruption
from emolib.papers.nmer.levels import measure_levels
from emolib.papers.nmer.task import Task
from emolib.store import Outcome
from emolib.training.devices import resolve_device
from emolib.training.predict import predict
from emolib.training.seeding import derive_seed
from emolib.training.states import load_state_arrays, state_arrays
from emolib.training.tensors import slice_of, to_tensors

SIDES = ("clean", "noisy")
RELEASED_BATCH = 128
"""The released reading draws one step for a whole batch: this many utterances."""


def clean_and_noisy(
    arrays: Mapping[str, np.ndarray], corruption: Corruption, key: str
) -> tuple[dict, dict]:
    """Return utterances twice: with no modality noisy, and with all of them.

    Parameters
    ----------
    arrays : mapping
        Of `Task.arrays`, of one modality or more.
    corruption : Corruption
    key : str
        What the noise's seed is made from; each modality adds its name.

    Returns
    -------
    clean, noisy : dict of ndarray
        Modalities and their lengths, without y. Drawn on the CPU whatever the device.
    """
    sides = {}
    for is_noisy in (False, True):
        parts = [
            _read(arrays, name, corruption, is_noisy, key)
            for name in MODALITIES_AVL
            if name in arrays
        ]
        sides[is_noisy] = {k: v for part in parts for k, v in part.items()}
    return sides[False], sides[True]


def _read(arrays, name, corruption, is_noisy, key) -> dict[str, np.ndarray]:
    """Return one modality and its lengths as a model sees them."""
    generator = torch.Generator().manual_seed(derive_seed(0, f"{key}, {name}"))
    names = (name, f"{name}_length")
    tensors = to_tensors({n: arrays[n] for n in names}, torch.device("cpu"))
    size = RELEASED_BATCH if corruption.reading == "released" else len(arrays[name])
    seen = []
    for start in range(0, len(arrays[name]), size):
        part = slice_of(tensors, start, start + size)
        noisy = torch.full((len(part[name]), 3), is_noisy)
        x, lengths = {name: part[name]}, {name: part[f"{name}_length"]}
        x, lengths = corruption.apply(x, lengths, noisy, generator)
        seen.append((x[name].numpy(), lengths[name].numpy()))
    return dict(zip(names, map(np.concatenate, zip(*seen, strict=True)), strict=True))


def in_conditions(clean: Mapping, noisy: Mapping, names) -> Iterator[tuple[str, dict]]:
    """Yield each condition's name with its copy of every modality.

    Nothing is copied: a condition holds references to the clean or the noisy arrays.
    """
    for name in names:
        hit = dict(zip(MODALITIES_AVL, CONDITIONS[name], strict=True))
        yield (
            name,
            {k: (noisy if hit[k.removesuffix("_length")] else clean)[k] for k in clean},
        )


def noise_key(task: Task, corruption: Corruption, part: str) -> str:
    """Return what fixes the noise of one part ("val", "test") of a fold."""
    return f"{task.corpus}, fold {task.fold.fold}, {part}, {corruption.text}"


def predictions_under(
    task: Task,
    model,
    corruption: Corruption,
    part: str,
    *,
    device,
    forward: Callable = logits_of,
    modalities=MODALITIES_AVL,
) -> pd.DataFrame:
    """Return Predictions of one part of the fold under every condition.

    Paper 3, Section 3.1: each utterance is tested under all conditions of the unit.

    Parameters
    ----------
    task : Task
    model : torch.nn.Module
    corruption : Corruption
    part : {'val', 'test'}
    device : str or torch.device
    forward
        As in `logits_under`.
    modalities : sequence of str
        Those that the model reads.

    Returns
    -------
    predictions : DataFrame
        One row per utterance and condition. Column `clean` names the condition by its
        clean modalities; `drawn` is True in the one row of an utterance whose condition
        was drawn for it, the protocol that the paper has for CMU-MOSEI.
    """
    index = getattr(task.fold, part)
    key = noise_key(task, corruption, part)
    sides = clean_and_noisy(task.arrays(index, modalities), corruption, key)

    arrays = {f"{side}.{k}": v for side, kept in zip(SIDES, sides, strict=True)
              for k, v in kept.items()}  # fmt: skip

    def scores(model, batch):
        both = ({k[len(side) + 1 :]: v for k, v in batch.items() if k.startswith(side)}
                for side in SIDES)  # fmt: skip
        under = logits_under(model, *both, corruption.names, forward)
        return {name: torch.softmax(logits, dim=1) for name, logits in under}

    found = predict(model, scores, arrays, device=device)
    drawn = drawn_conditions(task, len(index), corruption, part)
    tables = [
        task.predictions(index, found[name], clean=name, drawn=drawn == name)
        for name in corruption.names
    ]
    return pd.concat(tables, ignore_index=True)


def drawn_conditions(task: Task, n: int, corruption: Corruption, part: str):
    """Return the one condition of each utterance, where one is drawn at random."""
    seed = derive_seed(0, f"{noise_key(task, corruption, part)}, conditions")
    generator = torch.Generator().manual_seed(seed)
    names = corruption.names if len(corruption.names) == 1 else SIX
    return np.array(names_of(draw_conditions(n, generator, names=names)))


def mean_recall(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Return UA: the mean over classes of the share that is found (Section 3.3)."""
    classes = np.unique(y_true)
    return float(np.mean([np.mean(y_pred[y_true == k] == k) for k in classes]))


def ua_monitor(
    task: Task,
    corruption: Corruption,
    *,
    device,
    forward: Callable = logits_of,
    modalities=MODALITIES_AVL,
    batch_size: int = 256,
) -> Callable:
    """Return the criterion of `fit`: minus UA on validation, mean over the conditions.

    Paper 3 does not say how an epoch is chosen; this is the released code's rule. The
    noise is the same in every epoch; `fit` takes the lowest value.
    """
    index, device = task.fold.val, resolve_device(device)
    arrays = task.arrays(index, modalities)
    sides = clean_and_noisy(arrays, corruption, noise_key(task, corruption, "val"))
    sides = [to_tensors(side, device) for side in sides]
    y = task.y[index]

    def monitor(model, held_out) -> float:
        answers = {name: [] for name in corruption.names}
        for k in range(0, len(y), batch_size):
            both = (slice_of(side, k, k + batch_size) for side in sides)
            for name, logits in logits_under(model, *both, corruption.names, forward):
                answers[name].append(logits.argmax(1))
        answers = {
            name: torch.cat(parts).cpu().numpy() for name, parts in answers.items()
        }
        return -float(np.mean([mean_recall(y, found) for found in answers.values()]))

    return monitor


def outcome_of(
    task: Task,
    model,
    history: pd.DataFrame,
    corruption: Corruption,
    context,
    *,
    keep_weights: bool = True,
    **how,
) -> Outcome:
    """Return what a trained system leaves: predictions, history, noise, weights.

    Parameters
    ----------
    task, model, history, corruption, context
        As its `run` has them.
    keep_weights : bool
        Keep the model's state, so that the unit can be loaded.
    **how
        Of `predictions_under`: forward, modalities.
    """
    under = {
        part: predictions_under(
            task, model, corruption, part, device=context.device, **how
        )
        for part in ("val", "test")
    }
    return Outcome(
        predictions=under["test"],
        tables={
            "validation": under["val"],
            "history": history,
            "levels": levels_table(task, corruption, context),
        },
        state=state_arrays(model) if keep_weights else {},
    )


def with_state(model, state: Mapping[str, np.ndarray]):
    """Return a built model with a unit's stored weights, for evaluation."""
    if not state:
        raise ValueError(
            "the unit must have kept its weights; got none. Run it with overrides = "
            "{'keep_weights': True}; its predictions are in the store."
        )
    load_state_arrays(model, state)
    return model.eval()


def levels_table(task: Task, corruption: Corruption, context) -> pd.DataFrame:
    """Return the noise asked for, nominal and measured, one row a modality.

    Empty where no level was fixed.
    """
    if not corruption.levels:
        return pd.DataFrame(columns=["modality"])
    return context.stage(
        measure_levels,
        fold=task.fold.fold,
        z_scored=list(task.scales),
        **{key: getattr(corruption, key) for key in ("noise", "db", "exact")},
    ).tables["levels"]
