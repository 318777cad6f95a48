"""Which modalities of an utterance are noisy.

Fan et al. 2024 (paper 3), Sections 3.1, 3.2 and 3.4. A condition is named, as the
tables name it, by the modalities that stay clean.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from emolib.checks import check_option, check_shape

SIX = ("a", "v", "l", "av", "al", "vl")
"""The conditions of Tables 2 and 3."""

ALL_NOISY = "none"
"""The condition of Table 5: nothing stays clean."""

ALL_CLEAN = "avl"

CONDITIONS: dict[str, tuple[bool, bool, bool]] = {
    name: tuple(letter not in name.replace("none", "") for letter in "avl")
    for name in (*SIX, ALL_NOISY, ALL_CLEAN)
}
"""Name of a condition to which of `MODALITIES_AVL` are noisy."""


def draw_conditions(
    n: int, generator: torch.Generator, names: Sequence[str] = SIX
) -> Tensor:
    """Draw a condition for each of `n` utterances, all of `names` equally likely.

    Paper 3, Section 3.1: at each reading of a training utterance, and once for a test
    utterance of CMU-MOSEI.

    Returns
    -------
    noisy : Tensor of bool, shape (n, 3)
        True = noisy, in the order of `MODALITIES_AVL`, on the generator's device.
    """
    table = torch.cat([fixed_condition(name, 1) for name in names])
    device = generator.device
    row = torch.randint(len(names), (n,), generator=generator, device=device)
    return table.to(device)[row]


def fixed_condition(name: str, n: int) -> Tensor:
    """Return one condition for all of `n` utterances, shape (n, 3)."""
    check_option("condition", name, CONDITIONS)
    return torch.tensor([CONDITIONS[name]]).expand(n, 3).clone()


def names_of(noisy: Tensor) -> list[str]:
    """Return the name of each utterance's condition."""
    check_shape("noisy", noisy, "b m", m=3)
    by_pattern = {pattern: name for name, pattern in CONDITIONS.items()}
    return [by_pattern[tuple(row)] for row in noisy.tolist()]
