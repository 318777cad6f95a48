"""The segments of CMU-MOSEI and CMU-MOSI: sentiment, and what modalities say of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from emolib.containers import MODALITIES_AVL
from emolib.surrogates import utterance_sizes as sizes
from emolib.surrogates.design import Knobs
from emolib.surrogates.streams import generator, trial_generators
from emolib.surrogates.utterance_frames import frames
from emolib.surrogates.utterance_latents import draw_sentiment, read_out
from emolib.surrogates.utterance_sizes import Plan

PARTS = ("train", "valid", "test")
PER_VIDEO = 5
"""Segments of a video; one person speaks in all of them, in one part only."""
AT_ONCE = 256
STEPS_PER_WORD = {"audio": 11, "visual": 8, "text": 1}
"""How many more steps audio and visual have where they are not aligned with words."""
SECONDS_PER_WORD = 0.4


@dataclass(frozen=True)
class Part:
    """Everything planted in one part of the publisher's split.

    Parameters
    ----------
    number : int
        1 train, 2 valid, 3 test.
    videos : list of str, length n
    clips : ndarray of int, shape (n,)
        Place in the video, from 0.
    s, labels : ndarray, shape (n,)
        Sentiment, and its rating from -3 to 3.
    readings : ndarray, shape (n, 3 modalities, 1)
    lengths : ndarray of int, shape (n, 3 modalities)
    """

    number: int
    videos: list[str]
    clips: np.ndarray
    s: np.ndarray
    labels: np.ndarray
    readings: np.ndarray
    lengths: np.ndarray

    @property
    def name(self) -> str:
        """What the publisher calls the part."""
        return PARTS[self.number - 1]


def plant(plan: Plan, knobs: Knobs, number: int, n: int, *, aligned: bool) -> Part:
    """Draw everything planted in the first n segments of part `number`, from 1."""
    draws = {
        stream: generator(knobs.seed, plan.corpus, stream, number)
        for stream in ("latents", "signatures", "lengths", *MODALITIES_AVL)
    }
    law = sizes.SENTIMENTS[plan.corpus]
    chance, *normal = draws["latents"].standard_normal((n, 3)).T
    s, labels = draw_sentiment(law, ndtr(chance), np.stack(normal, axis=1))
    u = ((s - law.centre) / law.unit)[:, None]
    video, clips = np.divmod(np.arange(n), PER_VIDEO)
    offsets = draws["signatures"].standard_normal((video.max() + 1, 3))
    offsets = knobs.signature * plan.speaker_sd * offsets[video]
    readings = [
        read_out(plan, name, u, effect=knobs.effect, speaker=offsets[:, k, None],
                 own=draws[name].standard_normal((n, 1)))
        for k, name in enumerate(MODALITIES_AVL)
    ]  # fmt: skip
    words = draws["lengths"].integers(
        sizes.SENTIMENT_STEPS[0], sizes.SENTIMENT_STEPS[1] + 1, n
    )
    steps = [1 if aligned else STEPS_PER_WORD[name] for name in MODALITIES_AVL]
    return Part(
        number, [f"SURROGATE{number}{v + 1:04d}" for v in video], clips, s, labels,
        np.stack(readings, axis=1), words[:, None] * steps,
    )  # fmt: skip


def sequences(
    plan: Plan, seed: int, part: Part, name: str, *, n_steps: int, padded_left: bool
) -> np.ndarray:
    """Return one modality as stored, (n, n_steps, width), padded with zeros.

    Scaled to the variance of the corpus; audio features have means far from zero.
    """
    width = plan.carriers[name].width
    out = np.zeros((len(part.videos), n_steps, width), np.float32)
    offset = _offset(name, width)
    k = MODALITIES_AVL.index(name)
    rngs = trial_generators(seed, plan.corpus, name, part.number, len(out))
    for start in range(0, len(out), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        lengths = part.lengths[rows, k]
        x = frames(plan, name, part.readings[rows, k], lengths, rngs[rows])
        x = (x + offset) * np.float32(np.sqrt(sizes.SENTIMENT_VARIANCE[name]))
        here = np.arange(x.shape[1]) < lengths[:, None]
        there = np.arange(n_steps) < lengths[:, None]
        out[rows][there[:, ::-1] if padded_left else there] = x[here]
    return out


def _offset(name: str, width: int) -> np.ndarray:
    """Return the mean of each feature in SD: three for every fourth of the audio."""
    offset = np.zeros(width, np.float32)
    if name == "audio":
        offset[:: sizes.AUDIO_OFFSET_EVERY] = sizes.AUDIO_OFFSET_SDS
    return offset


def times_of(part: Part) -> tuple[np.ndarray, np.ndarray]:
    """Return start and end of each segment in its video, in seconds."""
    seconds = SECONDS_PER_WORD * part.lengths[:, MODALITIES_AVL.index("text")]
    after = np.cumsum(seconds)
    first = np.flatnonzero(part.clips == 0)
    before = np.repeat((after - seconds)[first], np.diff([*first, len(seconds)]))
    return after - seconds - before, after - before
