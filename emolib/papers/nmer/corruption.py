"""The noise of one unit: which modalities, how strong, and in which reading.

Paper 3, Sections 2.2 and 3.1. In training a condition is drawn for each utterance every
time it is read; in validation and test every utterance is read under each condition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from emolib.corruptions.conditions import (
    ALL_CLEAN,
    ALL_NOISY,
    SIX,
    draw_conditions,
)
from emolib.corruptions.noise_levels import level_for
from emolib.corruptions.noise_released import corrupt_as_released
from emolib.corruptions.noise_scheduler import corrupt, drop
from emolib.papers.nmer.words import noise_words

CORRUPTION_KEYS = ("noise", "db", "exact", "reading", "conditions")
"""What a unit reads of the noise that it is trained and tested under."""

NAMES = {"six": SIX, "all": (ALL_NOISY,), "clean": (ALL_CLEAN,)}
"""The conditions, by their clean modalities, that a model is trained and tested under.

One model serves the six; that with all modalities noisy is another (Section 3.1)."""


@dataclass(frozen=True)
class Corruption:
    """What happens to clean utterances before a model sees them.

    Parameters
    ----------
    noise : str
        'gaussian', 'impulse', 'missing' (hidden, as before the noise scheduler) or
        'none'.
    names : tuple of str
        The conditions.
    levels : mapping of modality to Level
        Empty where no level is needed.
    reading : str
        'paper': one fixed level. 'released': a random step at every call, and padding
        that is data.
    db : float
        As asked for.
    exact : bool
    """

    noise: str
    names: tuple[str, ...]
    levels: Mapping = field(default_factory=dict)
    reading: str = "paper"
    db: float = 0.0
    exact: bool = False

    @classmethod
    def of(cls, settings, variances: Mapping[str, float]) -> Corruption:
        """Return the corruption that a unit's settings name.

        Parameters
        ----------
        settings : mapping
            `CORRUPTION_KEYS` are read.
        variances : mapping of modality to float
            σ² over real training frames (`Task.variances`).
        """
        values = {key: settings[key] for key in CORRUPTION_KEYS}
        names, levels = NAMES[values.pop("conditions")], {}
        needs_level = values["noise"] in ("gaussian", "impulse")
        if needs_level and values["reading"] == "paper":
            levels = {
                name: level_for(
                    values["db"], v, noise=values["noise"], exact=values["exact"]
                )
                for name, v in variances.items()
            }
        return cls(names=names, levels=levels, **values)

    @property
    def text(self) -> str:
        """The noise in words: "gaussian -10 dB", "impulse released", "missing"."""
        return noise_words(self.noise, self.db, self.exact, self.reading)

    def draw(self, n: int, generator) -> torch.Tensor:
        """Return which modalities of `n` utterances are noisy, (n, 3) bool: a, v, l.

        Paper 3, Section 3.1: all conditions of the unit equally likely.
        """
        return draw_conditions(n, generator, names=self.names)

    def apply(self, x, lengths, noisy, generator):
        """Return utterances and lengths as a model sees them.

        Paper 3, Section 2.2.2.

        Parameters
        ----------
        x : dict of modality to Tensor, shape (b, t, d)
        lengths : dict of modality to Tensor of int, shape (b,)
        noisy : Tensor of bool, shape (b, 3)
            True = noisy, in the order audio, visual, text.
        generator : torch.Generator

        Returns
        -------
        x, lengths : dict, dict
            A modality that is not noisy is bit-equal to what came.
        """
        if self.noise == "none":
            return x, lengths
        if self.noise == "missing":
            return drop(x, lengths, noisy)
        if self.reading == "released":  # no masks: padding is data, noisy or not
            whole = {m: torch.full_like(n, x[m].shape[1]) for m, n in lengths.items()}
            return corrupt_as_released(x, noisy, generator, noise=self.noise), whole
        return corrupt(x, lengths, noisy, self.levels, generator), lengths
