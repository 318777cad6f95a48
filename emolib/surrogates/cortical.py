"""EEG: dipoles in a sphere whose rhythms follow planted parameters, blinks, the heart.

Every rhythm is narrow-band noise whose level is a planted trace; a radial dipole below
each site carries it to the scalp through a spherical head model, so that scalp maps
make sense. Saccades leave steps in an EOG channel, which neither DREAMER nor AMIGOS
stores.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.fft import irfft

from emolib.surrogates import sizes, traces
from emolib.surrogates.affect import Subject, Trials
from emolib.surrogates.peripheral import heart_waves

ENVELOPE_SFREQ = 16.0
CHUNK_TIMES = 40_000
"""Time points synthesised together, so that a batch stays in the cache."""
BLINK_S, BLINK_UV = (0.25, 0.35), (100.0, 250.0)
SOURCES = tuple(
    f"{group}_{site}" for group in sizes.SITES for site in sizes.SITES[group]
)
"""The rhythm sources: those of alpha, theta, beta, gamma."""


class HeadModel(NamedTuple):
    """What one nAm of each source gives at each electrode, in µV; where that lies."""

    rhythms: np.ndarray  # (n_chans, n_sources), in the order of SOURCES
    background: np.ndarray  # (n_chans, n_background)
    blink: np.ndarray  # (n_chans,): 1 at Fp1 and Fp2 on average, linked mastoids
    places: np.ndarray  # (n_chans, 2), to the left and the front of linked mastoids


@lru_cache(maxsize=4)
def head_model(ch_names: Sequence[str]) -> HeadModel:
    """Return the lead fields of a montage, a tuple, in one fixed spherical head.

    `lead_field.csv` is what `mne.make_forward_solution` gives in the sphere that
    `mne.make_sphere_model` fits to the whole 10-05 template, with rhythm sources radial
    at .8 of its radius below their sites, thirty background dipoles anywhere in the
    upper half and one dipole behind each eye. The last two columns are places in units
    of the sphere's radius. `tests/surrogates/test_signals.py` makes it anew.
    """
    text = Path(__file__).with_name("lead_field.csv").read_text(encoding="utf-8")
    rows = {row[0]: row[1:] for row in csv.reader(text.splitlines())}
    field, n = np.array([rows[name] for name in ch_names], float), len(SOURCES)
    return HeadModel(field[:, :n], field[:, n:-3], field[:, -3], field[:, -2:])


class Brain(NamedTuple):
    """What is a person's own in the EEG; b persons."""

    iaf_hz: np.ndarray  # (b,), individual alpha frequency
    exponent: np.ndarray  # (b, 1), of the 1/f background
    gain: np.ndarray  # (b, 1, 1), of everything inside the skull
    sensor_gain: np.ndarray  # (b, n_chans, 1), of each sensor's noise


def draw_brain(rngs, n_chans: int, signature: float) -> Brain:
    """Draw each person's brain; `signature` 0 makes all alike."""
    n = signature * np.stack([rng.standard_normal(3 + n_chans) for rng in rngs])
    return Brain(
        np.clip(sizes.IAF_HZ + sizes.IAF_SD * n[:, 0], *sizes.IAF_RANGE),
        sizes.EXPONENT + sizes.EXPONENT_SD * n[:, 1, None],
        np.exp(sizes.SKULL_GAIN_SD * n[:, 2, None, None]),
        np.exp(sizes.SENSOR_GAIN_SD * n[:, 3:, None]),
    )


def synthesise_eeg(trials: Trials, ch_names: tuple[str, ...]) -> np.ndarray:
    """Return EEG in µV, (b, n_chans, n_times), before blinks, reference and filter.

    Traces named after `SOURCES` are levels in dB; the other sources stay at rest.
    """
    head, out = head_model(ch_names), []
    brain = draw_brain(trials.persons, len(ch_names), trials.signature)
    rest = np.zeros_like(next(iter(trials.traces.values())))
    levels = np.stack([trials.traces.get(name, rest) for name in SOURCES], axis=1)
    step = max(1, CHUNK_TIMES // trials.n_times)
    for first in range(0, len(levels), step):
        rows = slice(first, first + step)
        own = Brain(*(part if len(part) == 1 else part[rows] for part in brain))
        given = trials.rngs[rows], own, trials.sfreq, trials.n_times
        noise = _stationary(head, *given)
        waves = _rhythms(levels[rows], *given)
        out.append(noise + (own.gain * head.rhythms).astype(np.float32) @ waves)
    return np.concatenate(out)


def _rhythms(levels_db, rngs, brain: Brain, sfreq: float, n_times: int) -> np.ndarray:
    """Return rhythm sources in nAm, shape (b, n_sources, n_times)."""
    groups = [source.rpartition("_")[0] for source in SOURCES]
    waves = np.empty((len(rngs), len(SOURCES), n_times), np.float32)
    for band, (centre, width) in sizes.BANDS.items():
        rows = [i for i, group in enumerate(groups) if group.endswith(band)]
        is_alpha = centre is None
        waves[:, rows] = traces.band_noise(
            rngs, len(rows), brain.iaf_hz if is_alpha else centre, width, sfreq=sfreq,
            n_times=n_times, reach=sizes.IAF_RANGE if is_alpha else None,
        )  # fmt: skip
    moments = np.array([sizes.MOMENTS_NAM[group] for group in groups])[:, None]
    envelope = moments * _envelope(rngs, levels_db, n_times / sfreq)
    envelope = envelope.astype(np.float32)
    waves *= traces.resample_linear(envelope, sfreq, n_times, own=ENVELOPE_SFREQ)
    return waves


def _envelope(rngs, levels_db: np.ndarray, seconds: float) -> np.ndarray:
    """Return amplitude over time at 16 Hz: the planted level and quick waxing."""
    n = int(np.ceil(seconds * ENVELOPE_SFREQ)) + 2
    level = traces.resample_linear(levels_db, ENVELOPE_SFREQ, n) * (np.log(10) / 20)
    white = traces.draw(rngs, (n, levels_db.shape[1]))
    waxing = traces.ou(white, sizes.ENVELOPE_TAU_S, ENVELOPE_SFREQ).transpose(0, 2, 1)
    return np.exp(level + sizes.ENVELOPE_SD * waxing - sizes.ENVELOPE_SD**2)


def _stationary(head: HeadModel, rngs, brain: Brain, sfreq: float, n_times: int):
    """Return background and sensor noise in µV, shape (b, n_chans, n_times).

    The thirty background dipoles are drawn as what they are at the electrodes, Gaussian
    with the covariance of their lead fields: the same law, fewer transforms.
    """
    n_chans, (n_fft, freqs) = len(head.blink), traces.fft_grid(n_times, sfreq)
    spectrum = np.zeros((len(rngs), n_chans, len(freqs)), np.complex64)
    low = int(np.searchsorted(freqs, sizes.BACKGROUND_L_FREQ))
    shape = traces.unit_variance(freqs[low:-1] ** (-brain.exponent / 2), n_fft)
    shape = shape * (brain.gain[:, 0] * sizes.MOMENTS_NAM["background"])
    spatial = head.background @ head.background.T + 1e-12 * np.eye(n_chans)
    spatial = np.linalg.cholesky(spatial)
    spectrum[..., low:-1] = traces.noise_bins(rngs, n_chans, shape[:, None], spatial)
    shape = brain.sensor_gain * (n_fft / 2 * _sensor_shape(freqs))
    spectrum[..., 1:-1] += traces.noise_bins(rngs, n_chans, shape[..., 1:-1])
    return irfft(spectrum, n_fft, axis=-1)[..., :n_times]


def _sensor_shape(freqs: np.ndarray) -> np.ndarray:
    """Return the sensors' amplitude per bin: white and narrow noise together."""
    centre, width = sizes.SENSOR_NARROW_HZ
    narrow = np.exp(-0.5 * ((freqs - centre) / width) ** 2) ** 2
    power = sizes.SENSOR_WHITE_UV**2 / (len(freqs) - 2)
    return np.sqrt(power + sizes.SENSOR_NARROW_UV**2 * narrow / narrow[1:-1].sum())


def eeg_and_blinks(
    subject: Subject, ch_names: tuple[str, ...], sfreq: float,
    rows: slice = slice(None), *, share: float = 1.0,
) -> tuple[np.ndarray, list[np.ndarray]]:  # fmt: skip
    """Return a subject's EEG in µV, (b, n_chans, n_times), and blinks' times (s).

    The heart's own field is in it.

    Parameters
    ----------
    subject : Subject
    ch_names : tuple of str
    sfreq : float
    rows : slice
        Trials of one length.
    share : float
        How much of each blink is left in the EEG, 0 to 1.
    """
    eeg = synthesise_eeg(subject.trials("eeg", sfreq, rows), ch_names)
    bumps, times = _blinks(subject.trials("artefacts", sfreq, rows))
    eeg += head_model(ch_names).blink[:, None] * (share * bumps)[:, None]
    if subject.knobs.heart_field:
        beating = heart_waves(subject.trials("ecg", sfreq, rows))
        eeg += heart_map(subject, ch_names)[:, None] * beating[:, None]
    return eeg, times


def heart_map(subject: Subject, ch_names: tuple[str, ...]) -> np.ndarray:
    """Return what the heart adds to the EEG at an R peak, in µV, shape (n_chans,).

    A person's own: a gradient from right to left, a little turned towards front or
    back (Dirlich et al. 1997), against linked mastoids. Its size, the mean over
    channels, is lognormal and has nothing to do with affect.
    """
    n = subject.knobs.signature * subject.rng("heart").standard_normal(2)
    angle = np.deg2rad(sizes.HEART_ANGLE_SD * n[1])
    field = head_model(ch_names).places @ (np.cos(angle), np.sin(angle))
    size = sizes.HEART_FIELD_UV * np.exp(sizes.HEART_FIELD_SD * n[0])
    return subject.knobs.heart_field * size * field / np.abs(field).mean()


def _blinks(trials: Trials) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the blinks' potential at Fp1 and Fp2 in µV, (b, n_times); their times."""
    times = traces.event_times(trials.rngs, trials.traces["ln_blink_rate"])
    low, high = np.array([BLINK_S, BLINK_UV]).T[..., None]
    out = np.zeros((len(times), trials.n_times))
    reach = np.arange(int(BLINK_S[1] * trials.sfreq) + 2)
    for row, rng, start in zip(out, trials.rngs, times, strict=True):
        duration, height = low + (high - low) * rng.random((2, len(start)))
        index = np.ceil(start * trials.sfreq).astype(int)[:, None] + reach
        u = (index / trials.sfreq - start[:, None]) / duration[:, None]
        bump = np.where((u > 0) & (u < 1), 0.5 - 0.5 * np.cos(2 * np.pi * u), 0.0)
        inside = index < trials.n_times
        np.add.at(row, index[inside], (height[:, None] * bump)[inside])
    return out, times
