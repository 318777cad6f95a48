"""Keep the state of a running fit on disk, aside and renamed, and read it back."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError

import numpy as np


def save_checkpoint(path, state: dict) -> None:
    """Write `state` (tensors, numbers, text, lists, dicts) so that it is all or none.

    Parameters
    ----------
    path : path
        The folder is made where it is missing.
    state : dict
    """
    import torch

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        torch.save(state, aside)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def checksums(arrays: Mapping) -> dict[str, list]:
    """Return shape and CRC of named arrays or tensors, to tell them from others."""
    sums = {}
    for name, values in arrays.items():
        values = values.cpu().numpy() if hasattr(values, "cpu") else values
        values = np.ascontiguousarray(values)
        sums[name] = [*values.shape, zlib.crc32(values.view(np.uint8).reshape(-1))]
    return sums


def read_checkpoint(path, fingerprint: dict) -> dict | None:
    """Return the state kept at `path`, or None where there is none.

    Parameters
    ----------
    path : path
    fingerprint : dict
        What the fit was asked for; must equal the one kept.

    Raises
    ------
    ValueError
        When the file is damaged or belongs to another fit.
    """
    import torch

    if not Path(path).exists():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        kept = state["fingerprint"]
    except (RuntimeError, EOFError, UnpicklingError, KeyError, TypeError) as error:
        raise ValueError(
            f"checkpoint must be a file that fit wrote; got {path}, which cannot be "
            f"read ({type(error).__name__}). Remove it to start anew."
        ) from error
    for name, value in fingerprint.items():
        if kept.get(name) != value:
            raise ValueError(
                f"checkpoint must be of the same fit; got {path}, made with {name}="
                f"{kept.get(name)!r}, not {value!r}. Remove it to start anew."
            )
    return state
