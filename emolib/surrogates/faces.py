"""Draw faces that smile, frown and blink, and write them as films.

A frame is 64 by 64 in grey. Whom it shows are ten numbers; mouth, brow and eye follow
three traces. It is redrawn some 15 times a second and each drawing held for four
frames, as drawn films are.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from emolib.surrogates.files import ABOUT
from emolib.surrogates.traces import draw as white_noise
from emolib.surrogates.traces import ou

SIZE, HOLD = 64, 4
MOUTH_PX, BROW_PX, EYE_SHARE = 6.0, 3.0, 0.25
"""Curvature of a mouth per unit of smile; fall of a brow's inner end; eye closing."""
LOWEST, HIGHEST = -0.6, 2.2
"""Smiles beyond are drawn as these."""
JITTER_PX, JITTER_TAU_S, TILT_DEG, LIGHT, NOISE = 2.0, 1.0, 5.0, 0.1, 0.03
SKIN, GROWTH, BACKGROUND = (150.0, 205.0), (0.92, 1.05), 70.0
SHAPE = np.array([20.0, 26.0, 8.6, -5.5, 3.6, 6.2, 8.2, 13.0])
SHAPE_SD = np.array([1.0, 1.2, 0.6, 0.6, 0.25, 0.4, 0.7, 0.7])
"""Half the head's width and height; eyes: apart, height, radius; brows above them;
half the mouth's width, and its height. In pixels from the middle."""


class Identity(NamedTuple):
    """Who is drawn."""

    shape: np.ndarray  # (8,), as SHAPE
    skin: float
    size: float


def draw_identity(rng: np.random.Generator) -> Identity:
    """Return a person of one's own."""
    shape = SHAPE + SHAPE_SD * rng.standard_normal(len(SHAPE))
    return Identity(shape, rng.uniform(*SKIN), rng.uniform(*GROWTH))


def draw_faces(
    who: Identity, traces: np.ndarray, shut: np.ndarray, rng: np.random.Generator,
    sfreq: float,
) -> np.ndarray:  # fmt: skip
    """Return one take of a person, (n, 64, 64) of uint8.

    Parameters
    ----------
    who : Identity
    traces : ndarray, shape (3, n)
        Smile, brow, eye.
    shut : ndarray of bool, shape (n,)
        While blinking.
    rng : Generator
        Of where the head is, of light and noise.
    sfreq : float
        Drawings a second.
    """
    tilt, light = rng.uniform(-TILT_DEG, TILT_DEG), LIGHT * rng.standard_normal()
    walk = ou(rng.standard_normal((1, traces.shape[1], 2)), JITTER_TAU_S, sfreq)[0]
    place = np.clip(np.round(JITTER_PX * walk), -5, 5).astype(int)
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32) - (SIZE - 1) / 2
    cos, sin = np.cos(np.deg2rad(tilt)) / who.size, np.sin(np.deg2rad(tilt)) / who.size
    u, v = cos * x + sin * y, cos * y - sin * x
    still = _head(who, u, v) * (1 + light * x / SIZE)
    frames = np.empty((traces.shape[1], SIZE, SIZE), np.uint8)
    for i, (face, closed) in enumerate(zip(traces.T, shut, strict=True)):
        drawn = np.roll(still * _moving(who, u, v, face, closed), place[i], (1, 0))
        drawn += 255 * NOISE * white_noise([rng], drawn.shape)[0]
        frames[i] = np.clip(drawn, 0, 255)
    return frames


def _soft(distance: np.ndarray, width: float = 1.0) -> np.ndarray:
    """Return 1 inside (distance above 0) and 0 outside, with a soft edge."""
    return 0.5 + 0.5 * np.tanh(distance / (2 * width))


def _blob(u, v, radius_u: float, radius_v: float) -> np.ndarray:
    return np.exp(-((u / radius_u) ** 2) - (v / radius_v) ** 2)


def _head(who: Identity, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return what does not move: head, hair, sockets, nose and cheeks, (64, 64)."""
    width, height, apart, high, *_ = who.shape
    out, beside = np.hypot(u / width, v / height), np.abs(u)
    skin = who.skin * (1 - 0.15 * out**2)
    skin *= 1 - 0.75 * _soft(0.012 * u**2 - v - 0.62 * height)
    skin *= 1 - 0.42 * _blob(beside - apart, v - high + 1, 6.5, 4.2)
    skin *= 1 + 0.08 * _blob(u, v - 1, 2.2, 7)
    skin *= 1 - 0.35 * _blob(u, v - 6.5, 4, 1.6)
    skin *= 1 + 0.08 * _blob(beside - 10, v - 6, 5, 5)
    inside = _soft((1 - out) * height)
    return BACKGROUND * (1 - inside) + skin * inside


def _moving(who: Identity, u, v, face: np.ndarray, closed: bool) -> np.ndarray:
    """Return how much light mouth, brows and eyes leave, (64, 64)."""
    _, _, apart, high, radius, above, wide, low = who.shape
    smile, beside = np.clip(face[0], LOWEST, HIGHEST), np.abs(u)
    lips = low + MOUTH_PX * smile * (0.5 - (u / wide) ** 2)
    mouth = np.exp(-(((v - lips) / 1.6) ** 2)) * _soft(wide - beside, 0.7)
    inner = np.clip((apart + 4.5 - beside) / 9, 0, 1)
    brow = high - above + BROW_PX * np.clip(face[1], -1, 2) * inner
    brows = np.exp(-(((v - brow) / 1.3) ** 2)) * _soft(5.2 - abs(beside - apart), 0.7)
    lid = 0.15 if closed else np.clip(1 - EYE_SHARE * face[2], 0.3, 1.3)
    eyes = _blob(beside - apart, v - high, radius, 2.2 * lid)
    return (1 - 0.6 * mouth) * (1 - 0.6 * brows) * (1 - 0.8 * eyes)


def save_film(path: Path, frames: Iterable[np.ndarray], rate: tuple[int, int]) -> Path:
    """Write grey frames as an AVI of MPEG-4, each held `HOLD` times; the same bytes.

    Parameters
    ----------
    path : Path
    frames : iterable of ndarray of uint8, shape (h, w)
    rate : (int, int)
        Frames a second as a fraction.
    """
    from fractions import Fraction

    import av

    options = {"flags": "+bitexact", "qmin": "3", "qmax": "5", "b": "2000000"}
    with av.open(str(path), "w", format="avi", options={"fflags": "+bitexact"}) as film:
        film.metadata["title"] = ABOUT
        stream = film.add_stream("mpeg4", rate=Fraction(*rate), options=options)
        stream.width = stream.height = SIZE
        stream.pix_fmt, stream.thread_count = "yuv420p", 1
        for frame in frames:
            shown = av.VideoFrame.from_ndarray(frame, format="gray8")
            shown = shown.reformat(format="yuv420p", threads=1)
            for _ in range(HOLD):
                shown.pts = None
                film.mux(stream.encode(shown))
        film.mux(stream.encode())
    return path
