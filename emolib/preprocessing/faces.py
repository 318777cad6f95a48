"""Find the face in each frame and cut it out, 48 by 48 (paper 4, Section 4.2).

The detector is the cascade of Viola and Jones (2001) that OpenCV's package holds. The
paper's source uses OpenFace; only the size of what is cut out is the paper's.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import numpy as np

from emolib.checks import CorpusError, check_option

SIZE, SEARCHED_HEIGHT, LEAST_SHARE = 48, 160, 0.2
"""Pixels of a face; rows of a frame while it is searched; a face's least share."""
FRAMES_PER_STEP = (1, 16)
CASCADE = "haarcascade_frontalface_default.xml"


class Faces(NamedTuple):
    """What was cut out of n frames."""

    pixels: np.ndarray  # (n, 48, 48, 3) of uint8; of the nearest frame where none is
    found: np.ndarray  # (n,) of bool: a face was found here
    guessed: np.ndarray  # (n,) of bool: none was found, nor near enough to stand in


def step_times(n_steps: int, sfreq: float, per_step: int = 1) -> np.ndarray:
    """Return the seconds of the frames that stand for each step, one after another.

    A step lasts from its label to the next: its middle, or 16 moments from its
    beginning on (64 a second, Section 4.2).
    """
    check_option("frames_per_step", per_step, FRAMES_PER_STEP)
    if per_step == 1:
        return (np.arange(n_steps) + 0.5) / sfreq
    return np.arange(n_steps * per_step) / (per_step * sfreq)


def cut_faces(
    frames: Iterable[np.ndarray], times: np.ndarray, *, longest_gap_s: float = 1.0
) -> Faces:
    """Return the faces of frames, which are looked at one after another.

    Parameters
    ----------
    frames : iterable of ndarray of uint8, shape (h, w, 3)
        Those of 48 by 48 are taken as they are: faces that were cut out before.
    times : ndarray, shape (n,)
        Their seconds.
    longest_gap_s : float
        As far away in time a face may stand in for one that is not found.

    Raises
    ------
    CorpusError
        When no frame shows a face, naming how many were searched and when.
    """
    cut = [cut_face(frame) for frame in frames]
    found = np.array([face is not None for face in cut])
    if not found.any():
        raise CorpusError(
            f"a face must be seen in some frame; got none in {len(cut)} frames from "
            f"{times[0]:.3g} to {times[-1]:.3g} s. Look at the film, or give faces "
            "that were cut out before."
        )
    known = np.flatnonzero(found)
    nearest = known[np.abs(times[:, None] - times[known]).argmin(axis=1)]
    far = np.abs(times - times[nearest]) > longest_gap_s
    return Faces(np.stack([cut[i] for i in nearest]), found, far)


def cut_face(frame: np.ndarray) -> np.ndarray | None:
    """Return the largest face of a frame (h, w, 3) as (48, 48, 3), or None."""
    import cv2

    if frame.shape[:2] == (SIZE, SIZE):
        return frame
    scale = min(1.0, SEARCHED_HEIGHT / len(frame))
    grey = cv2.resize(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), None, fx=scale,
                      fy=scale, interpolation=cv2.INTER_AREA)  # fmt: skip
    least = (max(24, round(LEAST_SHARE * len(grey))),) * 2
    boxes = _cascade().detectMultiScale(grey, 1.1, 3, minSize=least)
    if not len(boxes):
        return None
    x, y, width, height = np.round(max(boxes, key=lambda box: box[2]) / scale)
    face = frame[int(y) : int(y + height), int(x) : int(x + width)]
    return cv2.resize(face, (SIZE, SIZE), interpolation=cv2.INTER_AREA)


@cache
def _cascade():
    """Return the detector, whose weights lie in OpenCV's package."""
    import cv2

    if not hasattr(cv2, "CascadeClassifier"):
        raise ImportError(
            f"OpenCV must be below 5, which lost its cascades; got {cv2.__version__}. "
            "Install opencv-python-headless<5."
        )
    cv2.setNumThreads(1)
    return cv2.CascadeClassifier(cv2.data.haarcascades + CASCADE)
