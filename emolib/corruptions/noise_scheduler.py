"""Noise scheduler: draw noise and mix it with sequences of features.

Fan et al. 2024 (paper 3), Section 2.2, Algorithm 1, Eq. (3). Drawing and adding
are apart, so that any tensor may be the noise. x {m: (b, t, d)} → {m: (b, t, d)}.

How strong the noise is, is decided in `noise_schedule` (Eq. (1), (2), (4), (5)) and
`noise_levels`; who is noisy in `conditions`. What the released code does instead is
`corrupt_as_released`.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from emolib.checks import check_range, check_shape
from emolib.containers import MODALITIES_AVL
from emolib.corruptions.noise_levels import IMPULSE_P, Level, power_of
from emolib.corruptions.noise_schedule import alpha_bar, beta_schedule, snr_db


def gaussian_noise(
    shape: tuple[int, ...], generator: torch.Generator, dtype=torch.float32
) -> Tensor:
    """Draw ε from N(0, I).

    Paper 3, Section 2.2.2. On the generator's device.
    """
    return torch.randn(shape, generator=generator, device=generator.device, dtype=dtype)


def impulse_noise(
    shape: tuple[int, ...],
    generator: torch.Generator,
    p: float = IMPULSE_P,
    dtype=torch.float32,
) -> Tensor:
    """Draw ε of impulses: −1 or 1 with probability `p`, else 0.

    Paper 3, Section 2.2.2. One uniform number per element decides both.
    """
    check_range("p", p, 0, 1, closed="right")
    u = torch.rand(shape, generator=generator, device=generator.device, dtype=dtype)
    return (u < p / 2).to(dtype) - (u >= 1 - p / 2).to(dtype)


def draw_noise(
    shape: tuple[int, ...],
    level: Level,
    generator: torch.Generator,
    dtype=torch.float32,
) -> Tensor:
    """Draw ε of the kind that a level names."""
    if level.noise == "impulse":
        return impulse_noise(shape, generator, level.p, dtype)
    return gaussian_noise(shape, generator, dtype)


def iterate(
    x: Tensor, betas: Tensor, generator: torch.Generator, noise: str = "gaussian"
) -> Tensor:
    """Add noise step by step.

    Paper 3, Algorithm 1. For teaching and for tests: `mix` gives the same distribution
    in one step.

    Parameters
    ----------
    x : Tensor
        E_0, of any shape.
    betas : Tensor, shape (T,)
    generator : torch.Generator
        Draws a fresh ε at every step.
    noise : {'gaussian'}

    Returns
    -------
    noisy : Tensor
        E_T.

    Raises
    ------
    ValueError
        For impulses, which the paper gives in closed form alone.
    """
    if noise != "gaussian":
        raise ValueError(
            f"noise must be 'gaussian' to be iterated; got {noise!r}. Only sums of "
            "Gaussian noise are of their own kind, a sum of impulses is no impulse: "
            "use mix(x, alpha_bar(betas)[-1], impulse_noise(x.shape, generator))."
        )
    for beta in betas.tolist():
        epsilon = gaussian_noise(x.shape, generator, x.dtype).to(x.device)
        x = (1 - beta) ** 0.5 * x + beta**0.5 * epsilon
    return x


def mix(x: Tensor, alpha_bar: float | Tensor, noise: Tensor) -> Tensor:
    """Mix data and noise in one step.

    Paper 3, Section 2.2.2, Eq. (3).

    Parameters
    ----------
    x : Tensor
        E_0, of any shape.
    alpha_bar : float or Tensor
        ᾱ_T, in [0, 1]; a tensor of one value.
    noise : Tensor
        ε, any tensor of the shape of `x`.

    Returns
    -------
    noisy : Tensor
        E_T, in the dtype of `x`.
    """
    if noise.shape != x.shape:
        raise ValueError(
            f"noise must have the shape of x, {tuple(x.shape)}; got "
            f"{tuple(noise.shape)}. Draw one value for every element."
        )
    keep = float(alpha_bar)
    check_range("alpha_bar", keep, 0, 1, hint="It is the share of power that is left.")
    return keep**0.5 * x + (1 - keep) ** 0.5 * noise.to(x)


def added_noise(clean: Tensor, noisy: Tensor, alpha_bar: float) -> Tensor:
    """Return the ε that lies between data and noisy data.

    Paper 3, Eq. (3), solved for ε.
    """
    check_range("alpha_bar", alpha_bar, 0, 1, closed="left")
    rest = noisy.double() - alpha_bar**0.5 * clean.double()
    return rest / (1 - alpha_bar) ** 0.5


def real_steps(lengths: Tensor, n_steps: int) -> Tensor:
    """Return which steps are real: True up to each length, shape (b, n_steps)."""
    check_shape("lengths", lengths, "b")
    return torch.arange(n_steps, device=lengths.device) < lengths[:, None]


def corrupt(
    x: Mapping[str, Tensor],
    lengths: Mapping[str, Tensor],
    noisy: Tensor,
    levels: Mapping[str, Level],
    generator: torch.Generator,
) -> dict[str, Tensor]:
    """Add noise to the real steps of the noisy modalities of each utterance.

    Paper 3, Section 2.2.2, Eq. (3). Modality by modality in the order of
    `MODALITIES_AVL`, numbers are drawn for exactly the elements that get noise, so a
    longer padding changes nothing. All else is bit-equal to `x`.

    Parameters
    ----------
    x : mapping of modality to Tensor, shape (b, t, d)
        A modality that is not there is left out.
    lengths : mapping of modality to Tensor of int, shape (b,)
        Real steps; those behind are padding.
    noisy : Tensor of bool, shape (b, 3)
        True = gets noise; columns in the order of `MODALITIES_AVL`.
    levels : mapping of modality to Level
        Of every modality that some utterance has noisy.
    generator : torch.Generator
        Draws on its own device.

    Returns
    -------
    noisy : dict of modality to Tensor, shape (b, t, d)

    Notes
    -----
    Differs from paper: padding gets no noise (the released code adds it there too).
    """
    out = dict(x)
    for modality, hit in _columns(x, noisy).items():
        if not bool(hit.any()):
            continue
        if modality not in levels:
            raise ValueError(
                f"levels must hold {modality!r}, which is noisy in "
                f"{int(hit.sum())} utterances; got {sorted(levels)}."
            )
        clean, level = x[modality], levels[modality]
        hit = hit.to(clean.device)
        real = real_steps(lengths[modality].to(clean.device), clean.shape[1])
        real = real & hit[:, None]  # (b, t)
        frames = clean[real]  # (n, d)
        noise = draw_noise(frames.shape, level, generator, clean.dtype)
        out[modality] = clean.clone()
        out[modality][real] = mix(frames, level.alpha_bar, noise)
    return out


def _columns(x: Mapping[str, Tensor], noisy: Tensor) -> dict[str, Tensor]:
    """Return the column of `noisy` of each modality that `x` has, in their order."""
    unknown = sorted(set(x) - set(MODALITIES_AVL))
    if unknown or not x:
        raise ValueError(
            f"x must hold modalities of {MODALITIES_AVL}; got {sorted(x)}."
        )
    b = len(next(iter(x.values())))
    check_shape("noisy", noisy, "b m", hint="One row per utterance.", b=b, m=3)
    for name, value in x.items():
        check_shape(f"x[{name!r}]", value, "b t d", b=b)
    return {m: noisy[:, j] for j, m in enumerate(MODALITIES_AVL) if m in x}


def drop(
    x: Mapping[str, Tensor], lengths: Mapping[str, Tensor], missing: Tensor,
    n_steps: int = 0,
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:  # fmt: skip
    """Take the missing modalities of each utterance away altogether.

    Paper 3, Section 1: the treatment that the noise scheduler replaces. Zeros take the
    place of whatever stood there, NaN included.

    Parameters
    ----------
    x, lengths : mappings of modality to Tensor
        As for `corrupt`.
    missing : Tensor of bool, shape (b, 3)
        True = taken away; columns in the order of `MODALITIES_AVL`.
    n_steps : int
        Zeros that are left to be read, whatever length was there; 0 for none.

    Returns
    -------
    x, lengths : dicts
        Zeros, and `n_steps` of them, where missing; bit-equal elsewhere.
    """
    kept, steps = dict(x), dict(lengths)
    for modality, gone in _columns(x, missing).items():
        values, length = x[modality], lengths[modality]
        away = gone.to(values.device)[:, None, None]
        kept[modality] = torch.where(away, torch.zeros_like(values), values)
        steps[modality] = length.masked_fill(gone.to(length.device), n_steps)
    return kept, steps


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

    The public repository of paper 3 belongs to an earlier version of the paper and
    differs from Section 2.2 on every point: β runs from 0.01 to 0.5 with equal steps of
    its root, over 100 steps for all modalities; how many of them are taken is drawn at
    every call, once per modality for the whole batch, in training and test; padding
    gets noise too. No dB can be asked for: at unit variance a call has between +20 and
    −102 dB, half of the calls less than −16. Arguments are those of `corrupt`, without
    levels and without lengths.
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
