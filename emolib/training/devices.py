"""Where to compute, what kind of machine that is, and how many threads."""

from __future__ import annotations

import re
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


def device_kind(device="auto") -> str:
    """Return 'cpu', or the model name of the GPU: what results are kept apart by."""
    import torch

    resolved = resolve_device(device)
    if resolved.type == "cuda":
        return torch.cuda.get_device_name(resolved)
    return resolved.type


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one torch, BLAS and OpenMP thread inside the block.

    Sums are then added in the same order whatever the number of cores or workers.
    """
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    with threadpool_limits(limits=1):
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)
