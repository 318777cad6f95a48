"""Batches of utterances for the tests of their models."""

import torch

IEMOCAP = {"audio": 130, "visual": 342, "text": 1024}
WIDTHS = {"audio": 6, "visual": 5, "text": 7}
LENGTHS = {"audio": [9, 1, 4, 6], "visual": [2, 8, 7, 3], "text": [3, 6, 1, 9]}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def noise(*shape, seed=0, **kind):
    return torch.randn(*shape, generator=generator(seed), **kind)


def features(*shape, seed=0):
    """Return noise in double precision, as losses by hand want it."""
    return noise(*shape, seed=seed, dtype=torch.float64)


def batch_of(lengths=LENGTHS, widths=WIDTHS, *, seed=0, fill=0.0):
    """Return x and lengths; real steps are noise, padding holds `fill`."""
    x = {}
    for place, (name, width) in enumerate(widths.items()):
        n_steps = max(*lengths[name], 1)
        x[name] = noise(len(lengths[name]), n_steps, width, seed=seed + place)
        for row, length in enumerate(lengths[name]):
            x[name][row, length:] = fill
    return x, {name: torch.tensor(lengths[name]) for name in widths}


def row_of(x, lengths, row):
    """Return one utterance as a batch of its own, trimmed to its own length."""
    alone = {n: v[row : row + 1, : max(int(lengths[n][row]), 1)] for n, v in x.items()}
    return alone, {name: v[row : row + 1] for name, v in lengths.items()}
