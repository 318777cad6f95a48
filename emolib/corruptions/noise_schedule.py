"""The β schedule, what it leaves of the data, and the signal-to-noise ratio.

Fan et al. 2024 (paper 3), Sections 2.2.2 and 2.2.3, Eq. (1), (2), (4), (5).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from emolib.checks import check_option, check_range, check_shape

SHAPES = ("linear", "scaled_linear")
BETA_START, BETA_END = 0.001, 0.1  # Section 2.2.2


def beta_schedule(
    n_steps: int,
    *,
    start: float = BETA_START,
    end: float = BETA_END,
    shape: str = "linear",
) -> Tensor:
    """Return the β of every step, rising from `start` to `end`.

    Paper 3, Section 2.2.2, Eq. (1). T is the length of a schedule that always ends at
    `end`, not a place in one long schedule.

    Parameters
    ----------
    n_steps : int
        T, at least 1. A schedule of one step is `start` alone.
    start, end : float
        In (0, 1).
    shape : {'linear', 'scaled_linear'}
        Equal steps of β, or of its square root (the released code's).

    Returns
    -------
    betas : Tensor of float64, shape (n_steps,)
    """
    _check_schedule(n_steps, start, end, shape)
    power = 1 if shape == "linear" else 2
    ends = start ** (1 / power), end ** (1 / power)
    return torch.linspace(*ends, int(n_steps), dtype=torch.float64) ** power


def _check_schedule(n_steps: int, start: float, end: float, shape: str) -> None:
    check_option("shape", shape, SHAPES)
    check_range("start", start, 0, 1, closed="neither")
    check_range("end", end, start, 1, closed="left")
    if isinstance(n_steps, bool) or int(n_steps) != n_steps or n_steps < 1:
        raise ValueError(
            f"n_steps must be a whole number from 1 up; got {n_steps!r}. "
            "To leave data clean, mark no modality as noisy."
        )


def alpha_bar(betas: Tensor) -> Tensor:
    """Return the share of the data's power that is left after each step.

    Paper 3, Section 2.2.2, Eq. (2).

    Parameters
    ----------
    betas : Tensor, shape (T,)

    Returns
    -------
    alpha_bars : Tensor, shape (T,)
        Falling, in (0, 1); the last is ᾱ_T.
    """
    check_shape("betas", betas, "T", hint="It holds one β per step.")
    return (1 - betas).cumprod(0)


def snr(
    alpha_bar: float | Tensor, variance: float, noise_power: float = 1.0
) -> float | Tensor:
    """Return the power of the data left over the power of the noise added.

    Paper 3, Section 2.2.3, Eq. (4).

    Parameters
    ----------
    alpha_bar : float or Tensor
        ᾱ_T, in [0, 1].
    variance : float
        σ², above 0: the mean over dimensions of the variance over real training frames,
        after the reader's normalisation.
    noise_power : float
        Mean square of ε: 1 for Gaussian noise, p for impulses.

    Returns
    -------
    ratio : float or Tensor
        A tensor when `alpha_bar` is one.

    Notes
    -----
    Differs from paper: the paper's formula has no noise power, so it calls impulses of
    p = 0.3 5.23 dB stronger than they are. The paper calls √ᾱ and √(1 − ᾱ) powers; they
    are amplitudes, and their squares stand in the formula.
    """
    kept = torch.as_tensor(alpha_bar, dtype=torch.float64)  # 1 - kept may be 0
    if not bool(((kept >= 0) & (kept <= 1)).all()):
        raise ValueError(f"alpha_bar must lie in [0, 1]; got {alpha_bar}.")
    check_variance(variance)
    check_range("noise_power", noise_power, 0, math.inf, closed="neither")
    ratio = kept * variance / ((1 - kept) * noise_power)
    return ratio if isinstance(alpha_bar, Tensor) else ratio.item()


def check_variance(variance: float) -> None:
    """Raise ValueError unless a variance is finite and above 0."""
    if not 0 < variance < math.inf:
        raise ValueError(
            f"variance must be finite and above 0; got {variance}. Take it over the "
            "real frames of training data that vary."
        )


def snr_db(
    alpha_bar: float | Tensor, variance: float, noise_power: float = 1.0
) -> float | Tensor:
    """Return the signal-to-noise ratio in decibels.

    Paper 3, Section 2.2.3, Eq. (5). Arguments are those of `snr`; without noise it is
    +∞, without data −∞.
    """
    ratio = snr(alpha_bar, variance, noise_power)
    in_db = 10 * torch.as_tensor(ratio, dtype=torch.float64).log10()
    return in_db if isinstance(ratio, Tensor) else in_db.item()
