"""What a level of noise is called, in tables and in the seeds of its noise."""

from __future__ import annotations


def noise_words(noise: str, db: float, exact: bool, reading: str) -> str:
    """Return a noise in words: "gaussian -10 dB", "impulse released", "missing".

    Parameters
    ----------
    noise : {'gaussian', 'impulse', 'missing', 'none'}
    db : float
        As asked for.
    exact : bool
        Whether the level was solved for; the paper's whole number of steps without.
    reading : {'paper', 'released'}
        The released code's steps are random: it has no dB.
    """
    if noise in ("none", "missing"):
        return noise
    if reading == "released":
        return f"{noise} released"
    return f"{noise} {db:g} dB{' exact' * exact}"
