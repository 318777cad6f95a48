"""Noise levels: T or ᾱ for a wanted dB, and the dB that data show.

Fan et al. 2024 (paper 3), Section 2.2.3, Eq. (4), (5).
`emolib.corruptions.noise_scheduler` applies what is decided here.

Asked, nominal and measured dB are three numbers: what one wants, what Eq. (5) gives for
the whole number of steps that comes nearest, and what the data show.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from emolib.checks import check_option, check_range
from emolib.corruptions.noise_schedule import (
    BETA_END,
    alpha_bar,
    beta_schedule,
    check_variance,
    snr_db,
)

NOISES = ("gaussian", "impulse")
IMPULSE_P = 0.3  # Section 3.3


def steps_for(db: float, variance: float, *, end: float = BETA_END) -> int:
    """Return the T whose nominal SNR is nearest to `db`.

    Paper 3, Section 2.2.3. The paper chooses T by modality and prints one triple, 140,
    60 and 5 for CMU-MOSEI at −10 dB; here T follows from the variance.

    Parameters
    ----------
    db : float
        Wanted SNR in dB, for Gaussian noise: impulses share its T, as in the paper.
    variance : float
        σ² of one modality (see `snr`).
    end : float
        Of the β schedule.

    Returns
    -------
    n_steps : int
        The smaller T where two are equally near. One step is 1 to 2 dB at small
        variance and about 20 dB from T = 1 to 2: see `exact_alpha_bar`.
    """
    _check_db(db)
    n_steps, nearest = 0, math.inf
    while True:
        betas = beta_schedule(n_steps + 1, end=end)
        off = abs(snr_db(alpha_bar(betas)[-1].item(), variance) - db)
        if off >= nearest:
            return n_steps
        n_steps, nearest = n_steps + 1, off


def _check_db(db: float) -> None:
    check_range("db", db, -1000, 1000, hint="It is a signal-to-noise ratio.")


def exact_alpha_bar(db: float, variance: float, noise_power: float = 1.0) -> float:
    """Return the ᾱ whose nominal SNR is `db`, without a schedule.

    Paper 3, Eq. (5), solved for ᾱ. Takes the place of T where one step is coarse.
    """
    _check_db(db)
    check_variance(variance)
    noise = noise_power * 10 ** (db / 10)
    return noise / (noise + variance)


@dataclass(frozen=True)
class Level:
    """The noise of one modality, decided before any is drawn.

    Parameters
    ----------
    asked_db : float
        The SNR one wants, in dB.
    n_steps : int or None
        T; None when ᾱ was solved for exactly.
    alpha_bar : float
        ᾱ_T, in (0, 1).
    nominal_db : float
        SNR in dB by Eq. (5), with the noise's own power.
    noise : {'gaussian', 'impulse'}
    p : float
        Share of elements that an impulse hits; read for impulses alone.
    """

    asked_db: float
    n_steps: int | None
    alpha_bar: float
    nominal_db: float
    noise: str = "gaussian"
    p: float = IMPULSE_P

    @property
    def noise_power(self) -> float:
        """Mean square of ε."""
        return power_of(self.noise, self.p)


def power_of(noise: str, p: float = IMPULSE_P) -> float:
    """Return the mean square of a noise: 1 for Gaussian, `p` for impulses."""
    check_option("noise", noise, NOISES)
    check_range("p", p, 0, 1, closed="right")
    return 1.0 if noise == "gaussian" else float(p)


def level_for(
    db: float,
    variance: float,
    *,
    noise: str = "gaussian",
    exact: bool = False,
    p: float = IMPULSE_P,
) -> Level:
    """Return the level that brings one modality nearest to `db`.

    Paper 3, Section 2.2.3. Impulses take the T of Gaussian noise, as the paper does;
    their nominal dB says how much weaker they are.

    Parameters
    ----------
    db : float
        Wanted SNR in dB.
    variance : float
        σ² of the modality (see `snr`).
    noise : {'gaussian', 'impulse'}
    exact : bool
        Solve ᾱ for `db` and for the noise's own power, instead of choosing T.
    p : float
        Share of elements that an impulse hits.
    """
    power = power_of(noise, p)
    if exact:
        keep, n_steps = exact_alpha_bar(db, variance, power), None
    else:
        n_steps = steps_for(db, variance)
        keep = alpha_bar(beta_schedule(n_steps))[-1].item()
    return Level(
        asked_db=float(db), n_steps=n_steps, alpha_bar=keep,
        nominal_db=snr_db(keep, variance, power), noise=noise, p=p,
    )  # fmt: skip
