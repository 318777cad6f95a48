"""Keep the state of a running fit on disk, aside and renamed, and read it back."""

from __future__ import annotations

import os
from pathlib import Path
from pickle import UnpicklingError


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
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def read_checkpoint(path, fingerprint: dict, device) -> dict | None:
    """Return the state kept at `path`, or None where there is none.

    Parameters
    ----------
    path : path or None
    fingerprint : dict
        What the fit was asked for; must equal the one kept.
    device : torch.device
        Where tensors go.

    Raises
    ------
    ValueError
        When the file is damaged or belongs to another fit.
    """
    import torch

    if path is None or not Path(path).exists():
        return None
    try:
        state = torch.load(path, map_location=device, weights_only=True)
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
