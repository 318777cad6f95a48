"""The noise as the released code of paper 3 adds it, for comparison.

Fan et al. 2024 (paper 3). The public repository belongs to an earlier version of
the paper and differs from Section 2.2 on every point: β runs from 0.01 to 0.5 with
equal steps of its root, over 100 steps for all modalities; how many of them are taken
is drawn at every call, once per modality for the whole batch, in training and test;
padding gets noise too. No dB can be asked for: at unit variance a call has between +20
and −102 dB, half of the calls less than −16.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from emolib.containers import MODALITIES_AVL
from emolib.corruptions.noise_levels import Level, power_of
from emolib.corruptions.noise_schedule import alpha_bar, beta_schedule, snr_db
from emolib.corruptions.noise_scheduler import corrupt

RELEASED = {"n_steps": 100, "start": 0.01, "end": 0.5, "shape": "scaled_linear"}
"""Arguments of `beta_schedule`."""


def released_alpha_bars() -> Tensor:
    """Return the ᾱ that a call draws from, all equally likely, shape (100,)."""
    return alpha_bar(beta_schedule(**RELEASED))


def corrupt_as_released(
    x: Mapping[str, Tensor],
    noisy: Tensor,
    generator: torch.Generator,
    *,
    noise: str = "gaussian",
) -> dict[str, Tensor]:
    """Add noise to the noisy modalities, as strong as a step drawn at this call.

    Arguments are those of `emolib.corruptions.noise_scheduler.corrupt`, without levels
    and without lengths: padding counts as data.
    """
    alpha_bars = released_alpha_bars()
    drawn = {m: _draw(alpha_bars, generator) for m in MODALITIES_AVL if m in x}
    power = power_of(noise)
    levels = {
        m: Level(float("nan"), None, keep, snr_db(keep, 1.0, power), noise)
        for m, keep in drawn.items()
    }
    whole = {m: torch.full((len(v),), v.shape[1]) for m, v in x.items()}
    return corrupt(x, whole, noisy, levels, generator)


def _draw(alpha_bars: Tensor, generator: torch.Generator) -> float:
    place = torch.randint(
        len(alpha_bars), (), generator=generator, device=generator.device
    )
    return alpha_bars[int(place)].item()
