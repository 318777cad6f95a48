"""Run a fitted model over arrays, batch by batch, and table what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch

from emolib.containers import PREDICTION_IDS
from emolib.training.devices import resolve_device
from emolib.training.tensors import n_rows, slice_of, to_tensors


def predict(
    model,
    forward: Callable,
    data: Mapping[str, np.ndarray],
    *,
    device="auto",
    batch_size: int = 256,
) -> dict[str, np.ndarray]:
    """Return the named outputs of `forward` for all rows, in evaluation mode.

    Parameters
    ----------
    model : torch.nn.Module
        Moved to `device`, left in evaluation mode.
    forward : callable (model, batch) -> dict or named tuple of Tensor
        `batch` is a dict of the rows of `data`. Outputs that are None are left out;
        the others must have one row per row of the batch.
    data : mapping of name to ndarray
        Equal first axis.
    device : str or torch.device
    batch_size : int

    Returns
    -------
    outputs : dict of name to ndarray, n_rows first
    """
    device = resolve_device(device)
    model.to(device).eval()
    parts: dict[str, list] = {}
    with torch.no_grad():
        for start in range(0, n_rows(data), batch_size):
            part = slice_of(data, start, start + batch_size)
            for name, value in _named(forward(model, to_tensors(part, device))):
                parts.setdefault(name, []).append(_array(value))
    return {name: np.concatenate(arrays) for name, arrays in parts.items()}


def _named(outputs):
    """Yield (name, tensor) of a dict or named tuple, without what is None."""
    if hasattr(outputs, "_asdict"):
        outputs = outputs._asdict()
    if not isinstance(outputs, Mapping):
        raise TypeError(
            "forward must return a dict or a named tuple of tensors; got "
            f"{type(outputs).__name__}. Name it: {{'logits': …}}."
        )
    return [(name, value) for name, value in outputs.items() if value is not None]


def _array(value) -> np.ndarray:
    value = value.detach()
    return (value.float() if value.is_floating_point() else value).cpu().numpy()


def predictions_of(
    meta,
    rows: np.ndarray,
    *,
    y_true: np.ndarray,
    scores: np.ndarray,
    fold: int,
    seed: int,
    **columns,
):
    """Return Predictions of one fold and seed from probabilities.

    Parameters
    ----------
    meta : DataFrame
        Of all windows.
    rows : ndarray of int, shape (n,)
        The tested windows; kept as column window.
    y_true : ndarray of int, shape (n,)
    scores : ndarray, shape (n,) or (n, n_classes)
        Of class 1, which is the answer above one half; or of every class, of which the
        highest is the answer, of equals the first.
    fold, seed : int
    **columns
        More columns, for example the condition under which the windows were read.

    Returns
    -------
    predictions : DataFrame
        Columns of `PREDICTION_IDS`, fold, seed, `columns`, y_true, y_pred and
        ``y_score_<class>``; sorted by ids.
    """
    scores = np.asarray(scores, float)
    if scores.ndim not in (1, 2) or len(scores) != len(rows):
        raise ValueError(
            f"scores must have shape ({len(rows)},) or ({len(rows)}, n_classes); got "
            f"{scores.shape}. Give one row per window."
        )
    two = scores.ndim == 1
    answers = scores > 0.5 if two else scores.argmax(axis=1)
    named = {1: scores} if two else dict(enumerate(scores.T))
    table = meta.iloc[rows].reset_index(drop=True).assign(window=np.asarray(rows))
    table = table[list(PREDICTION_IDS)].assign(
        fold=fold, seed=seed, **columns, y_true=np.asarray(y_true).astype(int),
        y_pred=answers.astype(int), **{f"y_score_{k}": v for k, v in named.items()},
    )  # fmt: skip
    return table.sort_values(list(PREDICTION_IDS), ignore_index=True)
