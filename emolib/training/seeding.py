"""Random numbers from a seed alone, with the caller's own stream left untouched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def seeded(seed: int, device=None) -> Iterator[None]:
    """Seed torch's global generators for the block, and restore them after it.

    Build a module inside the block and its weights depend on `seed` alone, whatever
    was drawn before; what is drawn later does not notice.

    Parameters
    ----------
    seed : int
    device : torch.device or str or None
        A CUDA device whose generator is seeded and restored too.
    """
    import torch

    device = torch.device("cpu" if device is None else device)
    on_cuda = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=on_cuda):
        torch.random.default_generator.manual_seed(seed)
        if on_cuda:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield
