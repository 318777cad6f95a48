"""Small batches of face and EEG features, a row a step."""

import torch

SIZES = {"face": 5, "eeg": 64}
"""The EEG's: two bands of 32 channels."""


def steps_of(b=4, s=9, *, seed=0, lengths=None):
    """Return features by modality, and how many steps of each sequence are there."""
    generator = torch.Generator().manual_seed(seed)
    x = {name: torch.randn(b, s, d, generator=generator) for name, d in SIZES.items()}
    return x, torch.full((b,), s) if lengths is None else torch.tensor(lengths)
