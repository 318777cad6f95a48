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


def derive_seed(seed: int, stage: str) -> int:
    """Return the seed of one named stage, so that stages share no random numbers."""
    import zlib

    import numpy as np

    sequence = np.random.SeedSequence(seed, spawn_key=(zlib.crc32(stage.encode()),))
    return int(sequence.generate_state(1)[0])
