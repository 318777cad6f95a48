"""Batches of features, some modalities of which are missing."""

import torch

N_FEATURES = {"eeg": 6, "gsr": 2, "ecg": 4}


def features_of(n=4, sizes=N_FEATURES, *, seed=0, missing=None, fill=7.0):
    """Return x and present; a missing modality holds `fill`.

    `missing` maps rows to names; without it the second row lacks its last modality.
    """
    generator = torch.Generator().manual_seed(seed)
    x = {name: torch.randn(n, d, generator=generator) for name, d in sizes.items()}
    present = torch.ones(n, len(sizes), dtype=torch.bool)
    last = {1: [[*sizes][-1]]} if n > 1 else {}
    for row, names in (last if missing is None else missing).items():
        for name in names:
            present[row, [*sizes].index(name)] = False
            x[name][row] = fill
    return x, present
