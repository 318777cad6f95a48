"""Where to compute, what kind of machine that is, and how many threads."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def resolve_device(device="auto"):
    """Return the torch device of a name: 'auto' takes CUDA where there is one.

    Parameters
    ----------
    device : str or torch.device
        'auto', 'cpu', 'cuda', 'cuda:1', …

    Returns
    -------
    device : torch.device
        With its index where it is a CUDA device.
    """
    import torch

    if str(device) == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if not re.fullmatch(r"cpu|cuda(:\d+)?", str(device)):
        raise ValueError(
            f"device must be 'auto', 'cpu', 'cuda' or, for one of several, 'cuda:1'; "
            f"got {str(device)!r}."
        )
    resolved = torch.device(device)
    if resolved.type == "cpu":
        return resolved
    n_devices = torch.cuda.device_count() if torch.cuda.is_available() else 0
    index = resolved.index or 0
    if index >= n_devices:
        raise ValueError(
            f"device must be one of the {n_devices} CUDA devices here; got "
            f"{str(device)!r}. Use device='auto' or 'cpu'."
        )
    return torch.device("cuda", index)


def local_devices(device: str) -> list[str]:
    """Return the devices that workers take in turn: with 'auto', every GPU there is."""
    if device == "cpu":  # needs no torch
        return ["cpu"]
    first = resolve_device(device)
    if device != "auto" or first.type == "cpu":
        return [str(first)]
    import torch

    return [f"cuda:{i}" for i in range(torch.cuda.device_count())]


def device_kind(device="auto") -> str:
    """Return 'cpu', or the model name of the GPU: what results are kept apart by."""
    if str(device) == "cpu":  # needs no torch
        return "cpu"
    import torch

    resolved = resolve_device(device)
    if resolved.type == "cuda":
        return torch.cuda.get_device_name(resolved)
    return resolved.type


THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "BLIS_NUM_THREADS",
)  # fmt: skip


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one torch, BLAS and OpenMP thread inside the block.

    Libraries that are loaded are told so; those that are loaded inside the block read
    the environment. Sums are then added in the same order whatever the number of cores
    or workers.
    """
    from threadpoolctl import threadpool_limits

    before = {name: os.environ.get(name) for name in THREADS}
    torch = sys.modules.get("torch")
    n_threads = torch.get_num_threads() if torch else None
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        with threadpool_limits(limits=1):
            if torch:
                torch.set_num_threads(1)
            yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
        if torch:
            torch.set_num_threads(n_threads)
