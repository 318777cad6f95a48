"""What a model answers to a batch of utterances, under one condition or several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import torch

from emolib.containers import MODALITIES_AVL
from emolib.corruptions.conditions import CONDITIONS


def unpack(batch: Mapping) -> tuple[dict, dict]:
    """Return the sequences and lengths of a batch, cut to its longest utterance.

    Parameters
    ----------
    batch : mapping
        Rows of `Task.arrays`, as tensors.

    Returns
    -------
    x : dict of modality to Tensor, shape (b, t, d)
    lengths : dict of modality to Tensor of int64, shape (b,)
    """
    lengths = {m: batch[f"{m}_length"] for m in MODALITIES_AVL if m in batch}
    longest = {m: max(int(n.max()), 1) for m, n in lengths.items()}
    return {m: batch[m][:, : longest[m]] for m in lengths}, lengths


def logits_of(model, *inputs) -> torch.Tensor:
    """Return a model's logits (b, n_classes): the forward pass of most systems.

    Parameters
    ----------
    model : torch.nn.Module
    *inputs
        What its `encode` made of utterances; x and lengths where it has none.
    """
    return getattr(model, "read", model)(*inputs).logits


def logits_under(
    model, clean: Mapping, noisy: Mapping, names, forward: Callable = logits_of
) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield each condition's name and logits; nothing is computed twice.

    A model with `encode` encodes each modality once clean and once noisy, since no
    encoder sees another modality. One without runs once for each mixture that it reads.

    Parameters
    ----------
    clean, noisy : mapping
        Batches, as `unpack` takes them, of `clean_and_noisy`.
    names : sequence of str
        The conditions.
    forward : callable (model, *inputs) -> Tensor, shape (b, n_classes)
        As `logits_of`.
    """
    modalities = [m for m in MODALITIES_AVL if m in clean]
    places = [MODALITIES_AVL.index(m) for m in modalities]
    hits = {name: tuple(CONDITIONS[name][k] for k in places) for name in names}
    sides, mix = _sides(clean, noisy, hits.values()), _mixed_utterances
    if hasattr(model, "encode"):
        sides, mix = {k: model.encode(*side) for k, side in sides.items()}, _mixed
    known: dict[tuple, torch.Tensor] = {}
    for name, hit in hits.items():
        if hit not in known:
            known[hit] = forward(model, *mix(sides, hit, modalities))
        yield name, known[hit]


def _sides(clean, noisy, hits) -> dict[bool, tuple[dict, dict]]:
    """Return unpacked batches by whether they are noisy, where a condition uses it."""
    used = {is_hit for hit in hits for is_hit in hit}
    return {k: unpack(noisy if k else clean) for k in sorted(used)}


def _mixed_utterances(sides, hit, modalities) -> tuple[dict, dict]:
    """Return x and lengths, each modality from the side that it is hit by."""
    chosen = {m: sides[is_hit] for m, is_hit in zip(modalities, hit, strict=True)}
    return tuple({m: side[part][m] for m, side in chosen.items()} for part in (0, 1))


def _mixed(sides, hit, modalities) -> tuple[torch.Tensor, ...]:
    """Return encoded features, (b, m, d) each, mixed in the same way."""
    places = range(len(modalities))
    return tuple(
        torch.stack([sides[hit[k]][part][:, k] for k in places], dim=1)
        for part in range(len(sides[hit[0]]))
    )
