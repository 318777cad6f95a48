"""Keep the state of a running fit on disk, aside and renamed, and read it back."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import torch


def checksum(arrays: Mapping) -> int:
    """Return one number for names, shapes and bytes of arrays or tensors."""
    total = 0
    for name, values in arrays.items():
        values = values.cpu() if torch.is_tensor(values) else values
        values = np.ascontiguousarray(values)
        total = zlib.crc32(f"{name} {values.shape}".encode(), total)
        total = zlib.crc32(values, total)
    return total


def save_checkpoint(path, state: dict, fingerprint: dict) -> None:
    """Write `state` (tensors, numbers, text, lists, dicts) so that it is all or none.

    Parameters
    ----------
    path : path
        The folder is made where it is missing.
    state : dict
    fingerprint : dict
        What the fit was asked for.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        torch.save({"fingerprint": fingerprint, **state}, aside)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def read_checkpoint(path, fingerprint: dict) -> dict | None:
    """Return the state kept at `path`, or None where there is none.

    Raises
    ------
    ValueError
        When the file is damaged or was made with another fingerprint.
    """
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
