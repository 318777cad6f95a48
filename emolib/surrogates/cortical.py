"""EEG: dipoles in a sphere, whose rhythms follow the planted parameters.

Every rhythm is narrow-band noise whose level is a planted trace; a radial dipole below
each site carries it to the scalp through MNE's spherical head model, so that scalp maps
make sense.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.fft import irfft, rfftfreq

from emolib.surrogates import sizes
from emolib.surrogates.traces import (
    TRACE_SFREQ,
    bell,
    draw,
    draw_complex,
    fft_length,
    ou,
    resample_linear,
    shaped_noise,
)

ENVELOPE_SFREQ = 16.0
DEPTH = 0.8
"""Rhythm sources lie at this part of the head's radius, below their sites."""
CHUNK_TIMES = 40_000
"""Time points synthesised together, so that a batch stays in the cache."""


@dataclass(frozen=True)
class Source:
    """One rhythm source: where, which band, how strong, which planted parameter."""

    site: str
    band: str
    moment_nam: float
    parameter: str | None


def _sources() -> tuple[Source, ...]:
    groups = {
        "frontal_alpha": (sizes.FRONTAL_LEFT + sizes.FRONTAL_RIGHT, "alpha"),
        "posterior_alpha": (sizes.POSTERIOR, "alpha"),
        "idle_alpha": (sizes.IDLE_ALPHA_SITES, "alpha"),
        "theta": (sizes.THETA_SITES, "theta"),
        "beta": (sizes.BETA_SITES, "beta"),
        "gamma": (sizes.GAMMA_SITES, "gamma"),
    }
    return tuple(
        Source(
            site, band, sizes.MOMENTS_NAM[group],
            None if group == "idle_alpha" else f"{group}_{site}",
        )
        for group, (sites, band) in groups.items()
        for site in sites
    )  # fmt: skip


SOURCES = _sources()
"""Sorted by band: alpha (21), theta (1), beta (6), gamma (4)."""


@dataclass(frozen=True)
class HeadModel:
    """What one nAm of each source gives at each electrode, in µV.

    Parameters
    ----------
    rhythms : ndarray, shape (n_chans, n_sources)
    background : ndarray, shape (n_chans, n_background)
    blink : ndarray, shape (n_chans,)
        Both eyes together, 1 at Fp1 and Fp2 on average, against linked mastoids.
    """

    rhythms: np.ndarray
    background: np.ndarray
    blink: np.ndarray


@lru_cache(maxsize=4)
def head_model(ch_names: tuple[str, ...]) -> HeadModel:
    """Return the lead fields of a montage in one fixed spherical head.

    The sphere is fitted to all of MNE's `standard_1005` montage, whatever the corpus's
    own montage, so that all corpora share one head.
    """
    import mne

    montage = mne.channels.make_standard_montage(_montage_name(mne))
    info = mne.create_info(montage.ch_names, 128.0, "eeg", verbose="error")
    info.set_montage(montage)
    sphere = mne.make_sphere_model("auto", "auto", info, verbose="error")
    where = {ch["ch_name"]: ch["loc"][:3] - sphere["r0"] for ch in info["chs"]}
    sites = np.array([where[source.site] for source in SOURCES])
    below = DEPTH * sphere.radius * _unit(sites)
    rng = np.random.default_rng(20_260)
    points, arrows = _background(rng, sphere.radius)
    eyes = _unit(np.array([[-0.30, 0.90, -0.12], [0.30, 0.90, -0.12]]))
    names = (*ch_names, "Fp1", "Fp2", "M1", "M2")
    field = _lead_field(
        mne, info, sphere, names,
        np.concatenate([below, points, 0.86 * sphere.radius * eyes]),
        np.concatenate([_unit(sites), arrows, eyes]),
    )  # fmt: skip
    n, n_rhythms = len(ch_names), len(SOURCES)
    blink = field[:, -2:].sum(axis=1)
    blink = blink - blink[-2:].mean()
    return HeadModel(
        field[:n, :n_rhythms],
        field[:n, n_rhythms:-2],
        (blink / blink[n : n + 2].mean())[:n],
    )


def _montage_name(mne) -> str:
    """Return the name under which this MNE keeps its 10-05 template."""
    newer = "colin27_1005"
    return newer if newer in mne.channels.get_builtin_montages() else "standard_1005"


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _background(rng, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Return random places in the upper half of the brain and random directions."""
    places = _unit(rng.standard_normal((sizes.N_BACKGROUND, 3)))
    places[:, 2] = np.abs(places[:, 2])
    depth = rng.uniform(0.4, 0.8, (sizes.N_BACKGROUND, 1))
    return places * depth * radius, _unit(rng.standard_normal(places.shape))


def _lead_field(mne, info, sphere, names, places, arrows) -> np.ndarray:
    """Return µV per nAm, shape (n_names, n_dipoles), of dipoles about the origin."""
    unique = list(dict.fromkeys(names))
    picked = mne.pick_info(info, [info.ch_names.index(name) for name in unique])
    source_space = mne.setup_volume_source_space(
        None, pos=dict(rr=places + sphere["r0"], nn=arrows), sphere=sphere,
        verbose="error",
    )  # fmt: skip
    forward = mne.make_forward_solution(
        picked, None, source_space, sphere, meg=False, eeg=True, mindist=0,
        verbose="error",
    )  # fmt: skip
    free = forward["sol"]["data"].reshape(len(unique), -1, 3)
    rows = [forward["sol"]["row_names"].index(name) for name in names]
    return np.einsum("csk,sk->cs", free, arrows)[rows] * 1e-3


@dataclass(frozen=True)
class Brain:
    """What is one person's own in the EEG.

    Parameters
    ----------
    iaf_hz : float
        Individual alpha frequency.
    exponent : float
        Of the 1/f background.
    gain : float
        Of everything inside the skull.
    sensor_gain : ndarray, shape (n_chans,)
        Of each sensor's noise.
    """

    iaf_hz: float
    exponent: float
    gain: float
    sensor_gain: np.ndarray


def draw_brain(rng: np.random.Generator, n_chans: int, signature: float) -> Brain:
    """Draw one person's brain; `signature` 0 makes all alike."""
    n = signature * rng.standard_normal(3 + n_chans)
    return Brain(
        float(np.clip(sizes.IAF_HZ + sizes.IAF_SD * n[0], *sizes.IAF_RANGE)),
        sizes.EXPONENT + sizes.EXPONENT_SD * n[1],
        float(np.exp(sizes.SKULL_GAIN_SD * n[2])),
        np.exp(sizes.SENSOR_GAIN_SD * n[3:]),
    )


def source_levels(names: Sequence[str], theta: np.ndarray) -> np.ndarray:
    """Return the level of every rhythm source in dB, shape (b, n_sources, t).

    Parameters
    ----------
    names : sequence of str
        Parameters of `theta`, which has shape (b, n_parameters, t).
    """
    levels = np.zeros((len(theta), len(SOURCES), theta.shape[-1]))
    for row, source in enumerate(SOURCES):
        if source.parameter is not None:
            levels[:, row] = theta[:, list(names).index(source.parameter)]
    return levels


def synthesise_eeg(
    rngs: Sequence[np.random.Generator], levels_db: np.ndarray, brains: Sequence[Brain],
    *, ch_names: tuple[str, ...], sfreq: float, n_times: int, rhythms: bool = True,
    background: bool = True, sensors: bool = True,
) -> np.ndarray:  # fmt: skip
    """Return EEG in µV, shape (b, n_chans, n_times), before reference and filter.

    Parameters
    ----------
    rngs : list of Generator, length b
    levels_db : ndarray, shape (b, n_sources, t)
        Source levels at 4 Hz, in the order of `SOURCES`.
    brains : list of Brain, length b
    rhythms, background, sensors : bool
        Parts to leave out, so that each can be looked at alone.
    """
    head, out = head_model(tuple(ch_names)), []
    step = max(1, CHUNK_TIMES // n_times)
    for first in range(0, len(rngs), step):
        chunk = slice(first, first + step)
        own_rngs, own = rngs[chunk], brains[chunk]
        noise = _stationary(
            own_rngs, own, head, sfreq, n_times, background=background, sensors=sensors
        )
        if rhythms:
            gain = np.array([brain.gain for brain in own])[:, None, None]
            waves = _rhythms(own_rngs, levels_db[chunk], own, sfreq, n_times)
            noise += (gain * head.rhythms).astype(np.float32) @ waves
        out.append(noise)
    return np.concatenate(out)


def _rhythms(rngs, levels_db, brains, sfreq, n_times) -> np.ndarray:
    """Return rhythm sources in nAm, shape (b, n_sources, n_times)."""
    n_fft = fft_length(n_times, sfreq)
    waves = np.empty((len(rngs), len(SOURCES), n_times), np.float32)
    for band, (centre, width) in sizes.BANDS.items():
        rows = [i for i, source in enumerate(SOURCES) if source.band == band]
        reach = None
        if centre is None:
            centre, reach = [brain.iaf_hz for brain in brains], sizes.IAF_RANGE
        shape, first = bell(centre, width, n_fft, sfreq, reach)
        waves[:, rows] = shaped_noise(
            rngs, shape, len(rows), n_times=n_times, n_fft=n_fft, first_bin=first
        )
    moments = np.array([source.moment_nam for source in SOURCES])[:, None]
    envelope = (moments * _envelope(rngs, levels_db, n_times / sfreq)).astype(
        np.float32
    )
    waves *= resample_linear(envelope, round(sfreq / ENVELOPE_SFREQ), n_times)
    return waves


def _envelope(rngs, levels_db: np.ndarray, seconds: float) -> np.ndarray:
    """Return amplitude over time at 16 Hz: the planted level and quick waxing."""
    n = int(np.ceil(seconds * ENVELOPE_SFREQ)) + 2
    factor = round(ENVELOPE_SFREQ / TRACE_SFREQ)
    level = resample_linear(levels_db, factor, n)
    white = draw(rngs, (n, levels_db.shape[1]))
    waxing = ou(white, sizes.ENVELOPE_TAU_S, ENVELOPE_SFREQ).transpose(0, 2, 1)
    return np.exp(
        level * (np.log(10) / 20) + sizes.ENVELOPE_SD * waxing - sizes.ENVELOPE_SD**2
    )


def _stationary(
    rngs, brains, head: HeadModel, sfreq, n_times, *, background, sensors
) -> np.ndarray:
    """Return background and sensor noise in µV, shape (b, n_chans, n_times).

    The thirty background dipoles are drawn as what they are at the electrodes, Gaussian
    with the covariance of their lead fields: the same law, fewer transforms.
    """
    n_chans, n_fft = len(head.rhythms), fft_length(n_times, sfreq)
    freqs = rfftfreq(n_fft, 1 / sfreq)
    spectrum = np.zeros((len(rngs), n_chans, len(freqs)), np.complex64)
    if background:
        low = int(np.searchsorted(freqs, sizes.BACKGROUND_L_FREQ))
        chi = np.array([brain.exponent for brain in brains])[:, None]
        shape = freqs[low:-1] ** (-chi / 2)
        shape *= n_fft / (2 * np.sqrt((shape**2).sum(-1, keepdims=True)))
        gain = np.array([brain.gain for brain in brains])[:, None]
        shape *= gain * sizes.MOMENTS_NAM["background"]
        spatial = np.linalg.cholesky(
            head.background @ head.background.T + 1e-12 * np.eye(n_chans)
        )
        parts = draw_complex(rngs, (n_chans, len(freqs) - 1 - low))
        spatial, shape = spatial.astype(np.float32), shape.astype(np.float32)
        spectrum[..., low:-1] = (spatial @ parts) * shape[:, None]
    if sensors:
        own = np.stack([brain.sensor_gain for brain in brains])[..., None]
        shape = (own * (n_fft / 2 * _sensor_shape(freqs))).astype(np.float32)
        parts = draw_complex(rngs, (n_chans, len(freqs) - 2))
        parts *= shape[..., 1:-1]
        spectrum[..., 1:-1] += parts
    return irfft(spectrum, n_fft, axis=-1)[..., :n_times]


def _sensor_shape(freqs: np.ndarray) -> np.ndarray:
    """Return the sensors' amplitude per bin: white and narrow noise together."""
    centre, width = sizes.SENSOR_NARROW_HZ
    narrow = np.exp(-0.5 * ((freqs - centre) / width) ** 2) ** 2
    power = sizes.SENSOR_WHITE_UV**2 / (len(freqs) - 2)
    return np.sqrt(power + sizes.SENSOR_NARROW_UV**2 * narrow / narrow[1:-1].sum())


def bandpass(eeg: np.ndarray, l_freq: float, h_freq: float, sfreq: float) -> np.ndarray:
    """Return EEG filtered forward and backward, as the corpora were."""
    from scipy.signal import butter, sosfiltfilt

    sos = butter(4, (l_freq, h_freq), "bandpass", fs=sfreq, output="sos")
    return sosfiltfilt(sos, eeg, axis=-1)
