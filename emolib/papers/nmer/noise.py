"""The noise of paper 3: what it is measured against, how strong it is, who has it.

Paper 3, Sections 2.2 and 3.1. In training a condition is drawn for each utterance every
time it is read. In validation and test the noise is drawn once for each utterance and
modality, from a seed that depends on corpus, fold, noise and level and on nothing else,
so that all systems hear the same; a condition then picks the clean or the noisy copy of
a modality.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd
import torch

from emolib.containers import MODALITIES_AVL
from emolib.corruptions.conditions import ALL_CLEAN, ALL_NOISY, SIX, draw_conditions
from emolib.corruptions.noise_levels import level_for
from emolib.corruptions.noise_schedule import snr_db
from emolib.corruptions.noise_scheduler import (
    added_noise,
    corrupt,
    corrupt_as_released,
    drop,
    real_steps,
)
from emolib.papers.nmer import reading
from emolib.store import Outcome
from emolib.training.seeding import derive_seed

CORRUPTION_KEYS = ("noise", "db", "exact", "reading", "conditions")
"""What a unit reads of the noise that it is trained and tested under."""

NAMES = {"six": SIX, "all": (ALL_NOISY,), "clean": (ALL_CLEAN,)}
"""The conditions, by their clean modalities, that a model is trained and tested under.

One model serves the six; that with all modalities noisy is another (Section 3.1)."""

RELEASED_BATCH = 128
"""The released reading draws one step for a whole batch: this many utterances."""

ROWS_AT_ONCE = 256


def noise_words(noise: str, db: float, exact: bool, reading: str) -> str:
    """Return a noise in words: "gaussian -10 dB", "impulse released", "missing"."""
    if noise in ("none", "missing"):
        return noise
    if reading == "released":  # its steps are random: it has no dB
        return f"{noise} released"
    return f"{noise} {db:g} dB{' exact' * exact}"


@dataclass(frozen=True)
class Corruption:
    """What happens to clean utterances before a model sees them.

    Parameters
    ----------
    noise : {'gaussian', 'impulse', 'missing', 'none'}
        'missing' puts one step of zeros in a modality's place, as before the noise
        scheduler; it is encoded like any sequence, as MMIN has it, and says nothing of
        the length that was there.
    names : tuple of str
        The conditions.
    levels : mapping of modality to Level
        Empty where no level is needed.
    reading : {'paper', 'released'}
        One fixed level; or a random step at every call, and padding that is data.
    db : float
        As asked for.
    exact : bool
        Whether the level was solved for; the paper's whole number of steps without.
    """

    noise: str
    names: tuple[str, ...]
    levels: Mapping = field(default_factory=dict)
    reading: str = "paper"
    db: float = 0.0
    exact: bool = False

    @classmethod
    def of(cls, settings: Mapping, variances: Mapping[str, float]) -> Corruption:
        """Return what `CORRUPTION_KEYS` name, on data of these variances, σ²."""
        noise, db, exact, reading, conditions = (settings[k] for k in CORRUPTION_KEYS)
        levels = {}
        if noise in ("gaussian", "impulse") and reading == "paper":
            levels = {
                name: level_for(db, variance, noise=noise, exact=exact)
                for name, variance in variances.items()
            }
        return cls(noise, NAMES[conditions], levels, reading, db, exact)

    @property
    def text(self) -> str:
        """The noise in words, as tables and the seeds of its noise have it."""
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
        if self.noise == "missing":  # one step of zeros, which is encoded
            return drop(x, lengths, noisy, n_steps=1)
        if self.reading == "released":  # no masks: padding is data, noisy or not
            whole = {m: torch.full_like(n, x[m].shape[1]) for m, n in lengths.items()}
            return corrupt_as_released(x, noisy, generator, noise=self.noise), whole
        return corrupt(x, lengths, noisy, self.levels, generator), lengths

    def copy(self, arrays: Mapping, is_noisy: bool, key: str) -> dict:
        """Return all utterances with every modality noisy, or with none.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            Of `Task.arrays`, of one modality or more.
        is_noisy : bool
        key : str
            What the noise's seed is made from; each modality adds its name.

        Returns
        -------
        copy : dict of str to Tensor
            Modalities and lengths; drawn on the CPU whatever the device.
        """
        seen = {}
        for name in (m for m in MODALITIES_AVL if m in arrays):
            generator = torch.Generator().manual_seed(derive_seed(0, f"{key}, {name}"))
            x, lengths = map(torch.from_numpy, (arrays[name], arrays[f"{name}_length"]))
            size = RELEASED_BATCH if self.reading == "released" else len(x)
            parts = [
                self.apply({name: some}, {name: n}, noisy.expand(3, -1).T, generator)
                for some, n, noisy in zip(
                    x.split(size), lengths.split(size),
                    torch.full((len(x),), is_noisy).split(size), strict=True,
                )
            ]  # fmt: skip
            seen[name] = torch.cat([x[name] for x, _ in parts])
            seen[f"{name}_length"] = torch.cat([n[name] for _, n in parts])
        return seen


CLEAN = Corruption("none", (ALL_CLEAN,))
"""No noise at all: what MEN and the clean teacher are trained under."""


def seen(batch, noise: Corruption, generator, reads=MODALITIES_AVL):
    """Return a batch as a student sees it: x, lengths, and who is noisy, (b, 3) bool.

    Paper 3, Section 3.1: a condition is drawn for each utterance at every reading.
    `reads` are the modalities that the student reads.
    """
    x, lengths = ({m: v[m] for m in reads if m in v} for v in reading.unpack(batch))
    noisy = noise.draw(len(batch["y"]), generator)
    return *noise.apply(x, lengths, noisy, generator), noisy


def imagined_target(teacher, batch, noisy, noise: Corruption, generator):
    """Return what MMIN and IF-MMIN imagine: features of what the student does not see.

    Of a modality that is noisy for the student, the clean features, which the batch
    holds (``specific_clean``); of one that is clean for it, the features under noise
    (facts B0, the authors' noisy setting). Where noise hides a modality ("missing"),
    those are what the teacher makes of zeros, as first published.

    Parameters
    ----------
    teacher : FusionEncoder
        Frozen.
    noisy : Tensor of bool, shape (b, 3)
        Of the student.

    Returns
    -------
    target : Tensor, shape (b, m d)
    """
    x, lengths = reading.unpack(batch)
    x, lengths = noise.apply(x, lengths, ~noisy, generator)
    hidden = dict(zip(MODALITIES_AVL, noisy.unbind(1), strict=True))
    with torch.no_grad():  # what is clean for the teacher has been read already
        lengths = {name: n.where(~hidden[name], 0) for name, n in lengths.items()}
        other = teacher(x, lengths)  # (b, m, d)
    clean = batch["specific_clean"].view_as(other)
    return torch.where(noisy[..., None], clean, other).flatten(1)


def measure_levels(context, *, fold, z_scored, noise, db, exact) -> Outcome:
    """Add the noise of a level to all real training frames and measure what it is.

    Paper 3, Section 2.2.3, Eq. (4), (5). Signal power is the variance by which T was
    chosen, of the same frames; noise power is the mean square of what was added.

    Returns
    -------
    outcome : Outcome
        Table "levels", one row a modality: modality, noise, exact, asked_db,
        n_steps (0 when exact), alpha_bar, nominal_db, measured_db, variance, power.
    """
    frames = context.stage(reading.measure_frames, fold=fold, z_scored=z_scored)
    rows = reading.fold_of(context.windows, {"fold": fold}).train
    scales, found = reading.scales_of(frames, z_scored), []
    for known in frames.tables["frames"].itertuples():
        level = level_for(db, known.variance, noise=noise, exact=exact)
        x = reading.sequences(context.windows, known.modality, rows, scales)
        added = noise_power(known.modality, *x, level)
        found.append({
            "modality": known.modality, "noise": noise, "exact": exact, "asked_db": db,
            "n_steps": level.n_steps or 0, "alpha_bar": level.alpha_bar,
            "nominal_db": level.nominal_db,
            "measured_db": snr_db(level.alpha_bar, known.variance, added),
            "variance": known.variance, "power": known.power,
        })  # fmt: skip
    return Outcome(tables={"levels": pd.DataFrame(found)})


def noise_power(name: str, x, lengths, level) -> float:
    """Return the mean square of the noise that `corrupt` adds to all real frames.

    Parameters
    ----------
    name : str
        The modality.
    x : ndarray, shape (n, t, d)
    lengths : ndarray of int, shape (n,)
    level : Level
    """
    seed = derive_seed(0, f"measured, {name}, {level.noise} {level.asked_db:g}")
    generator = torch.Generator().manual_seed(seed)
    total, n_values = 0.0, 0
    for start in range(0, len(x), ROWS_AT_ONCE):
        clean = torch.from_numpy(x[start : start + ROWS_AT_ONCE])
        steps = torch.from_numpy(lengths[start : start + ROWS_AT_ONCE])
        seen = noisy_copy(name, clean, steps, level, generator)
        real = real_steps(steps, clean.shape[1])
        noise = added_noise(clean[real], seen[real], level.alpha_bar)
        total += float(noise.square().sum())
        n_values += noise.numel()
    return total / n_values


def noisy_copy(name: str, x, lengths, level, generator) -> torch.Tensor:
    """Return one modality of utterances with noise on all their real steps."""
    everyone = torch.ones(len(x), 3, dtype=torch.bool)
    return corrupt({name: x}, {name: lengths}, everyone, {name: level}, generator)[name]
